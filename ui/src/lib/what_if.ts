/** A question "what if", as it is put together on the page and as the API takes it. */

import type { Network } from './plant.svelte.ts';

export const KINDS = ['shift', 'rate', 'line', 'lead_time', 'departures', 'truck', 'stock'] as const;
export type Kind = (typeof KINDS)[number];

/** One thing that is different; `value` is what was typed. */
export interface Change {
  id: number;
  kind: Kind;
  /** A shift, a line, a lane, or `PLACE/PART`. */
  subject: string;
  value: string;
}

/** Where somebody stood when they asked: a red cell, a part. */
export interface From {
  line?: string | null;
  location?: string | null;
  part?: string | null;
}

export interface Figure {
  name: string;
  base: number;
  changed: number;
  difference: number;
  low: number;
  high: number;
}

export interface Answer {
  as_of: string;
  days: number;
  futures: number;
  policy: string;
  model_version: string;
  change: string[];
  figures: Figure[];
  worse_lines: Figure[];
  worse_parts: Figure[];
  fallbacks: string[];
  seconds: number;
}

export interface Job {
  job_id: string;
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  progress: number;
  message: string;
  result: Answer | null;
  error: string | null;
}

export function isJob(answer: Answer | Job): answer is Job {
  return 'job_id' in answer;
}

const CLOCK = /^([01]?\d|2[0-3]):[0-5]\d$/;

/** What is wrong with a value, as a key of the texts; null = it can be asked. */
export function problemOf(change: Change): 'subject' | 'hours' | 'number' | 'whole' | 'clocks' | null {
  if (change.subject.trim() === '') return 'subject';
  const value = change.value.trim();
  switch (change.kind) {
    case 'shift':
      if (value === 'off') return null;
      return value.split('-').length === 2 && value.split('-').every((each) => CLOCK.test(each)) ? null : 'hours';
    case 'line':
      return value === 'on' || value === 'off' ? null : 'number';
    case 'departures':
      return value !== '' && value.split(',').every((each) => CLOCK.test(each.trim())) ? null : 'clocks';
    case 'rate':
    case 'truck':
      return /^\d+([.,]\d+)?$/.test(value) && number(value) > 0 ? null : 'number';
    case 'stock':
      return change.subject.includes('/') ? (/^\d{1,9}$/.test(value) ? null : 'whole') : 'subject';
    case 'lead_time':
      return /^\d{1,5}$/.test(value) ? null : 'whole';
  }
}

export type Body = Record<string, unknown>;

/** The body of the request; a subject that is changed twice in the same way keeps the last. */
export function bodyOf(changes: readonly Change[], days: number): Body {
  const body: Record<string, Record<string, unknown>> = {};
  for (const { kind, subject, value } of changes) {
    (body[kind] ??= {})[subject.trim()] = said(kind, value.trim());
  }
  return { ...body, days };
}

function said(kind: Kind, value: string): string | number {
  if (kind === 'rate') return number(value) / 100;
  if (kind === 'truck') return number(value);
  if (kind === 'lead_time' || kind === 'stock') return Number(value);
  if (kind === 'departures') return value.split(',').map((each) => padded(each.trim())).join(',');
  return kind === 'shift' && value !== 'off' ? value.split('-').map(padded).join('-') : value;
}

function padded(clock: string): string {
  return clock.length === 4 ? `0${clock}` : clock;
}

function number(value: string): number {
  return Number(value.replace(',', '.'));
}

type Lane = Network['lanes'][number];

/** The usual lane of a part to a stock point, else any lane there. */
export function laneTo(network: Network, location: string | null | undefined, part: string | null | undefined): Lane | undefined {
  const rule = network.supply_rules.find((each) => each.stock_point_id === location && each.part_id === part);
  return network.lanes.find((lane) => (rule ? rule.lane_ids[0] === lane.lane_id : lane.to === location));
}

/** One departure more, in the middle of the longest wait: `04:00,10:00,16:00`. */
export function oneMore(departures: readonly string[]): string {
  const minutes = departures.map((each) => Number(each.slice(0, 2)) * 60 + Number(each.slice(3, 5))).sort((a, b) => a - b);
  if (minutes.length === 0) return '';
  let widest = { gap: -1, middle: 0 };
  minutes.forEach((at, index) => {
    const next = minutes[index + 1] ?? (minutes[0] ?? 0) + 1440;
    if (next - at > widest.gap) widest = { gap: next - at, middle: (at + (next - at) / 2) % 1440 };
  });
  const middle = Math.round(widest.middle / 5) * 5;
  return [...minutes, middle].sort((a, b) => a - b).map(clock).join(',');
}

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60) % 24).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

/** Questions that suggest themselves where somebody stands, each a change without an id. */
export function suggestions(network: Network, from: From, shifts: readonly string[]): Omit<Change, 'id'>[] {
  const found: Omit<Change, 'id'>[] = [];
  const lane = laneTo(network, from.location, from.part);
  if (lane) {
    found.push({ kind: 'departures', subject: lane.lane_id, value: oneMore(lane.departures) });
    found.push({ kind: 'lead_time', subject: lane.lane_id, value: String(lane.transit_minutes.mode * 2) });
  }
  if (from.line) found.push({ kind: 'rate', subject: from.line, value: '120' }, { kind: 'line', subject: from.line, value: 'off' });
  if (from.location && from.part) found.push({ kind: 'stock', subject: `${from.location}/${from.part}`, value: '0' });
  const last = shifts.at(-1);
  if (last && shifts.length > 1) found.push({ kind: 'shift', subject: last, value: 'off' });
  return found;
}

export type Verdict = 'better' | 'worse' | 'unclear' | 'same';

/** Whether a difference can be told from chance; more is worse for halts and lost minutes. */
export function verdictOf(figure: Figure | undefined): Verdict {
  if (!figure || (figure.difference === 0 && figure.low === figure.high)) return 'same';
  if (figure.low > 0) return 'worse';
  return figure.high < 0 ? 'better' : 'unclear';
}

/** Wide enough for every interval and for no difference at all. */
export function extent(figures: readonly Figure[]): [number, number] {
  return [Math.min(0, ...figures.map((each) => each.low)), Math.max(0, ...figures.map((each) => each.high))];
}
