/** Which rows of a table pass and in which order: what is costly is worked out once per column. */

import type { Value } from './table.ts';

/** A column's values, and how they are looked for. */
export interface Keys {
  values: readonly Value[];
  texts: readonly string[];
}

const lower = (value: Value): string => (value === null ? '' : String(value).toLowerCase());

export function keysOf<Row>(rows: readonly Row[], value: (row: Row) => Value): Keys {
  const values = rows.map(value);
  return { values, texts: values.map(lower) };
}

type Test = (value: Value, text: string) => boolean;

/**
 * The test that was typed above a column.
 *
 * Numbers: `<4`, `>=10`, `5`, `2..8`; texts: any part of it, `=WH1` for all of it, `!late` for not.
 */
function tester(typed: string): Test {
  const text = typed.trim();
  if (text === '') return () => true;
  if (text.startsWith('!') && text.length > 1) {
    const test = tester(text.slice(1));
    return (value, shown) => !test(value, shown);
  }
  const range = /^(-?[\d.]+)\.\.(-?[\d.]+)$/.exec(text);
  if (range) {
    const [low, high] = [Number(range[1]), Number(range[2])];
    return (value) => typeof value === 'number' && value >= low && value <= high;
  }
  const wanted = text.toLowerCase();
  const whole = wanted.slice(1).trim();
  const plain: Test = text.startsWith('=') ? (_, shown) => shown === whole : (_, shown) => shown.includes(wanted);
  const compared = /^(<=|>=|<|>|=)\s*(-?\d+(?:\.\d+)?)$/.exec(text);
  if (!compared) return plain;
  const compare = COMPARE[compared[1] as keyof typeof COMPARE];
  const limit = Number(compared[2]);
  return (value, shown) => (typeof value === 'number' ? compare(value, limit) : plain(value, shown));
}

const COMPARE = {
  '<': (value: number, limit: number) => value < limit,
  '>': (value: number, limit: number) => value > limit,
  '<=': (value: number, limit: number) => value <= limit,
  '>=': (value: number, limit: number) => value >= limit,
  '=': (value: number, limit: number) => value === limit,
};

export function passes(value: Value, typed: string): boolean {
  return tester(typed)(value, lower(value));
}

/** Places of the rows that pass what was typed above the columns. */
export function passing(count: number, typed: readonly (readonly [Keys, string])[]): number[] {
  const tests = typed.map(([keys, text]) => ({ ...keys, test: tester(text) }));
  const places: number[] = [];
  for (let place = 0; place < count; place += 1) {
    if (tests.every(({ values, texts, test }) => test(values[place] ?? null, texts[place] ?? ''))) places.push(place);
  }
  return places;
}

/** All that can be searched of each row; a search never reaches over from one column to the next. */
export function searchable(columns: readonly Keys[], count: number): string[] {
  return Array.from({ length: count }, (_, place) => columns.map((keys) => keys.texts[place]).join('\n'));
}

/** Of a text plain comparison orders as people count: `P-9` before `P-10`. */
function countable(value: Value): Value {
  return typeof value === 'string' ? value.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, '0')) : value;
}

const NONE = -1;

/** Each row's rank by a column; equal values share one, those without a value have none. */
export function ranksOf(values: readonly Value[]): Int32Array {
  const keys = values.map(countable);
  const known = [...new Set(keys)].filter((key) => key !== null);
  // Numbers sort several times as fast where nothing has to be called to compare them.
  const ordered: Iterable<string | number> = known.every((key) => typeof key === 'number')
    ? Float64Array.from(known).sort()
    : known.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const rankOf = new Map([...ordered].map((key, rank): [Value, number] => [key, rank]));
  return Int32Array.from(keys, (key) => rankOf.get(key) ?? NONE);
}

/** Places by their ranks; equal ones stay as they came, those without one come last either way. */
export function inOrder(places: readonly number[], ranks: Int32Array, down: boolean): number[] {
  const top = ranks.reduce((most, rank) => Math.max(most, rank), NONE) + 1;
  const slot = (place: number): number => {
    const rank = ranks[place] ?? NONE;
    return rank === NONE ? top : down ? top - 1 - rank : rank;
  };
  const next = new Int32Array(top + 2);
  for (const place of places) next[slot(place) + 1]! += 1;
  for (let at = 1; at < next.length; at += 1) next[at]! += next[at - 1]!;
  const ordered = new Array<number>(places.length);
  for (const place of places) ordered[next[slot(place)]!++] = place;
  return ordered;
}
