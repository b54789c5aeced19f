"""Letters -> ledger: what comes in without anybody waiting for an answer (MQTT, files).

Nobody could read a refusal, so nothing is refused: what can be posted is, and what cannot is put
aside with its reason (``storage.dead_letters``), in the same transaction. When ``take_in_letters``
returns, every letter is in the books, one way or the other, and may be acknowledged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from supplynet.core.events import Event
from supplynet.core.network import Plant
from supplynet.cycle.intake import TakenIn, post, post_each
from supplynet.errors import StoreError, SupplyNetError
from supplynet.storage import Store, WriteTx, dead_letters
from supplynet.storage.dead_letters import LetterState

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Something that came in.

    Attributes:
        channel: How: ``mqtt``, ``file``.
        source: From where, for the person who looks at it: a topic, a file and row.
        payload: As it came.
        event: What it says; None when it cannot be read.
        problem: Why it cannot be read.
    """

    channel: str
    source: str
    payload: bytes
    event: Event | None = None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class TakenLetters:
    """What became of letters; the three add up to all of them.

    Attributes:
        new: Posted.
        known: There already.
        dead: Those put aside, with the reason as ``problem``.
    """

    new: int = 0
    known: int = 0
    dead: tuple[Letter, ...] = ()


def take_in_letters(
    store: Store,
    plant: Plant,
    letters: Sequence[Letter],
    *,
    actor: str,
    now: datetime,
    skew: timedelta | None = None,
) -> TakenLetters:
    """Post letters and put aside those that cannot be posted, in one transaction.

    Args:
        store: The books.
        plant: Where things happened.
        letters: In the order in which they came.
        actor: Who brings them.
        now: The books' clock.
        skew: How far ahead of it a sender's clock may go; None = that is not looked at.

    Raises:
        StoreError: The database cannot be written; nothing was, and the letters may come again.
    """
    try:
        with store.write(actor, now) as tx:
            return _take(tx, plant, letters, skew)
    except StoreError:
        raise
    except Exception as error:
        if len(letters) == 1:
            log.exception("a letter could not be taken", source=letters[0].source)
            return _put_aside(store, letters[0], error, actor=actor, now=now)
    # One letter that nobody foresaw must not hold up the others.
    taken = [
        take_in_letters(store, plant, [letter], actor=actor, now=now, skew=skew)
        for letter in letters
    ]
    return TakenLetters(
        new=sum(each.new for each in taken),
        known=sum(each.known for each in taken),
        dead=tuple(letter for each in taken for letter in each.dead),
    )


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What became of a dead letter that was tried again; ``reason`` is "" when it was taken."""

    seq: int
    taken: TakenIn | None = None
    reason: str = ""


def replay(
    store: Store, plant: Plant, seq: int, event: Event, *, actor: str, now: datetime
) -> Replayed:
    """Post the event of a dead letter, perhaps corrected, and close the letter; or say why not.

    Raises:
        NotFound: There is no such letter.
    """
    with store.read() as tx:
        dead_letters.get(tx, seq)
    try:
        with store.write(actor, now) as tx:
            taken = post(tx, plant, [event])
            dead_letters.decide(tx, [seq], LetterState.REPLAYED)
    except StoreError:
        raise
    except SupplyNetError as error:
        with store.write(actor, now) as tx:
            dead_letters.tried(tx, seq, str(error))
        return Replayed(seq=seq, reason=str(error))
    return Replayed(seq=seq, taken=taken)


def _take(
    tx: WriteTx, plant: Plant, letters: Sequence[Letter], skew: timedelta | None
) -> TakenLetters:
    dead = [letter for letter in letters if letter.event is None]
    readable = [letter for letter in letters if letter.event is not None]
    letter_of: dict[int, Letter] = {id(letter.event): letter for letter in readable}

    def put_aside(event: Event, error: SupplyNetError) -> None:
        dead.append(replace(letter_of[id(event)], problem=str(error)))

    batch = [letter.event for letter in readable if letter.event is not None]
    taken = post_each(tx, plant, batch, put_aside, skew=skew)
    for letter in dead:
        dead_letters.add(tx, letter.channel, letter.source, letter.payload, letter.problem)
    if dead:
        tx.note("letters_put_aside", dead[0].channel, after={"count": len(dead)})
    return TakenLetters(new=taken.new, known=taken.known, dead=tuple(dead))


def _put_aside(
    store: Store, letter: Letter, error: Exception, *, actor: str, now: datetime
) -> TakenLetters:
    name = "" if isinstance(error, SupplyNetError) else f"{type(error).__name__}: "
    dead = replace(letter, problem=f"{name}{error}")
    with store.write(actor, now) as tx:
        dead_letters.add(tx, dead.channel, dead.source, dead.payload, dead.problem)
        tx.note("letters_put_aside", dead.channel, after={"count": 1})
    return TakenLetters(dead=(dead,))
