"""Forecasts that are fed back: a model of the next period, applied period after period.

What is fed back is the mean, so that a part that is mostly not wanted keeps its level. A model of
the next period knows nothing of how errors add up, so the distance of the quantiles from the median
grows by ``sqrt(1 + growth * lead)``, with the growth of the squared error measured in the training
panel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.quantiles import QUANTILES, mean, tidy
from supplynet.frames.panel import Panel, Period
from supplynet.learning.scaling import tail_of

OneStep = Callable[[Panel, Sequence[Period]], FloatArray]
"""Quantiles at ``QUANTILES`` from the history alone, shape (series, step, quantile)."""

_ORIGINS = 5  # from which the growth is measured, the horizon apart
_SERIES = 200  # by which it is measured
_MIDDLE = QUANTILES.index(0.5)


def recursive_quantiles(
    one_step: OneStep, panel: Panel, future: Sequence[Period], growth: float, horizon: int
) -> FloatArray:
    """Quantiles at ``QUANTILES``, shape (series, step, quantile).

    Args:
        one_step: The model.
        panel: History up to the cutoff.
        future: Periods to forecast.
        growth: Of the variance per lead, as a share of that at lead 0.
        horizon: Beyond it the quantiles do not widen any more.
    """
    history = tail_of(panel)
    count = history.demand.shape[1]
    known = np.concatenate(
        [history.demand, np.full((len(panel.series), len(future)), np.nan)], axis=1
    )
    periods = (*history.periods, *future)
    result = np.empty((len(panel.series), len(future), len(QUANTILES)))
    for lead, period in enumerate(future):
        end = count + lead
        now = Panel(series=panel.series, periods=periods[:end], demand=known[:, :end])
        values = one_step(now, [period])[:, 0]
        known[:, end] = mean(values, QUANTILES)
        middle = values[:, _MIDDLE, None]
        width = np.sqrt(1 + growth * min(lead, horizon - 1))
        result[:, lead] = tidy(middle + width * (values - middle))
    return result


def measure_growth(one_step: OneStep, panel: Panel, horizon: int) -> float:
    """Growth of the squared error per lead as a share of that at lead 0, >= 0.

    By least squares through the mean over series and origins, errors in units of the series'
    interquartile range at lead 0.
    """
    step = -(-len(panel.series) // _SERIES)
    panel = panel.select(panel.series[:: max(1, step)])
    last = len(panel.periods) - horizon
    origins = [last - k * horizon for k in range(_ORIGINS) if last - k * horizon > last // 2]
    low, high = QUANTILES.index(0.25), QUANTILES.index(0.75)
    squares = []
    for origin in origins:
        ahead = panel.periods[origin : origin + horizon]
        values = recursive_quantiles(one_step, panel.head(origin), ahead, 0.0, horizon)
        errors = panel.demand[:, origin : origin + horizon] - values[:, :, _MIDDLE]
        spread = np.maximum(values[:, :, high] - values[:, :, low], 1.0)
        squares.append((errors / spread) ** 2)
    if not squares:
        return 0.0
    stacked = np.concatenate(squares)
    leads = np.broadcast_to(np.arange(horizon), stacked.shape)
    seen = ~np.isnan(stacked)
    return _growth(leads[seen].astype(float), np.minimum(stacked[seen], 25.0))


def _growth(leads: FloatArray, squares: FloatArray) -> float:
    if not len(leads) or np.ptp(leads) == 0:
        return 0.0
    centred = leads - leads.mean()
    slope = float((centred * squares).sum() / (centred**2).sum())
    start = float(squares.mean()) - slope * float(leads.mean())
    return max(0.0, slope / start) if start > 0 else 0.0
