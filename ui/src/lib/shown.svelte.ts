/** Keeps a screen that the stream tells; asks for it only where the stream does not come. */

import { feed, STALE_SECONDS } from './feed.svelte.ts';
import type { Show } from './feed.svelte.ts';
import { Backoff } from './backoff.ts';
import { said } from './http.ts';

const CHECK_MS = 500;
/** So long the first picture of the stream is waited for. */
const PATIENCE_MS = 1_500;

export class Shown<T extends object> {
  data = $state.raw<T | null>(null);
  problem = $state<string | null>(null);
  stale = $state(false);
  /** Plant time when the figures were last known to be right. */
  freshAtPlant = $state(0);

  readonly #screen: string;
  readonly #ask: () => Promise<T>;
  #freshAt = Date.now();
  #staleSeconds = STALE_SECONDS;
  /** Counts what was shown: an answer that was overtaken is dropped. */
  #shows = 0;
  /** What is kept is of this connection, so that what is other can be put into it. */
  #joined = false;
  #retry = new Backoff();

  /**
   * @param screen What the stream calls it.
   * @param ask Gets it without the stream.
   */
  constructor(screen: string, ask: () => Promise<T>) {
    this.#screen = screen;
    this.#ask = ask;
  }

  /** Start keeping it; returns what stops it. */
  start(): () => void {
    const left = feed.follow(this.#screen, {
      shown: (show) => this.#take(show),
      lost: () => this.#lose(),
    });
    const check = setInterval(() => this.#check(), CHECK_MS);
    const patience = setTimeout(() => {
      if (this.data === null) this.refresh();
    }, PATIENCE_MS);
    return () => {
      left();
      clearInterval(check);
      clearTimeout(patience);
      this.#retry.cancel();
    };
  }

  /** Ask for it now, not waiting for the stream. */
  refresh(): void {
    void this.#fetch();
  }

  /** The server says how old figures may get. */
  setStaleAfter(seconds: number): void {
    this.#staleSeconds = seconds;
  }

  async #fetch(): Promise<void> {
    const shows = this.#shows;
    try {
      const found = await this.#ask();
      if (this.#shows === shows) this.#keep(found);
    } catch (error) {
      // The server may say why it tells nothing any more: that nobody is signed in, for one.
      this.problem = said(error);
      if (!this.#joined) this.#retry.schedule(() => this.refresh());
    }
  }

  #take(show: Show): void {
    if (!show.whole && !this.#joined) return;
    this.#joined = true;
    this.#shows += 1;
    this.#keep((show.whole ? show.fields : { ...this.data, ...show.fields }) as T);
  }

  #lose(): void {
    this.#joined = false;
    this.refresh();
  }

  #keep(found: T): void {
    this.data = found;
    this.problem = null;
    this.#retry.reset();
    this.#freshAt = Date.now();
    this.freshAtPlant = feed.now;
    this.stale = false;
  }

  #check(): void {
    this.stale = Date.now() - this.#freshAt > this.#staleSeconds * 1000;
  }
}
