/** What a line leader reported in this shift: kept on the device for the notes and the hand-over sheet. */

import { newKey } from './intent.ts';
import { floorClock } from './floor_clock.svelte.ts';
import type { EventBody, Teller } from './line_board.ts';
import { outbox } from './outbox.svelte.ts';
import type { Entry } from './queue.ts';

const NAME = 'supplynet.reports';
const DEVICE = 'supplynet.device';
const KEPT = 60;
export const HOLD_MS = 10_000;

export interface Told {
  key: string;
  seq: number;
  station: string;
  says: string;
  /** Plant time, ms. */
  at: number;
}

class Reports {
  list = $state.raw<Told[]>(read());

  /** Who tells it: this tablet. */
  teller(): Teller {
    let device = localStorage.getItem(DEVICE);
    if (device === null) localStorage.setItem(DEVICE, (device = newKey().slice(0, 8)));
    return { event_id: newKey(), source: `board-${device}`, occurred_at: floorClock.iso() };
  }

  async tell(station: string, event: EventBody, says: string): Promise<void> {
    const body = { events: [event] };
    const about = `event:${event.event_id}`;
    const entry = await outbox.add({ path: 'events', body, says, about, key: event.event_id, holdMs: HOLD_MS });
    this.#keep([{ key: entry.key, seq: entry.seq, station, says, at: floorClock.now }, ...this.list]);
  }

  async takeBack(told: Told, entry: Entry): Promise<boolean> {
    const done = await outbox.withdraw(entry);
    if (done) this.#keep(this.list.filter((each) => each.key !== told.key));
    return done;
  }

  #keep(list: Told[]): void {
    this.list = list.slice(0, KEPT);
    localStorage.setItem(NAME, JSON.stringify(this.list));
  }
}

function read(): Told[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(NAME) ?? '[]');
    return Array.isArray(kept) ? (kept as Told[]) : [];
  } catch {
    return [];
  }
}

export const reports = new Reports();
