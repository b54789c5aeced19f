import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chartOf, paceOf } from './flow.ts';
import type { Flow, Road } from './flow.ts';

const road = (from: string, to: string, planned: number): Road => ({
  from, to, planned, shipped: 0, on_road: 0, late: 0, due: 0, received: 0,
});
const line = (line_id: string, showroom_id: string, planned: number | null, used = 0) => ({
  line_id, showroom_id, planned, planned_by_now: planned, used,
});
const flow = (rest: Partial<Flow>): Flow => ({
  shift: null, elapsed: 0.5, roads: [], deliveries: [], lines: [], last_shift: null, ...rest,
});

test('a shift within 15 % of its plan is on plan, beyond 40 % it is far off', () => {
  assert.deepEqual([100, 115, 116, 140, 141, 85, 84, 59].map((used) => paceOf(used, 100)), [
    'plan', 'plan', 'above', 'above', 'far', 'plan', 'below', 'far',
  ]);
  assert.equal(paceOf(3, null), 'unknown');
  assert.equal(paceOf(3, 0), 'far');
  assert.equal(paceOf(0, 0), 'unknown');
});

test('lines keep their order, fill the width, and none is too narrow to hit', () => {
  const lines = [line('SR1.A', 'SR1', 900), line('SR1.B', 'SR1', 0), line('SR2.A', 'SR2', 100)];
  const chart = chartOf(flow({ lines }), 600);
  assert.deepEqual(chart.lines.map((box) => box.id), ['SR1.A', 'SR1.B', 'SR2.A']);
  assert.ok(chart.lines.every((box) => box.width >= 13));
  const last = chart.lines[2];
  assert.equal(Math.round((last?.x ?? 0) + (last?.width ?? 0)), 600);
  assert.ok((chart.lines[0]?.width ?? 0) > 5 * (chart.lines[2]?.width ?? 0));
});

test('lines of one plan stay where they are whatever is used', () => {
  const at = (used: number) => chartOf(flow({ lines: [line('A', 'S', 10, used), line('B', 'S', 30, 0)] }), 400);
  assert.deepEqual(at(0).lines.map((box) => box.x), at(500).lines.map((box) => box.x));
});

test('roads keep to one scale and never leave their showroom', () => {
  const lines = [line('A', 'SR1', 50), line('B', 'SR2', 50)];
  const chart = chartOf(flow({ lines, roads: [road('WH1', 'SR1', 300), road('WH1', 'SR2', 100)] }), 500);
  const [first, second] = chart.roads;
  assert.equal(Math.round((first?.width ?? 0) / (second?.width ?? 1)), 3);
  for (const [place, ribbon] of chart.roads.entries()) {
    const box = chart.showrooms[place];
    assert.ok(box && ribbon.bottom >= box.x && ribbon.bottom + ribbon.width <= box.x + box.width + 1e-9);
  }
});

test('a plant without lines or roads is an empty chart', () => {
  assert.deepEqual(chartOf(flow({}), 300), { warehouses: [], showrooms: [], lines: [], roads: [] });
});
