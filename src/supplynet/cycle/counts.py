"""What a count means when events do not come in the order in which things happened.

A count says what lay there at its moment. What happened before it is in it, whenever the books
learn of that; what happened at that moment or after it is not, even if the books knew it first.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Account, Movement
from supplynet.storage import ReadTx, ledger
from supplynet.storage.tables import events as event_table

Place = tuple[str, str]


class CountedStock:
    """Book stock at any moment, while a batch of events is posted one after the other.

    Args:
        tx: Before the batch is recorded.
        batch: What will be posted.
    """

    def __init__(self, tx: ReadTx, batch: Sequence[Event]) -> None:
        self._counted: dict[Place, list[datetime]] = defaultdict(list)
        self._steps: dict[Place, list[_Step]] = defaultdict(list)
        self._held: Counter[Place] = Counter()
        counts = [event.occurred_at for event in batch if event.type is EventType.COUNTED]
        if batch:
            self._read_counts(tx, min(event.occurred_at for event in batch))
        if counts:
            self._held.update(ledger.on_hand(tx))
            self._note(ledger.movements_between(tx, min(counts)))

    def at(self, place: Place, moment: datetime) -> int:
        """Book stock of (location, part) at a moment; asked for counts of the batch only."""
        later = sum(
            step.quantity
            for step in self._steps[place]
            if step.when > moment or (step.when == moment and not step.of_count)
        )
        return self._held[place] - later

    def post(self, event: Event, movements: Sequence[Movement]) -> list[Movement]:
        """The movements of an event, with those that a later count asks for."""
        posted = [*movements, *(more for move in movements for more in self._outranked(move))]
        for place, step in _steps(posted):
            self._held[place] += step.quantity
        self._note(posted)
        if event.type is EventType.COUNTED:
            insort(self._counted[event.location_id, event.part_id or ""], event.occurred_at)
        return posted

    def _read_counts(self, tx: ReadTx, since: datetime) -> None:
        """Counts after ``since``. One that is dated ahead of the books counts from when it came."""
        query = select(
            event_table.c.location_id,
            event_table.c.part_id,
            event_table.c.occurred_at,
            event_table.c.recorded_at,
        ).where(event_table.c.type == EventType.COUNTED.value, event_table.c.occurred_at > since)
        for place, part, occurred_at, recorded_at in tx.connection.execute(query):
            insort(self._counted[place, part], min(occurred_at, recorded_at))

    def _outranked(self, move: Movement) -> Iterator[Movement]:
        """Against every step before a known count: an equal one at the count, the other way."""
        for place, step in _steps([move]):
            counted = self._counted.get(place, [])
            following = bisect_right(counted, step.when)
            if following == len(counted):
                continue
            shelf = (place[0], Account.ON_HAND)
            books = (place[0], Account.ADJUSTMENT)
            gained = step.quantity > 0
            source, target = (shelf, books) if gained else (books, shelf)
            yield replace(
                move,
                movement_id=f"{move.movement_id}~{'in' if gained else 'out'}",
                quantity=abs(step.quantity),
                from_location=source[0],
                from_account=source[1],
                to_location=target[0],
                to_account=target[1],
                occurred_at=counted[following],
                reason=f"known late: the count at {counted[following].isoformat()} has it",
                shift_id=None,
                order_id=None,
            )

    def _note(self, movements: Iterable[Movement]) -> None:
        for place, step in _steps(movements):
            self._steps[place].append(step)


@dataclass(frozen=True, slots=True)
class _Step:
    """What a movement does to stock on hand.

    Attributes:
        of_count: Whether a count made it, so that it is no news to another at the same moment.
    """

    when: datetime
    quantity: int
    of_count: bool


def _steps(movements: Iterable[Movement]) -> Iterator[tuple[Place, _Step]]:
    """What movements do to stock on hand, by (location, part)."""
    for move in movements:
        of_count = Account.ADJUSTMENT in {move.from_account, move.to_account}
        if move.from_account is Account.ON_HAND:
            step = _Step(move.occurred_at, -move.quantity, of_count)
            yield (move.from_location, move.part_id), step
        if move.to_account is Account.ON_HAND:
            yield (move.to_location, move.part_id), _Step(move.occurred_at, move.quantity, of_count)
