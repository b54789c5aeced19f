/** One intent of a person: its key stays the same until the server has answered, so that it is done once. */

import { ApiError, said } from './http.ts';

/** A random key; plants serve pages without TLS too, where `crypto.randomUUID` is not there. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What was refused, said where the button is. */
export function refusal(error: unknown, moved: string): string {
  if (error instanceof ApiError) return error.status === 412 ? moved : error.message;
  return said(error);
}

/** Whether it may be that the server did it and only the answer was lost. */
export function unanswered(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 502);
}

/** Keys by what is intended; the same thing asked for again after a lost answer has the same key. */
export class Intents {
  readonly #keys = new Map<string, string>();

  /** Do it under the key of `what`; the key is forgotten once there is an answer, be it a no. */
  async once<T>(what: string, ask: (key: string) => Promise<T>): Promise<T> {
    const key = this.#keys.get(what) ?? newKey();
    this.#keys.set(what, key);
    try {
      const answer = await ask(key);
      this.#keys.delete(what);
      return answer;
    } catch (error) {
      if (!unanswered(error)) this.#keys.delete(what);
      throw error;
    }
  }
}
