"""The rows of a clean history as arrays, and random numbers by row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.keyed import name_key, uniform
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.tables import MOMENT

Longs = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
MINUTE = 60_000_000  # microseconds


@dataclass(frozen=True, eq=False)
class Recorded:
    """A demand frame, sorted by its key.

    Attributes:
        frame: Conforming.
        seed: Of everything that is drawn for it.
        time_zone: IANA name; days are local.
    """

    frame: pl.DataFrame
    seed: int
    time_zone: str

    @cached_property
    def first(self) -> Longs:
        """First row of every series, and the number of rows, shape (series + 1,)."""
        names = self.frame.select("location_id", "part_id")
        new = names.select(
            pl.any_horizontal(pl.all() != pl.all().shift(1)).fill_null(True)
        ).to_series()
        return np.append(np.flatnonzero(new.to_numpy()), self.frame.height).astype(np.int64)

    @cached_property
    def names(self) -> list[tuple[str, str]]:
        """(line, part) of every series."""
        return self.frame.select("location_id", "part_id")[self.first[:-1]].rows()

    @cached_property
    def key(self) -> Longs:
        """Random key of every series, by its names."""
        keys = [name_key(f"{line}/{part}") for line, part in self.names]
        return np.array(keys, dtype=np.int64)

    @cached_property
    def series(self) -> Longs:
        """Series of every row."""
        return np.repeat(np.arange(len(self.names)), np.diff(self.first))

    @cached_property
    def stamp(self) -> Longs:
        """``period_start`` of every row, microseconds since 1970."""
        return self.frame["period_start"].to_physical().to_numpy().astype(np.int64)

    @cached_property
    def day(self) -> Longs:
        """Local day on which every row's period starts, days since 1970."""
        local = self.frame["period_start"].dt.convert_time_zone(self.time_zone).dt.date()
        return local.to_physical().to_numpy().astype(np.int64)

    @cached_property
    def consumed(self) -> Longs:
        """Parts used in every row; a copy that may be changed is the caller's affair."""
        return self.frame["consumed"].to_numpy().astype(np.int64)

    @cached_property
    def mean(self) -> FloatArray:
        """Mean use per row of every series."""
        total = np.add.reduceat(self.consumed, self.first[:-1]) if self.names else np.empty(0)
        return np.asarray(total / np.diff(self.first), dtype=np.float64)

    def of_series(self, purpose: str) -> FloatArray:
        """A uniform number per series."""
        return uniform(self.seed, purpose, self.key)

    def of_rows(self, purpose: str, rows: npt.NDArray[np.integer] | slice) -> FloatArray:
        """A uniform number for each of ``rows``."""
        return uniform(self.seed, purpose, self.key[self.series[rows]], self.stamp[rows] // MINUTE)

    def end_of(self, row: int) -> int:
        """A stamp after ``row`` and not after the next row of its series."""
        after = row + 1
        if after < self.frame.height and self.series[after] == self.series[row]:
            return int(self.stamp[after])
        return int(self.stamp[row]) + 1440 * MINUTE


def moments_of(stamps: npt.ArrayLike) -> pl.Series:
    """Aware moments of microseconds since 1970."""
    return pl.Series(np.asarray(stamps, dtype=np.int64)).cast(MOMENT)
