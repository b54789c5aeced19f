"""Forecasts of lines that run at another rate than usual, because somebody said that they will.

A model knows the usual rate alone. What was seen at an announced rate is brought to the usual one
before it is asked; what it forecasts is brought to the announced one after, all quantiles and paths
alike: the uncertainty grows and shrinks with the rate. A period counts by the mean rate over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from supplynet.core.announcements import Announcements
from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import FloatArray, SamplePaths
from supplynet.forecast.path_counts import multiplied
from supplynet.forecast.paths import QuantileForecast
from supplynet.frames.panel import Panel, Period

LEAST_SEEN = 0.25
"""Share of the usual rate below which use says nothing of what is usual: it is not observed."""
SeriesKey = tuple[str, str]
Span = tuple[datetime, datetime]


def rates(
    announced: Announcements, series: Sequence[SeriesKey], periods: Sequence[Span]
) -> FloatArray | None:
    """Mean rate of each series' line in each period, shape (series, period); None = all usual.

    Args:
        announced: What holds.
        series: (line, part).
        periods: Start and end of each, aware.
    """
    of_line = {
        line: [announced.factor(line, *period) for period in periods] for line in announced.by_line
    }
    changed = {line for line, row in of_line.items() if any(rate != 1.0 for rate in row)}
    if not any(line in changed for line, _ in series):
        return None
    usual = [1.0] * len(periods)
    return np.array([of_line.get(line, usual) for line, _ in series])


def brought_to_usual(
    announced: Announcements,
    series: Sequence[SeriesKey],
    periods: Sequence[Span],
    demand: FloatArray,
) -> FloatArray:
    """What would have been used at the usual rate; the array itself where nothing was announced.

    NaN where the line hardly ran: a stop that was announced is no sign of less use later.

    Args:
        announced: What held.
        series: (line, part) of the rows.
        periods: Start and end of the columns, aware.
        demand: Parts, NaN = not observed, shape (series, period).
    """
    ran = rates(announced, series, periods)
    if ran is None:
        return demand
    enough = ran >= LEAST_SEEN
    return np.where(enough, demand / np.where(enough, ran, 1.0), np.nan)


def at_usual_rate(observed: Observed, cutoff: datetime, calendar: Sequence[Period]) -> Observed:
    """What would have been seen at usual rates, with nothing announced.

    Args:
        observed: Until the cutoff.
        cutoff: The moment.
        calendar: Has the period that runs then.
    """
    announced = observed.announced
    if announced is None:
        return observed
    finished = list(zip(observed.period_starts, observed.period_ends, strict=True))
    running = observed.running
    if running is not None:
        begun = next((each.start for each in calendar if each.start <= cutoff < each.end), cutoff)
        until_now, seen = [(begun, cutoff)], running[:, None]
        running = brought_to_usual(announced, observed.series, until_now, seen)[:, 0]
    return replace(
        observed,
        demand=brought_to_usual(announced, observed.series, finished, observed.demand),
        running=running,
        announced=None,
    )


def panel_at_usual_rate(panel: Panel, announced: Announcements | None) -> Panel:
    """A history as it would have been at usual rates; itself where nothing was announced."""
    if announced is None:
        return panel
    periods = [(period.start, period.end) for period in panel.periods]
    demand = brought_to_usual(announced, panel.series, periods, panel.demand)
    return panel if demand is panel.demand else replace(panel, demand=demand)


def as_announced(forecast: QuantileForecast, announced: Announcements | None) -> QuantileForecast:
    """A forecast of usual rates, at those that are announced; itself where none is."""
    if announced is None:
        return forecast
    periods = [(max(each.start, forecast.cutoff), each.end) for each in forecast.periods]
    ahead = rates(announced, forecast.series, periods)
    return forecast if ahead is None else forecast.scaled(ahead)


def paths_as_announced(paths: SamplePaths, announced: Announcements | None) -> SamplePaths:
    """Paths of usual rates, at those that are announced; themselves where none is."""
    if announced is None:
        return paths
    starts = (max(start, paths.cutoff) for start in paths.period_starts)
    ahead = rates(announced, paths.series, list(zip(starts, paths.period_ends, strict=True)))
    return paths if ahead is None else scaled_paths(paths, ahead)


def scaled_paths(paths: SamplePaths, factors: FloatArray) -> SamplePaths:
    """The same futures with other use, in whole parts that keep the mean; see ``multiplied``.

    Series whose factors are all 1 stay bit for bit what they are.

    Args:
        paths: Any.
        factors: >= 0, shape (series, step) or what broadcasts to it.
    """
    _, series, steps = paths.values.shape
    factors = np.broadcast_to(factors, (series, steps))
    rows = np.flatnonzero((factors != 1.0).any(axis=1))
    if not len(rows):
        return paths
    names = [paths.series[row] for row in rows]
    counts = np.ascontiguousarray(paths.values[:, rows].transpose(2, 1, 0))
    values = paths.values.copy()
    values[:, rows] = multiplied(counts, factors[rows].T, names, paths.seed).transpose(2, 1, 0)
    return replace(paths, values=values)
