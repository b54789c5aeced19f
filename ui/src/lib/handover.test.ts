import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Alert, ControlRoom } from './api.ts';
import { alertsOf, deliveriesDue, haltsOf, risksOf } from './handover.ts';
import type { HaltAlert } from './handover.ts';
import type { ComingOrder } from './line_board.ts';

const at = (hour: number) => new Date(hour * 3_600_000).toISOString();
const shift = { shift_id: 's', name: 'day', start: at(6), end: at(14) };

test('a halt counts from the start of the shift, to its end or until now', () => {
  const halted = (line: string, from: number, to: number | null) =>
    ({ kind: 'halted', location_id: line, part_id: null, raised_at: at(from), resolved_at: to === null ? null : at(to), message: '' }) satisfies HaltAlert;
  const alerts = [halted('A', 5, 7), halted('A', 10, null), halted('B', 8, 9), halted('A', 3, 4), { ...halted('A', 8, 9), kind: 'late' }];
  assert.deepEqual(
    haltsOf(alerts, ['A'], shift, Date.parse(at(12))).map(({ minutes, going }) => [minutes, going]),
    [
      [60, false],
      [120, true],
    ],
  );
});

test('risks are those of the asked shift, the likeliest first, without what is safe', () => {
  const cell = (risk: number) => ({ risk, part_id: 'P', runs_out_at: null });
  const lines = ['A', 'B', 'C'].map((id, place) => ({ line_id: id, cells: [cell(0.9), cell([0.06, 0.5, 0.01][place] ?? 0)] }));
  const room = { shifts: [{ ...shift, start: at(0) }, shift], lines } as unknown as ControlRoom;
  assert.deepEqual(risksOf(room, ['A', 'B', 'C'], shift).map((each) => each.line), ['B', 'A']);
});

test('deliveries are vehicles: their parts together, on the road only if all of it is', () => {
  const order = (lane: string, arrives: number, state: string) =>
    ({ lane_id: lane, from_location: 'WH1', departure_at: at(1), arrives_at: at(arrives), quantity: 10, received: 0, short: 0, damaged: 0, state }) as ComingOrder;
  const found = deliveriesDue([order('L1', 9, 'shipped'), order('L1', 9, 'picked'), order('L2', 8, 'shipped'), order('L3', 20, 'shipped')], Date.parse(at(14)));
  assert.deepEqual(found.map((each) => [each.lane, each.parts, each.quantity, each.onRoad]), [
    ['L2', 1, 10, true],
    ['L1', 2, 20, false],
  ]);
});

test('alerts are those of the station, the worst first', () => {
  const alert = (severity: Alert['severity'], place: string | null, part: string | null = null) =>
    ({ severity, location_id: place, part_id: part, raised_at: at(1) }) as Alert;
  const alerts = [alert('info', 'A'), alert('critical', 'A', 'P-1'), alert('warning', 'X'), alert('warning', 'A', 'P-9'), alert('warning', null)];
  assert.deepEqual(alertsOf(alerts, ['A'], ['P-1']).map((each) => each.severity), ['critical', 'info']);
});
