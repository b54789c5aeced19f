"""Rules that say when to refill and how much, beside the classifiers: simple ones and a forecast's.

A rule judges every moment of a stretch; what it gives has one shape for all of them, so that all
are scored alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.model import Predictor
from supplynet.forecast.paths import QuantileForecast, path_scores, paths_at
from supplynet.forecast.quantiles import QUANTILES
from supplynet.forecast.refill_classifier import FittedRefillClassifier
from supplynet.forecast.refill_labels import lack_on_paths
from supplynet.forecast.refill_moments import RefillMoments
from supplynet.forecast.refill_rows import RefillRows

ALWAYS, NEVER, FORECAST = "always", "never", "forecast"
REORDER_POINT, TUNED_POINT = "reorder_point", "reorder_point_tuned"
AT_OR_BELOW = float(np.nextafter(0.0, 1.0))
"""Rank from which on the plain reorder point triggers; ``always`` and ``never`` need no choice."""
FIXED = {ALWAYS: 0.5, NEVER: 0.5, REORDER_POINT: AT_OR_BELOW}
"""Ranks from which on rules trigger for which none is chosen."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """One rule at every (series, moment). All arrays have shape (series, moment).

    Attributes:
        rank: More = rather due; the rule triggers from some rank on. NaN = nothing said.
        quantity: Parts to order if it triggers, >= 0; NaN = the rule names none.
        probability: That a refill is due, in [0, 1]; None = the rule gives none.
    """

    rank: FloatArray
    quantity: FloatArray
    probability: FloatArray | None = None

    def at(self, chosen: npt.NDArray[np.integer]) -> Judged:
        """Some of the moments."""
        return Judged(
            rank=self.rank[:, chosen],
            quantity=self.quantity[:, chosen],
            probability=None if self.probability is None else self.probability[:, chosen],
        )


def naive_rules(moments: RefillMoments) -> dict[str, Judged]:
    """``always`` and ``never`` trigger; neither names a quantity."""
    shape = moments.on_hand.shape
    return {
        ALWAYS: Judged(rank=np.ones(shape), quantity=np.full(shape, np.nan)),
        NEVER: Judged(rank=np.zeros(shape), quantity=np.zeros(shape)),
    }


def reorder_point_rule(moments: RefillMoments, rows: RefillRows) -> Judged:
    """The position is at or below the reorder point, as in ``frames.triggers.refill_triggers``.

    Ranked by how far below, in units of what is expected in the window.
    """
    lacks = moments.reorder_point + 1 - moments.position
    return Judged(rank=lacks / rows.unit, quantity=np.maximum(lacks, 0.0))


def moved_point(judged: Judged, rows: RefillRows, rank: float) -> Judged:
    """The same with every reorder point moved, so that the rule triggers from ``rank`` on."""
    lacks = (judged.rank - rank) * rows.unit + 1
    return Judged(rank=judged.rank, quantity=np.maximum(np.ceil(lacks - 1e-9), 0.0))


def classifier_rule(fitted: FittedRefillClassifier, rows: RefillRows) -> Judged:
    """What a classifier says of every row."""
    series, moments, columns = rows.table.shape
    table = rows.table.reshape(-1, columns)
    probability = fitted.probability(table).reshape(series, moments)
    lack = fitted.lack(table).reshape(series, moments)
    return Judged(
        rank=probability, quantity=np.maximum(lack * rows.unit, 0.0), probability=probability
    )


def forecast_quantiles(predictor: Predictor, moments: RefillMoments) -> FloatArray:
    """The model's quantiles from every moment on, at ``QUANTILES``.

    The model sees what was observed before each moment and is not fitted again.

    Returns:
        Shape (moment, series, step, quantile).
    """
    panel, steps = moments.panel, moments.steps
    made = []
    for first in moments.moments:
        future = moments.periods[first : first + steps]
        values = predictor.predict(panel.head(int(first)), future, QUANTILES)
        missing = steps - len(future)  # at the end; such windows have no label
        made.append(np.pad(values, ((0, 0), (0, missing), (0, 0))))
    return np.array(made)


def forecast_rule(
    quantiles: FloatArray,
    moments: RefillMoments,
    rows: RefillRows,
    dependence: Dependence,
    *,
    paths: int,
    level: float,
    seed: int,
) -> Judged:
    """On which share of joint sample paths stock falls below the threshold, and by how much.

    Args:
        quantiles: From ``forecast_quantiles``.
        moments: The same.
        rows: Of the same, for the unit in which lacks of different series are compared.
        dependence: How steps and series hang together.
        paths: Sample paths.
        level: Of the quantile of the lack that is ordered.
        seed: Same seed, same paths at every moment.
    """
    shape = moments.on_hand.shape
    probability, quantity = np.full(shape, np.nan), np.full(shape, np.nan)
    mean = np.full(shape, np.nan)
    scores = path_scores(
        moments.panel.series, dependence, steps=moments.steps, paths=paths, seed=seed
    )
    for place, first in enumerate(moments.moments):
        future = moments.periods[first : first + moments.steps]
        drawn = paths_at(
            QuantileForecast(
                values=quantiles[place, :, : len(future)],
                levels=QUANTILES,
                series=moments.panel.series,
                periods=tuple(future),
                cutoff=future[0].start,
                model_version="",
            ),
            scores[:, :, : len(future)],
            seed,
        ).values
        lacks = lack_on_paths(moments, place, _to_steps(drawn, moments.steps))
        known = ~np.isnan(lacks[0])
        probability[known, place] = (lacks[:, known] > 0).mean(axis=0)
        upper = np.quantile(lacks[:, known], level, axis=0, method="inverted_cdf")
        quantity[known, place] = np.maximum(upper, 0.0)
        mean[known, place] = lacks[:, known].mean(axis=0)
    # Among moments with the same share of the paths the mean lack tells more.
    finer = np.tanh(mean / rows.unit)
    return Judged(
        rank=probability + finer / (4 * paths), quantity=quantity, probability=probability
    )


def _to_steps(paths: npt.NDArray[np.integer], steps: int) -> npt.NDArray[np.integer]:
    return np.pad(paths, ((0, 0), (0, 0), (0, steps - paths.shape[2])))


def best_threshold(
    rank: FloatArray, due: npt.NDArray[np.bool_], miss_cost: float | None = None
) -> float:
    """The rank from which on to trigger, chosen on rows that are not scored afterwards.

    Args:
        rank: Shape (row,).
        due: Whether a refill was due, shape (row,).
        miss_cost: What a refill that was missed costs, in needless triggers: the least total cost
            is chosen. None = the best F1.

    Returns:
        One of the ranks, of equally good ones the highest; more than all of them where
        never to trigger costs least; 0.5 where there is nothing to choose by.
    """
    if not due.any() or due.all():
        return 0.5
    levels, place = np.unique(rank, return_inverse=True)
    dues = np.bincount(place, due, minlength=len(levels))
    rows = np.bincount(place, minlength=len(levels))
    found, said = np.cumsum(dues[::-1])[::-1], np.cumsum(rows[::-1])[::-1]
    if miss_cost is None:
        merit = 2 * found / (said + due.sum())
    else:
        merit = -((said - found) + miss_cost * (due.sum() - found))
        if merit.max() < -miss_cost * due.sum():  # never to trigger is cheaper still
            return float(np.nextafter(levels[-1], np.inf))
    best = np.flatnonzero(merit >= merit.max() - 1e-12)[-1]
    return float(levels[best])
