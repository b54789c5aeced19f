import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Job } from './admin.ts';
import { bestOf, errorsOf, gainOf, smallShare, summed, worstRules } from './learning.ts';
import type { ErrorRow, QualityRule, SeriesPoint } from './learning.ts';

function row(model: string, pinball: number, coverage_80 = 0.8, bias = 0): ErrorRow {
  return { model, pinball, mase: pinball, wape: pinball, bias, coverage_80 };
}

function job(kind: string, finished_at: string, result: unknown): Job {
  return {
    job_id: kind + finished_at,
    kind,
    state: 'done',
    progress: 1,
    message: '',
    result,
    error: null,
    cancel_requested: false,
    submitted_by: 'a',
    created_at: finished_at,
    started_at: finished_at,
    finished_at,
  };
}

function point(part_id: string, observed: number | null, odd = false): SeriesPoint {
  return { part_id, period_start: '2026-01-01', shift: 'day', observed, expected: 1, low: 0, high: 2, odd };
}

test('the best has the least loss; of coverage the one nearest to 80 %, of bias the nearest to none', () => {
  const rows = [row('a', 2, 0.95, -0.01), row('b', 1, 0.7, 0.3), row('c', 3, 0.78, 0.2)];
  assert.equal(bestOf(rows, 'pinball'), 'b');
  assert.equal(bestOf(rows, 'coverage_80'), 'c');
  assert.equal(bestOf(rows, 'bias'), 'a');
  assert.equal(bestOf([{ ...row('a', 2), mase: null }], 'mase'), null);
});

test('a model that loses 3 where the best naive loses 4 gains a quarter', () => {
  const rows = [row('lstm', 3), row('seasonal_naive', 5), row('shift_mean', 4)];
  assert.equal(gainOf(rows[0]!, rows), 25);
  assert.equal(gainOf(rows[1]!, rows), null);
});

test('the newest backtest or training tells the errors; before the first it is the proof', () => {
  const jobs = [
    job('train', '2026-01-01', { backtest: [{ model: 'old', pinball: 1 }] }),
    job('backtest', '2026-01-02', {
      overall: [{ model: 'new', pinball: 1, coverage_80: NaN }],
      by: { step: [{ model: 'new', step: 1, mase: 0.5 }] },
    }),
    job('simulate', '2026-01-03', {}),
  ];
  const found = errorsOf(jobs, []);
  assert.equal(found?.source, 'backtest');
  assert.deepEqual(found?.rows[0], { model: 'new', mase: null, wape: null, pinball: 1, bias: null, coverage_80: null });
  assert.equal(found?.steps[0]?.mase, 0.5);
  assert.equal(errorsOf([], [{ model: 'x', mase: 1 }])?.source, 'demo');
  assert.equal(errorsOf([], []), null);
});

test('parts of one anomaly are added up, and what is not known of one is not known of all', () => {
  const [sum] = summed([point('a', 2), point('b', 3, true)]);
  assert.deepEqual([sum?.observed, sum?.high, sum?.odd], [5, 4, true]);
  assert.equal(summed([point('a', null), point('b', 3)])[0]?.observed, null);
});

test('errors come before warnings, and a rule without a finding is not shown', () => {
  const rule = (name: string, severity: QualityRule['severity'], count: number): QualityRule => ({
    rule: name,
    severity,
    count,
    total: 100,
    unit: 'rows',
    share: count / 100,
    sentence: '',
  });
  const found = worstRules([rule('a', 'info', 9), rule('b', 'warning', 2), rule('c', 'error', 1), rule('d', 'error', 0)]);
  assert.deepEqual(found.map((each) => each.rule), ['c', 'b', 'a']);
});

test('a small share is a small share', () => {
  const shown = [0, 0.00001, 0.0142, 0.5, 0.986, 1].map(smallShare);
  assert.deepEqual(shown, ['0 %', 'below 0.1 %', '1.4 %', '50 %', '98.6 %', '100 %']);
});
