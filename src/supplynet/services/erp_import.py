"""What an ERP tells as CSV: counts of stock, its own orders, receipts. All of a file or nothing.

The same file again changes nothing: a count is known by place, part and moment, an order by its
number, a receipt by ``source`` and ``event_id``. Stock is never overwritten: see ``cycle.counts``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from supplynet.connectors.drop_folder_rows import DropRow, content_hash, read_events
from supplynet.connectors.erp_csv import COUNTED_STOCK, ERP_ORDERS, IMPORTED, BookFiguresLeftOut
from supplynet.connectors.table_checked import Checked
from supplynet.connectors.table_import import check_source, open_table
from supplynet.connectors.table_kinds import Kind
from supplynet.connectors.table_layout import Said
from supplynet.connectors.table_problems import SHOWN
from supplynet.connectors.table_reading import Wanted
from supplynet.connectors.table_recognise import choose_profile
from supplynet.connectors.table_source import Source
from supplynet.core.events import Event, EventType
from supplynet.cycle.intake import post_each
from supplynet.errors import InvalidInput, Mistake, SupplyNetError
from supplynet.services.books import Books
from supplynet.services.erp_orders import order_of_row, take_orders
from supplynet.services.import_outcome import ImportRequest, Taken
from supplynet.services.import_taking import take_stock
from supplynet.storage import WriteTx

ACTOR = "erp"
SOURCE = "erp"
"""Source of receipts that name none."""
_COLUMN = re.compile(r"column (\S+): (.*)", re.DOTALL)
_NEEDED = ("event_id", "occurred_at", "location_id", "part_id", "quantity")


@dataclass(frozen=True, kw_only=True)
class ErpImport:
    """What an import found and took.

    Attributes:
        rows: Rows of the file that are not blank.
        new, changed, unchanged: Rows by what became (in a dry run: would become) of them.
        left_out: Rows that say nothing: figures of the books, orders that are over.
        total: All mistakes; with one nothing was taken.
        mistakes: The first of them, by cell.
    """

    file: str
    kind: str
    dry_run: bool
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    left_out: int = 0
    total: int = 0
    mistakes: tuple[Mistake, ...] = ()


def import_file(books: Books, kind: str, file: Path, *, dry_run: bool = False) -> ErpImport:
    """Check a file cell by cell and take all of it, or nothing.

    Args:
        books: A workspace with a plant.
        kind: stock, orders or receipts.
        file: CSV, for stock and orders Excel and Parquet as well; see ``erp_csv.LAYOUTS``.
        dry_run: Do everything but the commit.

    Raises:
        InvalidInput: No such kind, or the file is broken. Mistakes in cells: see the outcome.
        StoreError: The books cannot be written.
    """
    ways = {"stock": _stock, "orders": _orders, "receipts": _receipts}
    if kind not in ways:
        raise InvalidInput(f"{kind!r} cannot be imported; choose from {', '.join(IMPORTED)}")
    if not file.is_file():
        raise InvalidInput(f"there is no file {file}")
    return ways[kind](books, file, dry_run)


class _Undo(Exception):
    """Ends a transaction that nothing is to be left of."""


@contextmanager
def rehearsed(books: Books, *, dry_run: bool) -> Iterator[WriteTx]:
    """A transaction that is undone at its end in a dry run."""
    with suppress(_Undo), books.store.write(ACTOR, books.now()) as tx:
        yield tx
        if dry_run:
            raise _Undo


def _all_or_nothing(books: Books, work: Callable[[WriteTx], ErpImport]) -> ErpImport:
    """Do the work and keep it, unless it is a dry run or found mistakes."""
    done: list[ErpImport] = []
    with suppress(_Undo), books.store.write(ACTOR, books.now()) as tx:
        done.append(work(tx))
        if done[0].dry_run or done[0].total:
            raise _Undo
    return done[0]


def _stock(books: Books, file: Path, dry_run: bool) -> ErpImport:
    source = BookFiguresLeftOut(open_table(file))
    checked = _checked(books, source, COUNTED_STOCK)
    ahead = books.now() + timedelta(minutes=books.settings.clock_skew_minutes)
    late = [row for row in checked.frame.iter_rows(named=True) if row["counted_at"] > ahead]
    mistakes = [*checked.mistakes, *(_ahead(file.name, row) for row in late[:SHOWN])]
    only_book = bool(source.left_out) and not checked.rows
    if mistakes and not only_book:
        return _refused(file, "stock", dry_run, checked.rows, mistakes, checked.total + len(late))
    taken = Taken()
    if not only_book:
        request = ImportRequest(file=file, kind="stock", dry_run=dry_run)
        taken = take_stock(books, books.plant, checked, request)
    return ErpImport(
        file=file.name,
        kind="stock",
        dry_run=dry_run,
        rows=checked.rows + source.left_out,
        new=taken.new,
        changed=taken.changed,
        unchanged=taken.unchanged,
        left_out=source.left_out,
    )


def _orders(books: Books, file: Path, dry_run: bool) -> ErpImport:
    checked = _checked(books, BookFiguresLeftOut(open_table(file)), ERP_ORDERS)
    if checked.mistakes and checked.counts != {"empty_file": 1}:
        return _refused(
            file, "orders", dry_run, checked.rows, list(checked.mistakes), checked.total
        )
    rows = list(checked.frame.iter_rows(named=True))
    wanted = [order_of_row(row) for row in rows if row["received_at"] is None]

    def work(tx: WriteTx) -> ErpImport:
        taken, refused = take_orders(tx, books.plant, wanted)
        mistakes = [_mistake(file.name, None, str(error)) for error in refused]
        if mistakes:
            return _refused(file, "orders", dry_run, checked.rows, mistakes, len(mistakes))
        return ErpImport(
            file=file.name,
            kind="orders",
            dry_run=dry_run,
            rows=checked.rows,
            new=taken.new,
            changed=taken.changed,
            unchanged=taken.unchanged,
            left_out=len(rows) - len(wanted),
        )

    return _all_or_nothing(books, work)


def _receipts(books: Books, file: Path, dry_run: bool) -> ErpImport:
    rows = list(
        read_events(
            file,
            content_hash(file),
            time_zone=books.plant.time_zone,
            needed=_NEEDED,
            defaults={"source": SOURCE, "type": EventType.RECEIVED.value},
        )
    )
    mistakes = [_mistake(file.name, row.row, problem) for row in rows if (problem := _wrong(row))]
    good = {id(row.event): row for row in rows if not _wrong(row)}

    def work(tx: WriteTx) -> ErpImport:
        def refuse(event: Event, error: SupplyNetError) -> None:
            mistakes.append(_mistake(file.name, good[id(event)].row, str(error)))

        batch = [row.event for row in good.values() if row.event is not None]
        skew = timedelta(minutes=books.settings.clock_skew_minutes)
        taken = post_each(tx, books.plant, batch, refuse, skew=skew)
        if mistakes:
            mistakes.sort(key=lambda mistake: mistake.row or 0)
            return _refused(file, "receipts", dry_run, len(rows), mistakes, len(mistakes))
        return ErpImport(
            file=file.name,
            kind="receipts",
            dry_run=dry_run,
            rows=len(rows),
            new=taken.new,
            unchanged=taken.known,
        )

    return _all_or_nothing(books, work)


def _wrong(row: DropRow) -> str:
    """Why a row is no receipt; "" when it is one."""
    if row.event is not None and row.event.type is not EventType.RECEIVED:
        return f"column type: is {row.event.type.value}; a receipt is of type received"
    return row.problem


def _refused(
    file: Path, kind: str, dry_run: bool, rows: int, mistakes: Sequence[Mistake], total: int
) -> ErpImport:
    return ErpImport(
        file=file.name,
        kind=kind,
        dry_run=dry_run,
        rows=rows,
        total=total,
        mistakes=tuple(mistakes[:SHOWN]),
    )


def _mistake(file: str, row: int | None, problem: str) -> Mistake:
    """A mistake from a sentence: ``column X: what is wrong; what would be right``."""
    found = _COLUMN.match(problem)
    column, said = (found[1], found[2]) if found else (None, problem)
    wrong, _, right = said.partition("; ")
    return Mistake(file=file, row=row, column=column, wrong=wrong, right=right or "correct it")


def _ahead(file: str, row: Mapping[str, Any]) -> Mistake:
    what = f"{row['part_id']} at {row['location_id']}"
    return Mistake(
        file=file,
        row=None,
        column="counted_at",
        wrong=f"{what} was counted at {row['counted_at']:%Y-%m-%d %H:%M}Z, which is still to come",
        right="correct the moment, or its time zone",
    )


def _checked(books: Books, source: Source, kind: Kind) -> Checked:
    plant = books.plant
    known = {"location_id": plant.location_by_id.keys(), "part_id": plant.part_by_id.keys()}
    wanted = Wanted(
        kind=kind,
        said=Said(options={"time_zone": plant.time_zone}),
        profile=choose_profile(source, None, kind.name, books.workspace.profiles),
        known=known,
        keep_problems=False,
    )
    return check_source(source, wanted)
