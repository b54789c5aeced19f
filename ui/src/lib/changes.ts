/** The sheet of what changed: its figures, and the notes that people type beside them. */

import { get } from './http.ts';

export type ChangeKind = 'plan' | 'stock' | 'delivery' | 'forecast' | 'network' | 'risk';

export interface AffectedPart {
  location_id: string;
  part_id: string;
  description: string;
  lines: string[];
  changes: { kind: ChangeKind; sentence: string; parts: number; at: string | null }[];
  risk_before: number | null;
  risk_after: number | null;
  owner: string | null;
  owner_because: 'alert' | 'order' | null;
  next_delivery: {
    order_id: string;
    state: 'proposed' | 'approved' | 'picked' | 'shipped';
    quantity: number;
    departure_at: string;
    arrives_at: string;
  } | null;
  on_hand: number | null;
  cover_shifts: number | null;
  runs_out_at: string | null;
  last_departure_at: string | null;
}

export interface LineChange {
  line_id: string;
  units_before: number;
  units_now: number;
  shifts: number;
  most: { start: string; units_before: number; units_now: number };
}

export interface ChangesSince {
  since: string;
  as_of: string;
  plan_then: string | null;
  plan_now: string | null;
  counts: Record<ChangeKind, number>;
  lines: LineChange[];
  network: { at: string; actor: string; subject: string; why: string }[];
  rows: AffectedPart[];
  left_out: number;
}

/** `since` is plant time in ms; null = 24 hours before now. */
export function fetchChanges(since: number | null): Promise<ChangesSince> {
  return get('changes-since', { since: since === null ? null : new Date(since).toISOString() });
}

export function keyOf(row: AffectedPart): string {
  return `${row.location_id}/${row.part_id}`;
}

/** `+12`, `-20` with a true minus, `0` */
export function signed(units: number): string {
  if (units === 0) return '0';
  return `${units > 0 ? '+' : '−'}${Math.abs(units).toLocaleString('en')}`;
}

/** The lines that differ most, and how many are not among them. */
export function mostChanged(lines: readonly LineChange[], room: number): { shown: LineChange[]; more: number } {
  const size = (line: LineChange) => Math.abs(line.units_now - line.units_before);
  const sorted = [...lines].sort((a, b) => size(b) - size(a) || a.line_id.localeCompare(b.line_id));
  return { shown: sorted.slice(0, room), more: Math.max(0, lines.length - room) };
}

const KEPT = 'supplynet.changes.';
const KEPT_DAYS = 14;

/** Notes of one day's sheet, on this device; those of long ago go. */
export class Notes {
  readonly #store: Storage | null;
  readonly #name: string;
  #notes: Record<string, string>;

  /** @param day `2026-01-30`: tomorrow begins with an empty sheet. */
  constructor(day: string, store: Storage | null) {
    this.#store = store;
    this.#name = KEPT + day;
    this.#notes = this.#read();
    this.#forget(day);
  }

  of(key: string): string {
    return this.#notes[key] ?? '';
  }

  write(key: string, note: string): void {
    const { [key]: _, ...others } = this.#notes;
    this.#notes = note.trim() ? { ...others, [key]: note } : others;
    try {
      this.#store?.setItem(this.#name, JSON.stringify(this.#notes));
    } catch {
      // A device without room keeps them as long as the page is open.
    }
  }

  #read(): Record<string, string> {
    try {
      const found: unknown = JSON.parse(this.#store?.getItem(this.#name) ?? '{}');
      return typeof found === 'object' && found !== null ? (found as Record<string, string>) : {};
    } catch {
      return {};
    }
  }

  #forget(day: string): void {
    if (!this.#store) return;
    const oldest = new Date(Date.parse(day) - KEPT_DAYS * 86_400_000).toISOString().slice(0, 10);
    const names = Array.from({ length: this.#store.length }, (_, index) => this.#store?.key(index) ?? '');
    for (const name of names) {
      if (name.startsWith(KEPT) && name.slice(KEPT.length) < oldest) this.#store.removeItem(name);
    }
  }
}
