"""Consumption history: Parquet by month, ``imported`` by people and derived from the ``ledger``.

A file is replaced whole or not at all. Rows have the key (location, part, period start): the same
key again replaces what was there, so an import may be repeated.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

import polars as pl

from supplynet.errors import StoreError
from supplynet.files import one_writer, sync_folder
from supplynet.frames.demand import KEY, conform, empty_demand

HistoryKind = Literal["imported", "ledger"]
KINDS: tuple[HistoryKind, ...] = ("imported", "ledger")
"""Later ones win where both have a key: the ledger was there."""
_KEPT_BYTES = 2**20
"""A month's file up to this size stays open for who asks for some series of it."""


def write_history(folder: Path, kind: HistoryKind, frame: pl.DataFrame) -> int:
    """Add or replace rows of ``folder/kind`` and return how many were given.

    Nothing takes its place before every month is written; see ``HistoryDraft``.

    Args:
        folder: ``history`` of a workspace.
        kind: Where the rows come from.
        frame: A demand frame.

    Raises:
        InvalidInput: The frame does not conform.
        StoreError: A file cannot be read or written; history stays as it was.
    """
    given = conform(frame)
    month = pl.col("period_start").dt.strftime("%Y-%m")
    with HistoryDraft(folder, kind) as draft:
        for _, rows in given.group_by(month, maintain_order=True):
            draft.add(rows)
        draft.commit()
    return given.height


