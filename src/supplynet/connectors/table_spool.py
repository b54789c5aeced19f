"""Rows put aside until the whole file is known: in memory while they are few, else on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

PART = "\x1fpart"
"""Column by which rows are put together again; a whole number, 0 to 99,999."""
MOST_ROWS = 3_000_000  # about 150 MB


class Spool:
    """Rows by part: add in any order, get back each part's rows together, in the order added.

    Args:
        folder: Where to write, made when needed; None keeps everything in memory.
        most_rows: Rows to hold in memory; None = ``MOST_ROWS``.
        together: Parts may come as one while none had to be written.
    """

    def __init__(
        self, folder: Path | None, *, most_rows: int | None = None, together: bool = False
    ) -> None:
        self._folder, self._together = folder, together
        self._most = MOST_ROWS if most_rows is None else most_rows
        self._held: list[pl.DataFrame] = []
        self._held_rows = 0
        self._flushes = 0
        self.rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Put rows aside; all frames have the same columns, ``PART`` among them."""
        self._held.append(frame)
        self._held_rows += frame.height
        self.rows += frame.height
        if self._folder is not None and self._held_rows > self._most:
            self._flush(self._folder)

    def parts(self) -> Iterator[pl.DataFrame]:
        """Each part's rows, parts ascending; may be asked for again."""
        if self._folder is None or not self._flushes:
            yield from self._in_memory()
            return
        self._flush(self._folder)
        numbers = sorted({int(file.name.split("-")[0]) for file in self._folder.glob("*.arrow")})
        for number in numbers:
            files = sorted(self._folder.glob(f"{number:05d}-*.arrow"))
            yield pl.concat(pl.read_ipc(file) for file in files)

    def _in_memory(self) -> Iterator[pl.DataFrame]:
        if not self._held:
            return
        self._held = [pl.concat(self._held)]
        if self._together:
            yield self._held[0]
            return
        by_part = self._held[0].partition_by(PART, as_dict=True, maintain_order=True)
        for key in sorted(by_part):
            yield by_part[key]

    def _flush(self, folder: Path) -> None:
        if not self._held_rows:
            return
        folder.mkdir(parents=True, exist_ok=True)
        held = pl.concat(self._held).partition_by(PART, as_dict=True, maintain_order=True)
        for (number,), rows in held.items():
            file = folder / f"{number:05d}-{self._flushes:06d}.arrow"
            rows.write_ipc(file, compression="lz4")
        self._flushes += 1
        self._held, self._held_rows = [], 0
