import assert from 'node:assert/strict';
import { test } from 'node:test';

import { coverTone, joined, keyOf, leaveTone, readCounts } from './stock.ts';
import type { StockRow } from './stock.ts';

const row = (location_id: string, part_id: string, on_hand: number): StockRow => ({
  ...{ location_id, part_id, on_hand, reserved: 0, on_order: 0, in_transit: 0, blocked: 0, unit: 'pcs', cover_shifts: 1 },
});
const rows = [row('SR1', 'P-1', 10), row('SR1', 'P-2', 20), row('SR2', 'P-1', 30)];
const known = new Map(rows.map((each) => [keyOf(each), each]));
const told = (cells: string[][], from = 0) => readCounts(cells, rows.slice(from), known);
const said = ({ counts }: ReturnType<typeof told>) => counts.map((each) => `${keyOf(each.row)}=${each.quantity} ${each.difference}`);

test('one column goes down from the chosen row, two are of its place, three name the place', () => {
  assert.deepEqual(said(told([['12'], ['20']])), ['SR1/P-1=12 2', 'SR1/P-2=20 0']);
  assert.deepEqual(said(told([['P-1', '25']], 2)), ['SR2/P-1=25 -5']);
  assert.deepEqual(said(told([['place', 'part', 'counted'], ['SR2', 'P-1', '31', 'crate 4']])), ['SR2/P-1=31 1']);
});

test('what cannot be read for sure is said and never guessed at', () => {
  const { counts, bad } = told([['SR1', 'P-1', '1,200'], ['SR1', 'P-9', '4'], ['SR1', 'P-2', '7'], ['SR1', 'P-2', '8'], ['']]);
  assert.equal(counts.length, 1);
  assert.deepEqual(bad.map((each) => each.why), ['number', 'unknown', 'twice']);
});

test('a row knows its lines, its container and when it runs out', () => {
  const now = Date.parse('2026-01-05T12:00:00Z');
  const pair = { location_id: 'SR1', part_id: 'P-1', runs_out_early: null, runs_out_late: null };
  const pairs = [{ ...pair, runs_out_at: '2026-01-05T18:30:00Z', last_departure_at: '2026-01-05T11:00:00Z' }];
  const network = {
    ...{ plant_id: 'x', name: 'x', time_zone: 'UTC', locations: [], lanes: [], parts: [{ part_id: 'P-1', description: 'Bolt' }] },
    requirements: [{ line_id: 'SR1.A', part_id: 'P-1', quantity: '1' }, { line_id: 'SR1.B', part_id: 'P-1', quantity: '2' }],
    supply_rules: [{ stock_point_id: 'SR1', part_id: 'P-1', container_size: 40, criticality: 'A' }],
  };
  const [first, second] = joined(rows, pairs, network as never, (line) => line.split('.')[0] ?? null, now);
  assert.equal(first?.lines, 'SR1.A SR1.B');
  assert.deepEqual([first?.container, first?.criticality, first?.hoursLeft, first?.hoursToLeave], [40, 'A', 6.5, -1]);
  assert.deepEqual([second?.lines, second?.hoursLeft], ['', null]);
  assert.equal(leaveTone(first!), 'crit');
  assert.equal(leaveTone({ ...first!, on_order: 40 }), '');
  assert.deepEqual([0.2, 0.7, 1.4, null].map(coverTone), ['crit', 'watch', '', '']);
});
