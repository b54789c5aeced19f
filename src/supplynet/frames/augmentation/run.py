"""Lengthen short histories backwards with made-up demand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.core.spelling import nearest as nearest_name
from supplynet.errors import InvalidInput, NotFound
from supplynet.frames.aliases import AUGMENTED
from supplynet.frames.augmentation.earlier import earlier_rows, short_series
from supplynet.frames.augmentation.methods import METHODS, Course
from supplynet.frames.augmentation.result import (
    AUGMENTED_LOG_SCHEMA,
    AUGMENTED_SCHEMA,
    Augmented,
)
from supplynet.frames.augmentation.similar import LEAST_COVER, nearest, profiles
from supplynet.frames.cleaning.evidence import Indices, Rows, rows_of
from supplynet.frames.cleaning.expected import expect
from supplynet.frames.cleaning.periods import period_minutes
from supplynet.frames.cleaning.spreads import excess
from supplynet.frames.demand import DEMAND_SCHEMA, KEY, ensure_demand

MINIMUM_DAYS = 100
"""What the quality report asks of every series."""
MOST_DAYS = 3660
MOST_RATIO = 100.0
"""No made-up demand is further above the usual than this."""


class _World(NamedTuple):
    """Real and new rows together, sorted, and what is usual in each."""

    frame: pl.DataFrame
    rows: Rows
    minutes: FloatArray
    usual: FloatArray
    excess: FloatArray
    lump: FloatArray
    new: FloatArray


def augment(
    data: object,
    *,
    method: str,
    rng: np.random.Generator,
    minimum_days: int = MINIMUM_DAYS,
    plant: Plant | None = None,
) -> Augmented:
    """Put made-up rows before every series that covers fewer than ``minimum_days`` days.

    Real rows are never changed; made-up counts are whole and never starved.

    Args:
        data: Any table that ``ensure_demand`` takes; clean it first.
        method: One of ``METHODS``.
        rng: Draws; same state, same rows.
        minimum_days: How many days each series should cover.
        plant: Its calendars say which shifts there were; without it the pattern of the line's
            first week is continued.

    Raises:
        NotFound: An unknown method.
        InvalidInput: It is no demand table, has no rows, a series was never observed, or
            ``minimum_days`` is not 1 to 3660.
    """
    if method not in METHODS:
        meant = nearest_name(method, METHODS)
        hint = f"did you mean {meant!r}?" if meant else f"choose from {', '.join(METHODS)}"
        raise NotFound("augmentation method", method, hint)
    if not 1 <= minimum_days <= MOST_DAYS:
        raise InvalidInput(f"minimum_days is {minimum_days}; use 1 to {MOST_DAYS}")
    real = ensure_demand(data)
    _refuse_nonsense(real)
    short = short_series(real, minimum_days)
    world = _world(real, earlier_rows(real, short, plant), plant)
    made, log, notes = _make(world, short, method, rng)
    marked = real.with_columns(pl.lit(None, dtype=pl.String).alias(AUGMENTED))
    return Augmented(frame=pl.concat([marked, made]).sort(KEY), log=log, notes=notes)


def _refuse_nonsense(real: pl.DataFrame) -> None:
    if real.is_empty():
        raise InvalidInput("there are no rows to augment; import some history first")
    seen = real.group_by("location_id", "part_id").agg(pl.col("demand").count()).sort(KEY[:2])
    never = seen.filter(pl.col("demand") == 0)
    if never.height:
        names = [f"{line}/{part}" for line, part, _ in never.head(3).iter_rows()]
        raise InvalidInput(
            f"{never.height} series were never observed ({', '.join(names)}): nothing can be made "
            "from nothing; leave them out"
        )


def _world(real: pl.DataFrame, new: pl.DataFrame, plant: Plant | None) -> _World:
    frame = pl.concat([real.with_columns(_new=False), new.with_columns(_new=True)]).sort(KEY)
    bare = frame.select(DEMAND_SCHEMA.names())
    minutes = period_minutes(bare, plant)
    rows = rows_of(bare, minutes)
    expected = expect(rows)
    usual = np.nan_to_num(expected.rate * rows.available)
    lump = expected.lump[rows.series]
    mean = np.nan_to_num(expected.rate * rows.exposure) / lump
    return _World(
        frame=bare,
        rows=rows,
        minutes=minutes,
        usual=usual,
        excess=excess(rows, rows.counted / lump, mean),
        lump=lump,
        new=frame["_new"].to_numpy().astype(float),
    )


def _make(
    world: _World, short: pl.DataFrame, method: str, rng: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """The new rows, the log, the notes."""
    demand = np.full(len(world.usual), np.nan)
    donors: dict[int, int] = {}
    bounds = np.flatnonzero(np.diff(world.rows.series, prepend=-1, append=-1))
    wanted = np.unique(world.rows.series[world.new > 0])
    similar = _Similar(world, bounds) if method == "borrow" else None
    for series in wanted.tolist():
        place = np.arange(bounds[series], bounds[series + 1])
        new = place[world.new[place] > 0]
        donor = None
        if similar is not None:
            found = similar.donor(series, new)
            if found is not None:
                donors[series], donor = found
        demand[new] = _whole(METHODS[method](_course(world, place, new, donor), rng), rng)
    made = _rows(world, demand, method)
    log = _log(world, demand, short, method, donors)
    missing = short.join(log, on=["location_id", "part_id"], how="anti")
    return made, log, _notes(missing, method)


def _course(world: _World, place: Indices, new: Indices, donor: FloatArray | None) -> Course:
    return Course(
        ratios=_ratios(world, place),
        usual=world.usual[new],
        lump=float(world.lump[place[0]]),
        excess=float(world.excess[place[0]]),
        donor=donor,
    )


def _ratios(world: _World, place: Indices) -> FloatArray:
    """Demand over usual of the rows that were seen; 1 where nothing is usual."""
    seen = place[world.rows.exposure[place] > 0]
    share = world.rows.exposure[seen] / world.rows.available[seen]
    usual = world.usual[seen] * share
    ratio = np.divide(world.rows.counted[seen], usual, out=np.ones(len(seen)), where=usual > 0)
    kept: FloatArray = np.minimum(ratio, MOST_RATIO)
    return kept if len(kept) else np.ones(1)


class _Similar:
    """Finds donors; what it needs of all series is worked out once."""

    def __init__(self, world: _World, bounds: Indices) -> None:
        self.world, self.bounds = world, bounds
        self.count = len(bounds) - 1
        self.shape, self.level = profiles(world.rows, self.count)

    def donor(self, series: int, new: Indices) -> tuple[int, FloatArray] | None:
        """The nearest series with rows in enough of the periods of ``new``, and its ratios."""
        rows, usual = self.world.rows, self.world.usual
        starts = rows.start[new]
        seen = (rows.exposure == rows.available) & (rows.exposure > 0) & (usual > 0)
        seen &= np.isin(rows.start, starts)
        covered = np.bincount(rows.series[seen], minlength=self.count)
        candidates = np.flatnonzero(covered >= LEAST_COVER * len(new)).astype(np.int64)
        found = nearest(self.shape, self.level, series, candidates)
        if found is None:
            return None
        place = np.arange(self.bounds[found], self.bounds[found + 1])
        place = place[seen[place]]
        ratios = np.full(len(new), np.nan)
        ratios[np.searchsorted(starts, rows.start[place])] = np.minimum(
            rows.counted[place] / usual[place], MOST_RATIO
        )
        return found, ratios


def _whole(demand: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Whole numbers with the same mean: rounded up as often as the fraction says."""
    whole: FloatArray = np.floor(demand + rng.random(len(demand)))
    return whole


