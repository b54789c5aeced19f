/** The rules of a table of many rows: order, filters, what lies under the window, text for a spreadsheet. */

export type Value = string | number | null;

export interface Column<Row> {
  key: string;
  title: string;
  /** What is sorted, filtered, copied and exported. */
  value: (row: Row) => Value;
  /** What is copied and exported, where it is not the value, such as a clock time sorted by hours left. */
  copy?: (row: Row) => Value;
  /** What is shown, where it is not the value itself. */
  text?: (row: Row) => string;
  numeric?: boolean;
  /** Width in rem; the columns without one share the rest. */
  width?: number;
  /** Said of the column under the pointer, where its title is short. */
  about?: string;
  /** Shown on a phone too, in the card of the row: as its title, or with its name. */
  phone?: boolean | 'title';
  /** A class for the cell, such as a colour that the text says too. */
  tone?: (row: Row) => string;
}

export interface Sorting {
  key: string;
  down: boolean;
}

/** A text of which plain comparison orders as people count: `P-9` before `P-10`. */
function countable(value: Value): Value {
  return typeof value === 'string' ? value.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, '0')) : value;
}

/** Rows in order; equal ones stay as they came, empty values come last either way. */
export function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], by: Sorting | null): Row[] {
  const column = columns.find((each) => each.key === by?.key);
  if (!by || !column) return [...rows];
  const keyed = rows.map((row, place) => ({ row, place, value: countable(column.value(row)) }));
  keyed.sort((a, b) => {
    if (a.value === null || b.value === null) {
      return a.value === b.value ? a.place - b.place : a.value === null ? 1 : -1;
    }
    const order = a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
    return (by.down ? -order : order) || a.place - b.place;
  });
  return keyed.map((each) => each.row);
}

/**
 * Whether a row passes what was typed above a column.
 *
 * Numbers: `<4`, `>=10`, `5`, `2..8`; texts: any part of it, `=WH1` for all of it, `!late` for not.
 */
export function passes(value: Value, typed: string): boolean {
  const text = typed.trim();
  if (text === '') return true;
  if (text.startsWith('!') && text.length > 1) return !passes(value, text.slice(1));
  const range = /^(-?[\d.]+)\.\.(-?[\d.]+)$/.exec(text);
  if (range) return typeof value === 'number' && value >= Number(range[1]) && value <= Number(range[2]);
  const compared = /^(<=|>=|<|>|=)\s*(-?\d+(?:\.\d+)?)$/.exec(text);
  if (compared && typeof value === 'number') {
    const limit = Number(compared[2]);
    if (compared[1] === '<') return value < limit;
    if (compared[1] === '>') return value > limit;
    if (compared[1] === '<=') return value <= limit;
    if (compared[1] === '>=') return value >= limit;
    return value === limit;
  }
  const shown = value === null ? '' : String(value).toLowerCase();
  return text.startsWith('=') ? shown === text.slice(1).trim().toLowerCase() : shown.includes(text.toLowerCase());
}

/** Rows that pass what was typed above the columns, and that hold the searched text anywhere. */
export function matching<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  filters: Readonly<Record<string, string>>,
  search: string,
): Row[] {
  const wanted = search.trim().toLowerCase();
  const typed = columns.filter((column) => filters[column.key]?.trim());
  return rows.filter(
    (row) =>
      typed.every((column) => passes(column.value(row), filters[column.key] ?? '')) &&
      (wanted === '' || columns.some((column) => String(column.value(row) ?? '').toLowerCase().includes(wanted))),
  );
}

/**
 * The order to show while a pointer or the focus is on the table: everything keeps its place, figures
 * are the newest, what is new goes to the end; what is gone goes.
 */
export function frozen<Row>(shown: readonly string[], newest: readonly Row[], key: (row: Row) => string): Row[] {
  const byKey = new Map(newest.map((row) => [key(row), row]));
  const kept: Row[] = [];
  for (const each of shown) {
    const row = byKey.get(each);
    if (row !== undefined) kept.push(row);
    byKey.delete(each);
  }
  return [...kept, ...byKey.values()];
}

/** First and last row to draw, with some to spare on both sides. */
export function windowOf(scrolled: number, height: number, rowHeight: number, count: number, spare = 8): [number, number] {
  const first = Math.max(0, Math.floor(scrolled / rowHeight) - spare);
  const last = Math.min(count, Math.ceil((scrolled + height) / rowHeight) + spare);
  return [Math.min(first, Math.max(0, count - 1)), last];
}

/** Cells that a spreadsheet would take for a formula are made text. */
function safe(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
}

function plain<Row>(column: Column<Row>, row: Row): string {
  const value = (column.copy ?? column.value)(row);
  return value === null ? '' : safe(String(value));
}

export function toCsv<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [columns.map((column) => quoted(column.title))];
  for (const row of rows) lines.push(columns.map((column) => quoted(plain(column, row))));
  return `${lines.map((line) => line.join(',')).join('\r\n')}\r\n`;
}

/** For the clipboard: what a spreadsheet pastes into cells. */
export function toTsv<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const flat = (text: string) => text.replace(/[\t\r\n]+/g, ' ');
  return rows.map((row) => columns.map((column) => flat(plain(column, row))).join('\t')).join('\n');
}

/** Cells of what was copied from a spreadsheet. */
export function fromTsv(text: string): string[][] {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n');
  return lines.map((line) => line.split('\t').map((cell) => cell.trim()));
}

export function download(name: string, content: string, type = 'text/csv;charset=utf-8'): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
