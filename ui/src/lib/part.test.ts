import assert from 'node:assert/strict';
import { test } from 'node:test';

import { search, shownUntil, weekdaysInWords } from './part.ts';
import { binRoom, chance, marksOf, recordOf, signed } from './why.ts';
import type { DecisionAnswer, Why } from './why.ts';

const pairs = ['SR1', 'SR2', 'SR2.ST1.A'].flatMap((location) => ['P-1', 'P-17', 'P-170'].map((part) => ({ location, part })));
const about = (part: string) => (part === 'P-17' ? 'steel bracket' : 'sensor');

test('a part is found by its id, by its place and by words of its description', () => {
  assert.deepEqual(search('p-17', { pairs, about }).map((each) => each.part).slice(0, 3), ['P-17', 'P-17', 'P-17']);
  const [first] = search('bracket sr2', { pairs, about });
  assert.deepEqual([first?.location, first?.part], ['SR2', 'P-17']);
  assert.deepEqual(search('SR1/P-1', { pairs, about })[0], { location: 'SR1', part: 'P-1', score: 7.9 });
  assert.deepEqual(search('nothing', { pairs, about }), []);
  assert.deepEqual(search('  ', { pairs, about }), []);
});

test('weekdays are said as people say them', () => {
  assert.equal(weekdaysInWords([0, 1, 2, 3, 4, 5, 6]), 'every day');
  assert.equal(weekdaysInWords([4, 0, 1, 2, 3]), 'Mon to Fri');
  assert.equal(weekdaysInWords([0, 5]), 'Mon, Sat');
});

test('a projection is shown until nothing is left, and not less than asked for', () => {
  const hour = 3600_000;
  const points = [0, 10, 20, 30, 100].map((at) => ({ at: at * hour, high: at < 30 ? 5 : 0 }));
  assert.equal(shownUntil(points, 12 * hour), 26 * hour);
  assert.equal(shownUntil(points, 48 * hour), 48 * hour);
  assert.equal(shownUntil([{ at: 7 * hour, high: 1 }], 2 * hour), 7 * hour);
});

test('chances keep the digits that mean something', () => {
  assert.deepEqual([0, 0.0005, 0.004, 0.093, 0.52, 1].map(chance), ['<0.01 %', '0.05 %', '0.4 %', '9.3 %', '52 %', '>99 %']);
  assert.equal(signed(-27), '−27');
  assert.equal(signed(1300), '+1,300');
});

test('a bin without a limit has none, and the moments of a decision stand in order', () => {
  assert.equal(binRoom({ why: '', bin_room: 2 ** 28 }), null);
  assert.equal(binRoom({ why: '', bin_room: 12 }), 12);
  const why = {
    quantity: 5,
    decidedAt: '2026-01-30T15:00:00Z',
    record: { why: '', departure_at: '2026-01-30T16:00:00Z', arrives_at: '2026-01-30T17:00:00Z', runs_out_at: '2026-01-30T16:30:00Z' },
  } as Why;
  assert.deepEqual(marksOf(why).map((mark) => mark.kind), ['decided', 'leaves', 'out', 'arrives']);
  assert.deepEqual(marksOf({ ...why, quantity: 0 }).map((mark) => mark.kind), ['decided', 'out']);
});

test('where nothing was new the figures are of the sentence, and only what set the size is of then', () => {
  const then = {
    ...{ why: '', on_hand: 249, on_order: 40, position: 289, stockout_without: 0.24, stockout_with: 0, bin_room: 1191 },
    due: [{ quantity: 40, arrives_at: '2026-01-30T16:23:00Z' }],
  };
  const now = { ...{ on_hand: 274, on_order: 0, stockout_without: 0.22, window_until: 'w' }, decided_at: '2026-01-30T17:00:00Z' };
  const answer = { ...now, record: then, unchanged_since: '2026-01-30T16:00:00Z' } as unknown as DecisionAnswer;
  const told = recordOf(answer);
  assert.deepEqual([told.on_hand, told.on_order, told.position, told.stockout_without], [274, 0, 274, 0.22]);
  assert.deepEqual([told.bin_room, told.due, told.stockout_with], [1191, [], 0]);
  assert.equal(recordOf({ ...answer, unchanged_since: null }), answer.record);
});
