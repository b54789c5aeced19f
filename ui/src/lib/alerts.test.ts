import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inOrder, isFree, nextClock } from './alerts.ts';
import type { Alert } from './api.ts';

const alert = (alert_id: string, rest: Partial<Alert>) =>
  ({ alert_id, severity: 'info', raised_at: '2026-01-05T10:00:00Z', acknowledged_by: null, snoozed_until: null, ...rest }) as Alert;

test('what sleeps is last, then the most severe and the newest are first', () => {
  const rows = [
    alert('asleep', { severity: 'critical', snoozed_until: '2026-01-05T12:00:00Z' }),
    alert('info', {}),
    alert('old', { severity: 'warning', raised_at: '2026-01-05T08:00:00Z' }),
    alert('new', { severity: 'warning' }),
  ];
  assert.deepEqual(inOrder(rows).map((each) => each.alert_id), ['new', 'old', 'info', 'asleep']);
  assert.deepEqual(rows.map(isFree), [false, true, true, true]);
});

test('a clock time is the next one of the plant, today or tomorrow', () => {
  const now = Date.parse('2026-01-05T21:58:00Z'); // 22:58 in Berlin
  const at = (typed: string) => new Date(nextClock(typed, now, 'Europe/Berlin') ?? 0).toISOString();
  assert.equal(at('23:30'), '2026-01-05T22:30:00.000Z');
  assert.equal(at('06:00'), '2026-01-06T05:00:00.000Z');
  assert.equal(at('600'), at('06:00'));
  assert.equal(at(' 6:00 '), at('06:00'));
  for (const typed of ['', '24:00', '6:60', '6', 'x']) assert.equal(nextClock(typed, now, 'Europe/Berlin'), null, typed);
});
