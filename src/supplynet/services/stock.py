"""Stock at any moment, the movements behind it, and what people report of it by hand."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.core.ids import id_of
from supplynet.core.ledger import Account, Movement
from supplynet.core.network import Plant
from supplynet.errors import InvalidInput, NotFound
from supplynet.services import reach
from supplynet.services.books import Books
from supplynet.services.intake import skew_of
from supplynet.storage import WriteTx, ledger, requests
from supplynet.storage.ledger import MovementFilter
from supplynet.storage.within import Within

Row = dict[str, Any]
Pair = tuple[str, str]
What = Literal["count", "scrap", "return", "transfer"]
_SHOWN = (Account.ON_HAND.value, Account.BLOCKED.value, Account.IN_TRANSIT.value)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a person says of the stock of one part at one place.

    Attributes:
        what: ``count``: so many lie here. ``scrap``: so many go to waste. ``return``: a line gives
            so many back, or they go back to ``to_location``. ``transfer``: so many go to
            ``to_location`` and are there.
        quantity, packs: How many, in the part's unit or in containers of the supply rule; one of
            both.
        received: False leaves a transfer under way until its receipt is reported.
        occurred_at: When it was so, aware; None = now.
        key: Of this report: the same again is done once; None = it will not come again.
    """

    what: What
    location_id: str
    part_id: str
    quantity: int | None = None
    packs: int | None = None
    to_location: str | None = None
    received: bool = True
    reason: str = ""
    occurred_at: datetime | None = None
    key: str | None = None


def report(books: Books, said: Report, *, actor: str, within: Within = None) -> Row:
    """Post what a person reports, as events like those of a scanner.

    Returns:
        ``location_id``, ``part_id``, ``unit``, the ``quantity`` that was reported, ``on_hand``
        there now, and ``event_ids``.

    Raises:
        InvalidInput: No such place or part, no whole quantity, or it cannot be there.
        ConflictingContent: The key was used for another report.
        NotAllowed: It names a place that is not ``within`` those of the actor.
    """
    if within is not None:
        reach.must_name(within, books.plant, said.location_id, said.to_location)
    with books.store.write(actor, books.now()) as tx:
        key = None if said.key is None else f"{actor}:{said.key}"
        return requests.once(tx, key, asdict(said), lambda: _post(tx, books, said, actor))


def _post(tx: WriteTx, books: Books, said: Report, actor: str) -> Row:
    try:
        part = books.plant.part(said.part_id)
        books.plant.location(said.location_id)
        batch = list(_events(said, books.plant, actor, tx.now))
        cycle.post(tx, books.plant, batch, skew=skew_of(books))
        place = books.plant.stock_point_of(said.location_id)
    except NotFound as error:  # in the body: what is missing is not what was asked for
        raise InvalidInput(str(error)) from error
    return {
        "location_id": said.location_id,
        "part_id": said.part_id,
        "unit": part.unit,
        "quantity": batch[0].quantity,
        "on_hand": ledger.on_hand(tx).get((place, said.part_id), 0),
        "event_ids": [event.key for event in batch],
    }


def _events(said: Report, plant: Plant, actor: str, now: datetime) -> Iterator[Event]:
    name = said.key or str(uuid.uuid4())
    quantity = _quantity(said, plant)
    data: Row = {"reason": said.reason} if said.reason else {}
    if said.what in {"return", "transfer"} and said.to_location:
        data["to_location"] = said.to_location
    if said.what == "transfer" and not said.to_location:
        raise InvalidInput("a transfer needs to_location: where the parts go")
    if said.what in {"count", "scrap"} and said.to_location:
        raise InvalidInput(f"a {said.what} has no to_location; a transfer has")

    def event(kind: EventType, place: str, suffix: str, data: Row) -> Event:
        return Event(
            source=id_of(actor),
            event_id=f"{name}{suffix}",
            type=kind,
            occurred_at=said.occurred_at or now,
            location_id=place,
            part_id=said.part_id,
            quantity=quantity,
            data=data,
        )

    yield event(_TYPES[said.what], said.location_id, "", data)
    if said.what == "transfer" and said.received:
        assert said.to_location is not None
        data = {name: text for name, text in data.items() if name != "to_location"}
        yield event(EventType.RECEIVED, said.to_location, "-in", data)


_TYPES: dict[What, EventType] = {
    "count": EventType.COUNTED,
    "scrap": EventType.SCRAPPED,
    "return": EventType.RETURNED,
    "transfer": EventType.SHIPPED,
}


def _quantity(said: Report, plant: Plant) -> int:
    """In the part's unit; exact, for a container holds whole parts."""
    if (said.quantity is None) == (said.packs is None):
        raise InvalidInput(f"a {said.what} needs quantity or packs, one of both")
    if said.packs is None:
        assert said.quantity is not None
        return said.quantity
    return said.packs * container_size(plant, said.location_id, said.part_id)


