/** The plant's clock as this device last heard it; it runs on without a network and over a reload. */

import { feed } from './feed.svelte.ts';
import type { Anchor } from './anchor.ts';
import { parseAnchor, plantMoment } from './anchor.ts';

const NAME = 'supplynet.clock';
const LOOK_MS = 500;

class FloorClock {
  /** Plant time, ms. */
  now = $state(Date.now());
  #anchor: Anchor = parseAnchor(localStorage.getItem(NAME), Date.now());

  start(): () => void {
    const look = () => {
      if (feed.now > 0 && !feed.silent) {
        this.#anchor = { plant: feed.now, at: Date.now(), speed: feed.speed };
        localStorage.setItem(NAME, JSON.stringify(this.#anchor));
      }
      this.now = plantMoment(this.#anchor, Date.now());
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }

  /** Plant time of a moment of this device's clock. */
  of(at: number): number {
    return plantMoment(this.#anchor, at);
  }

  /** As the API wants it. */
  iso(at = Date.now()): string {
    return new Date(this.of(at)).toISOString();
  }
}

export const floorClock = new FloorClock();
