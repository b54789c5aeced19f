import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mostChanged, Notes, signed } from './changes.ts';
import type { LineChange } from './changes.ts';

function line(line_id: string, units_before: number, units_now: number): LineChange {
  return { line_id, units_before, units_now, shifts: 1, most: { start: '', units_before, units_now } };
}

class Memory {
  readonly map = new Map<string, string>();
  get length() {
    return this.map.size;
  }
  key = (index: number) => [...this.map.keys()][index] ?? null;
  getItem = (name: string) => this.map.get(name) ?? null;
  setItem = (name: string, value: string) => void this.map.set(name, value);
  removeItem = (name: string) => void this.map.delete(name);
  clear = () => this.map.clear();
}

test('the lines that differ most are shown, up or down, and the rest is counted', () => {
  const found = mostChanged([line('A', 10, 12), line('B', 50, 20), line('C', 5, 6)], 2);
  assert.deepEqual(found.shown.map((each) => each.line_id), ['B', 'A']);
  assert.equal(found.more, 1);
});

test('a change has its sign', () => {
  assert.deepEqual([signed(1200), signed(-3), signed(0)], ['+1,200', '−3', '0']);
});

test('a note is there again after the page was left, and not on the sheet of the next day', () => {
  const store = new Memory();
  new Notes('2026-01-30', store).write('SR1/P-1', 'call the supplier');
  assert.equal(new Notes('2026-01-30', store).of('SR1/P-1'), 'call the supplier');
  assert.equal(new Notes('2026-01-31', store).of('SR1/P-1'), '');
});

test('an emptied note goes, and so do sheets of long ago and what cannot be read', () => {
  const store = new Memory();
  store.setItem('supplynet.changes.2025-12-01', '{"a":"b"}');
  store.setItem('supplynet.changes.2026-01-30', 'no json');
  const notes = new Notes('2026-01-30', store);
  assert.equal(store.getItem('supplynet.changes.2025-12-01'), null);
  notes.write('k', 'x');
  notes.write('k', ' ');
  assert.equal(store.getItem('supplynet.changes.2026-01-30'), '{}');
});
