/** What a display on the wall shows first where not all has room. */

import type { ControlRoom, Line } from './api.ts';

/** Shifts that count before all others: the running one and the next. */
const SOON = 2;

function worst(line: Line, shifts?: number): number {
  return Math.max(0, ...line.cells.slice(0, shifts).map((cell) => cell.risk));
}

/** Lines that stand first, then by the risk of the next two shifts, then by that of all. */
export function worstFirst(room: ControlRoom): Line[] {
  return [...room.lines].sort(
    (a, b) =>
      Number(b.halted) - Number(a.halted) ||
      worst(b, SOON) - worst(a, SOON) ||
      worst(b) - worst(a) ||
      a.line_id.localeCompare(b.line_id, 'en', { numeric: true }),
  );
}

/** The highest risk of these lines. */
export function worstOf(lines: readonly Line[]): number {
  return Math.max(0, ...lines.map((line) => worst(line)));
}

/** Whole per cent that every risk of these lines is below. */
export function boundOf(lines: readonly Line[]): number {
  return Math.floor(worstOf(lines) * 100) + 1;
}
