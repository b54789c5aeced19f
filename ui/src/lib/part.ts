/** The page of a part as the API tells it, and the words for where its parts come from. */

import { get } from './http.ts';

export interface PartPage {
  now: string;
  location_id: string;
  part_id: string;
  stock_point_id: string;
  lines: string[];
  shares_with: string[];
  stock: {
    on_hand: number;
    reserved: number | null;
    on_order: number | null;
    in_transit: number;
    blocked: number;
    unit: string;
    cover_shifts: number | null;
  } | null;
  history: {
    name: string;
    start: string;
    end: string;
    used: number | null;
    starved_minutes: number;
    stopped_minutes: number;
    running: boolean;
  }[];
  anomalies: { anomaly_id: string; location_id: string; start: string; end: string; kind: string; state: string; sentence: string }[];
  forecast: {
    made_at: string;
    model_version: string;
    fallbacks: string[];
    used_so_far: number;
    shifts: { name: string; start: string; end: string; low: number; likely: number; high: number }[];
  } | null;
  deliveries: { order_id: string; state: string; quantity: number; arrives_at: string; late: boolean }[];
  projection: {
    points: { at: string; without: number[]; with: number[] }[];
    runs_out: Record<'without' | 'with', { early: string | null; likely: string | null; late: string | null }>;
  } | null;
  risk: {
    runs_out_at: string | null;
    runs_out_early: string | null;
    runs_out_late: string | null;
    last_departure_at: string | null;
  } | null;
  orders: PartOrder[];
  decision: {
    decided_at: string;
    departure_at: string;
    granted: number;
    outcome: string;
    binding: string;
    policy: string;
    why: string;
  } | null;
  supply: {
    rule: {
      container_size: number;
      minimum_order: number;
      bin_maximum: number | null;
      criticality: string;
      policy: string | null;
      automation: string | null;
    } | null;
    lanes: {
      lane_id: string;
      from: string;
      departures: string[];
      weekdays: number[];
      time_zone: string;
      cutoff_minutes: number;
      transit: Span;
      volume_litres: number | null;
    }[];
    purchase: {
      supplier_id: string;
      lead_time: Span;
      minimum_order: number;
      multiple: number;
      reorder_point: number | null;
      order_up_to_level: number | null;
    } | null;
  };
  quality: {
    shifts: { name: string; start: string; used: number; forecast: number; naive: number | null }[];
    error: number;
    bias: number;
    error_beside_naive: number | null;
    naive_error: number | null;
  } | null;
}

export interface PartOrder {
  order_id: string;
  kind: string;
  state: string;
  from_location: string;
  to_location: string;
  lane_id: string;
  quantity: number;
  received: number;
  short: number;
  damaged: number;
  policy: string;
  departure_at: string;
  arrives_at: string;
  cutoff_at: string;
  why: string;
}

interface Span {
  low: number;
  mode: number;
  high: number;
}

export function fetchPart(location: string, part: string): Promise<PartPage> {
  return get<PartPage>(`parts/${encodeURIComponent(location)}/${encodeURIComponent(part)}`);
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** `every day`, `Mon to Fri`, `Mon, Wed, Sat` */
export function weekdaysInWords(days: readonly number[]): string {
  const sorted = [...days].sort((a, b) => a - b);
  if (sorted.length === 7) return 'every day';
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return 'never';
  const row = last - first === sorted.length - 1 && sorted.length > 2;
  return row ? `${DAYS[first]} to ${DAYS[last]}` : sorted.map((day) => DAYS[day]).join(', ');
}

/** What is shown of a projection: until nothing is left, two days at least. */
export function shownUntil(points: readonly { at: number; high: number }[], least: number): number {
  const end = points.at(-1)?.at ?? least;
  const lasting = points.findLast((point) => point.high > 0);
  return Math.min(end, Math.max(least, (lasting?.at ?? 0) + 6 * 3600_000));
}

export interface Found {
  location: string;
  part: string;
  /** How well it matches, higher is better. */
  score: number;
}

interface Pairs {
  pairs: readonly { location: string; part: string }[];
  about: (part: string) => string;
}

/** Places and parts of which every word that was typed is in the ids or the description. */
export function search(typed: string, { pairs, about }: Pairs, most = 50): Found[] {
  const words = typed.toLowerCase().split(/[\s/]+/).filter(Boolean);
  if (words.length === 0) return [];
  const found: Found[] = [];
  for (const { location, part } of pairs) {
    const texts = [part.toLowerCase(), location.toLowerCase(), about(part).toLowerCase()];
    let score = 0;
    for (const word of words) {
      const each = Math.max(...texts.map((text, index) => matched(text, word) - index * 0.1));
      if (each < 0) {
        score = -1;
        break;
      }
      score += each;
    }
    if (score > 0) found.push({ location, part, score });
  }
  const order = (a: Found, b: Found) =>
    b.score - a.score || compare(a.part, b.part) || a.location.length - b.location.length || compare(a.location, b.location);
  return found.sort(order).slice(0, most);
}

/** 4 the same, 3 at the beginning, 2 at the beginning of a piece, 1 within; -1 not at all. */
function matched(text: string, word: string): number {
  if (text === word) return 4;
  if (text.startsWith(word)) return 3;
  const at = text.indexOf(word);
  if (at === -1) return -1;
  return /[^a-z0-9]/.test(text[at - 1] ?? '') ? 2 : 1;
}

function compare(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
