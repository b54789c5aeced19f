import assert from 'node:assert/strict';
import { test } from 'node:test';

import { containersOf, gist, groupOf, stepsOf } from './orders.ts';
import type { Order, OrderState } from './orders.ts';

const now = Date.parse('2026-01-05T12:00:00Z');
const order = (state: OrderState, more: Partial<Order> = {}): Order => ({
  ...{ order_id: 'o', kind: 'transfer', part_id: 'P-1', from_location: 'WH1', to_location: 'SR1', lane_id: 'L' },
  ...{ departure_at: '2026-01-05T15:00:00Z', cutoff_at: '2026-01-05T14:00:00Z', arrives_at: '2026-01-05T16:00:00Z' },
  ...{ quantity: 120, received: 0, short: 0, damaged: 0, proposed_quantity: null, snoozed_until: null, state },
  ...{ policy: 'p', created_at: '2026-01-05T10:00:00Z', explanation: { container_size: 40 }, approvals: [], approvals_needed: 1, etag: '"1"' },
  ...more,
});

test('a proposal waits while it can be released and nobody set it aside', () => {
  const group = (more: Partial<Order>) => groupOf(order('proposed', more), now);
  assert.equal(group({}), 'waiting');
  assert.equal(group({ snoozed_until: '2026-01-05T13:00:00Z' }), 'snoozed');
  assert.equal(group({ snoozed_until: '2026-01-05T11:00:00Z' }), 'waiting');
  assert.equal(group({ cutoff_at: '2026-01-05T11:59:00Z' }), 'over');
});

test('every other state has its place, and only what the API takes is offered', () => {
  const states: OrderState[] = ['approved', 'picked', 'shipped', 'received', 'closed', 'cancelled', 'reversed'];
  assert.deepEqual(states.map((state) => groupOf(order(state), now)), ['approved', 'picked', 'road', 'received', 'received', 'over', 'over']);
  assert.deepEqual(stepsOf(order('proposed')), ['approve', 'snooze', 'change', 'split', 'cancel']);
  assert.deepEqual(states.map((state) => stepsOf(order(state)).length), [3, 1, 1, 1, 1, 0, 0]);
});

test('the gist of a reason begins with what differs, and says until when', () => {
  const chances = 'Chance that SR1 runs out of P-5 between this delivery, Sat 05:23, and the next, Sat 17:23: 22% without this order, <0.01% with it';
  assert.equal(gist(`${chances}; 274 on hand; use until then 253 (211 to 299).`), '274 on hand; use until Sat 17:23: 253 (211 to 299).');
  assert.equal(gist(`Nothing prevents it: 80%. ${chances}; 0 on hand; use until then 9 (8 to 9).`), 'Nothing prevents it: 80%. 0 on hand; use until Sat 17:23: 9 (8 to 9).');
  assert.equal(gist('Nothing sent: the vehicle is full.'), 'Nothing sent: the vehicle is full.');
});

test('containers are told only where they come out even', () => {
  assert.equal(containersOf(order('proposed')), 3);
  assert.equal(containersOf(order('proposed', { quantity: 130 })), null);
  assert.equal(containersOf(order('proposed', { explanation: {} })), null);
  assert.equal(containersOf(order('proposed', { explanation: {} }), 60), 2);
});
