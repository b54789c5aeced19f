"""What lines used, by whatever tells it: one way of counting for each (line, part), never two."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from supplynet.core.counters import Read, counted, read_of, used_between
from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Movement
from supplynet.core.network import DEFAULT_PRODUCT, CountedBy, LocationKind, Plant
from supplynet.core.postings import used
from supplynet.errors import InvalidInput
from supplynet.storage import ReadTx, WriteTx, counters
from supplynet.storage.counters import ConsumptionSource, CounterKey

_BUILT = "/"
"""No part id begins with it: what follows is the product of a counter of units built."""


class Counting:
    """Reads of counters and ways of counting, while a batch of events is posted one by one.

    Args:
        tx: Of the batch.
        plant: Where it happened.
        batch: What will be posted.
    """

    def __init__(self, tx: ReadTx, plant: Plant, batch: Sequence[Event]) -> None:
        self._plant = plant
        self._reads = counters.reads_from(tx, _moments(batch))
        self._new_reads: list[tuple[CounterKey, Read]] = []
        self._new_sources: dict[tuple[str, str], ConsumptionSource] = {}
        self._sources = counters.consumption_sources(tx, _pairs(batch, plant))

    def reported(self, event: Event) -> None:
        """Check that a report of use is the way in which the use of its part is known.

        Raises:
            InvalidInput: It is known in another way, and would be counted twice.
        """
        assert event.part_id is not None, "movements_of has looked at it"
        self._claim(event, event.part_id, CountedBy.REPORTED)

    def movements(self, event: Event, recorded_at: datetime) -> list[Movement]:
        """Movements of a ``counter`` event: what was used since the read before it.

        Where the read is a late one, the difference that was booked for the read after it is
        corrected at that read's moment.

        Raises:
            NotFound, InvalidInput: No such place or part, not a line, a read that cannot be, or
                the part is counted in another way.
        """
        plant, read = self._plant, read_of(event)
        line = plant.location(event.location_id)
        if line.kind is not LocationKind.LINE:
            raise InvalidInput(
                f"event {event.key} (counter) is at a {line.kind.value}; only a line has counters"
            )
        plant.stock_point_of(line.location_id)
        if event.part_id is not None:
            plant.part(event.part_id)
        key = _key(event)
        reads = self._reads[key]
        place = bisect_left(reads, read)
        before = reads[place - 1] if place else None
        after = reads[place] if place < len(reads) else None
        moves = []
        for number, (part, quantity) in enumerate(self._used(event, before, read).items()):
            if quantity:
                name = f"{event.key}#{number}"
                moves.append(
                    used(event, plant, part, quantity, movement_id=name, recorded_at=recorded_at)
                )
        if after is not None:
            moves += self._corrected(event, (before, read, after), recorded_at)
        reads.insert(place, read)
        self._new_reads.append((key, read))
        return moves

    def write(self, tx: WriteTx) -> None:
        """Keep what the batch has brought."""
        counters.add_reads(tx, self._new_reads)
        counters.add_consumption_sources(tx, self._new_sources)

    def _used(self, event: Event, before: Read | None, after: Read) -> dict[str, int]:
        """Parts used between two reads; only those whose use is known by this counter."""
        span = counted(before, after)
        if event.part_id is not None:
            self._claim(event, event.part_id, CountedBy.COUNTER)
            return {event.part_id: span[1] - span[0]}
        day = _day(self._plant, event.location_id, after.occurred_at)
        taken = used_between(self._plant, event.location_id, span, day, _product(event))
        return {part: taken[part] for part in taken if self._is_built(event, part)}

    def _corrected(
        self, event: Event, reads: tuple[Read | None, Read, Read], recorded_at: datetime
    ) -> Iterator[Movement]:
        """What the read after a late one was booked too much or too little."""
        before, read, after = reads
        more = Counter(self._used(event, read, after))
        more.subtract(self._used(event, before, after))
        for number, (part, quantity) in enumerate(sorted(more.items())):
            if quantity:
                yield used(
                    event,
                    self._plant,
                    part,
                    quantity,
                    movement_id=f"{event.key}#{number}~next",
                    recorded_at=recorded_at,
                    at=after.occurred_at,
                )

    def _claim(self, event: Event, part_id: str, way: CountedBy) -> None:
        known = self._way(event.location_id, part_id)
        if known is not None and known is not way:
            raise InvalidInput(
                f"event {event.key} ({event.type.value}): the use of {part_id} at "
                f"{event.location_id} is {_SAYS[known]} already and would be counted twice; stop "
                "one of the two, or say counted_by in requirements.csv"
            )
        self._remember(event, part_id, way)

    def _is_built(self, event: Event, part_id: str) -> bool:
        """Whether units built tell the use of a part; a counter of units leaves others alone."""
        known = self._way(event.location_id, part_id)
        if known is None:
            self._remember(event, part_id, CountedBy.BUILT)
        return known in {None, CountedBy.BUILT}

    def _way(self, line_id: str, part_id: str) -> CountedBy | None:
        said = self._plant.counted_by.get((line_id, part_id))
        known = self._sources.get((line_id, part_id))
        return known if said is None else said

    def _remember(self, event: Event, part_id: str, way: CountedBy) -> None:
        pair = (event.location_id, part_id)
        if pair not in self._sources:
            self._sources[pair] = way
            self._new_sources[pair] = ConsumptionSource(
                counted_by=way, source=event.source, since=event.occurred_at
            )


_SAYS = {
    CountedBy.REPORTED: "reported in events",
    CountedBy.COUNTER: "read from a counter",
    CountedBy.BUILT: "reckoned from the units built",
}


def _pairs(batch: Sequence[Event], plant: Plant) -> set[tuple[str, str]]:
    """(line, part) whose use a batch may tell."""
    found = set()
    for event in batch:
        if event.type not in {EventType.COUNTER, EventType.CONSUMED}:
            continue
        if event.part_id is not None:
            found.add((event.location_id, event.part_id))
        else:
            rows = plant.requirements_of_line.get(event.location_id, ())
            found |= {(event.location_id, row.part_id) for row in rows}
    return found


def _moments(batch: Sequence[Event]) -> dict[CounterKey, datetime]:
    """Counters that are read in a batch, and the earliest moment of each."""
    found: dict[CounterKey, datetime] = {}
    for event in batch:
        if event.type is EventType.COUNTER and isinstance(event.data.get("product", ""), str):
            key = _key(event)
            found[key] = min(event.occurred_at, found.get(key, event.occurred_at))
    return found


def _key(event: Event) -> CounterKey:
    part = event.part_id if event.part_id is not None else _BUILT + _product(event)
    return event.location_id, part, event.source


def _product(event: Event) -> str:
    product = event.data.get("product", DEFAULT_PRODUCT)
    if not isinstance(product, str):
        raise InvalidInput(f"event {event.key} (counter) has product {product!r}; a name is right")
    return product[:63]


def _day(plant: Plant, line_id: str, moment: datetime) -> date:
    shift = plant.calendar_of(line_id).shift_of(moment) if plant.calendars else None
    return moment.date() if shift is None else shift.day
