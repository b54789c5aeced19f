/** What the line leader's screens know of one station: network, stock, deliveries, lines and alerts. */

import type { Alert, ControlRoom, RunningShift, Shift } from './api.ts';
import { getAll, get } from './http.ts';
import { askOrKept } from './kept.ts';
import type { Dated } from './kept.ts';
import type { ComingOrder, StockRow } from './line_board.ts';
import { linesOf, loadOrKept, siteOf, stations } from './places.ts';
import { plant } from './plant.svelte.ts';
import { session } from './session.svelte.ts';

const NAME = 'supplynet.station';
/** States of orders that bring something, or may. */
const COMING = ['proposed', 'approved', 'picked', 'shipped'];

export interface Floor {
  stock: StockRow[];
  orders: ComingOrder[];
  shift: RunningShift | null;
  shifts: Shift[];
  lines: ControlRoom['lines'];
  alerts: Alert[];
}

class Station {
  #chosen = $state(localStorage.getItem(NAME) ?? '');

  readonly all = $derived(
    plant.network ? stations(plant.network, (site) => session.may('stock.report', site)) : [],
  );
  readonly id = $derived(this.all.includes(this.#chosen) ? this.#chosen : (this.all[0] ?? ''));
  readonly lines = $derived(plant.network ? linesOf(plant.network, this.id) : []);
  /** Where its parts lie. */
  readonly stockPoint = $derived(plant.network && this.id ? plant.stockPoint(this.id) : null);

  choose(station: string): void {
    this.#chosen = station;
    localStorage.setItem(NAME, station);
  }

  get site(): string {
    return plant.network ? siteOf(new Map(plant.network.locations.map((place) => [place.location_id, place])), this.id) : '';
  }
}

export const station = new Station();

/** Everything of the station, or what was kept of it. */
export async function askFloor(): Promise<Dated<Floor>> {
  const actor = session.who?.actor ?? '';
  await loadOrKept(actor);
  const place = station.stockPoint ?? '';
  return askOrKept(actor, `floor/${place}`, async () => {
    const [stock, room, ...coming] = await Promise.all([
      getAll<StockRow>('stock', { location_id: place }),
      get<ControlRoom>('control-room'),
      ...COMING.map((state) => getAll<ComingOrder>('orders', { to_location: place, state })),
    ]);
    const { shift, shifts, lines, alerts } = room;
    return { stock, orders: coming.flat(), shift, shifts, lines, alerts };
  });
}
