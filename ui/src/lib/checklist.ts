/** How far a fresh workspace has come on the way to its first plan, from the server's checklist. */

export interface Check {
  name: string;
  state: 'ready' | 'todo' | 'broken';
  found: string;
  next_step: string;
}

export type StepName = 'data' | 'stock' | 'model' | 'plan';

export interface Step {
  name: StepName;
  /** `next` is the one to do now; `later` waits for it. */
  state: 'done' | 'next' | 'later' | 'broken';
  found: string;
  nextStep: string;
}

const CHECKS: Record<Exclude<StepName, 'plan'>, readonly string[]> = {
  data: ['plant', 'history'],
  stock: ['opening stock'],
  model: ['model'],
};

/** Steps in the order in which they are needed; the first that is not done is the next. */
export function stepsOf(checks: readonly Check[], planMade: boolean): Step[] {
  const steps: Step[] = [];
  let waiting = false;
  for (const [name, needs] of Object.entries(CHECKS) as [StepName, readonly string[]][]) {
    const rows = checks.filter((check) => needs.includes(check.name));
    const open = rows.find((check) => check.state !== 'ready');
    const found = open && !waiting ? open.found : rows.map((check) => check.found).join('; ');
    steps.push({ name, state: stateOf(rows.length > 0 && !open, open?.state === 'broken', waiting), found, nextStep: open?.next_step ?? '' });
    waiting ||= rows.length === 0 || open !== undefined;
  }
  steps.push({ name: 'plan', state: stateOf(planMade, false, waiting), found: '', nextStep: '' });
  return steps;
}

function stateOf(done: boolean, broken: boolean, waiting: boolean): Step['state'] {
  if (done) return 'done';
  if (waiting) return 'later';
  return broken ? 'broken' : 'next';
}

interface Rule {
  stock_point_id: string;
  part_id: string;
  lane_ids: readonly string[];
  container_size: number;
  bin_maximum: number | null;
}

const CONTAINERS = 12;
const WAREHOUSE_BINS = 2;

/** A count of the demo plant: every bin full in whole containers, and twice as much where it comes from. */
export function demoStock(rules: readonly Rule[], lanes: readonly { lane_id: string; from: string }[]): string {
  const from = new Map(lanes.map((lane) => [lane.lane_id, lane.from]));
  const held = new Map<string, number>();
  const add = (place: string, part: string, quantity: number) => {
    held.set(`${place},${part}`, (held.get(`${place},${part}`) ?? 0) + quantity);
  };
  for (const rule of rules) {
    const fit = rule.bin_maximum === null ? CONTAINERS : Math.max(1, Math.floor(rule.bin_maximum / rule.container_size));
    const quantity = fit * rule.container_size;
    add(rule.stock_point_id, rule.part_id, quantity);
    const source = from.get(rule.lane_ids[0] ?? '');
    if (source !== undefined) add(source, rule.part_id, WAREHOUSE_BINS * quantity);
  }
  return ['location_id,part_id,on_hand', ...[...held].map(([key, quantity]) => `${key},${quantity}`), ''].join('\n');
}

/** `3.4 MB` */
export function bytes(size: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = size;
  let place = 0;
  while (value >= 1000 && place < units.length - 1) {
    value /= 1000;
    place += 1;
  }
  return `${place === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[place] ?? ''}`;
}
