/** Keeps the newest figures of one screen, and knows when they are too old to trust. */

import { Backoff } from './backoff.ts';
import { feed, STALE_SECONDS } from './feed.svelte.ts';
import type { Kinds } from './feed.svelte.ts';
import { said } from './http.ts';
import { nothing } from './nothing.svelte.ts';

const REFETCH_MS = 1_000;
const CHECK_MS = 500;

export class Live<T> {
  data = $state.raw<T | null>(null);
  problem = $state<string | null>(null);
  stale = $state(false);
  /** Plant time when the figures were last known to be right. */
  freshAtPlant = $state(0);

  readonly #ask: () => Promise<T>;
  readonly #kinds: readonly string[] | null;
  #freshAt = Date.now();
  #fetching = false;
  #wanted = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastFetchAt = 0;
  #retry = new Backoff();
  #staleSeconds = STALE_SECONDS;

  /**
   * @param ask Gets the figures.
   * @param kinds Of records that they are made of; null = of all.
   */
  constructor(ask: () => Promise<T>, kinds: readonly string[] | null = null) {
    this.#ask = ask;
    this.#kinds = kinds;
  }

  /** Start keeping them; returns what stops it. */
  start(): () => void {
    const deaf = feed.listen(
      (_change, kinds) => this.#onChange(kinds),
      () => this.#onTick(),
    );
    const check = setInterval(() => this.#check(), CHECK_MS);
    this.refresh();
    return () => {
      deaf();
      clearInterval(check);
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#retry.cancel();
    };
  }

  /** Ask for new figures: one request at a time, at most one a second. */
  refresh(): void {
    this.#wanted = true;
    if (this.#fetching || this.#timer !== undefined) return;
    const wait = Math.max(0, this.#lastFetchAt + REFETCH_MS - Date.now());
    this.#timer = setTimeout(() => void this.#fetch(), wait);
  }

  /** The server says how old figures may get. */
  setStaleAfter(seconds: number): void {
    this.#staleSeconds = seconds;
  }

  async #fetch(): Promise<void> {
    this.#timer = undefined;
    this.#fetching = true;
    this.#wanted = false;
    this.#lastFetchAt = Date.now();
    try {
      this.data = await this.#ask();
      this.problem = null;
      this.#retry.reset();
      this.#confirm();
    } catch (error) {
      this.problem = said(error);
      nothing.heard(error);
      this.#retry.schedule(() => this.refresh());
    } finally {
      this.#fetching = false;
      if (this.#wanted) this.refresh();
    }
  }

  #onChange(kinds: Kinds): void {
    const ours = kinds === null || this.#kinds === null || kinds.some((kind) => this.#kinds?.includes(kind));
    if (ours) this.refresh();
  }

  /** The connection lives and nothing is waited for: what is shown is the newest. */
  #onTick(): void {
    if (!this.#wanted && !this.#fetching && this.problem === null) this.#confirm();
  }

  #confirm(): void {
    this.#freshAt = Date.now();
    this.freshAtPlant = feed.now;
    this.stale = false;
  }

  #check(): void {
    this.stale = Date.now() - this.#freshAt > this.#staleSeconds * 1000;
  }
}
