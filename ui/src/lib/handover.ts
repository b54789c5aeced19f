/** What the next line leader must know, from figures that the board has already. */

import type { Alert, ControlRoom, Shift } from './api.ts';
import type { ComingOrder } from './line_board.ts';

export interface HaltAlert {
  kind: string;
  location_id: string | null;
  part_id: string | null;
  raised_at: string;
  resolved_at: string | null;
  message: string;
}

export interface Halt {
  line: string;
  from: number;
  minutes: number;
  going: boolean;
}

/** Halts of some lines within a shift, the earliest first; one that began before counts from its start. */
export function haltsOf(alerts: readonly HaltAlert[], lines: readonly string[], shift: Shift, now: number): Halt[] {
  const start = Date.parse(shift.start);
  return alerts
    .filter((alert) => alert.kind === 'halted' && alert.location_id !== null && lines.includes(alert.location_id))
    .map((alert) => {
      const from = Math.max(start, Date.parse(alert.raised_at));
      const to = alert.resolved_at === null ? now : Date.parse(alert.resolved_at);
      return { line: alert.location_id ?? '', from, minutes: (to - from) / 60_000, going: alert.resolved_at === null };
    })
    .filter((halt) => halt.minutes > 0)
    .sort((one, other) => one.from - other.from);
}

export interface Risk {
  line: string;
  risk: number;
  part: string | null;
  runsOutAt: string | null;
}

const WORTH_SAYING = 0.05;

/** Lines that may halt in a shift, the likeliest first. */
export function risksOf(room: Pick<ControlRoom, 'shifts' | 'lines'>, lines: readonly string[], shift: Shift): Risk[] {
  const column = room.shifts.findIndex((each) => each.start === shift.start);
  return room.lines
    .filter((line) => lines.includes(line.line_id))
    .flatMap((line) => {
      const cell = line.cells[column];
      return cell ? [{ line: line.line_id, risk: cell.risk, part: cell.part_id, runsOutAt: cell.runs_out_at }] : [];
    })
    .filter((each) => each.risk >= WORTH_SAYING)
    .sort((one, other) => other.risk - one.risk);
}

export interface Due {
  lane: string;
  from: string;
  arrivesAt: number;
  parts: number;
  quantity: number;
  onRoad: boolean;
}

/** Vehicles with released goods that are due before a moment, late ones too, the earliest first. */
export function deliveriesDue(orders: readonly ComingOrder[], until: number): Due[] {
  const found = new Map<string, Due>();
  for (const order of orders) {
    const arrivesAt = Date.parse(order.arrives_at);
    const quantity = order.quantity - order.received - order.short - order.damaged;
    if (order.state === 'proposed' || arrivesAt >= until || quantity <= 0) continue;
    const key = `${order.lane_id}@${order.departure_at}`;
    const due = found.get(key) ?? { lane: order.lane_id, from: order.from_location, arrivesAt, parts: 0, quantity: 0, onRoad: true };
    const onRoad = due.onRoad && order.state === 'shipped';
    found.set(key, { ...due, arrivesAt: Math.max(due.arrivesAt, arrivesAt), parts: due.parts + 1, quantity: due.quantity + quantity, onRoad });
  }
  return [...found.values()].sort((one, other) => one.arrivesAt - other.arrivesAt);
}

/** Open alerts of a station, of its lines, and of the stock that they draw from. */
export function alertsOf(alerts: readonly Alert[], places: readonly string[], parts: readonly string[]): Alert[] {
  const rank = { critical: 0, warning: 1, info: 2 };
  return alerts
    .filter((alert) => alert.location_id !== null && places.includes(alert.location_id))
    .filter((alert) => alert.part_id === null || parts.includes(alert.part_id))
    .sort((one, other) => rank[one.severity] - rank[other.severity] || other.raised_at.localeCompare(one.raised_at));
}
