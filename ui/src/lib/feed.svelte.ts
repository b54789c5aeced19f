/** The one stream of changes of this browser tab, and the plant's clock that it carries. */

import { STREAM_URL } from './api.ts';
import type { Change, Tick } from './api.ts';
import { Backoff } from './backoff.ts';

const CHECK_MS = 500;
export const STALE_SECONDS = 10;

/** What moved: kinds of records, or null when that cannot be told. */
export type Kinds = readonly string[] | null;
type Listener = (change: number, kinds: Kinds) => void;

/** One screen as the stream tells it: all of it, then what is other than before. */
export interface Show {
  screen: string;
  whole: boolean;
  fields: Readonly<Record<string, unknown>>;
}

/** Who follows a screen on the stream. */
export interface Follower {
  shown: (show: Show) => void;
  /** The connection is lost; the next one begins with all of it. */
  lost: () => void;
}

class Feed {
  /** Plant time in ms; runs between ticks, and stands still while nothing is heard. */
  now = $state(0);
  speed = $state(1);
  /** Nothing was heard for so long that no figure may be trusted. */
  silent = $state(false);
  /** The newest change that was told. */
  change = 0;

  #stream: EventSource | null = null;
  #heardAt = Date.now();
  #anchor = { plant: 0, at: 0, speed: 1 };
  #reconnect = new Backoff();
  #changed = new Set<Listener>();
  #ticked = new Set<() => void>();
  #followed = new Map<string, Set<Follower>>();
  #asked = '';

  /** Start listening; returns what stops it. */
  start(): () => void {
    this.#connect();
    const check = setInterval(() => this.#check(), CHECK_MS);
    const wake = () => this.#check();
    document.addEventListener('visibilitychange', wake);
    return () => {
      clearInterval(check);
      this.#reconnect.cancel();
      this.#stream?.close();
      this.#stream = null;
      document.removeEventListener('visibilitychange', wake);
    };
  }

  /** Be told of changes and of signs of life; returns what ends it. */
  listen(changed: Listener, ticked: () => void): () => void {
    this.#changed.add(changed);
    this.#ticked.add(ticked);
    return () => {
      this.#changed.delete(changed);
      this.#ticked.delete(ticked);
    };
  }

  /** Have the stream tell a screen; returns what ends it. */
  follow(screen: string, follower: Follower): () => void {
    const all = this.#followed.get(screen) ?? new Set();
    this.#followed.set(screen, all.add(follower));
    this.#askAnew();
    return () => {
      all.delete(follower);
      if (all.size === 0) this.#followed.delete(screen);
      this.#askAnew();
    };
  }

  setClock(now: string, speed: number): void {
    this.#anchor = { plant: Date.parse(now), at: Date.now(), speed };
    this.now = this.#anchor.plant;
    this.speed = speed;
  }

  #connect(): void {
    this.#asked = this.#address();
    const stream = new EventSource(this.#asked);
    this.#stream = stream;
    // A connection that was lost may have missed changes: everything is asked for anew.
    stream.addEventListener('open', () => {
      this.#reconnect.reset();
      this.#tell(this.change, null);
    });
    stream.addEventListener('change', (event) => {
      const { change, kinds } = parse<Change>(event);
      this.#tell(change, kinds);
    });
    stream.addEventListener('gap', (event) => this.#tell(parse<{ change: number }>(event).change, null));
    stream.addEventListener('show', (event) => {
      this.#heard();
      const show = parse<Show>(event);
      for (const follower of this.#followed.get(show.screen) ?? []) follower.shown(show);
    });
    stream.addEventListener('tick', (event) => this.#onTick(parse<Tick>(event)));
    stream.addEventListener('error', () => this.#connectAgain());
  }

  #address(): string {
    const screens = [...this.#followed.keys()].sort().map((screen) => `show=${screen}`);
    return screens.length ? `${STREAM_URL}?${screens.join('&')}` : STREAM_URL;
  }

  /** What is followed is said when the stream is opened: another page opens another one. */
  #askAnew(): void {
    // Not before all of a page's followers are known.
    queueMicrotask(() => {
      if (this.#stream === null || this.#asked === this.#address()) return;
      this.#stream.close();
      this.#connect();
    });
  }

  #tell(change: number, kinds: Kinds): void {
    this.#heard();
    this.change = Math.max(this.change, change);
    for (const listener of this.#changed) listener(change, kinds);
  }

  #onTick(tick: Tick): void {
    this.#heard();
    this.setClock(tick.now, tick.speed);
    if (tick.change > this.change) this.#tell(tick.change, null);
    for (const listener of this.#ticked) listener();
  }

  #heard(): void {
    this.#heardAt = Date.now();
    this.silent = false;
  }

  /** Replaces the browser's own retry, which gives up for good on some answers of a proxy. */
  #connectAgain(): void {
    this.#stream?.close();
    this.#stream = null;
    for (const all of this.#followed.values()) for (const follower of all) follower.lost();
    this.#reconnect.schedule(() => this.#connect());
  }

  /** Twice a second: move the clock on, notice silence. */
  #check(): void {
    const at = Date.now();
    const quiet = at - this.#heardAt > STALE_SECONDS * 1000;
    if (!this.silent) this.now = this.#anchor.plant + (at - this.#anchor.at) * this.#anchor.speed;
    // A half-open connection never reports an error: silence for too long counts as one.
    if (quiet && this.#stream && !this.silent) this.#connectAgain();
    this.silent = quiet;
  }
}

export const feed = new Feed();

function parse<T>(event: MessageEvent<string>): T {
  return JSON.parse(event.data) as T;
}
