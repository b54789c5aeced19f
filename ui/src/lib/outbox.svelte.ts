/** Sends what this device meant to write: in order, once, also after a reload or a lost network. */

import { put, readAll, remove } from './device_store.ts';
import { ApiError, post, said } from './http.ts';
import { newKey } from './intent.ts';
import type { Entry, NewEntry } from './queue.ts';
import { inOrder, nextToSend, outcomeOf } from './queue.ts';
import { session } from './session.svelte.ts';

const LOOK_MS = 1_000;
const RETRY_MS = 4_000;
const REMEMBERED = 40;

export interface Sent {
  entry: Entry;
  at: number;
  answer: unknown;
}

type Meant = Pick<NewEntry, 'path' | 'body' | 'says' | 'about'> & { key?: string; holdMs?: number };

class Outbox {
  entries = $state.raw<Entry[]>([]);
  /** The newest first. */
  sent = $state.raw<Sent[]>([]);
  /** The device keeps nothing: what waits is lost when the page is closed. */
  forgetful = $state(false);
  /** The last try got no answer. */
  offline = $state(false);
  /** Device clock, ms; moves while something can be withdrawn. */
  now = $state(Date.now());

  #sending: number | null = null;
  #triedAt = 0;
  #users = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #wake = () => {
    this.#triedAt = 0;
    void this.#look();
  };

  /** Keep sending while a screen needs it; returns what ends that. */
  start(): () => void {
    this.#users += 1;
    if (this.#users === 1) {
      void this.#reload().then(() => this.#look());
      this.#timer = setInterval(() => void this.#look(), LOOK_MS);
      addEventListener('online', this.#wake);
      void navigator.storage?.persist?.().catch(() => false);
    }
    return () => {
      this.#users -= 1;
      if (this.#users > 0) return;
      clearInterval(this.#timer);
      removeEventListener('online', this.#wake);
    };
  }

  /** Take a write; it is safe on this device when the promise is done. */
  async add({ path, body, says, about, key = newKey(), holdMs = 0 }: Meant): Promise<Entry> {
    const madeAt = Date.now();
    const meant: NewEntry = { actor: session.who?.actor ?? '', path, body, key, says, about, madeAt, notBefore: madeAt + holdMs };
    let seq = Math.max(0, ...this.entries.map((entry) => entry.seq)) + 1;
    try {
      seq = (await put('queue', { ...meant, refusal: null })) as number;
    } catch {
      this.forgetful = true;
    }
    const entry: Entry = { ...meant, seq, refusal: null };
    this.entries = [...this.entries, entry];
    void this.#look();
    return entry;
  }

  /** Take one back; false when it is on its way already. */
  async withdraw(entry: Entry): Promise<boolean> {
    if (this.#sending === entry.seq || !this.entries.some((each) => each.seq === entry.seq)) return false;
    await this.#forget(entry);
    return true;
  }

  /** Send a refused one again as it is. */
  async again(entry: Entry): Promise<void> {
    await this.#keep({ ...entry, refusal: null });
    this.#wake();
  }

  /** Never send it; the next ones go on. */
  async drop(entry: Entry): Promise<void> {
    await this.#forget(entry);
    this.#wake();
  }

  async #look(): Promise<void> {
    this.now = Date.now();
    const actor = session.who?.actor;
    if (session.state !== 'in' || actor === undefined || this.#sending !== null) return;
    if (this.now - this.#triedAt < RETRY_MS && this.offline) return;
    const entry = nextToSend(this.entries, actor, this.now);
    if (entry === null) {
      // What was not answered may have been taken back meanwhile.
      if (!this.entries.some((each) => each.actor === actor)) this.offline = false;
      return;
    }
    this.#sending = entry.seq;
    this.#triedAt = this.now;
    try {
      await this.#send(entry);
    } finally {
      this.#sending = null;
    }
    if (!this.offline && session.state === 'in') void this.#look();
  }

  async #send(entry: Entry): Promise<void> {
    let status = 200;
    let message = '';
    let answer: unknown;
    try {
      answer = await post(entry.path, entry.body, entry.key);
    } catch (error) {
      status = error instanceof ApiError ? error.status : 0;
      message = said(error);
    }
    const outcome = outcomeOf(status, message);
    this.offline = outcome.kind === 'later';
    if (outcome.kind === 'refused') await this.#keep({ ...entry, refusal: outcome.says });
    if (outcome.kind !== 'done') return;
    this.sent = [{ entry, at: Date.now(), answer }, ...this.sent].slice(0, REMEMBERED);
    await this.#forget(entry);
  }

  async #reload(): Promise<void> {
    try {
      const kept = await readAll<Entry>('queue');
      this.entries = inOrder([...kept, ...this.entries.filter((each) => !kept.some((other) => other.seq === each.seq))]);
    } catch {
      this.forgetful = true;
    }
  }

  async #keep(entry: Entry): Promise<void> {
    this.entries = this.entries.map((each) => (each.seq === entry.seq ? entry : each));
    await put('queue', $state.snapshot(entry)).catch(() => undefined);
  }

  async #forget(entry: Entry): Promise<void> {
    this.entries = this.entries.filter((each) => each.seq !== entry.seq);
    await remove('queue', entry.seq).catch(() => undefined);
  }
}

export const outbox = new Outbox();
