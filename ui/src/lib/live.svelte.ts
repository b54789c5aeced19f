/** Keeps the newest figures of the control room, and knows when they are too old to trust. */

import { ApiError, fetchControlRoom, STREAM_URL } from './api.ts';
import type { Change, ControlRoom, Tick } from './api.ts';
import { Backoff } from './backoff.ts';

const REFETCH_MS = 1_000;
const CHECK_MS = 500;
const DEFAULT_STALE_SECONDS = 10;

export class LiveControlRoom {
  room = $state.raw<ControlRoom | null>(null);
  /** Plant time in ms; runs between ticks, and stands still while stale. */
  now = $state(0);
  stale = $state(false);
  /** Plant time when the figures were last known to be right. */
  freshAtPlant = $state(0);
  problem = $state<string | null>(null);

  #stream: EventSource | null = null;
  #heardAt = Date.now();
  /** When the figures on the screen were last known to be the newest. */
  #freshAt = Date.now();
  #anchor = { plant: 0, at: 0, speed: 1 };
  #fetching = false;
  #wanted = false;
  #fetchTimer: ReturnType<typeof setTimeout> | undefined;
  #lastFetchAt = 0;
  #reconnect = new Backoff();
  #retry = new Backoff();

  /** Start listening; returns what stops it. */
  start(): () => void {
    this.refresh();
    this.#connect();
    const check = setInterval(() => this.#check(), CHECK_MS);
    const wake = () => this.#check();
    document.addEventListener('visibilitychange', wake);
    return () => {
      clearInterval(check);
      clearTimeout(this.#fetchTimer);
      this.#reconnect.cancel();
      this.#retry.cancel();
      this.#stream?.close();
      document.removeEventListener('visibilitychange', wake);
    };
  }

  /** Ask for new figures: one request at a time, at most one a second. */
  refresh(): void {
    if (this.#fetching) {
      this.#wanted = true;
      return;
    }
    if (this.#fetchTimer !== undefined) return;
    const wait = Math.max(0, this.#lastFetchAt + REFETCH_MS - Date.now());
    this.#fetchTimer = setTimeout(() => void this.#fetch(), wait);
  }

  async #fetch(): Promise<void> {
    this.#fetchTimer = undefined;
    this.#fetching = true;
    this.#wanted = false;
    this.#lastFetchAt = Date.now();
    try {
      this.#take(await fetchControlRoom());
      this.#retry.reset();
    } catch (error) {
      this.problem = error instanceof ApiError ? error.message : String(error);
      this.#retry.schedule(() => this.refresh());
    } finally {
      this.#fetching = false;
      if (this.#wanted) this.refresh();
    }
  }

  #take(room: ControlRoom): void {
    this.room = room;
    this.problem = null;
    this.#setClock(room.clock.now, room.clock.speed);
    this.#confirm();
  }

  #connect(): void {
    const stream = new EventSource(STREAM_URL);
    this.#stream = stream;
    // A connection that was lost may have missed changes: take a new snapshot on every open.
    stream.addEventListener('open', () => {
      this.#heardAt = Date.now();
      this.#reconnect.reset();
      this.refresh();
    });
    stream.addEventListener('change', (event) => this.#onChange(parse<Change>(event)));
    stream.addEventListener('gap', () => {
      this.#heardAt = Date.now();
      this.refresh();
    });
    stream.addEventListener('tick', (event) => this.#onTick(parse<Tick>(event)));
    stream.addEventListener('error', () => this.#connectAgain());
  }

  /** Replaces the browser's own retry, which gives up for good on some answers of a proxy. */
  #connectAgain(): void {
    this.#stream?.close();
    this.#stream = null;
    this.#reconnect.schedule(() => this.#connect());
  }

  #onChange(change: Change): void {
    this.#heardAt = Date.now();
    if (!this.room || change.change > this.room.change) this.refresh();
  }

  #onTick(tick: Tick): void {
    this.#heardAt = Date.now();
    this.#setClock(tick.now, tick.speed);
    if (!this.room || tick.change > this.room.change) this.refresh();
    else this.#confirm();
  }

  #confirm(): void {
    this.#freshAt = Date.now();
    this.freshAtPlant = this.#anchor.plant;
    this.stale = false;
  }

  #setClock(now: string, speed: number): void {
    this.#anchor = { plant: Date.parse(now), at: Date.now(), speed };
    this.now = this.#anchor.plant;
  }

  /** Twice a second: move the clock on, notice silence. */
  #check(): void {
    const limit = (this.room?.freshness.stale_after_seconds ?? DEFAULT_STALE_SECONDS) * 1000;
    const at = Date.now();
    this.stale = at - this.#freshAt > limit;
    if (!this.stale) this.now = this.#anchor.plant + (at - this.#anchor.at) * this.#anchor.speed;
    // A half-open connection never reports an error: silence for too long counts as one.
    if (this.#stream && at - this.#heardAt > limit) {
      this.#heardAt = at;
      this.#connectAgain();
    }
  }
}

function parse<T>(event: MessageEvent<string>): T {
  return JSON.parse(event.data) as T;
}
