"""Inputs of the models that learn across series: calendar, recent surprises, statistics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Period
from supplynet.learning.scaling import Scaling
from supplynet.learning.timelines import timeline
from supplynet.learning.windows import Index, RunningSums

CALENDAR = ("weekday", "shift", "is_holiday", "hours", "gap_hours")
_SURPRISES = (1, 2, 4, 14, 28)  # periods before the origin
_SHIFT_SURPRISES = (1, 3)  # of the target's shift
_LINE_SURPRISES = (1, 4)  # mean over the line's parts
_SLOT_LAGS = 3
FEATURES = (
    *CALENDAR,
    "step",
    *(f"slot_lag_{k}" for k in range(1, _SLOT_LAGS + 1)),
    *(f"surprise_{k}" for k in _SURPRISES),
    *(f"shift_surprise_{k}" for k in _SHIFT_SURPRISES),
    *(f"line_surprise_{k}" for k in _LINE_SURPRISES),
    "profile_ratio",
    "log_level",
    "coefficient_of_variation",
    "zero_share",
    "observed",
)
"""Columns of ``feature_table`` in order."""

_STATISTICS_WEEKS = 8
_MAX_GAP_HOURS = 24.0 * 7


def calendar_table(periods: Sequence[Period], names: Sequence[str]) -> FloatArray:
    """Known-ahead columns ``CALENDAR`` of every period, shape (period, 5).

    ``gap_hours`` is the idle time since the period before: a line that has stood for a holiday
    starts differently.
    """
    line = timeline(periods)
    columns = (
        line.weekdays,
        line.shift_codes(names),
        line.holidays,
        line.minutes / 60,
        np.minimum(line.idle_seconds / 3600, _MAX_GAP_HOURS),
    )
    return np.stack(columns, axis=1).astype(float)


def surprises(scaling: Scaling) -> FloatArray:
    """One-step errors of the profile in units of the spread then, shape (series, period)."""
    return scaling.surprises


def feature_table(
    scaling: Scaling, calendar: FloatArray, lines: Index, targets: Index, origins: Index
) -> tuple[npt.NDArray[np.float32], FloatArray, FloatArray]:
    """Inputs for every (series, pair), with the location and spread that undo the scaling.

    Args:
        scaling: Of the history, with calendar places for the future.
        calendar: ``calendar_table`` of history and future.
        lines: ``line_codes`` of the series.
        targets: Period of each pair, shape (pair,).
        origins: Nothing at or after the origin of a pair is used, shape (pair,).

    Returns:
        Table of shape (series, pair, feature) with NaN where nothing was observed; location and
        spread, each (series, pair), parts.
    """
    profile = scaling.profile
    location, spread = scaling.at(targets, origins)
    table = np.empty((*location.shape, len(FEATURES)), dtype=np.float32)
    table[:, :, : len(CALENDAR)] = calendar[targets]
    table[:, :, len(CALENDAR)] = targets - origins
    lags = profile.slot_lags(targets, origins, _SLOT_LAGS)
    columns = [(lags[:, :, k] - location) / spread for k in range(_SLOT_LAGS)]
    columns += _recent(scaling, lines, targets, origins)
    columns += _statistics(scaling, targets, origins, location, spread)
    for place, column in enumerate(columns, start=len(CALENDAR) + 1):
        table[:, :, place] = column
    return table, location, spread


def line_codes(series: Sequence[tuple[str, str]]) -> Index:
    """A number for the line of each series, shape (series,)."""
    place = {line: i for i, line in enumerate(dict.fromkeys(line for line, _ in series))}
    return np.array([place[line] for line, _ in series], dtype=np.int64)


def line_surprises(shocks: FloatArray, lines: Index) -> FloatArray:
    """Mean surprise of the line's parts, shape (series, period); NaN where none was observed.

    A line that runs fast takes more of everything: its mean says so with less noise than any
    one part does.
    """
    member = (lines[:, None] == np.unique(lines)).astype(float)  # (series, line)
    seen = ~np.isnan(shocks)
    total, count = member.T @ np.where(seen, shocks, 0.0), member.T @ seen
    mean = np.where(count > 0, total / np.maximum(count, 1.0), np.nan)
    return np.asarray(mean[np.searchsorted(np.unique(lines), lines)])


def _recent(scaling: Scaling, lines: Index, targets: Index, origins: Index) -> list[FloatArray]:
    """Mean surprise: of the last periods, of the last of the target's shift, of the line."""
    shocks = surprises(scaling)
    of_line = line_surprises(shocks, lines)
    every, shifts = scaling.profile.level_sums.occurrences, scaling.profile.shifts
    recent, of_shift = RunningSums.of(shocks, every), RunningSums.of(shocks, shifts)
    of_all = RunningSums.of(of_line, every)
    windows = [
        *((recent, window) for window in _SURPRISES),
        *((of_shift, window) for window in _SHIFT_SURPRISES),
        *((of_all, window) for window in _LINE_SURPRISES),
    ]
    columns = []
    for totals, window in windows:
        total, count = totals.last(targets, origins, window)
        columns.append(np.where(count > 0, total / np.maximum(count, 1), np.nan))
    return columns


def _statistics(
    scaling: Scaling, targets: Index, origins: Index, location: FloatArray, spread: FloatArray
) -> list[FloatArray]:
    profile = scaling.profile
    level = profile.level(targets, origins)
    zero = np.where(np.isnan(profile.demand), np.nan, profile.demand == 0)
    window = _STATISTICS_WEEKS * profile.season
    zeros, count = RunningSums.of(zero, profile.level_sums.occurrences).last(
        targets, origins, window
    )
    return [
        np.log((location + 0.5) / (level + 0.5)),
        np.log1p(level),
        spread / (location + 0.5),
        np.where(count > 0, zeros / np.maximum(count, 1), np.nan),
        count / window,
    ]
