/** What a data scientist judges: quality, odd consumption, versions of models and their errors. */

import type { Job } from './admin.ts';
import { get, getAll } from './http.ts';

export interface QualityRule {
  rule: string;
  severity: 'error' | 'warning' | 'info';
  count: number;
  total: number;
  unit: string;
  share: number;
  sentence: string;
}

export interface Quality {
  quality_score: number;
  ok: boolean;
  rows: number;
  rules: QualityRule[];
}

export type AnomalyState = 'open' | 'over' | 'real' | 'wrong_record' | 'dismissed';
export type AnomalyAnswer = 'real' | 'wrong_record' | 'dismissed';

export interface Anomaly {
  anomaly_id: string;
  location_id: string;
  parts: string[];
  start: string;
  end: string;
  kind: string;
  p_value: number;
  sentence: string;
  ongoing: boolean;
  state: AnomalyState;
  answered_by: string | null;
  note: string;
  held: { order_id: string }[];
  next_step: string;
}

export interface SeriesPoint {
  part_id: string;
  period_start: string;
  shift: string;
  observed: number | null;
  expected: number | null;
  low: number | null;
  high: number | null;
  odd: boolean;
}

export interface AnomalyDetail extends Anomaly {
  bookings: { movement_id: string; part_id: string; quantity: number; occurred_at: string }[];
  series: SeriesPoint[];
}

export interface ModelVersion {
  version: string;
  model: string;
  aliases: ('champion' | 'challenger')[];
  state: 'ok' | 'damaged';
  damage: string;
  trained_at: string | null;
  series: number | null;
  backtest: Partial<ErrorRow>;
  size: number;
}

export interface ErrorRow {
  model: string;
  mase: number | null;
  wape: number | null;
  pinball: number | null;
  bias: number | null;
  coverage_80: number | null;
}

export interface StepRow extends Pick<ErrorRow, 'model' | 'mase'> {
  step: number;
}

/** A table of errors and where it comes from. */
export interface Errors {
  source: 'backtest' | 'train' | 'demo';
  at: string | null;
  rows: ErrorRow[];
  steps: StepRow[];
}

export const NAIVE: ReadonlySet<string> = new Set(['naive', 'seasonal_naive', 'moving_average', 'shift_mean']);
/** Answered by a person, or not. */
export const UNANSWERED: ReadonlySet<AnomalyState> = new Set(['open', 'over']);
const SCORES = ['mase', 'wape', 'pinball', 'bias', 'coverage_80'] as const;

export function fetchQuality(): Promise<Quality> {
  return get('quality');
}

export function fetchAnomalies(): Promise<Anomaly[]> {
  return getAll('anomalies');
}

export async function fetchJobs(): Promise<Job[]> {
  return (await get<{ items: Job[] }>('jobs', { limit: 50 })).items;
}

/** Rules with a finding first, errors before warnings, the larger share first. */
export function worstRules(rules: readonly QualityRule[]): QualityRule[] {
  const rank = { error: 0, warning: 1, info: 2 };
  return rules
    .filter((rule) => rule.count > 0)
    .sort((a, b) => rank[a.severity] - rank[b.severity] || b.share - a.share || a.rule.localeCompare(b.rule));
}

/** The share of a rule's finding, 0 where the rule is not told. */
export function shareOf(rules: readonly QualityRule[], name: string): number {
  return rules.find((rule) => rule.rule === name)?.share ?? 0;
}

/** `below 0.1 %`, `1.4 %`, `12 %`, `98.6 %` */
export function smallShare(share: number): string {
  if (share === 0) return '0 %';
  if (share < 0.001) return 'below 0.1 %';
  return `${(share * 100).toFixed(share < 0.1 || (share > 0.9 && share < 1) ? 1 : 0)} %`;
}

/** Shifts of an anomaly, its parts added up; null where one part is not known. */
export function summed(series: readonly SeriesPoint[]): SeriesPoint[] {
  const found = new Map<string, SeriesPoint>();
  for (const point of series) {
    const before = found.get(point.period_start);
    const plus = (name: 'observed' | 'expected' | 'low' | 'high') => {
      const [a, b] = [before?.[name], point[name]];
      if (before === undefined) return b;
      return a === null || a === undefined || b === null ? null : a + b;
    };
    found.set(point.period_start, {
      ...point,
      observed: plus('observed'),
      expected: plus('expected'),
      low: plus('low'),
      high: plus('high'),
      odd: point.odd || (before?.odd ?? false),
    });
  }
  return [...found.values()].sort((a, b) => a.period_start.localeCompare(b.period_start));
}

/** The newest table of errors that jobs have told, else that of the proof at the beginning. */
export function errorsOf(jobs: readonly Job[], demo: readonly Partial<ErrorRow>[]): Errors | null {
  const done = jobs.filter((job) => job.state === 'done' && (job.kind === 'backtest' || job.kind === 'train'));
  const newest = [...done].sort((a, b) => (b.finished_at ?? '').localeCompare(a.finished_at ?? ''))[0];
  if (newest) {
    const result = newest.result as { overall?: object[]; backtest?: object[]; by?: { step?: object[] } } | null;
    const rows = (result?.overall ?? result?.backtest ?? []).map(errorRow);
    const steps = (result?.by?.step ?? []).map((row) => ({ ...errorRow(row), step: Number((row as StepRow).step) }));
    const source = newest.kind === 'backtest' ? 'backtest' : 'train';
    if (rows.length > 0) return { source, at: newest.finished_at, rows, steps };
  }
  if (demo.length === 0) return null;
  return { source: 'demo', at: null, rows: demo.map(errorRow), steps: [] };
}

/** Name of the model with the least of a score; for coverage and bias the nearest to what is right. */
export function bestOf(rows: readonly ErrorRow[], score: (typeof SCORES)[number]): string | null {
  const wrong = (row: ErrorRow): number => {
    const value = row[score];
    if (value === null) return Infinity;
    return score === 'bias' ? Math.abs(value) : score === 'coverage_80' ? Math.abs(value - 0.8) : value;
  };
  const best = rows.reduce<ErrorRow | null>((a, b) => (a && wrong(a) <= wrong(b) ? a : b), null);
  return best && wrong(best) < Infinity ? best.model : null;
}

/** Percent of loss below the best naive forecast's; null where there is none. */
export function gainOf(row: ErrorRow, rows: readonly ErrorRow[]): number | null {
  const naive = rows.filter((each) => NAIVE.has(each.model) && each.pinball !== null).map((each) => each.pinball ?? 0);
  if (row.pinball === null || naive.length === 0 || NAIVE.has(row.model)) return null;
  const least = Math.min(...naive);
  return least === 0 ? null : Math.round((1 - row.pinball / least) * 100);
}

function errorRow(row: object): ErrorRow {
  const told = row as Record<string, unknown>;
  const numbers = SCORES.map((name) => [name, Number.isFinite(told[name]) ? (told[name] as number) : null]);
  return { model: String(told.model), ...(Object.fromEntries(numbers) as Omit<ErrorRow, 'model'>) };
}
