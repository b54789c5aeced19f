/** Alerts as the control room lists them, and until when one may be put off. */

import type { Alert, Severity } from './api.ts';
import { toMs } from './time.ts';
import { instantIn } from './zoned.ts';

const RANK: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };
const DAY_MS = 86_400_000;

/** What is awake first, the most severe and then the newest first. */
export function inOrder(alerts: readonly Alert[]): Alert[] {
  const asleep = (alert: Alert) => Number(alert.snoozed_until !== null);
  return [...alerts].sort(
    (a, b) =>
      asleep(a) - asleep(b) || RANK[a.severity] - RANK[b.severity] || b.raised_at.localeCompare(a.raised_at),
  );
}

/** Whether nobody looks after it yet and it is awake. */
export function isFree(alert: Alert): boolean {
  return alert.acknowledged_by === null && alert.snoozed_until === null;
}

/** What an answer of a person changes about an alert: as long as it is the same, the answer is the newest. */
export function lifeOf(alert: Alert): string {
  return [alert.acknowledged_by, alert.snoozed_until, alert.resolved_at].join('|');
}

/** The next moment at which the plant's clocks show `06:00` or `0600`; null where it is no clock time. */
export function nextClock(typed: string, now: number, zone: string): number | null {
  const [, hour = '', minute = ''] = /^\s*(\d{1,2}):?(\d{2})\s*$/.exec(typed) ?? [];
  if (hour === '' || Number(hour) > 23 || Number(minute) > 59) return null;
  const clock = `${hour.padStart(2, '0')}:${minute}`;
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
  for (const ahead of [0, 1]) {
    const at = toMs(instantIn(zone, `${day.format(now + ahead * DAY_MS)}T${clock}`));
    if (at > now) return at;
  }
  return null;
}
