"""Drivers beside demand: prices, weather, indices, events, each only as it was known.

A driver that is announced (``known_at`` before ``at``) and one that is published late (after it)
are joined by the same rule: of the values known at the row's cutoff, the newest that holds at its
period. So a plan price is known ahead, and an index of last month is last month's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.core.spelling import nearest
from supplynet.errors import InvalidInput, NotFound
from supplynet.frames.aliases import to_polars
from supplynet.frames.as_known import (
    NONE,
    Index,
    KnownEntries,
    microseconds,
    refuse_conflicts,
    with_moments,
)
from supplynet.frames.tables import DRIVERS_SCHEMA, conform_table

Fill: TypeAlias = Literal["last", "exact"]
_SCOPE = ("location_id", "part_id")


def conform_drivers(data: object) -> pl.DataFrame:
    """Drivers in ``DRIVERS_SCHEMA``, sorted; rows without a finite value say nothing and go.

    Raises:
        InvalidInput: It is no table, a time has no zone or is missing, a driver has no name, or
            two rows of one (driver, scope, at, known_at) differ in value.
    """
    frame = with_moments(to_polars(data), ("at", "known_at"), "drivers", also=("driver", "value"))
    made = conform_table(frame, DRIVERS_SCHEMA).filter(pl.col("value").is_finite())
    if made["driver"].null_count():
        raise InvalidInput(f"{made['driver'].null_count()} rows of the drivers name no driver")
    key = [name for name in DRIVERS_SCHEMA if name != "value"]
    refuse_conflicts(made, key, "value", "drivers")
    return made.unique(key).sort("driver", *_SCOPE, "at", "known_at")


@dataclass(frozen=True, kw_only=True, eq=False)
class DriverBook:
    """One driver, indexed for look-ups.

    Attributes:
        rows: Conforming rows of this driver.
    """

    rows: pl.DataFrame

    @classmethod
    def of(cls, drivers: pl.DataFrame, driver: str) -> DriverBook:
        """The book of one driver of a conforming frame.

        Raises:
            NotFound: No row names it.
        """
        rows = drivers.filter(pl.col("driver") == driver)
        if rows.is_empty():
            names = drivers["driver"].unique().sort().to_list()
            near = nearest(driver, names)
            hint = f"did you mean {near!r}?" if near else f"there are {', '.join(names) or 'none'}"
            raise NotFound("driver", driver, hint)
        return cls(rows=rows)

    def values(
        self,
        scopes: list[tuple[str, str]],
        at: Index,
        cutoff: Index,
        fill: Fill = "last",
    ) -> tuple[FloatArray, Index]:
        """The driver at each scope and moment, as known at the cutoff.

        The most specific scope that has a known value wins: line and part, line, part, everywhere.

        Args:
            scopes: ``(location_id, part_id)`` of each row, length n.
            at: Moments, microseconds; shape (n, m) or (1, m).
            cutoff: What was not known then is not there; same shape.
            fill: ``last`` holds a value until the next; ``exact`` wants one stated for ``at``.

        Returns:
            Values, NaN where nothing was known, and when each began to hold (microseconds, 0
            where nothing was known); shape (n, m).
        """
        shape = (len(scopes), at.shape[1])
        values, since = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
        for groups in self._groups_of(scopes):
            present, place = np.unique(groups, return_inverse=True)
            if present[-1] == NONE:
                continue
            if at.shape[0] == 1:  # every series asks the same: look once per group
                found = self._entries.newest(present[:, None], at, cutoff)[place]
            else:
                found = self._entries.newest(groups[:, None], at, cutoff)
            if fill == "exact":
                found = np.where(self._entries.at[found] == at, found, NONE)
            better = found != NONE
            values[better] = self._values[found[better]]
            since[better] = self._entries.at[found[better]]
        return values, since

    def _groups_of(self, scopes: list[tuple[str, str]]) -> list[Index]:
        """Group of each scope at each degree, the least specific first; -1 where it has none."""
        degrees: list[list[tuple[str | None, str | None]]] = [
            [(None, None)] * len(scopes),
            [(None, part) for _, part in scopes],
            [(location, None) for location, _ in scopes],
            [(location, part) for location, part in scopes],
        ]
        place = self._group_of
        return [
            np.array([place.get(scope, NONE) for scope in degree], dtype=np.int64)
            for degree in degrees
        ]

    @cached_property
    def _group_of(self) -> dict[tuple[str | None, str | None], int]:
        scopes = self.rows.select(_SCOPE).unique(maintain_order=True)
        return {scope: number for number, scope in enumerate(scopes.iter_rows())}

    @cached_property
    def _entries(self) -> KnownEntries:
        scopes = self.rows.select(pl.struct(_SCOPE).rle_id()).to_series()
        return KnownEntries.of(
            scopes.cast(pl.Int64).to_numpy(),
            microseconds(self.rows["at"]),
            microseconds(self.rows["known_at"]),
            len(self._group_of),
        )

    @cached_property
    def _values(self) -> FloatArray:
        return self.rows["value"].to_numpy()


def join_drivers(rows: object, drivers: object, *, fill: Fill = "last") -> pl.DataFrame:
    """The rows with one more column per driver, named like it.

    A row gets, of the values known at its ``cutoff``, the newest that holds at its
    ``period_start``; of two values for one moment the one known later. The most specific scope
    that has such a value wins: line and part, line, part, everywhere. Nothing else tells a
    known-ahead driver from a past-only one.

    Args:
        rows: Table with ``location_id, part_id, period_start, cutoff``, in any order, which is
            kept.
        drivers: Table of ``DRIVERS_SCHEMA`` (``frames.tables``).
        fill: ``last`` holds a value until the next one; ``exact`` gives only what was stated for
            the very ``period_start``, as for a day's price list or weather.

    Raises:
        InvalidInput: A column is missing, a time has no zone or is empty, a driver has the name of
            a column, or two rows of one (driver, scope, at, known_at) differ in value.
    """
    made = with_moments(to_polars(rows), ("period_start", "cutoff"), "rows", also=_SCOPE)
    if fill not in ("last", "exact"):
        raise InvalidInput(f"fill is {fill!r}; choose 'last' or 'exact'")
    book = conform_drivers(drivers)
    names = book["driver"].unique().sort().to_list()
    if taken := [name for name in names if name in made.columns]:
        raise InvalidInput(f"the rows have a column {taken[0]!r} already; rename the driver")
    scopes = list(made.select(pl.col(_SCOPE).cast(pl.String)).iter_rows())
    at = microseconds(made["period_start"])[:, None]
    cutoff = microseconds(made["cutoff"])[:, None]
    if made.is_empty():
        return made.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in names)
    columns = [
        pl.Series(name, DriverBook.of(book, name).values(scopes, at, cutoff, fill)[0][:, 0])
        for name in names
    ]
    return made.with_columns(column.fill_nan(None) for column in columns)
