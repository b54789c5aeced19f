"""Tables of a workspace beside its history, one Parquet file each: plan and deliveries.

A file is replaced whole or not at all. Rows have a natural key: the same key again replaces what
was there, so an import may be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars as pl

from supplynet.errors import InvalidInput, StoreError
from supplynet.files import one_writer, sync_folder, write_atomically
from supplynet.frames.tables import DELIVERIES_SCHEMA, PLAN_SCHEMA, conform_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Upserted:
    """What became of the rows that were written: all of them, each counted once."""

    new: int
    changed: int
    unchanged: int


TABLES: dict[str, tuple[pl.Schema, tuple[str, ...]]] = {
    "plan": (PLAN_SCHEMA, ("location_id", "product", "period_start", "recorded_at")),
    "deliveries": (DELIVERIES_SCHEMA, ("order_id", "location_id", "part_id")),
}
"""Columns and natural key of each table."""


def read_table(folder: Path, name: str) -> pl.DataFrame:
    """The table ``name``, sorted by its key; without rows when nothing was written yet.

    Args:
        folder: ``tables`` of a workspace.
        name: Key of ``TABLES``.

    Raises:
        InvalidInput: There is no such table.
        StoreError: The file cannot be read.
    """
    schema, _ = _known(name)
    path = folder / f"{name}.parquet"
    if not path.exists():
        return pl.DataFrame(schema=schema)
    try:
        return conform_table(pl.read_parquet(path), schema)
    except (pl.exceptions.PolarsError, OSError, InvalidInput) as error:
        raise StoreError(
            f"table {path} cannot be read ({str(error).splitlines()[0]}); "
            "restore it from a backup or import it again after moving it away"
        ) from error


def write_table(folder: Path, name: str, frame: pl.DataFrame, *, write: bool = True) -> Upserted:
    """Add or replace rows of the table ``name``; a table that would not change is not touched.

    Args:
        folder: ``tables`` of a workspace.
        name: Key of ``TABLES``.
        frame: Columns of the table; what is not there is null. Of rows with one key the last
            is taken.
        write: False only compares.

    Raises:
        InvalidInput: There is no such table, a cell cannot be read, or a key is null.
        StoreError: The file cannot be read or written; the table stays as it was.
    """
    schema, key = _known(name)
    given = conform_table(frame, schema).unique(list(key), keep="last", maintain_order=True)
    nameless = given.filter(pl.any_horizontal(pl.col(key).is_null())).height
    if nameless:
        raise InvalidInput(f"{nameless:,} rows of {name} have no {' or '.join(key)}")
    if not write:
        return _compare(read_table(folder, name), given, key)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with one_writer(folder / ".lock"):
            there = read_table(folder, name)
            outcome = _compare(there, given, key)
            if outcome.new or outcome.changed:
                stays = there.join(given, on=list(key), how="anti")
                _replace(folder / f"{name}.parquet", pl.concat([stays, given]).sort(key))
    except OSError as error:
        raise StoreError(f"table {name} in {folder} cannot be written: {error}") from error
    return outcome


def _known(name: str) -> tuple[pl.Schema, tuple[str, ...]]:
    if name not in TABLES:
        raise InvalidInput(f"there is no table {name!r}; there are {', '.join(TABLES)}")
    return TABLES[name]


def _compare(there: pl.DataFrame, given: pl.DataFrame, key: tuple[str, ...]) -> Upserted:
    known = given.join(there, on=list(key), how="semi").height
    same = given.join(there, on=given.columns, how="semi", nulls_equal=True).height
    return Upserted(new=given.height - known, changed=known - same, unchanged=same)


def _replace(path: Path, rows: pl.DataFrame) -> None:
    content = BytesIO()
    rows.write_parquet(content)
    write_atomically(path, content.getvalue())
    sync_folder(path.parent)
