/** Writes that wait for the network: in which order they go, what an answer does to them. */

export interface NewEntry {
  /** Who meant it: only that person's session sends it. */
  actor: string;
  path: string;
  body: object;
  /** The idempotency key of the intent; sent again, it does nothing twice. */
  key: string;
  /** What was done, in words: `P-017, 240 to SR1: picked`. */
  says: string;
  /** What it is about, such as an order or a shipment: shown as done before it is sent. */
  about: string;
  /** Device time, ms. */
  madeAt: number;
  /** It may be withdrawn until then. */
  notBefore: number;
}

export interface Entry extends NewEntry {
  /** Order in which it was meant. */
  seq: number;
  /** Why the server refused it; a person decides what becomes of it. */
  refusal: string | null;
}

export type Outcome = { kind: 'done' | 'later' | 'signed_out' } | { kind: 'refused'; says: string };

const LATER = new Set([0, 408, 425, 429, 500, 502, 503, 504]);

/** What an answer means for the write; status 0 = none came. */
export function outcomeOf(status: number, message: string): Outcome {
  if (status >= 200 && status < 300) return { kind: 'done' };
  if (status === 401) return { kind: 'signed_out' };
  if (LATER.has(status)) return { kind: 'later' };
  return { kind: 'refused', says: message };
}

export function inOrder(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((one, other) => one.seq - other.seq);
}

/**
 * What goes next: the oldest of this person, once it may no longer be withdrawn.
 *
 * Nothing overtakes: a parcel is not shipped before it is picked. So one that was refused, or may
 * still be withdrawn, holds up what was meant after it.
 */
export function nextToSend(entries: readonly Entry[], actor: string, now: number): Entry | null {
  const first = inOrder(entries).find((entry) => entry.actor === actor);
  return first && first.refusal === null && first.notBefore <= now ? first : null;
}

export interface Waiting {
  /** Of this person, refused ones too. */
  toSend: number;
  refused: Entry | null;
  /** Of others who used this device: they go when these sign in here. */
  others: { actor: string; count: number }[];
}

export function waitingOf(entries: readonly Entry[], actor: string): Waiting {
  const own = inOrder(entries).filter((entry) => entry.actor === actor);
  const others = new Map<string, number>();
  for (const entry of entries) {
    if (entry.actor !== actor) others.set(entry.actor, (others.get(entry.actor) ?? 0) + 1);
  }
  return {
    toSend: own.length,
    refused: own.find((entry) => entry.refusal !== null) ?? null,
    others: [...others].map(([name, count]) => ({ actor: name, count })),
  };
}

/** Whole seconds in which it can still be withdrawn; 0 = no longer. */
export function secondsToUndo(entry: Entry, now: number): number {
  return Math.max(0, Math.ceil((entry.notBefore - now) / 1000));
}
