"""What was known at a moment, from tables that say when a value holds and when it was known.

The production plan, prices, weather and stock all ask the same question: of the entries known at
``cutoff``, which is the newest that holds at ``at``? It is answered here, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.errors import InvalidInput
from supplynet.frames.tables import MOMENT

Index = npt.NDArray[np.int64]
NONE = -1


def with_moments(
    frame: pl.DataFrame, columns: Iterable[str], what: str, also: Iterable[str] = ()
) -> pl.DataFrame:
    """The frame with these columns as moments in UTC, and ``also`` further ones that it needs.

    A time without a zone is refused rather than read as UTC: an hour's mistake would let a model
    see the future, and nothing later could tell.

    Raises:
        InvalidInput: A column is missing, is no aware time, or has an empty cell.
    """
    for name in (*columns, *also):
        if name not in frame.columns:
            raise InvalidInput(f"{what} need the column {name}; they have {_list(frame.columns)}")
    for name in columns:
        dtype = frame.schema[name]
        if dtype != pl.Null and not (isinstance(dtype, pl.Datetime) and dtype.time_zone):
            raise InvalidInput(
                f"{what}: {name} is {dtype}, not a time with a zone; "
                "say in which zone it was written, e.g. dt.replace_time_zone('Europe/Berlin')"
            )
        if empty := frame[name].null_count():
            raise InvalidInput(f"{what}: {empty} of {frame.height} rows have no {name}; fill them")
    return frame.with_columns(pl.col(list(columns)).cast(MOMENT))


def microseconds(column: pl.Series) -> Index:
    """Moments as whole microseconds since 1970, shape (row,)."""
    return column.cast(MOMENT).to_physical().to_numpy()


def refuse_conflicts(frame: pl.DataFrame, key: Iterable[str], value: str, what: str) -> None:
    """Refuse two rows of one key with different values; equal ones do no harm.

    Raises:
        InvalidInput: With the number of such keys and the first of them.
    """
    names = list(key)
    differ = (
        frame.group_by(names, maintain_order=True)
        .agg(pl.col(value).n_unique().alias("_values"))
        .filter(pl.col("_values") > 1)
    )
    if differ.height:
        first = ", ".join(
            f"{name}={shown(cell)}"
            for name, cell in differ.row(0, named=True).items()
            if name != "_values"
        )
        raise InvalidInput(
            f"{what}: {differ.height} keys are there twice with different {value}, the first "
            f"{first}; keep one row of each"
        )


def shown(cell: object) -> str:
    """One cell for a message."""
    return "any" if cell is None else str(cell)


@dataclass(frozen=True, kw_only=True, eq=False)
class KnownEntries:
    """Entries of many groups, searchable for the newest that held and was known.

    Attributes:
        starts: First entry of each group, and the number of entries; shape (group + 1,).
        moments: The different ``at`` of all entries, ascending; microseconds.
        keys: ``group * (len(moments) + 1) + rank of at``, ascending; shape (entry,).
        at: When each entry begins to hold, microseconds; shape (entry,).
        levels: ``levels[k][i]`` is the earliest ``known_at`` of the ``2**k`` entries that end at
            ``i``; the first level is ``known_at`` itself.
    """

    starts: Index
    moments: Index
    keys: Index
    at: Index
    levels: tuple[Index, ...]

    @classmethod
    def of(cls, group: Index, at: Index, known_at: Index, groups: int) -> KnownEntries:
        """Index entries that are sorted by (group, at, known_at)."""
        moments, rank = np.unique(at, return_inverse=True)
        starts = np.searchsorted(group, np.arange(groups + 1))
        longest = int(np.diff(starts).max(initial=0))
        levels = [known_at]
        while 2 ** len(levels) <= longest:
            size, last = 2 ** (len(levels) - 1), levels[-1]
            level = last.copy()
            np.minimum(last[size:], last[:-size], out=level[size:])
            levels.append(level)
        keys = group * (len(moments) + 1) + rank + 1
        return cls(starts=starts, moments=moments, keys=keys, at=at, levels=tuple(levels))

    def newest(self, group: Index, at: Index, cutoff: Index) -> Index:
        """Of each query's group: the newest entry that holds at ``at`` and was known at ``cutoff``.

        Of two entries that begin at the same moment the one known later wins. Arguments broadcast;
        a group of -1 has no entries.

        Returns:
            Entry of each query, -1 where there is none.
        """
        group, at, cutoff = np.broadcast_arrays(group, at, cutoff)
        if not len(self.at):
            return np.full(group.shape, NONE, dtype=np.int64)
        rank = np.searchsorted(self.moments, at, side="right")
        place = np.searchsorted(self.keys, group * (len(self.moments) + 1) + rank, side="right") - 1
        first = np.where(group >= 0, self.starts[np.maximum(group, 0)], len(self.at))
        for power in reversed(range(len(self.levels))):
            # Step over a whole block when nothing in it was known: the earliest of it says so.
            size = 2**power
            inside = place - size + 1 >= first
            unknown = inside & (self.levels[power][np.where(inside, place, 0)] > cutoff)
            place = np.where(unknown, place - size, place)
        return np.where(place >= first, place, NONE)


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
