"""Events in, by every door, and what could not be taken."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from supplynet import cycle
from supplynet.connectors.event_body import parse_event
from supplynet.connectors.mqtt_sources import named_after
from supplynet.core.events import Event, EventType
from supplynet.cycle.letters import Letter, TakenLetters
from supplynet.errors import InvalidInput, NotAllowed, NotFound
from supplynet.services import reach
from supplynet.services.books import Books
from supplynet.storage import WriteTx, dead_letters, events, orders, requests
from supplynet.storage.alerts import AlertCause, Severity
from supplynet.storage.dead_letters import DeadLetter, LetterState
from supplynet.storage.within import Within

Row = dict[str, Any]
DEAD_LETTERS = "dead_letters"
SILENT_SOURCE = "silent_source"
KINDS = (DEAD_LETTERS, SILENT_SOURCE)
"""Kinds of alerts that ``causes`` reports."""
LOOK_BACK = timedelta(days=1)
SHORTEST_SILENCE = timedelta(minutes=30)
TIMES_THE_USUAL = 5
REPORTS_OF_A_MACHINE = 50
OF_MACHINES = (EventType.CONSUMED, EventType.COUNTER)


def take_in(
    books: Books,
    batch: Sequence[Event],
    *,
    actor: str,
    key: str | None = None,
    within: Within = None,
) -> Row:
    """Post events for a sender who waits for the answer: all of them, or none.

    Args:
        books: The workspace.
        batch: In the order in which they are to be posted.
        actor: Who sends them.
        key: Idempotency key of the request; the same again gets the same answer.
        within: Places that the sender may report of; None = all.

    Raises:
        NotAllowed: An event of another place, or of goods of an order that leaves another.
        ConflictingContent: A key was used before with other content.
        InvalidInput: An event that cannot be.
    """
    if within is not None:
        _check_reach(books, batch, within)
    asked = [[each.key, each.content_hash] for each in batch]
    with books.store.write(actor, books.now()) as tx:

        def post() -> Row:
            try:
                taken = cycle.post(tx, books.plant, batch, skew=skew_of(books))
            except NotFound as error:  # in the body: what is missing is not what was asked for
                raise InvalidInput(str(error)) from error
            return {"new": taken.new, "known": taken.known}

        return requests.once(tx, key, asked, post)


def _check_reach(books: Books, batch: Sequence[Event], within: Collection[str]) -> None:
    """Refuse what moves stock of other sites, or their orders.

    What is shipped is no stock of where it goes yet: who sends it need not be there.
    """
    plant, leaving = books.plant, []
    for event in batch:
        other = event.data.get("to_location")
        other = other if isinstance(other, str) else None
        sent = event.type is EventType.SHIPPED
        own = sent and event.location_id in within
        # Under another's source one could take the ids of what that one is about to report.
        reach.must_name(within, plant, named_after(plant, event.source))
        reach.must_name(within, plant, event.location_id, None if own else other)
        if sent and isinstance(event.data.get("order_id"), str):
            leaving.append(event.data["order_id"])
    with books.store.read() as tx:
        for order_id in leaving:
            try:
                order = orders.get(tx, order_id, within)
            except NotFound:  # whether it is another's or none at all
                text = f"order {order_id} leaves none of your sites: nothing was taken"
                raise NotAllowed(text) from None
            reach.must_hand_out(within, plant, order)


def take_letters(books: Books, letters: Sequence[Letter], *, actor: str) -> TakenLetters:
    """Post letters that nobody waits for; what cannot be posted is put aside with its reason.

    Raises:
        StoreError: Nothing was written; the letters may come again.
    """
    return cycle.take_in_letters(
        books.store, books.plant, letters, actor=actor, now=books.now(), skew=skew_of(books)
    )


def list_dead_letters(
    books: Books, *, state: LetterState = LetterState.WAITING, limit: int = 200, after: int = 0
) -> tuple[list[Row], int | None]:
    """Dead letters, oldest first, and the number of the last one (None after the last page)."""
    with books.store.read() as tx:
        found = dead_letters.list_letters(tx, states=[state], after=after, limit=limit + 1)
    page = found[:limit]
    return [_row(letter) for letter in page], page[-1].seq if len(found) > limit else None


def replay(books: Books, seq: int, *, actor: str, event: Event | None = None) -> Row:
    """Try a dead letter again, with a corrected event if given.

    Raises:
        NotFound: There is no such letter.
        InvalidInput: It cannot be read and no event is given.
    """
    with books.store.read() as tx:
        letter = dead_letters.get(tx, seq)
    said = parse_event(letter.payload) if event is None else event
    done = cycle.replay(books.store, books.plant, seq, said, actor=actor, now=books.now())
    return {"seq": seq, "taken": done.taken is not None, "reason": done.reason}


def replay_waiting(books: Books, *, actor: str) -> list[Row]:
    """Try every waiting letter once, oldest first: after a plant file was mended, for example."""
    with books.store.read() as tx:
        waiting = dead_letters.list_letters(tx, limit=100_000)
    return [_replayed(books, letter, actor) for letter in waiting]


def drop(books: Books, seq: int, *, actor: str, reason: str, key: str | None = None) -> Row:
    """Say that a dead letter is worth nothing; it is kept, and no longer waits.

    Raises:
        NotFound: There is no such letter.
        ConflictingContent: The key was used for something else.
    """

    def do(tx: WriteTx) -> Row:
        dead_letters.get(tx, seq)
        dead_letters.decide(tx, [seq], LetterState.DROPPED, reason)
        return _row(dead_letters.get(tx, seq))

    with books.store.write(actor, books.now()) as tx:
        return requests.once(tx, key, ["drop letter", seq, reason], lambda: do(tx))


def causes(books: Books, now: datetime) -> list[AlertCause]:
    """What is wrong with what comes in: letters put aside, sources that have fallen silent."""
    working_since = _working_since(books, now)
    heard: list[events.Heard] = []
    with books.store.read() as tx:
        waiting = dead_letters.waiting(tx)
        if working_since is not None:  # nobody sends anything on a Sunday
            heard = events.heard(tx, now - LOOK_BACK, now, OF_MACHINES)
    found = [
        _silent(each, now)
        for each in heard
        if working_since is not None and _is_silent(each, working_since, now)
    ]
    if waiting:
        found.append(
            AlertCause(
                severity=Severity.WARNING,
                kind=DEAD_LETTERS,
                message=(
                    f"{waiting:,} messages could not be taken in: stock may be wrong; see "
                    "supplynet intake letters, then replay or drop them."
                ),
            )
        )
    return found


def _working_since(books: Books, now: datetime) -> datetime | None:
    """Start of the shift that runs now; None while the plant rests."""
    running = (calendar.shift_at(now) for calendar in books.plant.calendars)
    return min((shift.start for shift in running if shift is not None), default=None)


def _is_silent(heard: events.Heard, working_since: datetime, now: datetime) -> bool:
    """Longer than five times its usual pause, and than half an hour, of working time."""
    if heard.reports < REPORTS_OF_A_MACHINE:  # a person with a scanner keeps no rhythm
        return False
    silent = now - max(heard.last, working_since)
    return silent > max(SHORTEST_SILENCE, TIMES_THE_USUAL * heard.usual_pause)


def _silent(heard: events.Heard, now: datetime) -> AlertCause:
    minutes = (now - heard.last).total_seconds() / 60
    usual = heard.usual_pause.total_seconds() / 60
    return AlertCause(
        severity=Severity.WARNING,
        kind=SILENT_SOURCE,
        message=(
            f"{heard.source} has sent nothing for {minutes:,.0f} minutes (usually every "
            f"{usual:,.0f}): what its lines use is not known; look at the machine and its network."
        ),
        location_id=heard.source,
    )


def _replayed(books: Books, letter: DeadLetter, actor: str) -> Row:
    try:
        return replay(books, letter.seq, actor=actor)
    except InvalidInput as error:
        return {"seq": letter.seq, "taken": False, "reason": str(error)}


def skew_of(books: Books) -> timedelta:
    """How far ahead of the books' clock a sender's clock may go."""
    return timedelta(minutes=books.settings.clock_skew_minutes)


def _row(letter: DeadLetter) -> Row:
    return {
        "seq": letter.seq,
        "channel": letter.channel,
        "source": letter.source,
        "payload": letter.payload.decode("utf-8", "backslashreplace"),
        "reason": letter.reason,
        "state": letter.state.value,
        "tries": letter.tries,
        "received_at": letter.received_at,
        "decided_at": letter.decided_at,
        "decided_by": letter.decided_by,
    }
