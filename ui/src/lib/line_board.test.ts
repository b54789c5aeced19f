import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Announcement, ComingOrder, TroublePlace } from './line_board.ts';
import {
  announcementEvent,
  boardRows,
  nextClock,
  nextDelivery,
  stateOf,
  troubleEvent,
  withdrawalEvent,
} from './line_board.ts';

const HOUR = 3_600_000;
const order = (part: string, hours: number, rest: Partial<ComingOrder> = {}) =>
  ({
    part_id: part,
    quantity: 100,
    received: 0,
    short: 0,
    damaged: 0,
    state: 'approved',
    arrives_at: new Date(hours * HOUR).toISOString(),
    cutoff_at: new Date((hours - 1) * HOUR).toISOString(),
    ...rest,
  }) as ComingOrder;

test('the next delivery is the earliest that is released and not yet in, added up by moment', () => {
  const orders = [
    order('P-1', 5),
    order('P-1', 2, { state: 'shipped', received: 60 }),
    order('P-1', 2, { state: 'shipped' }),
    order('P-1', 1, { state: 'proposed' }),
    order('P-1', 1, { state: 'shipped', received: 100 }),
    order('P-2', 0),
  ];
  assert.deepEqual(nextDelivery(orders, 'P-1'), { arrivesAt: 2 * HOUR, quantity: 140, onRoad: true });
  assert.equal(nextDelivery(orders, 'P-3'), null);
});

test('what is proposed is told where nothing else comes, and saves nobody from acting', () => {
  const stock = ['a', 'b'].map((part) => ({ location_id: 'SR1', part_id: part, on_hand: 9, unit: 'pcs', cover_shifts: 0.5 }));
  const orders = [order('a', 1, { state: 'proposed' }), order('b', 1, { state: 'proposed' }), order('b', 2)];
  const [a, b] = boardRows(['a', 'b'], stock, orders, 0, 12);
  assert.deepEqual([a?.state, a?.next, a?.proposed?.arrivesAt], ['act', null, HOUR]);
  assert.deepEqual([b?.state, b?.next?.arrivesAt, b?.proposed], ['watch', 2 * HOUR, null]);
  const missed = boardRows(['a'], stock, [order('a', 0.5, { state: 'proposed' })], 0, 12);
  assert.equal(missed[0]?.proposed, null, 'its cut-off has passed');
});

test('a part needs somebody only if it runs out before more comes', () => {
  const at = (hours: number) => ({ arrivesAt: hours * HOUR, quantity: 1, onRoad: true });
  assert.equal(stateOf(0, 0, at(1), 0, 12), 'out');
  assert.equal(stateOf(5, 0.5, at(7), 0, 12), 'act');
  assert.equal(stateOf(5, 0.5, null, 0, 12), 'act');
  assert.equal(stateOf(5, 0.5, at(6), 0, 12), 'watch');
  assert.equal(stateOf(5, 1, null, 0, 12), 'ok');
  assert.equal(stateOf(5, null, null, 0, 12), 'ok');
});

test('the worst part comes first, then what lasts least', () => {
  const stock = [
    { location_id: 'SR1', part_id: 'a', on_hand: 9, unit: 'pcs', cover_shifts: 2 },
    { location_id: 'SR1', part_id: 'b', on_hand: 9, unit: 'pcs', cover_shifts: 0.4 },
    { location_id: 'SR1', part_id: 'c', on_hand: 9, unit: 'pcs', cover_shifts: 1.2 },
  ];
  assert.deepEqual(boardRows(['a', 'b', 'c', 'd'], stock, [], 0, 12).map((row) => row.part), ['d', 'b', 'c', 'a']);
});

const teller = { event_id: 'e1', source: 'board-1', occurred_at: '2026-01-05T22:00:00.000Z' };
const place: TroublePlace = { stockPoint: 'SR1', station: 'SR1.ST1', source: 'WH1', sourceIsSupplier: false };

test('short is a count, damaged is scrap, a wrong part goes back to where it came from', () => {
  assert.deepEqual(
    [troubleEvent(teller, 'short', 'P-1', 0, place), troubleEvent(teller, 'damaged', 'P-1', 3, place)].map((each) => [
      each.type,
      each.quantity,
      each.location_id,
    ]),
    [
      ['counted', 0, 'SR1'],
      ['scrapped', 3, 'SR1'],
    ],
  );
  const wrong = troubleEvent(teller, 'wrong', 'P-1', 20, place);
  assert.deepEqual([wrong.type, wrong.data.to_location], ['shipped', 'WH1']);
  const bought = troubleEvent(teller, 'wrong', 'P-1', 20, { ...place, source: 'SUP1', sourceIsSupplier: true });
  assert.equal(bought.type, 'returned');
  assert.equal(troubleEvent(teller, 'wrong', 'P-1', 20, { ...place, source: null }).type, 'scrapped');
});

test('a stop from now on is a fact, one that lies ahead a change of the plan', () => {
  const said: Announcement = { what: 'stop', line: 'SR1.ST1.A', percent: 100, from: null, until: null, reason: 'tool' };
  assert.equal(announcementEvent(teller, said).type, 'line_stopped');
  assert.deepEqual(announcementEvent(teller, said).data, { from: teller.occurred_at, reason: 'tool' });
  const later = announcementEvent(teller, { ...said, from: '2026-01-06T02:00:00.000Z' });
  assert.deepEqual([later.type, later.data.what], ['plan_changed', 'line_stopped']);
  assert.equal(announcementEvent(teller, { ...said, what: 'resume' }).type, 'line_resumed');
  assert.equal(announcementEvent(teller, { ...said, what: 'rate', percent: 80 }).data.percent, 80);
});

test('what is taken back names what was said, at the same line', () => {
  const back = withdrawalEvent(teller, 'SR1.ST1.A', 'board-1/e7');
  assert.deepEqual([back.type, back.location_id, back.data], ['plan_changed', 'SR1.ST1.A', { what: 'withdrawn', withdraws: 'board-1/e7' }]);
});

test('a clock time is the next one, also past midnight', () => {
  const clock = (at: number) => new Date(at).toISOString().slice(11, 16);
  assert.equal(nextClock('23:30', 23 * HOUR, clock), 23.5 * HOUR);
  assert.equal(nextClock('02:00', 23 * HOUR, clock), 26 * HOUR);
  assert.equal(nextClock('2', 0, clock), null);
});
