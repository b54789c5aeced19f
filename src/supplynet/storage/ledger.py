"""The ledger in the database: append only, safe to retry, one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Column, ColumnElement, RowMapping, func, select, true

from supplynet.core.ledger import Account, Balances, Movement, post
from supplynet.core.orders import RELEASED
from supplynet.errors import ConflictingContent, NotFound
from supplynet.storage import balances as projections
from supplynet.storage.bulk import Insert, Lookup
from supplynet.storage.tables import balances as balance_table
from supplynet.storage.tables import movements as table
from supplynet.storage.tables import orders
from supplynet.storage.transaction import ReadTx, WriteTx
from supplynet.storage.within import Within, lies_in

_FIELDS = tuple(field.name for field in fields(Movement))
_COLUMNS = tuple(table.c[name] for name in _FIELDS)
_content = attrgetter(*(name for name in _FIELDS if name != "recorded_at"))
_plain = attrgetter(*(f"{name}.value" if "account" in name else name for name in _FIELDS))
_FIRST = select(func.min(table.c.occurred_at))
_LAST = select(func.max(table.c.occurred_at))
_insert = Insert(table, ("seq", *_FIELDS))
_find = Lookup(table, _FIELDS, by="movement_id")


def append_movements(tx: WriteTx, movements: Iterable[Movement]) -> int:
    """Append movements, move the balances with them, and return how many were new.

    A movement that is already there is skipped, so a sender may safely retry; when the books
    learned of it (``recorded_at``) may differ, everything else must be the same.

    Raises:
        ConflictingContent: A ``movement_id`` is already there with other content; nothing is
            written.
    """
    new = _new(tx, movements)
    if not new:
        return 0
    first = tx.take_seq(table, len(new))
    _insert(tx, [(first + i, *_plain(movement)) for i, movement in enumerate(new)])
    projections.apply(tx, post(Counter(), new))
    tx.note(
        "moved",
        new[0].movement_id,
        after={"count": len(new), "first_seq": first},
        reason=new[0].reason,
    )
    tx.change("movement", new[-1].movement_id)
    return len(new)


def get(tx: ReadTx, movement_id: str) -> Movement:
    """One movement, to be reversed for example.

    Raises:
        NotFound: There is none with this id.
    """
    for found in find(tx, [movement_id]):
        return found
    raise NotFound("movement", movement_id)


def find(tx: ReadTx, ids: Sequence[str]) -> list[Movement]:
    """Movements with these ids, as far as there are any, in no order."""
    return [_movement(dict(zip(_FIELDS, row, strict=True))) for row in _find(tx, ids)]


def number_of(tx: ReadTx, movement_id: str) -> int:
    """The number under which a movement was posted.

    Raises:
        NotFound: There is none with this id.
    """
    found = tx.connection.scalar(select(table.c.seq).where(table.c.movement_id == movement_id))
    if found is None:
        raise NotFound("movement", movement_id)
    return int(found)


def on_hand(tx: ReadTx) -> dict[tuple[str, str], int]:
    """Usable stock by (location, part); below 0 where a receipt or count is missing."""
    query = select(balance_table).where(balance_table.c.account == Account.ON_HAND.value)
    rows = tx.connection.execute(query)
    return {(row.location_id, row.part_id): row.quantity for row in rows}


def on_order(tx: ReadTx, part_id: str | None = None) -> dict[tuple[str, str], int]:
    """Released and not yet received, by (receiving location, part), > 0; of one part, if given."""
    accounted = orders.c.received + orders.c.short + orders.c.damaged
    missing = func.sum(orders.c.quantity - accounted)
    query = (
        select(orders.c.to_location, orders.c.part_id, missing)
        .where(orders.c.state.in_([state.value for state in RELEASED]))
        .where(accounted < orders.c.quantity)
        .where(_of(orders.c.part_id, part_id))
        .group_by(orders.c.to_location, orders.c.part_id)
    )
    rows = tx.connection.execute(query)
    return {(location, part): int(quantity) for location, part, quantity in rows}


def balances(tx: ReadTx, part_id: str | None = None) -> Balances:
    """Every balance that is not 0, by (part, location, account); of one part, if given."""
    query = select(balance_table).where(
        balance_table.c.quantity != 0, _of(balance_table.c.part_id, part_id)
    )
    accounts = {account.value: account for account in Account}
    return Counter(
        {
            (row.part_id, row.location_id, accounts[row.account]): row.quantity
            for row in tx.connection.execute(query)
        }
    )


def _of(column: Column[str], part_id: str | None) -> ColumnElement[bool]:
    return true() if part_id is None else column == part_id


def balances_at(
    tx: ReadTx,
    occurred_until: datetime,
    known_until: datetime | None = None,
    *,
    location_id: str | None = None,
    part_id: str | None = None,
) -> Balances:
    """Every balance that was not 0 at a moment, by (part, location, account).

    What happened at the moment itself is in it. With ``known_until`` it is what the books said
    then: nothing that they learned later counts.

    Args:
        tx: The books.
        occurred_until: The moment, aware.
        known_until: Up to when the books had learned, aware; None = all that they know today.
        location_id: Of this place only.
        part_id: Of this part only.
    """
    only = [] if part_id is None else [table.c.part_id == part_id]
    late = table.c.occurred_at > occurred_until
    if known_until is not None:
        known = table.c.recorded_at <= known_until
        found = _summed(tx, ~late, known, *only)
    elif _is_nearer_to_today(tx, occurred_until):
        found = balances(tx)
        found.subtract(_summed(tx, late, *only))
    else:
        found = _summed(tx, ~late, *only)
    return Counter(
        {
            key: quantity
            for key, quantity in found.items()
            if quantity and part_id in {None, key[0]} and location_id in {None, key[1]}
        }
    )


def _is_nearer_to_today(tx: ReadTx, moment: datetime) -> bool:
    """Whether fewer movements come after ``moment`` than before, when they come evenly."""
    first, last = tx.connection.execute(_FIRST), tx.connection.execute(_LAST)
    start, end = first.scalar(), last.scalar()
    return start is None or end is None or end - moment < moment - start


def _summed(tx: ReadTx, *conditions: ColumnElement[bool]) -> Balances:
    """What movements under conditions amount to."""
    places = (table.c.from_location, table.c.from_account, table.c.to_location, table.c.to_account)
    query = select(table.c.part_id, *places, func.sum(table.c.quantity))
    query = query.where(*conditions).group_by(table.c.part_id, *places)
    total: Balances = Counter()
    for part, source, source_account, target, target_account, sum_ in tx.connection.execute(query):
        total[part, source, Account(source_account)] -= int(sum_)
        total[part, target, Account(target_account)] += int(sum_)
    return total


def movements_between(
    tx: ReadTx,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    from_accounts: Sequence[Account] | None = None,
    to_accounts: Sequence[Account] | None = None,
) -> list[Movement]:
    """Movements that occurred in ``[start, end)``, oldest first; an end left out is open."""
    query = select(*_COLUMNS).order_by(table.c.occurred_at, table.c.seq)
    if start is not None:
        query = query.where(table.c.occurred_at >= start)
    if end is not None:
        query = query.where(table.c.occurred_at < end)
    if from_accounts is not None:
        query = query.where(table.c.from_account.in_([account.value for account in from_accounts]))
    if to_accounts is not None:
        query = query.where(table.c.to_account.in_([account.value for account in to_accounts]))
    return [_movement(row) for row in tx.connection.execute(query).mappings()]


def movements_of_order(tx: ReadTx, order_id: str) -> list[Movement]:
    """Movements of one order, in the order of posting."""
    query = select(*_COLUMNS).where(table.c.order_id == order_id).order_by(table.c.seq)
    return [_movement(row) for row in tx.connection.execute(query).mappings()]


def movements_after(tx: ReadTx, seq: int, limit: int = 10_000) -> list[tuple[int, Movement]]:
    """Up to ``limit`` movements posted after number ``seq``, with their numbers."""
    query = select(table.c.seq, *_COLUMNS).where(table.c.seq > seq)
    query = query.order_by(table.c.seq).limit(limit)
    return [(row["seq"], _movement(row)) for row in tx.connection.execute(query).mappings()]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementFilter:
    """Movements of which all that is given holds.

    Attributes:
        location_id: From or to this place.
        account: From or to this account.
        since, until: Occurred in ``[since, until)``, aware.
        within: From or to one of these places; None = of all.
    """

    location_id: str | None = None
    part_id: str | None = None
    order_id: str | None = None
    account: Account | None = None
    since: datetime | None = None
    until: datetime | None = None
    within: Within = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """What the database is asked for."""
        if self.location_id is not None:
            yield (table.c.from_location == self.location_id) | (
                table.c.to_location == self.location_id
            )
        if self.account is not None:
            yield (table.c.from_account == self.account.value) | (
                table.c.to_account == self.account.value
            )
        if self.part_id is not None:
            yield table.c.part_id == self.part_id
        if self.order_id is not None:
            yield table.c.order_id == self.order_id
        if self.since is not None:
            yield table.c.occurred_at >= self.since
        if self.until is not None:
            yield table.c.occurred_at < self.until
        if self.within is not None:
            yield lies_in(self.within, table.c.from_location, table.c.to_location)


def newest_movements(
    tx: ReadTx, wanted: MovementFilter, *, limit: int, before: int | None = None
) -> list[tuple[int, Movement]]:
    """Up to ``limit`` movements with their numbers, the last posted first.

    ``before`` is the number of the last movement seen, for the page after it.
    """
    query = select(table.c.seq, *_COLUMNS).where(*wanted.conditions())
    if before is not None:
        query = query.where(table.c.seq < before)
    rows = tx.connection.execute(query.order_by(table.c.seq.desc()).limit(limit)).mappings()
    return [(row["seq"], _movement(row)) for row in rows]


def _new(tx: ReadTx, movements: Iterable[Movement]) -> list[Movement]:
    """Those that the books do not have yet, each once."""
    batch = list(movements)
    there = find(tx, [movement.movement_id for movement in batch])
    known = {movement.movement_id: movement for movement in there}
    new = []
    for movement in batch:
        earlier = known.get(movement.movement_id)
        if earlier is None:
            known[movement.movement_id] = movement
            new.append(movement)
        elif _content(earlier) != _content(movement):
            raise ConflictingContent("movement", movement.movement_id)
    return new


def _movement(row: RowMapping | Mapping[str, Any]) -> Movement:
    values = {name: row[name] for name in _FIELDS}
    values["from_account"] = Account(values["from_account"])
    values["to_account"] = Account(values["to_account"])
    return Movement(**values)
