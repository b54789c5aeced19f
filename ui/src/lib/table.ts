/** The rules of a table of many rows: what lies under the window, the frozen order, text for a spreadsheet. */

/** Rows that are drawn above and below the window: what the next turn of the wheel shows first. */
const SPARE = 6;

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

/** Width of a letter in rem, rather too wide than too narrow. */
const LETTER = 0.6;

/** Whether a text surely has room in its cell; a column without a width may be of any. */
export function fits(text: string, column: Pick<Column<never>, 'width'>): boolean {
  return column.width !== undefined && text.length * LETTER <= column.width;
}

/** The first row to draw, of as many as the pool has elements; some to spare on both sides. */
export function firstDrawn(scrolled: number, rowHeight: number, pool: number, count: number): number {
  return Math.max(0, Math.min(Math.floor(scrolled / rowHeight) - SPARE, count - pool));
}

/** Elements that fill the window, however it is scrolled. */
export function poolSize(height: number, rowHeight: number, count: number): number {
  return Math.min(count, Math.ceil(height / rowHeight) + 1 + 2 * SPARE);
}

/** The row that an element shows: it keeps it for as long as the row is drawn. */
export function placeIn(slot: number, first: number, pool: number): number {
  return first + ((slot - (first % pool) + pool) % pool);
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
