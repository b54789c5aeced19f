import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ControlRoom, Line } from './api.ts';
import { boundOf, worstFirst } from './wall.ts';

const line = (line_id: string, risks: number[], halted = false) =>
  ({ line_id, halted, cells: risks.map((risk) => ({ risk })) }) as Line;

test('halted lines come first, then the risk of the next two shifts, then that of all', () => {
  const lines = [line('B', [0, 0, 0.9]), line('C', [0.2, 0]), line('D', [0, 0], true), line('A10', [0, 0]), line('A2', [0, 0])];
  const sorted = worstFirst({ lines } as ControlRoom);
  assert.deepEqual(sorted.map((each) => each.line_id), ['D', 'C', 'B', 'A2', 'A10']);
});

test('the bound is above every risk that is left out', () => {
  assert.equal(boundOf([line('A', [0.019, 0.004])]), 2);
  assert.equal(boundOf([line('A', [0.02])]), 3);
  assert.equal(boundOf([line('A', [0])]), 1);
});
