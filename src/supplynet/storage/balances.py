"""Balances and free stock: projections of the ledger, kept in its transactions, provable from it.

``free_stock`` has one row per (part, location) with ``on_hand - reserved = free - owed``. A fact
moves it whichever way it must; a reservation only ever takes from ``free`` (``reservations``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Insert, bindparam, case, delete, func, literal, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from supplynet.core.ledger import Account, Balances
from supplynet.storage.tables import balances, free_stock, movements, reservations
from supplynet.storage.transaction import ReadTx, WriteTx

Place = tuple[str, str]
"""(part, location)."""


_NET = free_stock.c.free - free_stock.c.owed + bindparam("delta")
_SHIFT_FREE = (
    update(free_stock)
    .where(free_stock.c.part_id == bindparam("part"))
    .where(free_stock.c.location_id == bindparam("location"))
    .values(free=case((_NET > 0, _NET), else_=0), owed=case((_NET < 0, -_NET), else_=0))
)
_TAKE_FREE = (
    update(free_stock)
    .where(free_stock.c.part_id == bindparam("part"))
    .where(free_stock.c.location_id == bindparam("location"))
    .where(free_stock.c.free >= bindparam("wanted"))
    .values(free=free_stock.c.free - bindparam("wanted"))
)


def _add_balance(dialect: Any) -> Insert:
    statement = dialect.insert(balances)
    made: Insert = statement.on_conflict_do_update(
        index_elements=["part_id", "location_id", "account"],
        set_={"quantity": balances.c.quantity + statement.excluded.quantity},
    )
    return made


def _first_free(dialect: Any) -> Insert:
    made: Insert = dialect.insert(free_stock).on_conflict_do_nothing()
    return made


# Built once: building a statement costs more than running it. Both databases spell them alike.
_DIALECTS: dict[bool, Any] = {True: sqlite, False: postgresql}
_ADD_BALANCE = {is_sqlite: _add_balance(dialect) for is_sqlite, dialect in _DIALECTS.items()}
_FIRST_FREE = {is_sqlite: _first_free(dialect) for is_sqlite, dialect in _DIALECTS.items()}


def apply(tx: WriteTx, deltas: Mapping[tuple[str, str, Account], int]) -> None:
    """Add ``deltas``, by (part, location, account), to the balances and to the free stock."""
    rows = [
        {"part_id": part, "location_id": location, "account": account.value, "quantity": delta}
        for (part, location, account), delta in deltas.items()
        if delta
    ]
    if not rows:
        return
    tx.connection.execute(_ADD_BALANCE[tx.is_sqlite], rows)
    on_hand = {
        (part, location): delta
        for (part, location, account), delta in deltas.items()
        if account is Account.ON_HAND and delta
    }
    shift_free(tx, on_hand)


def shift_free(tx: WriteTx, deltas: Mapping[Place, int]) -> None:
    """Move ``free - owed`` of each (part, location): for facts and for ended reservations."""
    if not deltas:
        return
    zero = {"free": 0, "owed": 0}
    places = [{"part_id": part, "location_id": location, **zero} for part, location in deltas]
    tx.connection.execute(_FIRST_FREE[tx.is_sqlite], places)
    rows = [{"part": part, "location": place, "delta": d} for (part, place), d in deltas.items()]
    tx.connection.execute(_SHIFT_FREE, rows)


def take_free(tx: WriteTx, place: Place, quantity: int) -> bool:
    """Take ``quantity`` from what is free, in one conditional update; False when it is less."""
    part, location = place
    values = {"part": part, "location": location, "wanted": quantity}
    taken = tx.connection.execute(_TAKE_FREE, values)
    return taken.rowcount == 1


def free(tx: ReadTx, part_id: str, location_id: str) -> int:
    """Parts that can be reserved now, >= 0."""
    query = select(free_stock.c.free).where(
        free_stock.c.part_id == part_id, free_stock.c.location_id == location_id
    )
    return tx.connection.scalar(query) or 0


def from_ledger(tx: ReadTx) -> Balances:
    """The balances, summed up from every movement: slow, and right by definition."""
    total: Balances = Counter()
    for location, account, sign in (
        (movements.c.from_location, movements.c.from_account, -1),
        (movements.c.to_location, movements.c.to_account, 1),
    ):
        query = select(movements.c.part_id, location, account, func.sum(movements.c.quantity))
        query = query.group_by(movements.c.part_id, location, account)
        for part, place, name, quantity in tx.connection.execute(query):
            total[part, place, Account(name)] += sign * int(quantity)
    return total


def rebuild_balances(tx: WriteTx) -> None:
    """Throw both projections away and make them again from the movements and reservations."""
    tx.connection.execute(delete(balances))
    tx.connection.execute(delete(free_stock))
    apply(tx, from_ledger(tx))
    shift_free(tx, {place: -held for place, held in _held(tx).items()})
    tx.note("balances_rebuilt", "ledger")
    tx.change("movement", "rebuilt")


def verify(tx: ReadTx) -> list[str]:
    """Prove the books; returns what is wrong, in sentences, and nothing when all is well."""
    proven = from_ledger(tx)
    return [
        *_database_faults(tx),
        *_sum_faults(tx),
        *_balance_faults(tx, proven),
        *_free_faults(tx, proven),
    ]


def _database_faults(tx: ReadTx) -> Iterable[str]:
    if tx.is_sqlite:
        found = tx.connection.scalars(text("PRAGMA integrity_check")).all()
        yield from (f"SQLite integrity check: {line}" for line in found if line != "ok")


def _sum_faults(tx: ReadTx) -> Iterable[str]:
    total = func.sum(balances.c.quantity)
    query = select(balances.c.part_id, total).group_by(balances.c.part_id).having(total != 0)
    for part, quantity in tx.connection.execute(query.order_by(balances.c.part_id)):
        yield f"the balances of part {part} sum to {quantity}, not to 0"


def _balance_faults(tx: ReadTx, proven: Balances) -> Iterable[str]:
    stored: Balances = Counter(
        {
            (row.part_id, row.location_id, Account(row.account)): row.quantity
            for row in tx.connection.execute(select(balances))
        }
    )
    for part, location, account in sorted(stored.keys() | proven.keys()):
        has, is_right = stored[part, location, account], proven[part, location, account]
        if has != is_right:
            yield (
                f"balance of part {part} at {location} {account} is {has}, the ledger says "
                f"{is_right}; run rebuild_balances"
            )


def _free_faults(tx: ReadTx, proven: Balances) -> Iterable[str]:
    right: dict[Place, int] = defaultdict(int)
    for (part, location, account), quantity in proven.items():
        if account is Account.ON_HAND:
            right[part, location] += quantity
    for place, held in _held(tx).items():
        right[place] -= held
    net = free_stock.c.free - free_stock.c.owed
    query = select(free_stock.c.part_id, free_stock.c.location_id, net)
    stored = {
        (part, location): quantity for part, location, quantity in tx.connection.execute(query)
    }
    for place in sorted(right.keys() | stored.keys()):
        if stored.get(place, 0) != right.get(place, 0):
            yield (
                f"free stock of part {place[0]} at {place[1]} is {stored.get(place, 0)}, ledger "
                f"and reservations say {right.get(place, 0)}; run rebuild_balances"
            )


def _held(tx: ReadTx) -> dict[Place, int]:
    """Reserved and not yet ended, by (part, location)."""
    query = (
        select(
            reservations.c.part_id, reservations.c.location_id, func.sum(reservations.c.quantity)
        )
        .where(reservations.c.state == literal("held"))
        .group_by(reservations.c.part_id, reservations.c.location_id)
    )
    return {(part, place): int(quantity) for part, place, quantity in tx.connection.execute(query)}
