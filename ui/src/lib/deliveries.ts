/** Departures of some days, lane by lane, and the days of the plant. */

import { get } from './http.ts';
import { toMs } from './time.ts';
import type { Order } from './orders.ts';

export type TripState = 'empty' | 'proposed' | 'approved' | 'picked' | 'shipped' | 'received' | 'closed';

export interface Trip {
  shipment_id: string;
  lane_id: string;
  from_location: string;
  to_location: string;
  departure_at: string;
  cutoff_at: string;
  arrives_at: string;
  state: TripState;
  orders: number;
  by_state: Partial<Record<string, number>>;
  units: number;
  litres: number;
  room_litres: number | null;
  short: number;
  damaged: number;
  late_minutes: number;
}

export interface Timetable {
  now: string;
  departures: Trip[];
}

export interface TripDetail extends Omit<Trip, 'orders' | 'state'> {
  state: TripState;
  orders: Order[];
}

export function fetchTimetable(start: number, end: number): Promise<Timetable> {
  return get('timetable', { start: new Date(start).toISOString(), end: new Date(end).toISOString() });
}

export function fetchTrip(id: string): Promise<TripDetail> {
  return get(`shipments/${encodeURIComponent(id)}`);
}

const HOUR_MS = 3_600_000;

/** Midnight in a zone, `days` after the day of `at`; days on which the clocks change are 23 or 25 hours long. */
export function dayStart(at: number, zone: string, days = 0): number {
  const date = localDate(at, zone);
  const wanted = new Date(Date.parse(`${date}T00:00:00Z`) + days * 24 * HOUR_MS).toISOString().slice(0, 10);
  const noon = Date.parse(`${wanted}T00:00:00Z`);
  // Zones lie between -12 and +14 hours: of the whole quarters around it, the first of that date.
  for (let moment = noon - 14 * HOUR_MS; ; moment += HOUR_MS / 4) {
    if (localDate(moment, zone) === wanted) return moment;
  }
}

const dates = new Map<string, Intl.DateTimeFormat>();

/** `2026-01-05` */
export function localDate(at: number, zone: string): string {
  const format = dates.get(zone) ?? new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
  dates.set(zone, format);
  return format.format(at);
}

export interface LaneDay {
  lane_id: string;
  from: string;
  to: string;
  /** By day, as many as there are days; what left before stands in `earlier`. */
  earlier: Trip[];
  days: Trip[][];
}

/** Lanes in their own order, the departures of each by day. */
export function byLane(trips: readonly Trip[], starts: readonly number[]): LaneDay[] {
  const lanes = new Map<string, LaneDay>();
  for (const trip of trips) {
    const lane = lanes.get(trip.lane_id) ?? {
      ...{ lane_id: trip.lane_id, from: trip.from_location, to: trip.to_location },
      ...{ earlier: [], days: starts.slice(0, -1).map(() => []) },
    };
    lanes.set(trip.lane_id, lane);
    const day = starts.findLastIndex((start) => toMs(trip.departure_at) >= start);
    (lane.days[day] ?? lane.earlier).push(trip);
  }
  return [...lanes.values()].sort((a, b) => a.lane_id.localeCompare(b.lane_id, 'en', { numeric: true }));
}

/** What has to be done next with a trip, by whoever stands where. */
export function nextStep(trip: { by_state: Partial<Record<string, number>> }): 'pick' | 'ship' | 'receive' | null {
  if (trip.by_state.approved) return 'pick';
  if (trip.by_state.picked) return 'ship';
  return trip.by_state.shipped ? 'receive' : null;
}
