import assert from 'node:assert/strict';
import { test } from 'node:test';

import { firstDrawn, fromTsv, frozen, placeIn, poolSize, toCsv, toTsv } from './table.ts';
import type { Column } from './table.ts';

interface Part {
  id: string;
  stock: number | null;
}

const columns: Column<Part>[] = [
  { key: 'id', title: 'Part', value: (row) => row.id },
  { key: 'stock', title: 'On hand', value: (row) => row.stock, numeric: true },
];
const ids = (rows: Part[]) => rows.map((row) => row.id).join(' ');

test('a frozen table keeps every place, shows the newest figures and puts new rows last', () => {
  const newest = [{ id: 'P-2', stock: 1 }, { id: 'P-10', stock: 7 }, { id: 'P-1', stock: 3 }];
  const kept = frozen(['P-10', 'P-9', 'P-1'], newest, (row) => row.id);
  assert.equal(ids(kept), 'P-10 P-1 P-2');
  assert.equal(kept[0]?.stock, 7);
});

test('an export is quoted, and no cell can become a formula', () => {
  const rows = [{ id: '=HYPERLINK("x")', stock: -4 }, { id: 'a,b', stock: null }];
  assert.equal(toCsv(rows, columns), `Part,On hand\r\n"'=HYPERLINK(""x"")",-4\r\n"a,b",\r\n`);
  assert.equal(toTsv([{ id: 'a\tb', stock: 1 }], columns), 'a b\t1');
});

test('what a spreadsheet copies comes in as cells', () => {
  assert.deepEqual(fromTsv('P-1\t 12 \r\nP-2\t7\r\n'), [['P-1', '12'], ['P-2', '7']]);
});

test('a column may be copied otherwise than it is sorted', () => {
  const times: Column<Part>[] = [{ key: 'out', title: 'Runs out', value: (row) => row.stock, copy: (row) => `day ${row.stock}` }];
  assert.equal(toTsv([{ id: 'P-1', stock: 3 }], times), 'day 3');
});

test('only what the window shows is drawn, with some to spare', () => {
  const pool = poolSize(400, 20, 10_000);
  assert.equal(pool, 33);
  assert.equal(firstDrawn(0, 20, pool, 10_000), 0);
  assert.equal(firstDrawn(100_000, 20, pool, 10_000), 4994);
  assert.equal(firstDrawn(199_600, 20, pool, 10_000), 9967);
  assert.equal(poolSize(400, 20, 3), 3);
  assert.equal(firstDrawn(0, 20, 3, 3), 0);
});

test('an element keeps its row while that is drawn, and every drawn row has one element', () => {
  const shownAt = (first: number) => Array.from({ length: 7 }, (_, slot) => placeIn(slot, first, 7));
  for (const first of [0, 3, 6, 7, 20]) {
    assert.deepEqual([...shownAt(first)].sort((a, b) => a - b), Array.from({ length: 7 }, (_, at) => first + at));
  }
  const moved = shownAt(5).filter((place, slot) => place !== shownAt(3)[slot]);
  assert.deepEqual(moved, [10, 11]);
});
