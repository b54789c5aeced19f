/** Rows of the plant as the cells of its files, for editing: what may be changed, and what differs. */

import type { Lane, Network, Part } from './plant.svelte.ts';

export type TableName = 'parts' | 'lanes' | 'supply_rules';
export type Cells = Record<string, string>;

const KEYS: Readonly<Record<TableName, readonly string[]>> = {
  parts: ['part_id'],
  lanes: ['lane_id'],
  supply_rules: ['stock_point_id', 'part_id'],
};

export const EDITABLE: Readonly<Record<TableName, readonly string[]>> = {
  parts: ['description', 'volume_litres', 'unit_cost'],
  lanes: ['departures', 'cutoff_minutes', 'transit_low_minutes', 'transit_mode_minutes', 'transit_high_minutes'],
  supply_rules: ['container_size', 'minimum_order', 'bin_maximum', 'criticality'],
};

/** Rows by a key of theirs. */
export function grouped<Row>(rows: readonly Row[], key: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}

export function partsAsCells(part: Part): Cells {
  return { part_id: part.part_id, description: part.description, volume_litres: String(part.volume_litres), unit_cost: String(part.unit_cost) };
}

export function lanesAsCells(lane: Lane): Cells {
  return {
    lane_id: lane.lane_id,
    departures: lane.departures.join(' '),
    cutoff_minutes: String(lane.cutoff_minutes),
    transit_low_minutes: String(lane.transit_minutes.low),
    transit_mode_minutes: String(lane.transit_minutes.mode),
    transit_high_minutes: String(lane.transit_minutes.high),
  };
}

export function rulesAsCells(rule: Network['supply_rules'][number]): Cells {
  return {
    stock_point_id: rule.stock_point_id,
    part_id: rule.part_id,
    container_size: String(rule.container_size),
    minimum_order: String(rule.minimum_order),
    bin_maximum: rule.bin_maximum === null ? '' : String(rule.bin_maximum),
    criticality: rule.criticality,
  };
}

export function keyOf(table: TableName, cells: Cells): string {
  return KEYS[table].map((name) => cells[name] ?? '').join(' ');
}

/** The key and the cells that are other than before; null where nothing is. */
export function changedCells(table: TableName, before: Cells, after: Cells): Cells | null {
  const other = EDITABLE[table].filter((name) => (after[name] ?? '').trim() !== before[name]);
  if (other.length === 0) return null;
  return Object.fromEntries([...KEYS[table], ...other].map((name) => [name, (after[name] ?? before[name] ?? '').trim()]));
}
