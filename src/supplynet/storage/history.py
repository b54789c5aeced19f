"""Consumption history: Parquet by month, ``imported`` by people and derived from the ``ledger``.

A file is replaced whole or not at all. Rows have the key (location, part, period start): the same
key again replaces what was there, so an import may be repeated.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal

import polars as pl

from supplynet.errors import StoreError
from supplynet.frames.demand import KEY, conform, empty_demand

HistoryKind = Literal["imported", "ledger"]
KINDS: tuple[HistoryKind, ...] = ("imported", "ledger")
"""Later ones win where both have a key: the ledger was there."""


def write_history(folder: Path, kind: HistoryKind, frame: pl.DataFrame) -> int:
    """Add or replace rows of ``folder/kind`` and return how many were given.

    Each month is written atomically; when several are and it is killed in between, do it again.

    Args:
        folder: ``history`` of a workspace.
        kind: Where the rows come from.
        frame: A demand frame.

    Raises:
        InvalidInput: The frame does not conform.
        StoreError: A file cannot be read or written; that month stays as it was.
    """
    given = conform(frame)
    directory = folder / kind
    month = pl.col("period_start").dt.strftime("%Y-%m")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _one_writer(directory):
            for (name,), rows in given.group_by(month, maintain_order=True):
                _upsert(directory / f"{name}.parquet", rows)
    except OSError as error:
        raise StoreError(f"history {directory} cannot be written: {error}") from error
    return given.height


def read_history(
    folder: Path,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    kind: HistoryKind | None = None,
) -> pl.DataFrame:
    """The demand frame of ``[start, end)``; an end left out is open, ``kind`` None means both.

    Raises:
        StoreError: A file cannot be read.
    """
    parts: list[pl.DataFrame] = []
    for name in KINDS if kind is None else (kind,):
        files = sorted((folder / name).glob("????-??.parquet"))
        parts += [_read(file) for file in files if _overlaps(file.stem, start, end)]
    if not parts:
        return empty_demand()
    frame = _latest(pl.concat(parts))
    if start is not None:
        frame = frame.filter(pl.col("period_start") >= start)
    if end is not None:
        frame = frame.filter(pl.col("period_start") < end)
    return frame


def newest_period(folder: Path) -> datetime | None:
    """Start of the newest period in ``folder``; None without history.

    Reads one column of each kind's newest month, and that only when the file is another.

    Raises:
        StoreError: A file cannot be read.
    """
    found: list[datetime] = []
    for kind in KINDS:
        files = sorted((folder / kind).glob("????-??.parquet"))
        if files:
            found.append(_newest_in(files[-1], files[-1].stat().st_mtime_ns))
    return max(found, default=None)


@lru_cache(maxsize=16)
def _newest_in(path: Path, _modified_ns: int) -> datetime:
    with _readable(path):
        newest = pl.scan_parquet(path).select(pl.col("period_start").max()).collect().item()
    assert isinstance(newest, datetime), "a month without rows is never written"
    return newest.replace(tzinfo=UTC)


def _overlaps(month: str, start: datetime | None, end: datetime | None) -> bool:
    """Whether a file of ``2026-01`` may hold rows of ``[start, end)``; text sorts like time."""
    first = start is None or f"{start.astimezone(UTC):%Y-%m}" <= month
    last = end is None or month <= f"{end.astimezone(UTC):%Y-%m}"
    return first and last


def _upsert(path: Path, rows: pl.DataFrame) -> None:
    merged = _latest(pl.concat([_read(path), rows])) if path.exists() else rows
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        merged.write_parquet(file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_folder(path.parent)


def _latest(frame: pl.DataFrame) -> pl.DataFrame:
    """Each key once, with its last row."""
    return frame.unique(subset=list(KEY), keep="last", maintain_order=True).sort(KEY)


def _read(path: Path) -> pl.DataFrame:
    with _readable(path):
        return conform(pl.read_parquet(path))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StoreError(
            f"history file {path} cannot be read ({str(error).splitlines()[0]}); "
            "restore it from a backup or import the month again after moving it away"
        ) from error


@contextmanager
def _one_writer(directory: Path) -> Iterator[None]:
    """Two writers of one month would lose one's rows; the lock ends with the process."""
    with (directory / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sync_folder(directory: Path) -> None:
    """Make the renaming itself survive a power cut."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
