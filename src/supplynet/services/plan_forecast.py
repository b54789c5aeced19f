"""The last plans and the forecasts behind them, kept open: a plan's forecast never changes."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast import quantiles
from supplynet.services.books import Books
from supplynet.services.remembered import remembered
from supplynet.storage import ReadTx, plans

Pair = tuple[str, str]
_OPENED = "plan forecasts"
_MOST_BYTES = 64 * 2**20
"""Of all forecasts that are kept open; the newest one stays, however large."""
_MEDIAN = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Medians:
    """The middle forecast of every series.

    Attributes:
        series: (line, part).
        starts: Of the shifts, ascending.
        demand: Never below 0, shape (series, shift); 0 where there is none.
    """

    series: tuple[Pair, ...]
    starts: tuple[datetime, ...]
    demand: FloatArray


class PlanForecast:
    """The forecast of one plan.

    Attributes:
        frame: Quantiles by ``location_id``, ``part_id`` and ``period_start``.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._means: dict[datetime, Mapping[Pair, float]] = {}

    def of_part(self, lines: Collection[str], part: str) -> pl.DataFrame:
        """The quantiles of some lines and one part."""
        ours = (pl.col("part_id") == part) & pl.col("location_id").is_in(sorted(lines))
        return self.frame.filter(ours & pl.col("quantile").is_not_null())

    def means(self, start: datetime) -> Mapping[Pair, float]:
        """Mean of the shift that begins at ``start``, by (line, part); empty without one."""
        if start not in self._means:
            self._means[start] = self._means_at(start)
        return self._means[start]

    def _means_at(self, start: datetime) -> Mapping[Pair, float]:
        ours = (pl.col("period_start") == start) & pl.col("quantile").is_not_null()
        rows = self.frame.filter(ours).sort("location_id", "part_id", "quantile")
        grouped = rows.group_by("location_id", "part_id", maintain_order=True)
        by_levels: dict[tuple[float, ...], list[tuple[Pair, list[float]]]] = {}
        for line, part, levels, amounts in grouped.agg("quantile", "demand").iter_rows():
            by_levels.setdefault(tuple(levels), []).append(((line, part), amounts))
        found: dict[Pair, float] = {}
        for levels, series in by_levels.items():
            means = quantiles.mean(np.array([amounts for _, amounts in series]), levels)
            found |= dict(zip((pair for pair, _ in series), means.tolist(), strict=True))
        return found

    @cached_property
    def medians(self) -> Medians:
        """Middle forecasts of all series and shifts."""
        rows = self.frame.filter(pl.col("quantile") == _MEDIAN)
        keys = ["location_id", "part_id"]
        wide = rows.pivot("period_start", index=keys, values="demand", maintain_order=True)
        starts = sorted(rows["period_start"].unique().to_list())
        columns = [name for name in wide.columns if name not in keys]
        order = dict(zip(rows["period_start"].unique(maintain_order=True), columns, strict=True))
        demand = wide.select(order[start] for start in starts).to_numpy()
        return Medians(
            series=tuple(wide.select(keys).iter_rows()),
            starts=tuple(starts),
            demand=np.nan_to_num(np.maximum(demand, 0.0)).reshape(wide.height, len(starts)),
        )


class _Kept:
    """The forecasts that were asked for last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_plan: OrderedDict[str, PlanForecast] = OrderedDict()

    def of(self, tx: ReadTx, plan_id: str) -> PlanForecast:
        with self._lock:
            known = self._by_plan.get(plan_id)
            if known is not None:
                self._by_plan.move_to_end(plan_id)
                return known
        made = PlanForecast(pl.read_parquet(io.BytesIO(plans.forecast_of(tx, plan_id))))
        with self._lock:
            self._by_plan[plan_id] = made
            while len(self._by_plan) > 1 and self._size() > _MOST_BYTES:
                self._by_plan.popitem(last=False)
        return made

    def _size(self) -> int:
        return sum(int(each.frame.estimated_size()) for each in self._by_plan.values())


def newest_plan(books: Books, tx: ReadTx) -> plans.PlanRecord | None:
    """The newest plan, read once for all who ask; None before the first. Nobody may change it."""
    return remembered(books, tx, "newest plan", ("plan",), lambda: plans.latest_plan(tx))


def forecast_of(books: Books, tx: ReadTx, plan_id: str) -> PlanForecast:
    """The forecast behind a plan.

    Raises:
        NotFound: There is no such plan, or it is no longer kept.
    """
    kept = books.opened.setdefault(_OPENED, _Kept())
    assert isinstance(kept, _Kept)
    return kept.of(tx, plan_id)
