/** The plant as it is configured: names, units, who lies where. Read once, and again when asked. */

import { get } from './http.ts';
import { nothing } from './nothing.svelte.ts';
import { plantTime } from './time.ts';

export interface Location {
  location_id: string;
  kind: 'supplier' | 'warehouse' | 'showroom' | 'station' | 'line';
  parent_id: string | null;
  name: string;
  holds_stock: boolean;
}

export interface Part {
  part_id: string;
  description: string;
  unit: string;
  volume_litres: number;
  unit_cost: number;
}

export interface Lane {
  lane_id: string;
  from: string;
  to: string;
  departures: string[];
  weekdays: number[];
  time_zone: string;
  cutoff_minutes: number;
  transit_minutes: { low: number; mode: number; high: number };
}

export interface Network {
  plant_id: string;
  name: string;
  time_zone: string;
  locations: Location[];
  parts: Part[];
  requirements: { line_id: string; part_id: string; quantity: string }[];
  lanes: Lane[];
  supply_rules: {
    stock_point_id: string;
    part_id: string;
    lane_ids: string[];
    container_size: number;
    minimum_order: number;
    bin_maximum: number | null;
    criticality: string;
  }[];
}

class PlantNames {
  network = $state.raw<Network | null>(null);
  #asked: Promise<void> | null = null;

  readonly #parts = $derived(new Map(this.network?.parts.map((part) => [part.part_id, part])));
  readonly #places = $derived(new Map(this.network?.locations.map((place) => [place.location_id, place])));
  readonly time = $derived(plantTime(this.network?.time_zone ?? 'UTC'));

  /** Ask once; whoever comes later waits for the same answer. */
  load(again = false): Promise<void> {
    if (again || this.#asked === null) {
      this.#asked = get<Network>('network').then(
        (network) => {
          this.network = network;
          nothing.plant = false;
        },
        (error: unknown) => {
          this.#asked = null;
          throw error;
        },
      );
    }
    return this.#asked;
  }

  part(id: string): Part | undefined {
    return this.#parts.get(id);
  }

  place(id: string): Location | undefined {
    return this.#places.get(id);
  }

  description(partId: string): string {
    return this.#parts.get(partId)?.description ?? '';
  }

  unit(partId: string): string {
    return this.#parts.get(partId)?.unit ?? 'pcs';
  }

  /** The location of a kind at or above another one: the showroom of a line. */
  above(id: string, kind: Location['kind']): string | null {
    for (let place = this.#places.get(id); place; place = this.#places.get(place.parent_id ?? '')) {
      if (place.kind === kind) return place.location_id;
    }
    return null;
  }

  /** The stock point that a line draws from. */
  stockPoint(id: string): string | null {
    for (let place = this.#places.get(id); place; place = this.#places.get(place.parent_id ?? '')) {
      if (place.holds_stock) return place.location_id;
    }
    return null;
  }
}

export const plant = new PlantNames();
