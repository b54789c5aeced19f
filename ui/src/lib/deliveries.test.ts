import assert from 'node:assert/strict';
import { test } from 'node:test';

import { byLane, dayStart, nextStep } from './deliveries.ts';
import type { Trip } from './deliveries.ts';

const utc = (at: number) => new Date(at).toISOString().slice(0, 16);

test('a day begins at midnight of the plant, also where the clocks change', () => {
  const winter = Date.parse('2026-01-05T23:30:00Z');
  assert.equal(utc(dayStart(winter, 'Europe/Berlin')), '2026-01-05T23:00');
  assert.equal(utc(dayStart(winter, 'Europe/Berlin', 1)), '2026-01-06T23:00');
  const spring = Date.parse('2026-03-29T10:00:00Z');
  assert.deepEqual([0, 1].map((days) => utc(dayStart(spring, 'Europe/Berlin', days))), ['2026-03-28T23:00', '2026-03-29T22:00']);
  assert.equal(utc(dayStart(spring, 'Asia/Kolkata')), '2026-03-28T18:30');
  assert.equal(utc(dayStart(spring, 'America/Los_Angeles')), '2026-03-29T07:00');
});

test('departures stand by lane and day, what left before stands first', () => {
  const trip = (lane: string, at: string) => ({ lane_id: lane, from_location: 'WH1', to_location: 'SR1', departure_at: at }) as Trip;
  const starts = ['2026-01-05T00:00Z', '2026-01-06T00:00Z', '2026-01-07T00:00Z'].map((at) => Date.parse(at));
  const rows = byLane([trip('L10', '2026-01-05T08:00Z'), trip('L2', '2026-01-04T20:00Z'), trip('L2', '2026-01-06T08:00Z')], starts);
  assert.deepEqual(rows.map((row) => row.lane_id), ['L2', 'L10']);
  assert.deepEqual(rows.map((row) => [row.earlier.length, ...row.days.map((day) => day.length)]), [[1, 0, 1], [0, 1, 0]]);
});

test('the next step is that of the orders that are least far', () => {
  assert.equal(nextStep({ by_state: { approved: 1, shipped: 3 } }), 'pick');
  assert.equal(nextStep({ by_state: { picked: 1, proposed: 2 } }), 'ship');
  assert.equal(nextStep({ by_state: { shipped: 1 } }), 'receive');
  assert.equal(nextStep({ by_state: { proposed: 4 } }), null);
});
