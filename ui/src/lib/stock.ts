/** Stock of every part at every place, with when it runs out, and counts that were pasted for it. */

import { getAll, get, ApiError, post } from './http.ts';
import type { Network } from './plant.svelte.ts';
import { toMs } from './time.ts';

export interface StockRow {
  location_id: string;
  part_id: string;
  on_hand: number;
  reserved: number | null;
  on_order: number | null;
  in_transit: number;
  blocked: number;
  unit: string;
  cover_shifts: number | null;
}

export interface Pair {
  location_id: string;
  part_id: string;
  runs_out_at: string | null;
  runs_out_early: string | null;
  runs_out_late: string | null;
  last_departure_at: string | null;
}

/** One row of the screen. */
export interface StockLine extends StockRow {
  description: string;
  lines: string;
  criticality: string | null;
  container: number | null;
  out: Pair | null;
  /** Hours until it likely runs out, and until the last departure that is in time. */
  hoursLeft: number | null;
  hoursToLeave: number | null;
}

export interface StockPicture {
  lines: StockLine[];
  now: number;
  planned: boolean;
}

export const keyOf = (row: { location_id: string; part_id: string }): string => `${row.location_id}/${row.part_id}`;

export function fetchStock(): Promise<StockRow[]> {
  return getAll<StockRow>('stock');
}

/** When parts run out by the last plan; none before the first. */
export async function fetchPairs(): Promise<Pair[] | null> {
  try {
    return (await get<{ pairs: Pair[] }>('plan')).pairs;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** Everything that is known of each row, put together once and not in every cell. */
export function joined(
  stock: readonly StockRow[],
  pairs: readonly Pair[],
  network: Network,
  stockPoint: (id: string) => string | null,
  now: number,
): StockLine[] {
  const out = new Map(pairs.map((pair) => [keyOf(pair), pair]));
  const rules = new Map(network.supply_rules.map((rule) => [`${rule.stock_point_id}/${rule.part_id}`, rule]));
  const parts = new Map(network.parts.map((part) => [part.part_id, part.description]));
  const users = new Map<string, string[]>();
  const points = new Map<string, string | null>();
  for (const { line_id, part_id } of network.requirements) {
    if (!points.has(line_id)) points.set(line_id, stockPoint(line_id));
    const key = `${points.get(line_id)}/${part_id}`;
    const known = users.get(key);
    if (known) known.push(line_id);
    else users.set(key, [line_id]);
  }
  return stock.map((row) => {
    const key = keyOf(row);
    const pair = out.get(key) ?? null;
    const rule = rules.get(key);
    return {
      ...row,
      description: parts.get(row.part_id) ?? '',
      lines: users.get(key)?.join(' ') ?? '',
      criticality: rule?.criticality ?? null,
      container: rule?.container_size ?? null,
      out: pair,
      hoursLeft: hours(pair?.runs_out_at, now),
      hoursToLeave: hours(pair?.last_departure_at, now),
    };
  });
}

function hours(at: string | null | undefined, now: number): number | null {
  return at ? Math.round((toMs(at) - now) / 360_000) / 10 : null;
}

export type Tone = 'crit' | 'watch' | '';

/** Less than half a shift, less than one. */
export function coverTone(shifts: number | null): Tone {
  if (shifts === null || shifts >= 1) return '';
  return shifts < 0.5 ? 'crit' : 'watch';
}

/** The last departure that is in time: gone, or gone within four hours, and nothing on its way. */
export function leaveTone(row: Pick<StockLine, 'hoursToLeave' | 'on_order'>): Tone {
  if (row.hoursToLeave === null || (row.on_order ?? 0) > 0) return '';
  return row.hoursToLeave < 0 ? 'crit' : row.hoursToLeave < 4 ? 'watch' : '';
}

export interface Count {
  row: StockRow;
  quantity: number;
  difference: number;
}

export interface BadLine {
  text: string;
  why: 'number' | 'unknown' | 'twice' | 'columns';
}

/**
 * What was copied from a spreadsheet, read as counted quantities.
 *
 * One column goes down from the chosen row; two are part and quantity at its place; three or more are
 * place, part and quantity. A first line without a number is a heading.
 */
export function readCounts(cells: string[][], below: readonly StockRow[], known: ReadonlyMap<string, StockRow>): { counts: Count[]; bad: BadLine[] } {
  const counts = new Map<string, Count>();
  const bad: BadLine[] = [];
  const filled = cells.filter((line) => line.some((cell) => cell !== ''));
  const headed = filled.length > 1 && !/\d/.test(filled[0]?.slice(0, 3).at(-1) ?? '');
  filled.slice(headed ? 1 : 0).forEach((line, at) => {
    const told = line.slice(0, 3);
    const number = told.at(-1) ?? '';
    const row =
      told.length === 1
        ? below[at]
        : known.get(told.length === 2 ? `${below[0]?.location_id}/${told[0]}` : `${told[0]}/${told[1]}`);
    const text = line.join('  ');
    // `1,200` and `1.200` are read differently by different people: neither is guessed at.
    if (!/^\d{1,9}$/.test(number)) bad.push({ text, why: told.length > 1 || number ? 'number' : 'columns' });
    else if (!row) bad.push({ text, why: 'unknown' });
    else if (counts.has(keyOf(row))) bad.push({ text, why: 'twice' });
    else counts.set(keyOf(row), { row, quantity: Number(number), difference: Number(number) - row.on_hand });
  });
  return { counts: [...counts.values()], bad };
}

export function reportCount(count: Count, reason: string, key: string): Promise<unknown> {
  const { location_id, part_id } = count.row;
  return post('stock/count', { location_id, part_id, quantity: count.quantity, reason }, key);
}
