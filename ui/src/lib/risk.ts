/** How a halt probability is shown: a number, a level with its word, and a mark. */

import { t } from '../texts/index.ts';
import type { Action, Cell, ControlRoom } from './api.ts';

export type Level = 0 | 1 | 2 | 3 | 4;

/** Upper bounds of levels 0 to 3. */
const BOUNDS = [0.005, 0.05, 0.2, 0.5] as const;

export const LEVELS: readonly { level: Level; word: string; range: string }[] = ([0, 1, 2, 3, 4] as const).map((level) => ({
  level,
  word: t.risk.words[level] ?? '',
  range: t.risk.ranges[level] ?? '',
}));

export function levelOf(risk: number): Level {
  const index = BOUNDS.findIndex((bound) => risk < bound);
  return (index === -1 ? 4 : index) as Level;
}

export function wordOf(risk: number): string {
  return LEVELS[levelOf(risk)]?.word ?? '';
}

/** `·` for about nothing, `<1 %`, `3 %`, `>99 %` */
export function percent(risk: number): string {
  if (risk < 0.005) return '·';
  if (risk < 0.01) return '<1 %';
  if (risk > 0.99) return '>99 %';
  return `${Math.round(risk * 100)} %`;
}

/** As `percent`, where a lone dot would not be understood. */
export function percentInText(risk: number): string {
  return risk < 0.005 ? '<1 %' : percent(risk);
}

/** Which orders a grid counts: all that the policy plans, or the released ones only. */
export type Basis = 'planned' | 'released';

export function riskOf(cell: Cell, basis: Basis): number {
  return basis === 'planned' ? cell.risk : cell.risk_committed;
}

export type State = 'calm' | 'watch' | 'act' | 'halted';

/** The worst thing that needs eyes in this shift or the next; it colours the headline. */
export function worstState(room: ControlRoom): State {
  if (room.lines.some((line) => line.halted)) return 'halted';
  const soon = room.lines.flatMap((line) => line.cells.slice(0, 2).map((cell) => cell.risk));
  // Where orders leave by themselves, one that waits for its cut-off is no reason to hurry.
  const byThemselves = room.automation.mode === 'auto' && !room.automation.paused;
  const open = room.actions.filter((each) => each.state === 'proposed' && !byThemselves);
  const worst = Math.max(0, ...soon, ...open.map((action) => action.risk_before));
  if (worst >= BOUNDS[2] || room.alerts.some((alert) => alert.severity === 'critical')) return 'act';
  return worst >= BOUNDS[1] ? 'watch' : 'calm';
}

/** The actions that help one line with one part. */
export function actionsFor(actions: readonly Action[], lineId: string, cell: Cell): Action[] {
  return actions.filter(
    (action) => action.part_id === cell.part_id && action.lines.includes(lineId),
  );
}
