"""Whether a forecast can be ordered by: complete, finite, of now, and of the size of recent use.

The limits are generous on purpose. They are for what is broken (a unit mistaken, a file of another
plant, a feed that stopped), not for what is merely wrong: that is the business of backtests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.paths import QuantileForecast
from supplynet.forecast.recent_use import RecentUse
from supplynet.frames.panel import Period

Bools = npt.NDArray[np.bool_]
TOO_HIGH = 10.0
"""Times the usual use, or the largest of recent periods where that is more."""
TOO_LOW = 30.0
"""Below the usual use of a series by more than this factor, in the last week too."""
LEAST_USE = 1.0
"""Parts per period below which a series alone says nothing of too low, and too high begins."""
LARGEST = 1e7
"""No plant uses more parts than this in one period; sums of paths stay whole numbers."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Wanted:
    """What a forecast has to be of."""

    series: tuple[tuple[str, str], ...]
    periods: tuple[Period, ...]
    levels: tuple[float, ...]
    cutoff: datetime


@dataclass(frozen=True, kw_only=True, eq=False)
class Verdict:
    """What is wrong with a forecast.

    Attributes:
        values: In the order that was wanted, shape (series, step, quantile); None = unreadable.
        good: Series that can be ordered by, shape (series,).
        reason: Why the others cannot, of the first of them; "" when all can.
    """

    values: FloatArray | None
    good: npt.NDArray[np.bool_]
    reason: str = ""


def judge(given: QuantileForecast, wanted: Wanted, recent: RecentUse) -> Verdict:
    """Check a forecast series by series.

    Args:
        given: Of any shape: whatever a model returned.
        wanted: What it was asked for.
        recent: Of the series that are wanted.
    """
    reason = _of_another_question(given, wanted)
    if reason:
        return refused(wanted, reason)
    row = {name: index for index, name in enumerate(given.series)}
    places = [row.get(name, -1) for name in wanted.series]
    shape = (len(given.series), len(wanted.periods), len(wanted.levels))
    values = np.asarray(given.values, dtype=np.float64)
    if values.shape != shape:
        return refused(wanted, f"it has the shape {values.shape}, not {shape}")
    values = np.concatenate([values, np.full((1, *shape[1:]), np.nan)])[places]
    good, found = np.ones(len(places), dtype=np.bool_), ""
    for bad, what in _faults(values, recent):
        fresh = bad & good
        if fresh.any() and not found:
            first = int(np.flatnonzero(fresh)[0])
            found = f"{'/'.join(wanted.series[first])}: {what(first)}"
        good &= ~bad
    return Verdict(values=values, good=good, reason=found)


def refused(wanted: Wanted, reason: str) -> Verdict:
    """Nothing of a forecast can be used."""
    return Verdict(values=None, good=np.zeros(len(wanted.series), dtype=np.bool_), reason=reason)


def _of_another_question(given: QuantileForecast, wanted: Wanted) -> str:
    if given.cutoff < wanted.cutoff:
        return f"it is stale: made for {given.cutoff:%Y-%m-%d %H:%M}Z"
    if tuple(given.periods) != wanted.periods:
        return f"it is of {len(given.periods)} other periods than the {len(wanted.periods)} asked"
    if tuple(given.levels) != wanted.levels:
        return f"it has {len(given.levels)} other quantiles than the {len(wanted.levels)} asked"
    return ""


class _Said:
    """A fault in words, with the figures of the series that it is said of."""

    def __init__(self, words: str, *figures: FloatArray) -> None:
        self._words, self._figures = words, figures

    def __call__(self, series: int) -> str:
        return self._words.format(*(each[series] for each in self._figures))


def _faults(values: FloatArray, recent: RecentUse) -> Sequence[tuple[Bools, _Said]]:
    """Kinds of faults: which series have them, and how to say so."""
    missing: Bools = np.asarray(np.isnan(values).any(axis=(1, 2)))
    endless: Bools = np.asarray(np.isinf(values).any(axis=(1, 2)))
    negative: Bools = np.asarray((values < 0).any(axis=(1, 2)))
    clean = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    mean, top = clean.mean(axis=(1, 2)), clean.max(axis=(1, 2), initial=0.0)
    most = np.fmax(TOO_HIGH * recent.usual, recent.most)
    high = np.fmax(most, TOO_HIGH * LEAST_USE)
    high = np.where(np.isnan(recent.usual), LARGEST, np.minimum(high, LARGEST))
    usual = np.fmin(recent.usual, recent.last)  # a part that runs out is used less and less
    low = (usual >= LEAST_USE) & (mean * TOO_LOW < usual)
    # Of a rare part alone nobody can tell; where the whole plant's are low, its are as well.
    if mean.sum() * TOO_LOW < np.nansum(usual):
        low = low | (usual > 0)
    size = "mean {:,.1f} a period, where lately {:,.1f} were used"
    return (
        (missing, _Said("not a number")),
        (endless, _Said("infinite")),
        (negative, _Said("negative")),
        (mean > high, _Said(f"far too high: {size}", mean, recent.usual)),
        (
            top > TOO_HIGH * high,
            _Said(f"far too wide: up to {{:,.0f}}, {size}", top, mean, recent.usual),
        ),
        (low, _Said(f"far too low: {size}", mean, recent.usual)),
    )
