import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Job } from './admin.ts';
import { bestPolicies, parseDays, proofOf } from './proof.ts';
import type { ProvenPolicy } from './proof.ts';

function score(policy: string, halts: number, cover = 1): ProvenPolicy {
  const rest = { low: halts, high: halts, lost_minutes: 0, orders: 1, trips: 1 };
  return { policy, halts_per_line_month: halts, cover_days: cover, ...rest };
}

test('the policy that knows the future is never called the best', () => {
  const found = [score('min_max', 0.8), score('no_stockout', 0.2), score('perfect_foresight', 0)];
  assert.deepEqual(bestPolicies(found, 'halts_per_line_month'), ['no_stockout']);
});

test('where all are alike none is the best', () => {
  assert.deepEqual(bestPolicies([score('min_max', 0), score('order_up_to', 0)], 'halts_per_line_month'), []);
});

test('a simulation is newer than what the setting up proved', () => {
  const board = { policies: [score('min_max', 1)], forecast: [] };
  const result = { policies: [score('order_up_to', 0.5)], days: 28 };
  const job = { kind: 'simulate', state: 'done', finished_at: '2026-01-02', result } as unknown as Job;
  assert.equal(proofOf([], board)?.at, null);
  assert.equal(proofOf([job], board)?.policies[0]?.policy, 'order_up_to');
  assert.equal(proofOf([], null), null);
});

test('days are a whole number from 1 to 366', () => {
  assert.deepEqual(['28', ' 1 ', '0', '367', '2.5', 'x', ''].map(parseDays), [28, 1, null, null, null, null, null]);
});
