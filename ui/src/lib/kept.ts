/** The last answers that a screen can work from without a network, with their age. */

import { put, readOne } from './device_store.ts';
import { ApiError } from './http.ts';

interface KeptDocument<T> {
  name: string;
  at: number;
  data: T;
}

export interface Dated<T> {
  data: T;
  /** Device time of the answer, ms. */
  at: number;
  /** It was kept, and is not what the server says now. */
  old: boolean;
}

/**
 * Ask, and keep the answer; without a network give the one that was kept for this person.
 *
 * @throws ApiError The server refused, or nothing was kept.
 */
export async function askOrKept<T>(actor: string, name: string, ask: () => Promise<T>): Promise<Dated<T>> {
  const key = `${actor}/${name}`;
  try {
    const data = await ask();
    await put('documents', { name: key, at: Date.now(), data }).catch(() => undefined);
    return { data, at: Date.now(), old: false };
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 0 && error.status < 500)) throw error;
    const kept = await readOne<KeptDocument<T>>('documents', key).catch(() => undefined);
    if (kept === undefined) throw error;
    return { data: kept.data, at: kept.at, old: true };
  }
}
