/** Where the pieces of the flow chart lie: warehouse over road over showrooms over lines, in a fixed order. */

export interface Road {
  from: string;
  to: string;
  planned: number;
  shipped: number;
  on_road: number;
  late: number;
  due: number;
  received: number;
}

export interface Delivery {
  lane_id: string;
  from: string;
  to: string;
  departure_at: string;
  arrives_at: string;
  late_minutes: number;
  parts: number;
  quantity: number;
}

export interface LineFlow {
  line_id: string;
  showroom_id: string;
  planned: number | null;
  planned_by_now: number | null;
  used: number;
}

export interface Flow {
  shift: { shift_id: string; name: string; start: string; end: string } | null;
  elapsed: number;
  roads: Road[];
  deliveries: Delivery[];
  lines: LineFlow[];
  last_shift: { shift: { name: string }; series: number; used: number; wape: number; bias: number } | null;
}

export type Pace = 'unknown' | 'plan' | 'below' | 'above' | 'far';

/** So far from the plan is what shifts differ by anyway. */
const USUAL = 0.15;
const FAR = 0.4;

/** How what happened compares with what was planned until now. */
export function paceOf(actual: number, planned: number | null): Pace {
  if (planned === null || planned <= 0) return actual > 0 && planned === 0 ? 'far' : 'unknown';
  const off = Math.round((actual / planned - 1) * 1000) / 1000;
  if (off > FAR || off < -FAR) return 'far';
  if (off > USUAL) return 'above';
  return off < -USUAL ? 'below' : 'plan';
}

export interface Box {
  id: string;
  x: number;
  width: number;
}

export interface Ribbon {
  key: string;
  road: Road;
  /** Left edges and width at the upper and the lower end. */
  top: number;
  middle: number;
  bottom: number;
  width: number;
}

export interface Chart {
  warehouses: Box[];
  showrooms: Box[];
  lines: (Box & { line: LineFlow })[];
  roads: Ribbon[];
}

const GAP = 3;
const SITE_GAP = 18;
const NARROWEST = 13;

/**
 * A chart of `width` pixels. Lines keep the order of the plan; each is as wide as it plans to use, but
 * never too narrow to be hit; roads are as wide as what they are to bring, on the same scale.
 */
export function chartOf(flow: Flow, width: number): Chart {
  const sites = [...new Set(flow.lines.map((line) => line.showroom_id))];
  const amount = (line: LineFlow) => line.planned ?? line.used;
  const gaps = (flow.lines.length - sites.length) * GAP + (sites.length - 1) * SITE_GAP;
  const least = Math.min(NARROWEST, Math.max(4, (width - gaps) / Math.max(1, flow.lines.length)));
  const spare = Math.max(0, width - gaps - least * flow.lines.length);
  const total = flow.lines.reduce((sum, line) => sum + amount(line), 0);
  const lines: Chart['lines'] = [];
  const showrooms: Box[] = [];
  let x = 0;
  for (const site of sites) {
    const start = x;
    for (const line of flow.lines.filter((each) => each.showroom_id === site)) {
      const wide = least + (total > 0 ? (spare * amount(line)) / total : spare / flow.lines.length);
      lines.push({ id: line.line_id, line, x, width: wide });
      x += wide + GAP;
    }
    x -= GAP;
    showrooms.push({ id: site, x: start, width: x - start });
    x += SITE_GAP;
  }
  return { ...warehousesAndRoads(flow, showrooms, width), showrooms, lines };
}

function warehousesAndRoads(flow: Flow, showrooms: Box[], width: number): Pick<Chart, 'warehouses' | 'roads'> {
  const roads = flow.roads.filter((road) => showrooms.some((box) => box.id === road.to));
  const load = (road: Road) => Math.max(road.planned, road.on_road, road.due);
  const scale = Math.min(
    ...showrooms.map((box) => {
      const coming = roads.filter((road) => road.to === box.id).reduce((sum, road) => sum + load(road), 0);
      return coming > 0 ? (box.width * 0.92) / coming : Infinity;
    }),
  );
  const thick = (road: Road) => Math.max(3, load(road) * (Number.isFinite(scale) ? scale : 0));
  const names = [...new Set(roads.map((road) => road.from))].sort();
  const each = width / Math.max(1, names.length);
  const warehouses = names.map((id, place) => ({ id, x: place * each + 4, width: each - 8 }));
  const ribbons: Ribbon[] = [];
  for (const warehouse of warehouses) {
    const out = roads.filter((road) => road.from === warehouse.id);
    const sum = out.reduce((all, road) => all + thick(road), 0);
    const gap = (warehouse.width - sum) / (out.length + 1);
    let top = warehouse.x + gap;
    for (const box of showrooms) {
      const road = out.find((candidate) => candidate.to === box.id);
      if (!road) continue;
      const bottom = box.x + (box.width - thick(road)) / 2;
      ribbons.push({
        key: `${road.from}-${road.to}`,
        road,
        top,
        middle: (top + bottom) / 2,
        bottom,
        width: thick(road),
      });
      top += thick(road) + gap;
    }
  }
  return { warehouses, roads: ribbons };
}

/** A band that leaves straight down, swings over, and arrives straight down. */
export function bandPath(top: number, bottom: number, width: number, y0: number, y1: number): string {
  const half = (y0 + y1) / 2;
  return (
    `M${top} ${y0}C${top} ${half} ${bottom} ${half} ${bottom} ${y1}` +
    `H${bottom + width}C${bottom + width} ${half} ${top + width} ${half} ${top + width} ${y0}Z`
  );
}
