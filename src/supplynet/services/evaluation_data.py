"""What a judgement is made on: a history, and how it is cut into what is known and forecast."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from math import ceil, gcd
from pathlib import Path
from typing import Any

import numpy as np

from supplynet.errors import InvalidInput
from supplynet.forecast.folds import FoldPlan, Window
from supplynet.frames.panel import Panel
from supplynet.frames.panel_hash import panel_hash
from supplynet.frames.periods import infer_frequency
from supplynet.frames.time_grid import TimeGrid, panel_on_grid
from supplynet.learning.windows import frequency, season_length, trailing_unit
from supplynet.services.importing import read_file

_LONGEST_STEPS = 28
_UNITS = 4  # weeks that are forecast, where the history is long enough
_MOST_CUTOFFS = 16  # of a fold
_LEAST_EVERY = 3


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How a history is cut; None = as its length and frequency suggest.

    Attributes:
        folds: How many; models are fitted anew before each.
        periods: Of a fold, that are forecast: four weeks, 16 weeks of weekly data, a year of
            months, less of a short history.
        days: The same in days.
        steps: Of a forecast: a week, at most 28.
        window: What models learn from: everything before a fold, or always as much.
    """

    folds: int = 1
    periods: int | None = None
    days: int | None = None
    steps: int | None = None
    window: Window = "expanding"

    def plan(self, panel: Panel, *, held_out: int = 0) -> FoldPlan:
        """The folds of a panel of which ``held_out`` more blocks of their length are kept.

        Raises:
            InvalidInput: A number that cannot be, or both periods and days.
        """
        unit = trailing_unit(panel.periods[-400:])
        periods = self._periods(panel)
        if periods is None:
            blocks = max(1, self.folds) + held_out + 3  # three are left to learn from
            periods = max(1, min(_UNITS * unit, len(panel.periods) // blocks))
            periods -= periods % unit if periods > unit else 0  # every weekday as often
        steps = min(unit, _LONGEST_STEPS, periods) if self.steps is None else self.steps
        return FoldPlan(
            count=self.folds,
            periods=periods,
            steps=steps,
            every=_every(periods - steps, season_length(panel.periods)),
            window=self.window,
        )

    def _periods(self, panel: Panel) -> int | None:
        if self.days is None:
            return self.periods
        if self.periods is not None:
            raise InvalidInput("periods and days say the same; give one of them")
        since = panel.periods[-1].end - timedelta(days=self.days)
        return sum(period.start >= since for period in panel.periods)


def file_panel(file: Path) -> Panel:
    """A table of sales or demand by day, week, month or hour as a panel, without a workspace.

    Rows of one period and series are added up. As in an import, a day without a row between the
    first and last of a series had no demand; any other period without one was not observed.

    Raises:
        InvalidInput: The file cannot be read, or its periods are of no frequency.
        ImportErrors: It has mistakes.
    """
    read = partial(read_file, file, duplicates="sum", on_error="stop")
    frame = read(gaps="missing")
    if frame.is_empty():
        raise InvalidInput(f"{file.name} has no rows to forecast")
    freq = infer_frequency(frame["period_start"])
    if freq == "1d":
        frame = read()
    return panel_on_grid(frame, TimeGrid(freq=freq))


def data_facts(panel: Panel) -> dict[str, Any]:
    """What was judged on, for a report."""
    seen = ~np.isnan(panel.demand)
    return {
        "series": len(panel.series),
        "periods": len(panel.periods),
        "frequency": frequency(panel.periods),
        "first": _moment(panel.periods[0].start),
        "end": _moment(panel.periods[-1].end),
        "observed_share": float(seen.mean()),
        "zero_share": float((panel.demand[seen] == 0).mean()) if seen.any() else None,
        "hash": panel_hash(panel),
    }


def plan_facts(plan: FoldPlan, panel: Panel) -> dict[str, Any]:
    """How a history was cut, for a report; each fold with the moments of its edges."""
    each = [
        {
            "fold": fold.number,
            "learns_from": _moment(panel.periods[fold.start].start),
            "cutoff": _moment(panel.periods[fold.cutoff].start),
            "end": _moment(panel.periods[fold.end - 1].end),
            "cutoffs": len(plan.origins(fold.cutoff)),
        }
        for fold in plan.folds(len(panel.periods))
    ]
    return {**asdict(plan), "folds": each}


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _every(room: int, season: int) -> int:
    """Periods between cutoffs: few enough cutoffs, and no divisor of the season."""
    if season == 1:
        return max(1, ceil(room / (_MOST_CUTOFFS - 1)))
    least = max(_LEAST_EVERY, ceil(room / (_MOST_CUTOFFS - 1)))
    return next(every for every in count(least) if gcd(every, season) == 1)
