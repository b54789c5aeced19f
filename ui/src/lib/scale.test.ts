import assert from 'node:assert/strict';
import { test } from 'node:test';

import { apart, areaPath, linear, linePath, nearest, short, stairs, ticks } from './scale.ts';

test('a scale goes there and back', () => {
  const scale = linear([0, 10], [100, 200]);
  assert.equal(scale(5), 150);
  assert.equal(scale.invert(150), 5);
  assert.equal(linear([3, 3], [0, 10])(3), 5);
});

test('ticks are round, start at 0 and cover all', () => {
  assert.deepEqual(ticks(780), [0, 200, 400, 600, 800]);
  assert.deepEqual(ticks(3), [0, 1, 2, 3]);
  assert.deepEqual(ticks(0), [0, 1]);
  for (const most of [1, 7, 19, 450, 1001, 123456]) assert.ok((ticks(most).at(-1) ?? 0) >= most);
});

test('large figures are said in short', () => {
  assert.deepEqual([1200, 12000, 1_250_000, 0].map(short), ['1,200', '12k', '1.3M', '0']);
});

test('paths go through their points, areas come back', () => {
  assert.equal(linePath([[0, 1], [2, 3]]), 'M0 1L2 3');
  assert.equal(areaPath([[0, 1], [2, 1]], [[0, 3], [2, 3]]), 'M0 1L2 1L2 3L0 3Z');
  assert.equal(areaPath([], []), '');
  assert.deepEqual(stairs([[0, 5, 1], [5, 9, 2]]), [[0, 1], [5, 1], [5, 2], [9, 2]]);
});

test('the cursor takes what is nearest, and labels keep apart', () => {
  assert.equal(nearest([0, 10, 20], 14), 1);
  assert.equal(nearest([], 3), -1);
  assert.deepEqual(apart([0, 10, 50, 55, 120], 40), [true, false, true, false, true]);
});