def _rows(world: _World, demand: FloatArray, method: str) -> pl.DataFrame:
    values = pl.Series("demand", demand, nan_to_null=True)
    rate = pl.Series("rate", demand * 60.0 / world.minutes, nan_to_null=True)
    made = world.frame.with_columns(
        values.cast(pl.Int64).alias("consumed"), rate, values, pl.lit(method).alias(AUGMENTED)
    )
    new = pl.Series(world.new > 0) & values.is_not_null()
    return made.filter(new).select(AUGMENTED_SCHEMA.names()).cast(AUGMENTED_SCHEMA)


def _log(
    world: _World,
    demand: FloatArray,
    short: pl.DataFrame,
    method: str,
    donors: dict[int, int],
) -> pl.DataFrame:
    names = world.frame.select("location_id", "part_id").with_columns(
        pl.Series("_series", world.rows.series), pl.Series("_made", np.isfinite(demand))
    )
    names = names.with_columns(world.frame["period_start"])
    added = (
        names.filter("_made")
        .group_by("_series", maintain_order=True)
        .agg(
            pl.col("location_id", "part_id").first(),
            pl.len().cast(pl.Int64).alias("added_rows"),
            pl.col("period_start").min().alias("added_from"),
        )
    )
    ids = (
        names.unique("_series", keep="first", maintain_order=True)
        .with_columns(pl.concat_str("location_id", "part_id", separator="/").alias("_id"))["_id"]
        .to_list()
    )
    donor = {series: ids[found] for series, found in donors.items()}
    added = added.with_columns(
        pl.col("_series")
        .replace_strict(donor, default=None, return_dtype=pl.String)
        .alias("donor"),
        pl.lit(method).alias("method"),
    )
    days = short.select("location_id", "part_id", pl.col("days").alias("real_days"))
    log = added.join(days, on=["location_id", "part_id"], how="left", maintain_order="left")
    return log.select(AUGMENTED_LOG_SCHEMA.names()).cast(AUGMENTED_LOG_SCHEMA)


def _notes(missing: pl.DataFrame, method: str) -> tuple[str, ...]:
    if missing.is_empty():
        return ()
    names = [f"{line}/{part}" for line, part in missing.head(3).select(KEY[:2]).iter_rows()]
    why = "no similar series has rows in those periods" if method == "borrow" else "no periods"
    return (f"{missing.height} short series were not lengthened ({', '.join(names)}): {why}.",)
