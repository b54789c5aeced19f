"""Closed days for the models that know no calendar: left out of the level, put back as a share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel, Period

_PRIOR_PERIODS = 2.0  # weight of the panel's share beside a series' own closed periods


@dataclass(frozen=True, kw_only=True)
class ClosedDays:
    """Demand on closed days (``Period.is_holiday``) as a share of demand on the others.

    Args:
        share: Over all series of the training panel; 1 when it had no closed day, so that
            nothing is guessed.
    """

    share: float = 1.0

    @classmethod
    def of(cls, panel: Panel) -> ClosedDays:
        """Learn the share from the panel, each series weighing the same."""
        closed, usual, count = _means(panel)
        known = (count > 0) & (usual > 0)
        return cls(share=float((closed[known] / usual[known]).mean())) if known.any() else cls()

    def factors(self, panel: Panel, future: Sequence[Period]) -> FloatArray:
        """What to multiply each forecast by, shape (series, step); 1 on usual days.

        A series' own closed days count against two of the panel's.
        """
        closed, usual, count = _means(panel)
        own = np.where(usual > 0, closed / np.where(usual > 0, usual, 1.0), self.share)
        share = (count * own + _PRIOR_PERIODS * self.share) / (count + _PRIOR_PERIODS)
        ahead = np.array([period.is_holiday for period in future], dtype=bool)
        return np.where(ahead, share[:, None], 1.0)


def usual_demand(panel: Panel) -> FloatArray:
    """Demand with closed days as not observed, shape (series, period); a copy."""
    demand = panel.demand.copy()
    demand[:, _closed(panel)] = np.nan
    return demand


def _means(panel: Panel) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean on closed days, mean on others, observed closed days; each of shape (series,)."""
    closed = _closed(panel)
    seen = ~np.isnan(panel.demand)
    values = np.where(seen, panel.demand, 0.0)
    counts = [seen[:, columns].sum(axis=1) for columns in (closed, ~closed)]
    totals = [values[:, columns].sum(axis=1) for columns in (closed, ~closed)]
    means = [t / np.maximum(c, 1) for t, c in zip(totals, counts, strict=True)]
    return means[0], means[1], counts[0].astype(float)


def _closed(panel: Panel) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([period.is_holiday for period in panel.periods], dtype=bool)
