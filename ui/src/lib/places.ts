/** Places of the sites where a person may do something. */

import { askOrKept } from './kept.ts';
import { plant } from './plant.svelte.ts';
import type { Location, Network } from './plant.svelte.ts';

/** The topmost place above one: what a site is called. */
export function siteOf(places: ReadonlyMap<string, Location>, id: string): string {
  let site = id;
  for (let place = places.get(id); place; place = places.get(place.parent_id ?? '')) site = place.location_id;
  return site;
}

const byId = (network: Network) => new Map(network.locations.map((place) => [place.location_id, place]));

/** Stock points of the sites that `may` holds for. */
export function sitePlaces(network: Network, may: (site: string) => boolean): string[] {
  const places = byId(network);
  return network.locations
    .filter((place) => place.holds_stock && place.kind !== 'supplier' && may(siteOf(places, place.location_id)))
    .map((place) => place.location_id);
}

/** Stations of these sites; lines without a station stand for themselves. */
export function stations(network: Network, may: (site: string) => boolean): string[] {
  const places = byId(network);
  const found = network.locations
    .filter((place) => place.kind === 'line' && may(siteOf(places, place.location_id)))
    .map((line) => (places.get(line.parent_id ?? '')?.kind === 'station' ? (line.parent_id ?? '') : line.location_id));
  return [...new Set(found)];
}

/** Lines of a station, or the line itself. */
export function linesOf(network: Network, station: string): string[] {
  return network.locations
    .filter((place) => place.kind === 'line' && (place.parent_id === station || place.location_id === station))
    .map((place) => place.location_id);
}

/** Parts that the lines of a station need, by id. */
export function partsOf(network: Network, station: string): string[] {
  const lines = new Set(linesOf(network, station));
  return [...new Set(network.requirements.filter((each) => lines.has(each.line_id)).map((each) => each.part_id))].sort();
}

/** Where a stock point gets a part from: the beginning of its first lane. */
export function sourceOf(network: Network, stockPoint: string, part: string): string | null {
  const rule = network.supply_rules.find((each) => each.stock_point_id === stockPoint && each.part_id === part);
  return network.lanes.find((lane) => lane.lane_id === rule?.lane_ids[0])?.from ?? null;
}

/** The plant's names, from the network or as they were kept for this person. */
export async function loadOrKept(actor: string): Promise<void> {
  const found = await askOrKept<Network | null>(actor, 'network', async () => {
    await plant.load();
    return plant.network;
  });
  plant.network ??= found.data;
}
