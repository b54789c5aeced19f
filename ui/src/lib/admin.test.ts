import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytes, demoStock, stepsOf } from './checklist.ts';
import type { Check } from './checklist.ts';
import { code128, symbols } from './code128.ts';
import { changedCells } from './network_cells.ts';
import { instantIn } from './zoned.ts';
import { grantWords, grantsOf, matrixOf, opened } from './grants.ts';

test('the check symbol of a bar code is that of the published example', () => {
  // "Wikipedia" in set B: check symbol 88, as worked out in the article on Code 128.
  assert.deepEqual(symbols('Wikipedia').slice(-2), [88, 106]);
});

test('every symbol is 11 modules wide, the stop 13, between quiet zones of 10', () => {
  const text = 'SNB-AB12';
  assert.equal(code128(text).width, 20 + 11 * (text.length + 2) + 13);
  assert.match(code128('A').path, /^M10 0h2v1h-2z/);
});

test('a bar code of what it cannot hold is refused', () => {
  assert.throws(() => symbols('é'), /ASCII/);
});

test('grants become a matrix and come back, one a role', () => {
  const grants = [{ role: 'picker', sites: ['SR2'] }, { role: 'picker', sites: ['SR1'] }, { role: 'planner', sites: null }];
  const matrix = matrixOf(grants, ['viewer', 'picker', 'planner']);
  assert.deepEqual(matrix['viewer'], { everywhere: false, sites: [] });
  assert.deepEqual(grantsOf(matrix), [
    { role: 'picker', sites: ['SR1', 'SR2'] },
    { role: 'planner', sites: null },
  ]);
});

test('grants are said in words, with what they open', () => {
  const words = { everywhere: 'everywhere', at: 'at', and: 'and' };
  const grants = [{ role: 'planner', sites: null }, { role: 'picker', sites: ['SR1', 'SR2'] }];
  assert.equal(grantWords(grants, words, (role) => role), 'planner everywhere, picker at SR1 and SR2');
  const permissions = [{ says: 'plan', roles: ['planner'] }, { says: 'keys', roles: ['administrator'] }];
  assert.deepEqual(opened(grants, permissions), ['plan']);
});

const check = (name: string, state: Check['state'], found = 'none'): Check => ({ name, state, found, next_step: 'do it' });

test('the first step that is not done is the next, and those after it wait', () => {
  const checks = [check('plant', 'ready'), check('history', 'ready'), check('opening stock', 'todo'), check('model', 'todo')];
  assert.deepEqual(stepsOf(checks, false).map((step) => step.state), ['done', 'next', 'later', 'later']);
  const ready = checks.map((each) => ({ ...each, state: 'ready' as const }));
  assert.deepEqual(stepsOf(ready, false).map((step) => step.state), ['done', 'done', 'done', 'next']);
  assert.deepEqual(stepsOf(ready, true).at(-1)?.state, 'done');
});

test('a broken check is said so, and an absent one is not done', () => {
  const checks = [check('plant', 'ready'), check('history', 'broken', 'cannot be read')];
  assert.deepEqual(stepsOf(checks, false)[0], { name: 'data', state: 'broken', found: 'cannot be read', nextStep: 'do it' });
  assert.equal(stepsOf([], false)[0]?.state, 'next');
});

test('the opening stock of the demo is full bins, and twice as much where they are filled from', () => {
  const rules = [
    { stock_point_id: 'SR1', part_id: 'P-1', lane_ids: ['WH1-SR1'], container_size: 40, bin_maximum: 130 },
    { stock_point_id: 'SR2', part_id: 'P-1', lane_ids: ['WH1-SR2'], container_size: 50, bin_maximum: null },
  ];
  const lanes = [{ lane_id: 'WH1-SR1', from: 'WH1' }, { lane_id: 'WH1-SR2', from: 'WH1' }];
  assert.equal(demoStock(rules, lanes), 'location_id,part_id,on_hand\nSR1,P-1,120\nWH1,P-1,1440\nSR2,P-1,600\n');
});

test('sizes are said in words', () => {
  assert.deepEqual([12, 3_400_000, 250_000].map(bytes), ['12 B', '3.4 MB', '250 kB']);
});

test('a typed clock time is one of the plant, in winter and in summer', () => {
  assert.equal(instantIn('Europe/Berlin', '2026-01-05T06:00'), '2026-01-05T05:00:00.000Z');
  assert.equal(instantIn('Europe/Berlin', '2026-07-05T06:00'), '2026-07-05T04:00:00.000Z');
  assert.equal(instantIn('America/New_York', '2026-03-08T03:30'), '2026-03-08T07:30:00.000Z');
});

test('only what differs in a row of the plant is sent, with its key', () => {
  const before = { part_id: 'P-1', description: 'bolt', volume_litres: '1', unit_cost: '2' };
  assert.equal(changedCells('parts', before, { ...before, unit_cost: ' 2 ' }), null);
  assert.deepEqual(changedCells('parts', before, { ...before, unit_cost: '3' }), { part_id: 'P-1', unit_cost: '3' });
});