def container_size(plant: Plant, location_id: str, part_id: str) -> int:
    """Parts in one container: by the supply rule of the place, else if all rules agree.

    Raises:
        InvalidInput: No rule says it, or they differ.
    """
    rule = plant.supply_rule.get((location_id, part_id))
    if rule is not None:
        return rule.container_size
    sizes = {each.container_size for each in plant.supply_rules if each.part_id == part_id}
    if len(sizes) != 1:
        known = ", ".join(str(size) for size in sorted(sizes)) or "none"
        raise InvalidInput(
            f"{location_id} has no supply rule for {part_id}, and containers of other places hold "
            f"{known}; say the quantity instead of packs"
        )
    return sizes.pop()


def whole_number(text: str, name: str) -> int:
    """``text`` as a whole number of 0 or more, never rounded.

    Raises:
        InvalidInput: It is none; says why.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise InvalidInput(f"{name} {text!r} is no number") from None
    if not value.is_finite() or value < 0:
        raise InvalidInput(f"{name} {text} is not 0 or more")
    if value != value.to_integral_value():
        raise InvalidInput(
            f"{name} {text} is no whole number; parts are counted whole in their unit, and part of "
            "a pack is given as --quantity"
        )
    if value >= 2**53:
        raise InvalidInput(f"{name} {text} is more than anybody has")
    return int(value)


def stock_at(
    books: Books,
    *,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    location_id: str | None = None,
    part_id: str | None = None,
    within: Within = None,
    limit: int = 200,
    after: Pair | None = None,
) -> tuple[list[Row], Pair | None]:
    """Stock by (location, part) as it was, for places that had any; positions likewise.

    Args:
        books: The workspace.
        as_of: What had happened by then, aware; None = by ``known_at``.
        known_at: What the books knew by then, aware; None = all that they know today.
        location_id: Of this place only.
        part_id: Of this part only.
        within: Of these places only; None = of all.
        limit: Rows of one page.
        after: Position of the last row seen.
    """
    moment = as_of or known_at or books.now()
    with books.store.read() as tx:
        found = ledger.balances_at(tx, moment, known_at, location_id=location_id, part_id=part_id)
    rows: dict[Pair, dict[str, int]] = {}
    for (part, place, account), quantity in found.items():
        if account.value in _SHOWN and (within is None or place in within):
            rows.setdefault((place, part), dict.fromkeys(_SHOWN, 0))[account.value] = quantity
    keys = sorted(key for key in rows if after is None or key > after)
    units = books.plant.part_by_id
    page = [
        {
            "location_id": place,
            "part_id": part,
            "unit": units[part].unit if part in units else "pcs",
            **rows[place, part],
            "reserved": None,
            "on_order": None,
            "cover_shifts": None,
        }
        for place, part in keys[:limit]
    ]
    return page, keys[limit - 1] if len(keys) > limit else None


def movements(
    books: Books, wanted: MovementFilter, *, limit: int = 200, before: int | None = None
) -> tuple[list[Row], int | None]:
    """Movements, the last posted first; the position of a page is the number of its last one."""
    with books.store.read() as tx:
        found = ledger.newest_movements(tx, wanted, limit=limit + 1, before=before)
    page = found[:limit]
    rows = [_row(seq, movement) for seq, movement in page]
    return rows, page[-1][0] if len(found) > limit else None


def undo(books: Books, movement_id: str, *, reason: str, actor: str, within: Within = None) -> Row:
    """Undo a mis-scan; see ``cycle.undo``.

    Raises:
        NotFound: There is no such movement, or it is at none of the actor's places.
        NotAllowed: One of its ends is at another site.
        LedgerError: It was undone before, undoes another one, or belongs to a count or an order.
    """
    if within is not None:
        _check_reach(books, movement_id, within)
    made = cycle.undo(books.store, movement_id, actor=actor, now=books.now(), reason=reason)
    with books.store.read() as tx:
        return _row(ledger.number_of(tx, made.movement_id), made)


def _check_reach(books: Books, movement_id: str, within: Collection[str]) -> None:
    with books.store.read() as tx:
        wrong = ledger.get(tx, movement_id)
    ends = (wrong.from_location, wrong.to_location)
    if not any(place in within for place in ends):
        raise NotFound("movement", movement_id)
    reach.must_name(within, books.plant, *ends)


def _row(seq: int, movement: Movement) -> Row:
    row = {"seq": seq, **asdict(movement)}
    row["from_account"] = movement.from_account.value
    row["to_account"] = movement.to_account.value
    return row
