/** What is proven: policies on unseen days, and who was right about what was overridden. */

import type { Job } from './admin.ts';
import type { Scoreboard } from './api.ts';
import { get } from './http.ts';

export interface ProvenPolicy {
  policy: string;
  halts_per_line_month: number;
  low: number;
  high: number;
  lost_minutes: number;
  cover_days: number;
  orders: number;
  trips: number;
  fill_rate?: number;
}

export interface Proof {
  policies: ProvenPolicy[];
  forecast: { model: string; mase: number; wape: number; pinball: number }[];
  differences: {
    policy: string;
    against: string;
    halts_per_line_month: number;
    low: number;
    high: number;
    cover_days: number;
  }[];
  promises: { policy: string; promised: number; observed: number; kept: boolean }[];
  bound: { cover_days: number } | null;
  days: number | null;
  /** When it was simulated; null = when the plant was set up. */
  at: string | null;
}

export interface DiarySum {
  actor: string;
  action: string;
  count: number;
  scored: number;
  ours: number;
  theirs: number;
  equal: number;
  halts_avoided: number;
  halts_caused: number;
  stock_difference: number | null;
}

export interface DiaryEntry {
  entry_id: string;
  at: string;
  actor: string;
  action: string;
  location_id: string;
  part_id: string;
  proposed: number;
  done: number;
  reason: string;
  score: { better: 'ours' | 'theirs' | 'equal'; halt: 'avoided' | 'caused' | null } | null;
}

export function fetchDiarySums(): Promise<{ items: DiarySum[] }> {
  return get('diary/summary');
}

export function fetchDiary(cursor: string | null): Promise<{ items: DiaryEntry[]; next_cursor: string | null }> {
  return get('diary', { limit: 50, cursor });
}

/** The newest simulation's, else what the setting up of the plant proved; null before either. */
export function proofOf(jobs: readonly Job[], board: Scoreboard | null): Proof | null {
  const done = jobs.filter((job) => job.kind === 'simulate' && job.state === 'done' && job.result !== null);
  const newest = [...done].sort((a, b) => (b.finished_at ?? '').localeCompare(a.finished_at ?? ''))[0];
  if (newest) {
    const told = newest.result as Partial<Proof>;
    if (told.policies?.length) return { ...EMPTY, ...told, at: newest.finished_at };
  }
  if (!board || board.policies.length === 0) return null;
  return { ...EMPTY, policies: board.policies, forecast: board.forecast };
}

const EMPTY: Proof = { policies: [], forecast: [], differences: [], promises: [], bound: null, days: null, at: null };

/** The policies, without the one that knows the future, with the least of a figure; none where all are alike. */
export function bestPolicies(policies: readonly ProvenPolicy[], figure: 'halts_per_line_month' | 'cover_days'): string[] {
  const real = policies.filter((score) => score.policy !== 'perfect_foresight');
  const least = Math.min(...real.map((score) => score[figure]));
  const best = real.filter((score) => score[figure] === least).map((score) => score.policy);
  return best.length === real.length ? [] : best;
}

/** A whole number of days within what can be asked for, or null. */
export function parseDays(typed: string): number | null {
  const days = Number(typed);
  return /^\d{1,3}$/.test(typed.trim()) && days >= 1 && days <= 366 ? days : null;
}
