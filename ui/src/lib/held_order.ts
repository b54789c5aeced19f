/** The action list must not move under the hand that is about to press a button. */

import type { Action } from './api.ts';

export interface Listed {
  action: Action;
  /** The order is no longer in the newest figures, but its place is kept for now. */
  gone: boolean;
}

/**
 * The list to show next.
 *
 * Free: the newest list as it came. Held: everything keeps its place, figures are the newest, what
 * is gone stays marked, what is new goes to the end.
 */
export function nextList(
  shown: readonly Listed[],
  newest: readonly Action[],
  held: boolean,
): Listed[] {
  if (!held) return newest.map((action) => ({ action, gone: false }));
  const byId = new Map(newest.map((action) => [action.order_id, action]));
  const kept = shown.map((entry) => {
    const action = byId.get(entry.action.order_id);
    byId.delete(entry.action.order_id);
    return action ? { action, gone: false } : { action: entry.action, gone: true };
  });
  return [...kept, ...[...byId.values()].map((action) => ({ action, gone: false }))];
}
