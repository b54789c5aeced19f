import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Entry } from './queue.ts';
import { nextToSend, outcomeOf, secondsToUndo, waitingOf } from './queue.ts';

const entry = (seq: number, rest: Partial<Entry> = {}): Entry => ({
  seq,
  actor: 'piet',
  path: `orders/${seq}/pick`,
  body: {},
  key: `key-${seq}`,
  says: '',
  about: String(seq),
  madeAt: 0,
  notBefore: 0,
  refusal: null,
  ...rest,
});

test('writes go in the order in which they were meant, whatever order they are kept in', () => {
  assert.equal(nextToSend([entry(3), entry(1), entry(2)], 'piet', 0)?.seq, 1);
});

test('one that may still be withdrawn holds up those after it', () => {
  const kept = [entry(1, { notBefore: 5_000 }), entry(2)];
  assert.equal(nextToSend(kept, 'piet', 4_999), null);
  assert.equal(nextToSend(kept, 'piet', 5_000)?.seq, 1);
  assert.equal(secondsToUndo(kept[0] as Entry, 1), 5);
  assert.equal(secondsToUndo(kept[0] as Entry, 5_000), 0);
});

test('the queue stops at a refusal until a person decides', () => {
  const kept = [entry(1, { refusal: 'it was shipped already' }), entry(2)];
  assert.equal(nextToSend(kept, 'piet', 0), null);
  assert.equal(waitingOf(kept, 'piet').refused?.seq, 1);
  assert.equal(waitingOf(kept, 'piet').toSend, 2);
  assert.equal(nextToSend(kept.slice(1), 'piet', 0)?.seq, 2);
});

test("nobody sends what another person meant, nor waits for another's refusal", () => {
  const kept = [entry(1, { actor: 'ana', refusal: 'no' }), entry(2, { actor: 'ana' }), entry(3)];
  assert.equal(nextToSend(kept, 'piet', 0)?.seq, 3);
  assert.deepEqual(waitingOf(kept, 'piet').others, [{ actor: 'ana', count: 2 }]);
  assert.equal(waitingOf(kept, 'piet').toSend, 1);
});

test('no answer, a busy server and an ended session keep a write; a refusal shows it', () => {
  for (const status of [0, 408, 429, 500, 502, 503, 504]) assert.equal(outcomeOf(status, '').kind, 'later', String(status));
  assert.equal(outcomeOf(401, '').kind, 'signed_out');
  assert.equal(outcomeOf(200, '').kind, 'done');
  for (const status of [400, 403, 404, 409, 412, 422]) {
    assert.deepEqual(outcomeOf(status, 'said why'), { kind: 'refused', says: 'said why' });
  }
});