def changed_rows(folder: Path, kind: HistoryKind, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``frame`` that are not in ``folder/kind`` just so.

    Raises:
        InvalidInput: The frame does not conform.
        StoreError: A file cannot be read.
    """
    if frame.is_empty():
        return frame
    given, first = conform(frame), frame["period_start"].min()
    assert isinstance(first, datetime)
    there = read_history(folder, start=first, kind=kind)
    return given.join(there, on=given.columns, how="anti", nulls_equal=True)


def replace_history(folder: Path, kind: HistoryKind, frame: pl.DataFrame) -> int:
    """Make ``frame`` all that ``folder/kind`` holds, and return its rows.

    When it is killed between two months, do it again.

    Raises:
        InvalidInput: The frame does not conform.
        StoreError: A file cannot be read or written.
    """
    given = conform(frame)
    month = pl.col("period_start").dt.strftime("%Y-%m")
    with HistoryDraft(folder, kind) as draft:
        for _, rows in given.group_by(month, maintain_order=True):
            draft.add(rows, merge=False)
        draft.commit(only=True)
    return given.height


class HistoryDraft:
    """Months written beside those in use, to take their place together; a context manager.

    It holds the lock of the folder from beginning to end. What is not committed is removed.

    Args:
        folder: ``history`` of a workspace.
        kind: Where the rows come from.
        write: False only compares: nothing is written.

    Attributes:
        new, changed, unchanged: Rows whose key was not there, was there with other content, was
            there as they are.
    """

    def __init__(self, folder: Path, kind: HistoryKind, *, write: bool = True) -> None:
        self._directory, self._write = folder / kind, write
        self._drafts: dict[Path, Path] = {}
        self._added: set[Path] = set()
        self._lock = ExitStack()
        self.new = self.changed = self.unchanged = 0

    def __enter__(self) -> Self:
        if self._write:
            with _writable(self._directory):
                self._directory.mkdir(parents=True, exist_ok=True)
                self._lock.enter_context(one_writer(self._directory / ".lock"))
        return self

    def __exit__(self, *_: object) -> None:
        for draft in self._drafts.values():
            draft.unlink(missing_ok=True)
        self._lock.close()

    def add(self, rows: pl.DataFrame, *, merge: bool = True) -> None:
        """Add or replace rows of one month, which was not added before; conforming, one or more.

        Without ``merge`` they are all that the month will hold.

        Raises:
            StoreError: A file cannot be read or written.
        """
        start = rows["period_start"][0]
        path = self._directory / f"{start:%Y-%m}.parquet"
        there = _read(path) if path.exists() else empty_demand()
        known = rows.join(there.select(KEY), on=KEY, how="semi").height
        same = rows.join(there, on=rows.columns, how="semi", nulls_equal=True).height
        self.new += rows.height - known
        self.changed += known - same
        self.unchanged += same
        self._added.add(path)
        stays = same == rows.height and (merge or there.height == same)
        if self._write and not stays:
            merged = _latest(pl.concat([there, rows])) if merge and there.height else rows.sort(KEY)
            self._drafts[path] = path.with_suffix(".draft")
            with _writable(self._directory):
                _write(self._drafts[path], merged)

    def commit(self, *, only: bool = False) -> None:
        """Put every month in its place; a month without a change keeps its file.

        With ``only``, months that were not added go.

        When it is killed between two months, do it again.

        Raises:
            StoreError: A file cannot be written.
        """
        with _writable(self._directory):
            for path, draft in self._drafts.items():
                draft.replace(path)
            if only:
                for path in set(self._directory.glob("????-??.parquet")) - self._added:
                    path.unlink()
            if self._drafts or only:
                sync_folder(self._directory)
        self._drafts = {}


def read_history(
    folder: Path,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    kind: HistoryKind | None = None,
    series: pl.Expr | None = None,
) -> pl.DataFrame:
    """The demand frame of ``[start, end)``; an end left out is open, ``kind`` None means both.

    ``series`` says which, by ``location_id`` and ``part_id``; None means all.

    Raises:
        StoreError: A file cannot be read.
    """
    parts: list[pl.DataFrame] = []
    for name in KINDS if kind is None else (kind,):
        files = sorted((folder / name).glob("????-??.parquet"))
        parts += [_read(file, series) for file in files if _overlaps(file.stem, start, end)]
    if not parts:
        return empty_demand()
    frame = _latest(pl.concat(parts))
    if start is not None:
        frame = frame.filter(pl.col("period_start") >= start)
    if end is not None:
        frame = frame.filter(pl.col("period_start") < end)
    return frame


def read_demand(folder: Path, start: datetime, end: datetime) -> pl.DataFrame:
    """Keys and ``demand`` of ``[start, end)``, unsorted: what a panel takes of ``read_history``.

    Several times as fast, for nothing else is read, and the two kinds are held against each other
    in months alone that both have.

    Raises:
        StoreError: A file cannot be read.
    """
    inside = (pl.col("period_start") >= start) & (pl.col("period_start") < end)
    months: dict[str, list[pl.DataFrame]] = {}
    for kind in KINDS:
        for file in sorted((folder / kind).glob("????-??.parquet")):
            if _overlaps(file.stem, start, end):
                with _readable(file):
                    rows = pl.scan_parquet(file).filter(inside).select(*KEY, "demand").collect()
                months.setdefault(file.stem, []).append(rows)
    frames = [
        parts[0]
        if len(parts) == 1
        else pl.concat(parts).unique(subset=list(KEY), keep="last", maintain_order=True)
        for parts in months.values()
    ]
    return pl.concat(frames) if frames else empty_demand().select(*KEY, "demand")


def months_of(folder: Path) -> Iterator[tuple[datetime, datetime]]:
    """The months that there is history of, oldest first: ``[start, end)`` of each, UTC."""
    names = {file.stem for kind in KINDS for file in (folder / kind).glob("????-??.parquet")}
    for name in sorted(names):
        year, month = (int(piece) for piece in name.split("-"))
        start = datetime(year, month, 1, tzinfo=UTC)
        yield start, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


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


def _write(path: Path, rows: pl.DataFrame) -> None:
    with path.open("wb") as file:
        rows.write_parquet(file)
        file.flush()
        os.fsync(file.fileno())


def _latest(frame: pl.DataFrame) -> pl.DataFrame:
    """Each key once, with its last row."""
    return frame.unique(subset=list(KEY), keep="last", maintain_order=True).sort(KEY)


def _read(path: Path, series: pl.Expr | None = None) -> pl.DataFrame:
    with _readable(path):
        if series is None:
            return conform(pl.read_parquet(path))
        found = path.stat()
        if found.st_size <= _KEPT_BYTES:
            return _month(path, found.st_mtime_ns, found.st_ino).filter(series)
        return conform(pl.scan_parquet(path).filter(series).collect())


@lru_cache(maxsize=8)
def _month(path: Path, _modified_ns: int, _inode: int) -> pl.DataFrame:
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
def _writable(directory: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:  # polars wraps those of a full disk
        said = str(error).strip().splitlines()[0]
        raise StoreError(f"history {directory} cannot be written: {said}") from error
