import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Network } from './plant.svelte.ts';
import { bodyOf, extent, oneMore, problemOf, suggestions, verdictOf } from './what_if.ts';
import type { Change, Figure, Kind } from './what_if.ts';

const change = (kind: Kind, subject: string, value: string): Change => ({ id: 1, kind, subject, value });
const figure = (difference: number, low: number, high: number): Figure => ({ name: 'halts', base: 1, changed: 1 + difference, difference, low, high });

test('a question is sent as the API takes it', () => {
  const changes = [
    change('shift', 'night', '6:00-14:00'),
    change('rate', 'SR1.ST1.A', '120'),
    change('departures', 'WH1-SR1', '4:00, 16:00'),
    change('stock', 'SR1/P-001', '50'),
    change('truck', 'WH1-SR1', '1,5'),
  ];
  assert.deepEqual(bodyOf(changes, 7), {
    shift: { night: '06:00-14:00' },
    rate: { 'SR1.ST1.A': 1.2 },
    departures: { 'WH1-SR1': '04:00,16:00' },
    stock: { 'SR1/P-001': 50 },
    truck: { 'WH1-SR1': 1.5 },
    days: 7,
  });
});

test('what cannot be asked is said before it is sent', () => {
  assert.equal(problemOf(change('rate', '', '120')), 'subject');
  assert.equal(problemOf(change('rate', 'A', '-5')), 'number');
  assert.equal(problemOf(change('shift', 'night', '25:00-06:00')), 'hours');
  assert.equal(problemOf(change('shift', 'night', 'off')), null);
  assert.equal(problemOf(change('departures', 'WH1-SR1', '04:00,')), 'clocks');
  assert.equal(problemOf(change('stock', 'SR1', '5')), 'subject');
  assert.equal(problemOf(change('stock', 'SR1/P-1', '5.5')), 'whole');
  assert.equal(problemOf(change('lead_time', 'WH1-SR1', '90')), null);
});

test('one departure more lies in the middle of the longest wait', () => {
  assert.equal(oneMore(['04:00', '12:00']), '04:00,12:00,20:00');
  assert.equal(oneMore(['22:00', '06:00', '14:00']), '06:00,10:00,14:00,22:00');
  assert.equal(oneMore([]), '');
});

test('from a red cell the lane, the line and the part suggest themselves', () => {
  const network = {
    lanes: [{ lane_id: 'WH1-SR1', from: 'WH1', to: 'SR1', departures: ['04:00', '16:00'], transit_minutes: { low: 40, mode: 60, high: 150 } }],
    supply_rules: [{ stock_point_id: 'SR1', part_id: 'P-1', lane_ids: ['WH1-SR1'] }],
  } as unknown as Network;
  const found = suggestions(network, { line: 'SR1.ST1.A', location: 'SR1', part: 'P-1' }, ['day', 'night']);
  assert.deepEqual(found.map((each) => each.kind), ['departures', 'lead_time', 'rate', 'line', 'stock', 'shift']);
  assert.equal(found[0]?.value, '04:00,10:00,16:00');
  assert.ok(found.every((each) => problemOf({ id: 0, ...each }) === null));
});

test('a difference counts only where its interval leaves out 0', () => {
  assert.equal(verdictOf(figure(3, 1, 5)), 'worse');
  assert.equal(verdictOf(figure(-3, -5, -1)), 'better');
  assert.equal(verdictOf(figure(3, -1, 7)), 'unclear');
  assert.equal(verdictOf(figure(0, 0, 0)), 'same');
  assert.deepEqual(extent([figure(3, 1, 5), figure(-1, -2, 0)]), [-2, 5]);
});
