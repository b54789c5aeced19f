import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Action, ControlRoom, Line, PolicyScore } from './api.ts';
import { daysOf, rowsOf, shortName } from './grid.ts';
import { nextList } from './held_order.ts';
import { containerSize, parseQuantity, quantityHint } from './quantity.ts';
import { actionsFor, levelOf, percent, percentInText } from './risk.ts';
import { forecastVerdict, inOrder, policyName, verdict } from './scores.ts';
import { duration, minutesUntil, plantTime } from './time.ts';

const order = (order_id: string, rest: Partial<Action> = {}) => ({ order_id, ...rest }) as Action;
const ids = (list: { action: Action }[]) => list.map((entry) => entry.action.order_id).join('');

test('a free list follows the server, a held one keeps every place', () => {
  const first = nextList([], [order('a'), order('b'), order('c')], false);
  const held = nextList(first, [order('x'), order('c'), order('a')], true);
  assert.equal(ids(held), 'abcx');
  assert.deepEqual(held.map((entry) => entry.gone), [false, true, false, false]);
  assert.equal(ids(nextList(held, [order('x'), order('c'), order('a')], false)), 'xca');
});

test('a held list shows the newest figures in the old place', () => {
  const first = nextList([], [order('a', { quantity: 1 }), order('b')], false);
  const held = nextList(first, [order('b'), order('a', { quantity: 2 })], true);
  assert.equal(held[0]?.action.quantity, 2);
});

test('only whole numbers above 0 are quantities', () => {
  assert.equal(parseQuantity(' 240 '), 240);
  for (const typed of ['0', '-1', '1.5', '1e3', '', 'x', '9999999999']) {
    assert.equal(parseQuantity(typed), null, typed);
  }
});

test('the hint counts containers, or names the two nearest', () => {
  assert.equal(containerSize(240, 12), 20);
  assert.equal(containerSize(250, 12), 1);
  assert.equal(containerSize(5, 0), 1);
  assert.equal(quantityHint(20, 20), '1 container of 20');
  assert.equal(quantityHint(250, 20), 'Not whole containers of 20: 12 hold 240, 13 hold 260.');
});

test('risk is shown as a number that never pretends to certainty', () => {
  assert.deepEqual([0.004, 0.008, 0.031, 0.5, 0.997].map(percent), ['·', '<1 %', '3 %', '50 %', '>99 %']);
  assert.equal(percentInText(0), '<1 %');
  assert.deepEqual([0, 0.005, 0.05, 0.2, 0.5, 1].map(levelOf), [0, 1, 2, 3, 4, 4]);
});

test('an order helps a cell with the same part and line', () => {
  const cell = { part_id: 'P-1' } as Line['cells'][number];
  const actions = [
    order('a', { part_id: 'P-1', lines: ['L1'] }),
    order('b', { part_id: 'P-2', lines: ['L1'] }),
    order('c', { part_id: 'P-1', lines: ['L2'] }),
  ];
  assert.deepEqual(actionsFor(actions, 'L1', cell).map((action) => action.order_id), ['a']);
});

test('times are those of the plant, and another day is named', () => {
  const time = plantTime('Europe/Berlin');
  const now = Date.parse('2026-01-05T21:58:00Z');
  assert.equal(time.clock('2026-01-06T02:10:00Z'), '03:10');
  assert.equal(time.clock('2026-01-05T23:00:00Z'), '00:00');
  assert.equal(time.when('2026-01-06T02:10:00Z', now), '03:10');
  assert.equal(time.when('2026-01-07T02:10:00Z', now), 'Wed 03:10');
  assert.equal(time.date('2026-01-05T23:30:00Z'), 'Tue 6 Jan');
});

test('minutes left round down, durations read as people say them', () => {
  assert.equal(minutesUntil('2026-01-01T00:02:59Z', Date.parse('2026-01-01T00:00:00Z')), 2);
  assert.deepEqual([0, 59, 60, 125, 3000].map(duration), ['0 min', '59 min', '1 h 00 min', '2 h 05 min', '2 d 2 h']);
});

test('lines are grouped by showroom and station, in counting order', () => {
  const line = (line_id: string, station_id: string, showroom_id: string) =>
    ({ line_id, station_id, showroom_id }) as Line;
  const room = {
    lines: [
      line('SR1.ST10.A', 'SR1.ST10', 'SR1'),
      line('SR1.ST2.B', 'SR1.ST2', 'SR1'),
      line('SR1.ST2.A', 'SR1.ST2', 'SR1'),
    ],
  } as ControlRoom;
  const rows = rowsOf(room);
  assert.deepEqual(rows.map((row) => row.letter), ['A', 'B', 'A']);
  assert.deepEqual(rows.map((row) => row.station?.name), ['ST2', undefined, 'ST10']);
  assert.deepEqual(rows.map((row) => row.showroom?.rows), [3, undefined, undefined]);
  assert.equal(shortName('press-4', 'SR1'), 'press-4');
});

test('a night shift stands under the day on which it starts', () => {
  const shift = (start: string) => ({ shift_id: start, name: '', start, end: start });
  const shifts = ['2026-01-05T17:00:00Z', '2026-01-06T05:00:00Z', '2026-01-06T17:00:00Z'].map(shift);
  const days = daysOf(shifts, plantTime('Europe/Berlin'));
  assert.deepEqual(days.map((day) => [day.name, day.shifts.length]), [['Mon 5', 1], ['Tue 6', 2]]);
});

test('the verdict says when the difference is not proven', () => {
  const score = (policy: string, halts: number, low: number, high: number, cover: number) =>
    ({ policy, halts_per_line_month: halts, low, high, cover_days: cover }) as PolicyScore;
  const theirs = score('min_max', 0.8, 0.6, 1, 4);
  const sure = { policies: [theirs, score('order_up_to', 0.2, 0.1, 0.3, 3)], forecast: [] };
  assert.equal(verdict(sure), 'SupplyNet against min/max: 75 % fewer halts, 25 % less stock.');
  const unsure = { policies: [theirs, score('order_up_to', 0.6, 0.4, 0.8, 4)], forecast: [] };
  assert.match(verdict(unsure) ?? '', /25 % fewer halts, about the same stock\. .*not proven yet/);
  const bound = score('perfect_foresight', 0, 0, 0, 1);
  assert.deepEqual(inOrder([bound, ...sure.policies]).map((row) => policyName(row.policy).name), [
    'SupplyNet (order_up_to)',
    'Min/max',
    'Perfect foresight',
  ]);
});

test('the forecast is judged beside seasonal naive', () => {
  const scores = [
    { model: 'seasonal_naive', mase: 1, wape: 0.24, pinball: 1 },
    { model: 'lightgbm', mase: 0.7, wape: 0.18, pinball: 1 },
  ];
  assert.equal(
    forecastVerdict(scores),
    'The forecast (LightGBM) misses by 18 % of demand; "same shift last week" misses by 24 %.',
  );
  assert.equal(forecastVerdict([]), null);
});
