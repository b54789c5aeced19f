/** What a line leader sees of each part: how long it lasts, and when more comes. */

export interface StockRow {
  location_id: string;
  part_id: string;
  on_hand: number;
  unit: string;
  cover_shifts: number | null;
}

export interface ComingOrder {
  order_id: string;
  part_id: string;
  to_location: string;
  from_location: string;
  lane_id: string;
  quantity: number;
  received: number;
  short: number;
  damaged: number;
  arrives_at: string;
  departure_at: string;
  cutoff_at: string;
  state: string;
}

export type PartState = 'out' | 'act' | 'watch' | 'ok';

export interface Delivery {
  arrivesAt: number;
  quantity: number;
  onRoad: boolean;
}

export interface BoardRow {
  part: string;
  onHand: number;
  cover: number | null;
  state: PartState;
  next: Delivery | null;
  /** What is proposed and not released, where nothing else comes. */
  proposed: Delivery | null;
}

/** Bars are full at this many shifts. */
export const FULL_SHIFTS = 3;
const COMING: ReadonlySet<string> = new Set(['approved', 'picked', 'shipped']);
const PROPOSED: ReadonlySet<string> = new Set(['proposed']);
const HOUR_MS = 3_600_000;

export function nextDelivery(orders: readonly ComingOrder[], part: string, states = COMING): Delivery | null {
  const coming = orders
    .filter((order) => order.part_id === part && states.has(order.state))
    .map((order) => ({
      arrivesAt: Date.parse(order.arrives_at),
      quantity: order.quantity - order.received - order.short - order.damaged,
      onRoad: order.state === 'shipped',
    }))
    .filter((each) => each.quantity > 0);
  const arrivesAt = Math.min(...coming.map((each) => each.arrivesAt));
  const first = coming.filter((each) => each.arrivesAt === arrivesAt);
  if (first.length === 0) return null;
  const quantity = first.reduce((sum, each) => sum + each.quantity, 0);
  return { arrivesAt, quantity, onRoad: first.every((each) => each.onRoad) };
}

/**
 * Whether what lies here lasts until more comes: `out` = nothing left, `act` = it runs out before the
 * next delivery and within a shift, `watch` = within a shift, with a delivery before that.
 */
export function stateOf(
  onHand: number,
  cover: number | null,
  next: Delivery | null,
  now: number,
  shiftHours: number,
): PartState {
  if (onHand <= 0) return 'out';
  if (cover === null || cover >= 1) return 'ok';
  const runsOut = now + cover * shiftHours * HOUR_MS;
  return next !== null && next.arrivesAt <= runsOut ? 'watch' : 'act';
}

const WORST: readonly PartState[] = ['out', 'act', 'watch', 'ok'];

/** The worst first, then what lasts least. */
export function boardRows(
  parts: readonly string[],
  stock: readonly StockRow[],
  orders: readonly ComingOrder[],
  now: number,
  shiftHours: number,
): BoardRow[] {
  const held = new Map(stock.map((row) => [row.part_id, row]));
  const open = orders.filter((order) => Date.parse(order.cutoff_at) >= now);
  return parts
    .map((part) => {
      const row = held.get(part);
      const onHand = row?.on_hand ?? 0;
      const cover = row?.cover_shifts ?? null;
      const next = nextDelivery(orders, part);
      const proposed = next === null ? nextDelivery(open, part, PROPOSED) : null;
      return { part, onHand, cover, next, proposed, state: stateOf(onHand, cover, next, now, shiftHours) };
    })
    .sort(
      (one, other) =>
        WORST.indexOf(one.state) - WORST.indexOf(other.state) ||
        (one.cover ?? Infinity) - (other.cover ?? Infinity) ||
        one.part.localeCompare(other.part),
    );
}

export type Trouble = 'short' | 'damaged' | 'wrong';

export interface EventBody {
  schema: 1;
  event_id: string;
  source: string;
  type: string;
  occurred_at: string;
  location_id: string;
  part_id?: string;
  quantity?: number;
  data: Record<string, unknown>;
}

/** Who tells it, when, under which id. */
export interface Teller {
  event_id: string;
  source: string;
  occurred_at: string;
}

export interface TroublePlace {
  /** Where the parts lie. */
  stockPoint: string;
  station: string;
  /** Where they come from; null = not known. */
  source: string | null;
  sourceIsSupplier: boolean;
}

/**
 * The event that says it. Short is a count of what is really there; damaged parts are scrapped; parts
 * that are not what their label says leave for where they came from.
 */
export function troubleEvent(
  teller: Teller,
  what: Trouble,
  part: string,
  quantity: number,
  at: TroublePlace,
): EventBody {
  const event = { schema: 1 as const, ...teller, location_id: at.stockPoint, part_id: part, quantity };
  const data = { station: at.station };
  if (what === 'short') return { ...event, type: 'counted', data: { ...data, reason: 'reported short' } };
  if (what === 'damaged') return { ...event, type: 'scrapped', data: { ...data, reason: 'damaged' } };
  const reason = 'wrong part in the container';
  if (at.source === null) return { ...event, type: 'scrapped', data: { ...data, reason } };
  const type = at.sourceIsSupplier ? 'returned' : 'shipped';
  return { ...event, type, data: { ...data, reason, to_location: at.source } };
}

export type Announced = 'rate' | 'stop' | 'resume';

export interface Announcement {
  what: Announced;
  line: string;
  percent: number;
  /** ISO; null = from now on. */
  from: string | null;
  until: string | null;
  reason: string;
}

/** A stop that lies ahead is a change of the plan, not yet a fact: it must not count as standing still. */
export function announcementEvent(teller: Teller, said: Announcement): EventBody {
  const { what, line, percent, from, until, reason } = said;
  const data: Record<string, unknown> = { from: from ?? teller.occurred_at };
  if (until) data.until = until;
  if (reason) data.reason = reason;
  const event = { schema: 1 as const, ...teller, location_id: line };
  if (what === 'rate') return { ...event, type: 'rate_changed', data: { ...data, percent } };
  if (from !== null) return { ...event, type: 'plan_changed', data: { ...data, what: what === 'stop' ? 'line_stopped' : 'line_resumed' } };
  return { ...event, type: what === 'stop' ? 'line_stopped' : 'line_resumed', data };
}

/** What holds of a line for a while, as the control room tells it. */
export interface AnnouncedRow {
  /** `source/event_id` of the report. */
  event: string;
  /** Of the usual rate; 0 = it stands still. */
  percent: number;
  from: string;
  until: string;
  by: string;
  reason: string;
}

/** What was announced of a line was never said. */
export function withdrawalEvent(teller: Teller, line: string, event: string): EventBody {
  const data = { what: 'withdrawn', withdraws: event };
  return { schema: 1, ...teller, type: 'plan_changed', location_id: line, data };
}

/** The next moment at which a clock of the plant's zone shows `HH:MM`. */
export function nextClock(typed: string, now: number, clock: (at: number) => string): number | null {
  if (!/^\d{2}:\d{2}$/.test(typed)) return null;
  const MINUTE_MS = 60_000;
  const start = Math.ceil(now / MINUTE_MS) * MINUTE_MS;
  for (let minute = 0; minute < 25 * 60; minute += 1) {
    if (clock(start + minute * MINUTE_MS) === typed) return start + minute * MINUTE_MS;
  }
  return null; // an hour that the clocks skip tonight
}
