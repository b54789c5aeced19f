"""Forecasts of very many series in bounded memory: whole lines at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.model import Predictor
from supplynet.frames.panel import Panel, Period

MOST_SERIES = 1_000
"""Series that are forecast at once: fewer cost time, more cost memory and gain nothing."""


def predict_in_batches(
    predictor: Predictor,
    panel: Panel,
    future: Sequence[Period],
    quantiles: Sequence[float],
    *,
    most: int = MOST_SERIES,
) -> FloatArray:
    """What ``predictor.predict`` says, a few lines at a time.

    The parts of a line are told of each other, so that a line is never taken apart; one with more
    than ``most`` of them is forecast by itself.

    Args:
        predictor: A fitted model.
        panel: History, of as many series as there are.
        future: Periods to forecast.
        quantiles: Levels in (0, 1), ascending.
        most: Series at once, 1 or more.

    Returns:
        Shape (series, step, quantile).
    """
    if len(panel.series) <= most:
        return predictor.predict(panel, future, quantiles)
    ahead = tuple(future)  # the same for all batches, so that its calendar is read once
    result = np.empty((len(panel.series), len(ahead), len(quantiles)))
    for rows in batches(panel.series, most):
        batch = replace(panel, series=panel.series[rows], demand=panel.demand[rows])
        result[rows] = predictor.predict(batch, ahead, quantiles)
    return result


def batches(series: Sequence[tuple[str, str]], most: int) -> Iterator[slice]:
    """Rows of whole lines, ``most`` of them or a single line's; neighbours of one line together."""
    begin = end = 0
    for place in range(1, len(series) + 1):
        if place < len(series) and series[place][0] == series[place - 1][0]:
            continue
        if place - begin > most and end > begin:
            yield slice(begin, end)
            begin = end
        end = place
    if end > begin:
        yield slice(begin, end)
