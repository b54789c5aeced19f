"""What each series used lately: what a forecast is held against before anyone orders by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel

LOOK_BACK = timedelta(days=56)
LAST = timedelta(days=7)
Series = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, eq=False)
class RecentUse:
    """Use per period, parts, shape (series,); NaN where nothing was observed.

    Attributes:
        usual, most: Mean and largest of the last eight weeks in which anything was observed.
        last: Mean of the last of these weeks.
        seen_until: End of the last period in which anything was observed; None = never.
    """

    usual: FloatArray
    most: FloatArray
    last: FloatArray
    seen_until: datetime | None


def recent_use(series: Series, history: Panel, observed: Observed, cutoff: datetime) -> RecentUse:
    """Recent use from the history and what was observed after it, as known at ``cutoff``."""
    past = history.tail(_many(history))
    ends = [*past.period_ends, *observed.period_ends]
    rows = (
        _rows(series, past.series, past.demand),
        _rows(series, observed.series, observed.demand),
    )
    demand = np.concatenate(rows, axis=1)
    demand[~np.isfinite(demand)] = np.nan
    known = np.array([end <= cutoff for end in ends], dtype=bool)
    seen = np.flatnonzero((~np.isnan(demand)).any(axis=0) & known)
    if not len(seen):
        nothing = np.full(len(series), np.nan)
        return RecentUse(usual=nothing, most=nothing, last=nothing, seen_until=None)
    until = ends[int(seen[-1])]
    recent = demand[:, [until - LOOK_BACK < end <= until for end in ends]]
    last = demand[:, [until - LAST < end <= until for end in ends]]
    return RecentUse(
        usual=mean_seen(recent),
        most=np.where(np.isnan(recent).all(axis=1), np.nan, np.fmax.reduce(recent, axis=1)),
        last=mean_seen(last),
        seen_until=until,
    )


def mean_seen(values: FloatArray) -> FloatArray:
    """Mean along the last axis of what is no NaN; NaN where nothing is."""
    seen = ~np.isnan(values)
    count = seen.sum(axis=-1)
    total = np.where(seen, values, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _many(history: Panel) -> int:
    """Periods of the history that can lie in the last eight weeks in which anything was seen."""
    seen = np.flatnonzero((~np.isnan(history.demand)).any(axis=0))
    if not len(seen):
        return 0
    since = history.period_ends[int(seen[-1])] - LOOK_BACK
    return sum(end > since for end in history.period_ends)


def _rows(wanted: Series, names: Series, values: FloatArray) -> FloatArray:
    """Rows of ``values`` in the order of ``wanted``; NaN for a name that is not there."""
    row = {name: index for index, name in enumerate(names)}
    places = [row.get(name, -1) for name in wanted]
    padded = np.vstack([values, np.full((1, values.shape[1]), np.nan)])
    found: FloatArray = padded[places]
    return found
