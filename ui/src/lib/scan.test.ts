import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Fault, Shipment, ShipmentOrder, Task } from './scan.ts';
import { departures, readCode, receipts } from './scan.ts';

const isPart = (id: string) => id === 'P-017';
const ORDER = '019c0cd7-df80-7b84-b641-1ed1ba87a42d';

test('a code says itself what it is', () => {
  const kinds = ['SNB-SOSFJ6XXHHS5EGLEWN3W3ZLXSU', 'WH1-SR1@20260130T1500Z', ORDER, 'P-017', 'P-999', ''];
  assert.deepEqual(
    kinds.map((code) => readCode(code, isPart).kind),
    ['badge', 'shipment', 'order', 'part', 'unknown', 'unknown'],
  );
});

test('what a scanner adds around a code is left out, and lower case is the same part', () => {
  assert.deepEqual(readCode('\u001dp-017 \r', isPart), { kind: 'part', id: 'P-017' });
});

const shipment = (id: string, cutoff: string, rest: Partial<Shipment> = {}) =>
  ({ shipment_id: id, cutoff_at: cutoff, state: 'approved', released: 2, order_count: 2, ...rest }) as Shipment;
const task = (order: string, ship: string) => ({ order_id: order, shipment_id: ship }) as Task;

test('departures come by cut-off, without what this device has picked or shipped already', () => {
  const tasks = [task('a', 'one'), task('b', 'one'), task('c', 'two')];
  const ships = [shipment('two', '10:00'), shipment('one', '09:00'), shipment('road', '08:00', { state: 'shipped' })];
  const found = departures(tasks, ships, (about) => about === 'pick:a');
  assert.deepEqual(found.map((each) => each.shipment.shipment_id), ['one', 'two']);
  assert.deepEqual(found.map((each) => each.tasks.map((one) => one.order_id)), [['b'], ['c']]);
  assert.deepEqual(found.map((each) => each.picked), [1, 1]);
  assert.equal(departures(tasks, ships, (about) => about === 'ship:one').length, 1);
});

test('a receipt names only what is not whole and good, and never more than was due', () => {
  const orders = [
    { order_id: 'a', part_id: 'P-1', quantity: 100, received: 0, short: 0, damaged: 0, state: 'shipped' },
    { order_id: 'b', part_id: 'P-2', quantity: 40, received: 10, short: 0, damaged: 0, state: 'shipped' },
  ] satisfies ShipmentOrder[];
  const faults = (fault: Fault) => new Map([['b', fault]]);
  assert.deepEqual(receipts(orders, faults({ short: 4, damaged: 1 })).told, { b: { good: 25, short: 4, damaged: 1 } });
  assert.equal(receipts(orders, faults({ short: 30, damaged: 1 })).tooMany, 'P-2');
  assert.deepEqual(receipts(orders, faults({ short: 0, damaged: 0 })), { told: {}, tooMany: null });
});
