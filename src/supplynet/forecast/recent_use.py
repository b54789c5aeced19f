"""What each series used lately: what a forecast is held against before anyone orders by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel

LOOK_BACK = timedelta(days=56)
LAST = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, eq=False)
class RecentUse:
    """Use per period, parts, shape (series,); NaN where nothing was observed.

    Attributes:
        usual, most: Mean and largest of the last eight weeks that were observed.
        last: Mean of the last of these weeks.
        seen_until: End of the last period in which anything was observed; None = never.
    """

    usual: FloatArray
    most: FloatArray
    last: FloatArray
    seen_until: datetime | None


def recent_use(
    series: tuple[tuple[str, str], ...], history: Panel, observed: Observed, cutoff: datetime
) -> RecentUse:
    """Recent use of ``series`` from the history and what was observed after it."""
    ends = np.array([*history.period_ends, *observed.period_ends], dtype="datetime64[us]") if (
        False
    ) else [*history.period_ends, *observed.period_ends]
    demand = np.concatenate(
        [_rows(series, history.series, history.demand), _rows(series, observed.series, observed.demand)],
        axis=1,
    )
    demand = np.where(np.isfinite(demand), demand, np.nan)
    seen = np.flatnonzero((~np.isnan(demand)).any(axis=0) & np.array([e <= cutoff for e in ends]))
    if not len(seen):
        nothing = np.full(len(series), np.nan)
        return RecentUse(usual=nothing, most=nothing, last=nothing, seen_until=None)
    until = ends[int(seen[-1])]
    recent = demand[:, [i for i in range(len(ends)) if until - LOOK_BACK < ends[i] <= until]]
    last = demand[:, [i for i in range(len(ends)) if until - LAST < ends[i] <= until]]
    return RecentUse(usual=_mean(recent), most=_most(recent), last=_mean(last), seen_until=until)
