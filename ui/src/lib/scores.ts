/** What the comparison says, in words that need no explanation. */

import type { ForecastScore, PolicyScore, Scoreboard } from './api.ts';

/** What ours is compared with, in this order. */
const PEERS = new Map([
  ['min_max', { name: 'Min/max', note: 'fixed levels, as most plants order' }],
  ['perfect_foresight', { name: 'Perfect foresight', note: 'knows the future: the best possible' }],
]);
const MODEL_NAMES: Record<string, string> = {
  seasonal_naive: 'same shift last week',
  lightgbm: 'LightGBM',
  ensemble: 'ensemble of models',
  shift_mean: 'mean of the shift',
  lstm: 'LSTM',
  gru: 'GRU',
  ets: 'ETS',
  mlp: 'MLP',
  nhits: 'N-HiTS',
};

/** Any policy that is no peer is one of ours. */
export function isOurs(policy: string): boolean {
  return !PEERS.has(policy);
}

export function policyName(policy: string): { name: string; note: string } {
  return PEERS.get(policy) ?? { name: `SupplyNet (${policy})`, note: 'orders by halt risk' };
}

export function modelName(model: string): string {
  return MODEL_NAMES[model] ?? plain(model);
}

/** Ours first, then what plants do, then the bound. */
export function inOrder(policies: readonly PolicyScore[]): PolicyScore[] {
  const rank = (policy: string) => [...PEERS.keys()].indexOf(policy);
  return [...policies].sort((a, b) => rank(a.policy) - rank(b.policy));
}

/** `Compared with min/max: 74 % fewer halts, 22 % less stock.` */
export function verdict(scoreboard: Scoreboard): string | null {
  const ours = scoreboard.policies.find((score) => isOurs(score.policy));
  const theirs = scoreboard.policies.find((score) => score.policy === 'min_max');
  if (!ours || !theirs) return null;
  const halts = change(ours.halts_per_line_month, theirs.halts_per_line_month, 'fewer', 'more');
  const stock = change(ours.cover_days, theirs.cover_days, 'less', 'more');
  const sure = ours.high < theirs.low || ours.low > theirs.high;
  const doubt = sure ? '' : ' The intervals of the halts overlap: not proven yet.';
  return `SupplyNet against min/max: ${halts} halts, ${stock} stock.${doubt}`;
}

/** The best model's miss beside seasonal naive's; `wape` is a share of the demand. */
export function forecastVerdict(scores: readonly ForecastScore[]): string | null {
  const naive = scores.find((score) => score.model === 'seasonal_naive');
  const best = scores
    .filter((score) => score !== naive)
    .reduce<ForecastScore | null>((a, b) => (a && a.wape <= b.wape ? a : b), null);
  if (!best) return null;
  const own = `The forecast (${modelName(best.model)}) misses by ${share(best.wape)} of demand`;
  return naive ? `${own}; "${modelName('seasonal_naive')}" misses by ${share(naive.wape)}.` : `${own}.`;
}

function change(ours: number, theirs: number, below: string, above: string): string {
  if (theirs === 0) return ours === 0 ? 'as many' : above;
  const difference = Math.round((1 - ours / theirs) * 100);
  if (difference === 0) return 'about the same';
  return `${Math.abs(difference)} % ${difference > 0 ? below : above}`;
}

function share(value: number): string {
  return `${Math.round(value * 100)} %`;
}

function plain(id: string): string {
  const words = id.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
