"""The drivers that a workspace has, in one Parquet file."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import polars as pl

from supplynet.connectors.signals.revisions import merge_revisions
from supplynet.errors import InvalidInput, StoreError
from supplynet.files import one_writer, write_atomically
from supplynet.frames.tables import DRIVERS_SCHEMA, conform_table


def read_drivers(path: Path) -> pl.DataFrame:
    """The drivers in ``path``; none when there is no file.

    Raises:
        StoreError: The file cannot be read.
    """
    try:
        return conform_table(pl.read_parquet(path, glob=False), DRIVERS_SCHEMA)
    except FileNotFoundError:
        return pl.DataFrame(schema=DRIVERS_SCHEMA)
    except (OSError, InvalidInput, pl.exceptions.PolarsError) as error:
        raise StoreError(
            f"{path} cannot be read ({str(error).splitlines()[0]}); restore it from a backup, or "
            "move it away and fetch the signals again"
        ) from error


def add_drivers(path: Path, fetched: pl.DataFrame, now: datetime, *, dated: bool) -> int:
    """Add what is new or revised to ``path`` and return how many rows that were.

    See ``merge_revisions`` for ``now`` and ``dated``.

    Raises:
        StoreError: The file cannot be read or written; it stays as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with one_writer(path.with_name(f".{path.name}.lock")):
            stored = read_drivers(path)
            merged = merge_revisions(stored, fetched, now, dated=dated)
            content = io.BytesIO()
            merged.write_parquet(content)
            write_atomically(path, content.getvalue())
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    return merged.join(stored, on=merged.columns, how="anti", nulls_equal=True).height
