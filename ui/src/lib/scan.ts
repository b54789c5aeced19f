/** What a scanner read, and what it means on the floor. */

export type Code =
  | { kind: 'badge'; id: string }
  | { kind: 'shipment'; id: string }
  | { kind: 'order'; id: string }
  | { kind: 'part'; id: string }
  | { kind: 'unknown'; id: string };

const BADGE = /^SNB-[A-Z0-9-]{8,}$/i;
const SHIPMENT = /^[A-Za-z0-9._-]{1,64}@\d{8}T\d{4}Z$/;
const ORDER = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Scanners may send marks before and after a code that nobody sees. */
const UNSEEN = /[\u0000-\u001f\u007f]/g;

export function readCode(typed: string, isPart: (id: string) => boolean): Code {
  const id = typed.replace(UNSEEN, '').trim();
  if (BADGE.test(id)) return { kind: 'badge', id: id.toUpperCase() };
  if (SHIPMENT.test(id)) return { kind: 'shipment', id };
  if (ORDER.test(id)) return { kind: 'order', id: id.toLowerCase() };
  for (const part of [id, id.toUpperCase()]) if (isPart(part)) return { kind: 'part', id: part };
  return { kind: 'unknown', id };
}

export interface Task {
  order_id: string;
  shipment_id: string;
  lane_id: string;
  part_id: string;
  from_location: string;
  to_location: string;
  quantity: number;
  containers: number | null;
  departure_at: string;
  cutoff_at: string;
  minutes_until_cutoff: number;
  minutes_until_halt: number | null;
}

export interface Shipment {
  shipment_id: string;
  from_location: string;
  to_location: string;
  departure_at: string;
  cutoff_at: string;
  arrives_at: string;
  state: 'proposed' | 'approved' | 'picked' | 'shipped' | 'received' | 'closed';
  released: number;
  order_count: number;
}

export interface Departure {
  shipment: Shipment;
  /** Not picked yet, in route order. */
  tasks: Task[];
  picked: number;
}

const NOT_LEFT = new Set<Shipment['state']>(['proposed', 'approved', 'picked']);

/** Departures with something to pick or to ship, by cut-off; `done` says what this device did already. */
export function departures(
  tasks: readonly Task[],
  shipments: readonly Shipment[],
  done: (about: string) => boolean,
): Departure[] {
  return shipments
    .filter((each) => NOT_LEFT.has(each.state) && each.released > 0 && !done(`ship:${each.shipment_id}`))
    .map((shipment) => {
      const open = tasks.filter((task) => task.shipment_id === shipment.shipment_id && !done(`pick:${task.order_id}`));
      return { shipment, tasks: open, picked: shipment.released - open.length };
    })
    .sort((one, other) => one.shipment.cutoff_at.localeCompare(other.shipment.cutoff_at));
}

export interface ShipmentOrder {
  order_id: string;
  part_id: string;
  quantity: number;
  received: number;
  short: number;
  damaged: number;
  state: string;
}

export interface Fault {
  short: number;
  damaged: number;
}

export function outstanding(order: ShipmentOrder): number {
  return order.quantity - order.received - order.short - order.damaged;
}

/** What is told of the orders that did not come whole and good; a part id where more is wrong than was due. */
export function receipts(
  orders: readonly ShipmentOrder[],
  faults: ReadonlyMap<string, Fault>,
): { told: Record<string, { good: number; short: number; damaged: number }>; tooMany: string | null } {
  const told: Record<string, { good: number; short: number; damaged: number }> = {};
  for (const order of orders) {
    const fault = faults.get(order.order_id);
    if (!fault || (fault.short === 0 && fault.damaged === 0)) continue;
    const good = outstanding(order) - fault.short - fault.damaged;
    if (good < 0) return { told: {}, tooMany: order.part_id };
    told[order.order_id] = { good, ...fault };
  }
  return { told, tooMany: null };
}
