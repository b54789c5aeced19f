"""Balances and free stock: projections of the ledger, kept in its transactions, provable from it.

``free_stock`` has one row per (part, location) with ``on_hand - reserved = free - owed``. A fact
moves it whichever way it must; a reservation only ever takes from ``free`` (``reservations``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, delete, func, literal, select, text, true, update

from supplynet.core.ledger import Account, Balances
from supplynet.storage.bulk import Insert
from supplynet.storage.tables import balances, free_stock, movements, reservations
from supplynet.storage.transaction import ReadTx, WriteTx

Place = tuple[str, str]
"""(part, location)."""


_TAKE_FREE = (
    update(free_stock)
    .where(free_stock.c.part_id == bindparam("part"))
    .where(free_stock.c.location_id == bindparam("location"))
    .where(free_stock.c.free >= bindparam("wanted"))
    .values(free=free_stock.c.free - bindparam("wanted"))
)
_NET = "(free_stock.free - free_stock.owed + excluded.free - excluded.owed)"
_add_balance = Insert(
    balances,
    ("part_id", "location_id", "account", "quantity"),
    "ON CONFLICT (part_id, location_id, account) "
    "DO UPDATE SET quantity = balances.quantity + excluded.quantity",
)
_add_free = Insert(
    free_stock,
    ("part_id", "location_id", "free", "owed"),
    "ON CONFLICT (part_id, location_id) DO UPDATE SET "
    f"free = CASE WHEN {_NET} > 0 THEN {_NET} ELSE 0 END, "
    f"owed = CASE WHEN {_NET} < 0 THEN -{_NET} ELSE 0 END",
)


def apply(tx: WriteTx, deltas: Mapping[tuple[str, str, Account], int]) -> None:
    """Add ``deltas``, by (part, location, account), to the balances and to the free stock."""
    rows = [
        (part, location, account.value, delta)
        for (part, location, account), delta in deltas.items()
        if delta
    ]
    _add_balance(tx, rows)
    on_hand = {
        (part, location): delta
        for (part, location, account), delta in deltas.items()
        if account is Account.ON_HAND and delta
    }
    shift_free(tx, on_hand)


def shift_free(tx: WriteTx, deltas: Mapping[Place, int]) -> None:
    """Move ``free - owed`` of each (part, location): for facts and for ended reservations."""
    _add_free(tx, [(*place, max(delta, 0), max(-delta, 0)) for place, delta in deltas.items()])


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


def reserved(tx: ReadTx, part_id: str | None = None) -> dict[Place, int]:
    """Promised to orders that have not left, by (part, location), > 0; of one part, if given."""
    return _held(tx, part_id)


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


def _held(tx: ReadTx, part_id: str | None = None) -> dict[Place, int]:
    """Reserved and not yet ended, by (part, location)."""
    wanted = true() if part_id is None else reservations.c.part_id == part_id
    query = (
        select(
            reservations.c.part_id, reservations.c.location_id, func.sum(reservations.c.quantity)
        )
        .where(reservations.c.state == literal("held"), wanted)
        .group_by(reservations.c.part_id, reservations.c.location_id)
    )
    return {(part, place): int(quantity) for part, place, quantity in tx.connection.execute(query)}
