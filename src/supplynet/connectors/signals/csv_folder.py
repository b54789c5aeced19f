"""Signals as files in a folder: the way that needs no network.

``AAPL.csv`` (or ``.parquet``) holds one symbol: ``date`` and ``value``, or ``date, open, high, low,
close, volume``, or any other columns of numbers where none is named so. ``all.csv`` holds several:
``symbol`` besides. ``known_at`` (when it was published), ``location_id`` and ``part_id`` may be
there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from supplynet.connectors.signals.csv_cells import (
    Table,
    id_column,
    moment_column,
    number_column,
    read_table,
)
from supplynet.connectors.signals.provider import SignalRequest, SignalSetup, driver_name
from supplynet.connectors.signals.rows import sorted_drivers
from supplynet.errors import ImportErrors, InvalidInput, Mistake, NotFound
from supplynet.frames.tables import DRIVERS_SCHEMA, conform_table

NAME = "csv"
JOINT = "all"
ENDINGS = (".csv", ".parquet")
TIMES = ("date", "at", "time", "timestamp", "day")
KNOWN = ("known_at", "published", "published_at")
PLACES = ("location_id", "part_id")
SYMBOL = "symbol"
PRICES = ("open", "high", "low", "close", "adj close", "volume")
VALUES = frozenset({"value", "price", "rate", "index", *PRICES})
_ILLEGAL = re.compile(r"[^A-Za-z0-9._-]")


class CsvFolder:
    """The files of ``setup.folder``."""

    def __init__(self, setup: SignalSetup) -> None:
        self._folder = setup.folder
        self._read: dict[Path, Table] = {}

    def fetch(self, request: SignalRequest) -> pl.DataFrame:
        """The rows asked for; see ``Provider``.

        A date without a clock time covers its day: the value is known when the day is over.

        Raises:
            NotFound: No file for a symbol; says which file would do.
            ImportErrors: A file has mistakes; every cell is named.
        """
        frames = [self._one(symbol, request) for symbol in request.symbols]
        return sorted_drivers(pl.concat(frames))

    def has(self, symbol: str) -> bool:
        """Whether a file may hold ``symbol``."""
        return self._file(file_stem(symbol)) is not None or self._in_joint(symbol) is not None

    def _one(self, symbol: str, request: SignalRequest) -> pl.DataFrame:
        table = self._own(symbol) or self._in_joint(symbol)
        if table is None:
            raise NotFound("file for the signal", symbol, csv_way(self._folder, [symbol]))
        frame = _drivers(table, symbol, request)
        if request.lag is not None:
            frame = frame.with_columns(known_at=pl.col("known_at") + request.lag)
        return frame.filter(pl.col("at") >= request.start, pl.col("at") < request.end)

    def _own(self, symbol: str) -> Table | None:
        path = self._file(file_stem(symbol))
        return None if path is None else self._table(path)

    def _in_joint(self, symbol: str) -> Table | None:
        """The rows of ``symbol`` in ``all.csv``; None when it has none."""
        path = self._file(JOINT)
        if path is None:
            return None
        table = self._table(path)
        column = table.find((SYMBOL,))
        if column is None:
            mistake = Mistake(
                file=path.name,
                row=1,
                column=SYMBOL,
                wrong="there is no such column",
                right="name the symbol of each row in it",
            )
            raise ImportErrors(str(path), [mistake])
        rows = table.where(column, symbol)
        return None if rows.height == 0 else rows.without(column)

    def _table(self, path: Path) -> Table:
        """The cells of ``path``, read once: ``all.csv`` is asked for every symbol."""
        if path not in self._read:
            self._read[path] = read_table(path)
        return self._read[path]

    def _file(self, stem: str) -> Path | None:
        """The file of that name in whatever case; the exact one goes first."""
        if not self._folder.is_dir():
            return None
        fitting = [
            path
            for path in sorted(self._folder.iterdir())
            if path.suffix.lower() in ENDINGS and path.stem.casefold() == stem.casefold()
        ]
        fitting.sort(key=lambda path: path.stem != stem)
        return fitting[0] if fitting else None


def file_stem(symbol: str) -> str:
    """The file name of a symbol without its ending: what a file name may not hold becomes ``_``."""
    return _ILLEGAL.sub("_", symbol)


def csv_way(folder: Path, symbols: Sequence[str]) -> str:
    """How to give ``symbols`` by hand, as the end of a sentence."""
    shown = ", ".join(f"{file_stem(symbol)}.csv" for symbol in symbols[:3])
    more = f" and {len(symbols) - 3} more" if len(symbols) > 3 else ""
    return (
        f"put {shown}{more} into {folder} with the columns date, value (or date, open, high, low, "
        "close, volume), dates like 2026-01-31, numbers like 1234.5; or all.csv with the columns "
        "symbol, date, value"
    )


def _drivers(table: Table, symbol: str, request: SignalRequest) -> pl.DataFrame:
    time, known = table.find(TIMES), table.find(KNOWN)
    places = {name: column for name in PLACES if (column := table.find((name,)))}
    if time is None:
        raise ImportErrors(table.name, [_no_time(table)])
    roles = {time, known, *places.values(), table.find((SYMBOL,))}
    fields = _fields(table, [name for name in table.columns if name not in roles], request)
    start, end = moment_column(table, time, required=True)
    known_at = end if known is None else moment_column(table, known, required=False)[1]
    numbers = {name: number_column(table, name) for name in fields}
    ids = {name: id_column(table, column) for name, column in places.items()}
    table.refuse_mistakes()
    frame = pl.DataFrame(
        {
            "at": start,
            "known_at": known_at.fill_null(end) if known is not None else end,
            "location_id": ids.get("location_id", request.location_id),
            "part_id": ids.get("part_id", request.part_id),
            **{f"value.{name}": column for name, column in numbers.items()},
        }
    )
    only = len(fields) == 1
    pieces = [
        frame.select(
            pl.lit(driver_name(NAME, symbol, name.lower(), only=only)).alias("driver"),
            "location_id",
            "part_id",
            "at",
            pl.col(f"value.{name}").alias("value"),
            "known_at",
        ).filter(pl.col("value").is_not_null())
        for name in fields
    ]
    return conform_table(pl.concat(pieces), DRIVERS_SCHEMA)


def _fields(table: Table, columns: list[str], request: SignalRequest) -> list[str]:
    """The columns of values that are wanted: those asked for, else the usual ones, else all."""
    if not columns:
        raise InvalidInput(f"{table.name} has no column of values beside the time; name it value")
    if not request.fields:
        return [name for name in columns if name.casefold() in VALUES] or columns
    wanted = [name for name in columns if {name, name.lower()} & set(request.fields)]
    if not wanted:
        raise InvalidInput(
            f"{table.name} has no column {', '.join(request.fields)}; it has {', '.join(columns)}"
        )
    return wanted


def _no_time(table: Table) -> Mistake:
    return Mistake(
        file=table.name,
        row=1,
        column="date",
        wrong=f"there is no such column among {', '.join(table.columns)[:80] or 'none'}",
        right="name the day of each row in a column date",
    )
