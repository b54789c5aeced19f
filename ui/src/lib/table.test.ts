import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fromTsv, frozen, matching, passes, sorted, toCsv, toTsv, windowOf } from './table.ts';
import type { Column } from './table.ts';

interface Part {
  id: string;
  stock: number | null;
}

const columns: Column<Part>[] = [
  { key: 'id', title: 'Part', value: (row) => row.id },
  { key: 'stock', title: 'On hand', value: (row) => row.stock, numeric: true },
];
const parts: Part[] = [
  { id: 'P-10', stock: 3 },
  { id: 'P-9', stock: null },
  { id: 'P-1', stock: 3 },
];
const ids = (rows: Part[]) => rows.map((row) => row.id).join(' ');

test('texts sort as people count, numbers as numbers, empty ones come last either way', () => {
  assert.equal(ids(sorted(parts, columns, { key: 'id', down: false })), 'P-1 P-9 P-10');
  assert.equal(ids(sorted(parts, columns, { key: 'stock', down: false })), 'P-10 P-1 P-9');
  assert.equal(ids(sorted(parts, columns, { key: 'stock', down: true })), 'P-10 P-1 P-9');
  assert.equal(ids(sorted(parts, columns, null)), 'P-10 P-9 P-1');
});

test('filters compare numbers, look into texts, and can be turned round', () => {
  const fits = (value: string | number | null, typed: string[]) => typed.map((each) => passes(value, each));
  assert.deepEqual(fits(5, ['<6', '<5', '>=5', '=5', '2..5', '6..9', '5']), [true, false, true, true, true, false, true]);
  assert.deepEqual(fits('SR1.ST2.A', ['st2', '=st2', '=sr1.st2.a', '!st2', '<4', '']), [true, false, true, false, false, true]);
  assert.deepEqual(fits(null, ['', '0', '<1']), [true, false, false]);
});

test('a frozen table keeps every place, shows the newest figures and puts new rows last', () => {
  const newest = [{ id: 'P-2', stock: 1 }, { id: 'P-10', stock: 7 }, { id: 'P-1', stock: 3 }];
  const kept = frozen(['P-10', 'P-9', 'P-1'], newest, (row) => row.id);
  assert.equal(ids(kept), 'P-10 P-1 P-2');
  assert.equal(kept[0]?.stock, 7);
});

test('only what the window shows is drawn, with some to spare', () => {
  assert.deepEqual(windowOf(0, 400, 20, 10_000, 5), [0, 25]);
  assert.deepEqual(windowOf(100_000, 400, 20, 10_000, 5), [4995, 5025]);
  assert.deepEqual(windowOf(199_600, 400, 20, 10_000, 5), [9975, 10_000]);
  assert.deepEqual(windowOf(0, 400, 20, 0), [0, 0]);
});

test('an export is quoted, and no cell can become a formula', () => {
  const rows = [{ id: '=HYPERLINK("x")', stock: -4 }, { id: 'a,b', stock: null }];
  assert.equal(toCsv(rows, columns), `Part,On hand\r\n"'=HYPERLINK(""x"")",-4\r\n"a,b",\r\n`);
  assert.equal(toTsv([{ id: 'a\tb', stock: 1 }], columns), 'a b\t1');
});

test('what a spreadsheet copies comes in as cells', () => {
  assert.deepEqual(fromTsv('P-1\t 12 \r\nP-2\t7\r\n'), [['P-1', '12'], ['P-2', '7']]);
});

test('ten thousand rows are filtered and sorted well within one frame budget of 100 ms', () => {
  const many = Array.from({ length: 10_000 }, (_, at) => ({ id: `P-${(at * 7919) % 10_000}`, stock: at % 97 ? at % 500 : null }));
  const began = performance.now();
  const found = matching(many, columns, { stock: '<400' }, 'p-');
  const texts = sorted(found, columns, { key: 'id', down: true });
  const numbers = sorted(found, columns, { key: 'stock', down: false });
  const took = performance.now() - began;
  assert.equal(found.length, 7917);
  assert.equal(texts[0]?.id, `P-${Math.max(...found.map((row) => Number(row.id.slice(2))))}`);
  assert.equal(numbers[0]?.stock, 0);
  assert.ok(took < 300, `took ${Math.round(took)} ms for one filter and two sorts`);
});

test('a column may be copied otherwise than it is sorted', () => {
  const times: Column<Part>[] = [{ key: 'out', title: 'Runs out', value: (row) => row.stock, copy: (row) => `day ${row.stock}` }];
  assert.equal(toTsv([{ id: 'P-1', stock: 3 }], times), 'day 3');
});
