/** Why a part was ordered or not: the record that was kept with the decision, ready to be read. */

import { get } from './http.ts';
import { toMs } from './time.ts';

/** The numbers kept with an order or a decision; what a policy does not know is null or missing. */
export interface WhyRecord {
  why: string;
  granted?: number;
  wanted?: number;
  on_hand?: number;
  on_order?: number;
  position?: number;
  due?: { quantity: number; arrives_at: string }[];
  arrival_low?: number | null;
  arrival_likely?: number | null;
  arrival_high?: number | null;
  window_low?: number;
  window_likely?: number;
  window_high?: number;
  level?: number | null;
  need?: number | null;
  container_size?: number;
  bin_room?: number;
  available?: number | null;
  truck_room_litres?: number | null;
  binding?: string;
  target?: number | null;
  stockout_before?: number;
  stockout_without?: number;
  stockout_with?: number;
  stockout_one_pack_less?: number | null;
  stockout_one_pack_more?: number;
  one_more_pack_saves?: number;
  simple_rule?: number | null;
  rationing?: string;
  claims?: { stock_point_id: string; wanted: number; granted: number; stockout_with: number; stockout_if_wanted: number }[];
  flip_stock?: number | null;
  flip_demand?: number | null;
  flip_minutes?: number | null;
  departure_at?: string | null;
  arrives_at?: string | null;
  next_arrives_at?: string | null;
  runs_out_at?: string | null;
  runs_out_early?: string | null;
  runs_out_late?: string | null;
  last_departure_at?: string | null;
  lines?: string[];
  worst_line?: string | null;
  risk_before?: number;
  risk_after?: number;
  expected_lost_minutes?: number;
  policy?: string;
  parameters?: Record<string, unknown>;
  model_version?: string;
  fallbacks?: string[];
  forecast_quality?: { windows: number; wape: number | null; bias: number | null; coverage: number } | null;
  /** Of purchases. */
  reorder_point?: number | null;
  order_up_to_level?: number;
  alpha?: number | null;
}

/** One decision, from an order or from the last plan. */
export interface Why {
  place: string;
  part: string;
  /** 0 where nothing was ordered. */
  quantity: number;
  sentence: string;
  decidedAt: string;
  policy: string;
  model: string | null;
  parameters: Record<string, unknown>;
  /** `proposed`, `none`, `released` or `dismissed`; null for an order. */
  outcome: string | null;
  /** The full numbers stand since then; nothing was new at the last decision. */
  unchangedSince: string | null;
  record: WhyRecord;
}

interface OrderAnswer {
  part_id: string;
  to_location: string;
  quantity: number;
  policy: string;
  model_version: string | null;
  created_at: string;
  departure_at: string;
  arrives_at: string;
  explanation: WhyRecord;
}

export interface DecisionAnswer {
  location_id: string;
  part_id: string;
  granted: number;
  decided_at: string;
  policy: string;
  model_version: string;
  parameters: Record<string, unknown>;
  outcome: string;
  why: string;
  window_until: string;
  unchanged_since: string | null;
  record: WhyRecord | null;
}

export async function whyOfOrder(orderId: string): Promise<Why> {
  const order = await get<OrderAnswer>(`orders/${encodeURIComponent(orderId)}`);
  const record: WhyRecord = { departure_at: order.departure_at, arrives_at: order.arrives_at, ...order.explanation };
  return {
    place: order.to_location,
    part: order.part_id,
    quantity: order.quantity,
    sentence: record.why,
    decidedAt: order.created_at,
    policy: order.policy,
    model: order.model_version,
    parameters: record.parameters ?? {},
    outcome: null,
    unchangedSince: null,
    record,
  };
}

export async function whyOfPart(place: string, part: string): Promise<Why> {
  const found = await get<DecisionAnswer>(`why/${encodeURIComponent(place)}/${encodeURIComponent(part)}`);
  return {
    place: found.location_id,
    part: found.part_id,
    quantity: found.granted,
    sentence: found.why,
    decidedAt: found.decided_at,
    policy: found.policy,
    model: found.model_version,
    parameters: found.parameters,
    outcome: found.outcome,
    unchangedSince: found.unchanged_since,
    record: recordOf(found),
  };
}

/**
 * The numbers of a decision.
 *
 * Of one without news only a few are kept, under the same names: these are of now, as the sentence is,
 * and stand over those of the last decision that was news.
 */
export function recordOf(found: DecisionAnswer): WhyRecord {
  const now: WhyRecord = { ...(found as unknown as WhyRecord), next_arrives_at: found.window_until };
  if (found.record === null || found.unchanged_since === null) return found.record ?? now;
  const then = found.record;
  const known = Object.fromEntries(OF_NOW.filter((name) => now[name] != null).map((name) => [name, now[name]]));
  const due = (then.due ?? []).filter((each) => toMs(each.arrives_at) > toMs(found.decided_at));
  const position = now.on_hand === undefined ? then.position : now.on_hand + (now.on_order ?? 0);
  return { ...then, ...known, due, ...(position === undefined ? {} : { position }) };
}

const OF_NOW = [
  ...(['on_hand', 'on_order', 'window_low', 'window_likely', 'window_high', 'next_arrives_at', 'runs_out_at'] as const),
  ...(['stockout_before', 'stockout_without', 'stockout_with', 'wanted', 'granted', 'binding', 'target'] as const),
] as const satisfies readonly (keyof WhyRecord)[];

/** Beyond this a bin has no limit. */
const UNLIMITED = 2 ** 28;

/** Room at the stock point; null = no limit. */
export function binRoom(record: WhyRecord): number | null {
  const room = record.bin_room;
  return room === undefined || room >= UNLIMITED ? null : room;
}

/** `9.3 %`, `0.05 %`, `<0.01 %`, `>99 %`: rare chances matter here, so they are not rounded away. */
export function chance(value: number): string {
  if (value < 0.0001) return '<0.01 %';
  if (value > 0.995) return '>99 %';
  if (value >= 0.0995) return `${Math.round(value * 100)} %`;
  return `${(value * 100).toFixed(value >= 0.000995 ? 1 : 2)} %`;
}

/** `+130` and `-27 %` with a true minus sign. */
export function signed(value: number, digits = 0): string {
  const text = Math.abs(value).toLocaleString('en', { maximumFractionDigits: digits });
  return `${value < 0 ? '−' : '+'}${text}`;
}

export type MarkKind = 'decided' | 'leaves' | 'arrives' | 'next' | 'out' | 'safe';

export interface Mark {
  kind: MarkKind;
  at: number;
}

/** The clock times of a decision, the earliest first. */
export function marksOf(why: Why): Mark[] {
  const { record } = why;
  const marks: [MarkKind, string | null | undefined][] = [
    ['decided', why.decidedAt],
    ['safe', record.last_departure_at],
    ['leaves', why.quantity > 0 ? record.departure_at : null],
    ['arrives', why.quantity > 0 ? record.arrives_at : null],
    ['next', record.next_arrives_at],
    ['out', record.runs_out_at],
  ];
  return marks
    .flatMap(([kind, at]) => (at ? [{ kind, at: toMs(at) }] : []))
    .sort((one, other) => one.at - other.at);
}
