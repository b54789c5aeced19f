import assert from 'node:assert/strict';
import { test } from 'node:test';

import { queryOf, viewOf } from './view.ts';

const columns = ['place', 'line', 'cover'];
const usual = { key: 'cover', down: false };

test('a view comes back from its address as it was', () => {
  const view = { filters: { line: 'SR1.ST1.A', cover: '<1' }, search: 'bolt & nut', sorting: { key: 'place', down: true } };
  assert.deepEqual(viewOf(new URLSearchParams(queryOf(view, usual).toString()), columns, usual), view);
});

test('what goes without saying is not in the address', () => {
  assert.equal(queryOf({ filters: { line: ' ' }, search: '', sorting: { ...usual } }, usual).toString(), '');
  assert.deepEqual(viewOf(new URLSearchParams(''), columns, usual), { filters: {}, search: '', sorting: usual });
});

test('no order at all can be asked for, and an unknown column is left alone', () => {
  assert.equal(queryOf({ filters: {}, search: '', sorting: null }, usual).toString(), 'sort=');
  assert.equal(viewOf(new URLSearchParams('sort='), columns, usual).sorting, null);
  assert.deepEqual(viewOf(new URLSearchParams('sort=-wage&wage=5'), columns, usual), { filters: {}, search: '', sorting: usual });
});
