/** The JSON of the API and the calls the page makes. Times are RFC 3339 in UTC; risks are 0 to 1. */

import { BASE, get, post, request } from './http.ts';
import type { AnnouncedRow } from './line_board.ts';

export interface Plant {
  plant_id: string;
  name: string;
  time_zone: string;
}

export interface PlantClock {
  now: string;
  /** Plant seconds per second; 1 for a real plant, 0 where its time stands still. */
  speed: number;
  simulated: boolean;
}

export interface Shift {
  shift_id: string;
  name: string;
  start: string;
  end: string;
}

export interface RunningShift extends Shift {
  minutes_left: number;
}

export interface Cell {
  /** Probability of a halt if the policy goes on ordering as planned. */
  risk: number;
  /** The same with orders that are already released, and no other. */
  risk_committed: number;
  /** The part that causes most of the risk. */
  part_id: string | null;
  runs_out_at: string | null;
  runs_out_early: string | null;
  runs_out_late: string | null;
  /** Leaving the warehouse later than this is too late. */
  last_departure_at: string | null;
}

export interface Line {
  line_id: string;
  showroom_id: string;
  station_id: string;
  halted: boolean;
  /** One per shift of `ControlRoom.shifts`, in that order. */
  cells: Cell[];
  /** What leaders said that it will do, in order of time. */
  announced?: AnnouncedRow[];
}

export interface Action {
  order_id: string;
  part_id: string;
  description: string;
  from: string;
  to: string;
  quantity: number;
  unit: string;
  /** Unknown where the stock point has no supply rule for the part. */
  containers: number | null;
  state: 'proposed' | 'approved';
  departure_at: string;
  /** The order must be released before this to make the departure. */
  cutoff_at: string;
  arrives_at: string;
  expected_lost_minutes: number;
  risk_before: number;
  risk_after: number;
  lines: string[];
  why: string;
  /** Of the order as it is here: a decision goes with it, so that nobody releases what he has not seen. */
  etag: string;
}

export type Severity = 'critical' | 'warning' | 'info';

export interface Alert {
  alert_id: string;
  severity: Severity;
  kind: string;
  message: string;
  raised_at: string;
  location_id: string | null;
  part_id: string | null;
  resolved_at: string | null;
  /** Who looks after it. */
  acknowledged_by: string | null;
  /** Nobody is told of it before that. */
  snoozed_until: string | null;
  /** How often it was passed on for want of an answer, and when last. */
  escalations: number;
  escalated_at: string | null;
  /** It ends when its cause does; nobody can close it by hand. */
  closes_itself: boolean;
}

/** A proposal that somebody has set aside. */
export interface SetAside {
  order_id: string;
  part_id: string;
  to: string;
  quantity: number;
  unit: string;
  cutoff_at: string;
  snoozed_until: string;
}

export interface Automation {
  mode: 'auto' | 'auto_below' | 'suggest';
  paused: boolean;
}

export interface PolicyScore {
  policy: string;
  halts_per_line_month: number;
  /** Interval of the halts. */
  low: number;
  high: number;
  lost_minutes: number;
  cover_days: number;
  orders: number;
  trips: number;
}

export interface ForecastScore {
  model: string;
  mase: number;
  wape: number;
  pinball: number;
}

export interface Scoreboard {
  policies: PolicyScore[];
  forecast: ForecastScore[];
}

export interface ControlRoom {
  generated_at: string;
  /** Sequence number of the newest change that these figures contain. */
  change: number;
  plant: Plant;
  clock: PlantClock;
  /** Null between shifts and before the first plan. */
  shift: RunningShift | null;
  headline: string;
  freshness: { last_event_at: string | null; plan_made_at: string | null; stale_after_seconds: number };
  shifts: Shift[];
  lines: Line[];
  actions: Action[];
  set_aside: SetAside[];
  alerts: Alert[];
  automation: Automation;
  scoreboard: Scoreboard | null;
}

/** Data of a `change` event of the stream. */
export interface Change {
  change: number;
  kinds: string[];
}

/** Data of a `tick` event of the stream. */
export interface Tick {
  now: string;
  speed: number;
  change: number;
}

export const STREAM_URL = `${BASE}stream`;

export function fetchControlRoom(): Promise<ControlRoom> {
  return get('control-room');
}

export type OrderStep =
  | { step: 'approve'; quantity?: number; reason?: string }
  | { step: 'cancel'; reason: string }
  /** Null brings it back among what waits. */
  | { step: 'snooze'; until: string | null };

/**
 * A decision on an order; it may have to be approved by a second person and is a proposal still.
 *
 * @param etag Of the order that was looked at: refused with 412 where it is another by now.
 */
export function decide(orderId: string, { step, ...body }: OrderStep, key: string, etag?: string): Promise<{ state: string }> {
  const headers = { 'Idempotency-Key': key, ...(etag ? { 'If-Match': etag } : {}) };
  return request(`orders/${encodeURIComponent(orderId)}/${step}`, { method: 'POST', body, headers });
}

export type AlertStep =
  | { step: 'acknowledge' }
  | { step: 'snooze'; until: string }
  | { step: 'resolve'; reason: string };

/** What somebody does with an alert; the answer is the alert as it is then. */
export function answerAlert(alertId: string, { step, ...body }: AlertStep, key: string): Promise<Alert> {
  return post(`alerts/${encodeURIComponent(alertId)}/${step}`, body, key);
}
