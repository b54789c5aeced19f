/** Orders as a planner decides on them: which group they are in, and what may be done with each. */

import { getAll, post, request } from './http.ts';
import { toMs } from './time.ts';

export type OrderState = 'proposed' | 'approved' | 'picked' | 'shipped' | 'received' | 'closed' | 'cancelled' | 'reversed';

export interface Order {
  order_id: string;
  kind: 'transfer' | 'purchase';
  part_id: string;
  from_location: string;
  to_location: string;
  lane_id: string;
  departure_at: string;
  cutoff_at: string;
  arrives_at: string;
  quantity: number;
  received: number;
  short: number;
  damaged: number;
  proposed_quantity: number | null;
  snoozed_until: string | null;
  state: OrderState;
  policy: string;
  created_at: string;
  explanation: Readonly<Record<string, unknown>>;
  approvals: { actor: string; at: string; quantity: number }[];
  approvals_needed: number;
  etag: string;
}

export const GROUPS = ['waiting', 'snoozed', 'approved', 'picked', 'road', 'received', 'over'] as const;
export type Group = (typeof GROUPS)[number];

/** Where an order stands on the board; a proposal that missed its cut-off waits for nobody. */
export function groupOf(order: Order, now: number): Group {
  if (order.state === 'proposed') {
    if (order.snoozed_until && toMs(order.snoozed_until) > now) return 'snoozed';
    return toMs(order.cutoff_at) >= now ? 'waiting' : 'over';
  }
  if (order.state === 'approved') return 'approved';
  if (order.state === 'picked') return 'picked';
  if (order.state === 'shipped') return 'road';
  return order.state === 'received' || order.state === 'closed' ? 'received' : 'over';
}

export function lostMinutes(order: Order): number {
  const minutes = order.explanation.expected_lost_minutes;
  return typeof minutes === 'number' ? minutes : 0;
}

export function text(order: Order, name: string): string {
  const said = order.explanation[name];
  return typeof said === 'string' ? said : '';
}

/**
 * What tells one reason from the next, for a narrow column: the chances have a column of their own, and their
 * words are the same in every row. "Chance that ... and the next, 18:23: 22% without ...; 274 on hand; use until then 253."
 */
export function gist(why: string): string {
  const same = /Chance that [^;]*?, and the next, ([^;]*?\d\d:\d\d): [^;]*; /.exec(why);
  if (!same) return why;
  const rest = why.slice(0, same.index) + why.slice(same.index + same[0].length);
  return rest.replace('use until then', `use until ${same[1]}:`);
}

export function number(order: Order, name: string): number | null {
  const told = order.explanation[name];
  return typeof told === 'number' ? told : null;
}

/** Containers of the order, or null where they do not come out even; `rule` is the size by the plant. */
export function containersOf(order: Order, rule?: number): number | null {
  const size = number(order, 'container_size') ?? rule;
  return size && size > 1 && order.quantity % size === 0 ? order.quantity / size : null;
}

export type Step = 'approve' | 'change' | 'snooze' | 'split' | 'cancel' | 'reverse';

/** What may be done in which state: the API refuses anything else. */
export function stepsOf(order: Order): Step[] {
  const before: Step[] = ['change', 'split', 'cancel'];
  if (order.state === 'proposed') return ['approve', 'snooze', ...before];
  if (order.state === 'approved') return before;
  if (order.state === 'picked') return ['cancel'];
  return ['shipped', 'received', 'closed'].includes(order.state) ? ['reverse'] : [];
}

const OPEN = ['proposed', 'approved', 'picked', 'shipped'] as const;
const OVER = ['received', 'closed', 'cancelled', 'reversed'] as const;
const DAY_MS = 86_400_000;

/** What is open, and what arrived or was called off since `since`. */
export async function fetchOrders(since: number): Promise<Order[]> {
  const departing_from = new Date(since - DAY_MS).toISOString();
  const open = OPEN.map((state) => getAll<Order>('orders', { state }));
  const over = OVER.map((state) => getAll<Order>('orders', { state, departing_from }));
  const rows = await Promise.all([...open, ...over]);
  return rows.flat().filter((order) => (OPEN as readonly string[]).includes(order.state) || toMs(order.arrives_at) >= since);
}

export type Decision = 'approve' | 'cancel' | 'snooze';

export interface Outcome {
  order_id: string;
  status: number;
  problem: { detail?: string; title: string } | null;
}

const MOST = 200;

/** The same decision on many orders, each by itself, made on what is on the screen now. */
export async function decideMany(
  orders: readonly Order[],
  action: Decision,
  more: { reason: string; until?: string },
  key: string,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let first = 0; first < orders.length; first += MOST) {
    const items = orders.slice(first, first + MOST).map((order) => ({
      order_id: order.order_id,
      action,
      if_match: order.etag,
      ...more,
    }));
    const answer = await post<{ items: Outcome[] }>('orders/bulk', { items }, `${key}.${first}`);
    outcomes.push(...answer.items);
  }
  return outcomes;
}

/** One step with one order, refused with 412 when it is no longer as it was shown. */
export function takeStep(order: Order, step: Step, body: object, key: string): Promise<unknown> {
  return request(`orders/${encodeURIComponent(order.order_id)}/${step}`, {
    method: 'POST',
    body,
    headers: { 'Idempotency-Key': key, 'If-Match': order.etag },
  });
}
