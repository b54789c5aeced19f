"""Calibration: reading a model's quantile functions where a backtest says that they are right.

For each class of demand and each step there is a monotone map from the level that is wanted to the
level at which the model is read: where only 85 % of what happened lay below a model's 90 %
quantiles, its 90 % is read at the level below which 90 % lay (recalibration of the distribution
function, Kuleshov, Fenner and Ermon 2018, section 3; of counts by their PIT, see ``forecast.pit``).
Told in normal scores, a map that changes nothing reads every level at its own score.

The finite-sample correction is that of conformal prediction: among ``n`` cells the ``p`` quantile
is the value of rank ``(n + 1) p`` (Vovk, Gammerman and Shafer 2005), towards the outside on either
side of the median; a rank that ``n`` cells do not have leaves the level as it was.

Measured on made sales, a made plant and M5, four weeks to learn from and the next four to judge:
additive conformal residuals (Romano, Patterson and Candes 2019) left the worst class of demand four
to seven points further from 80 %, a scale and shift of the scores two to four; neither had a lower
pinball loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ModelError
from supplynet.forecast.calibration_maps import SCORES, Kinship, measured, read_at, shrunk
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.demand_classes import DEMAND_CLASSES

_MOST_CELLS = 20_000  # measured of a group: more change its map in the third digit
_PRIOR_ALL, _PRIOR_CLASS, _PRIOR_STEP = 0.12, 0.15, 0.05
"""Standard deviation of a map about that of the coarser group, in normal scores."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Where a model's quantile functions are read.

    Args:
        scores: Normal score for each level of ``QUANTILES``, by class of ``DEMAND_CLASSES`` and
            step: (class, step, quantile), rising along the quantiles.
        observed: Cells that each class was measured on; a class without any has the map of all.

    Raises:
        ModelError: The scores have another shape, or fall.
    """

    scores: tuple[tuple[tuple[float, ...], ...], ...]
    observed: tuple[int, ...] = (0,) * len(DEMAND_CLASSES)

    def __post_init__(self) -> None:
        plain = tuple(tuple(tuple(map(float, row)) for row in rows) for rows in self.scores)
        object.__setattr__(self, "scores", plain)
        object.__setattr__(self, "observed", tuple(map(int, self.observed)))
        known = (len(DEMAND_CLASSES), len(plain[0]) if plain else 0, len(QUANTILES))
        shape = np.shape(np.array(plain, dtype=object))
        if shape != known or not known[1] or not (np.diff(self._table) >= 0).all():
            raise ModelError(f"a calibration of shape {shape} is none; calibrate the model again")

    @classmethod
    def none(cls, steps: int = 1) -> Calibration:
        """The calibration that changes nothing."""
        return cls(
            scores=_plain(np.broadcast_to(SCORES, (len(DEMAND_CLASSES), steps, len(QUANTILES))))
        )

    @property
    def steps(self) -> int:
        """Steps that were measured; later ones are read as the last of them."""
        return len(self.scores[0])

    def apply(
        self,
        quantiles: FloatArray,
        classes: npt.NDArray[np.int64],
        steps: Sequence[int] | None = None,
    ) -> FloatArray:
        """The forecast, calibrated.

        Args:
            quantiles: At ``QUANTILES``, shape (..., series, step, quantile).
            classes: Place in ``DEMAND_CLASSES`` of each series, shape (series,).
            steps: Which step each is, from 0; None = in order.

        Returns:
            A new array of the same shape: never below 0, never falling along the quantiles.
        """
        places = np.arange(quantiles.shape[-2]) if steps is None else np.asarray(steps, np.int64)
        chosen = self._table[classes][:, np.clip(places, 0, self.steps - 1)]
        return read_at(quantiles, np.moveaxis(chosen, -1, 0))

    @cached_property
    def _table(self) -> FloatArray:
        return np.array(self.scores, dtype=float)


def fit_calibration(
    quantiles: FloatArray, actual: FloatArray, classes: npt.NDArray[np.int64]
) -> Calibration:
    """Measure where a model must be read.

    One map is measured over all cells, one for each class, one for each class and step. Each is
    drawn towards the coarser one (the first towards none) by the error it is measured with, so
    that few cells change little and a level's tail the least; a class that is nearly all there
    is, hardly differs from all.

    Args:
        quantiles: Of a backtest at ``QUANTILES``, shape (origin, series, step, quantile). A cell
            that is not finite says nothing.
        actual: What happened, shape (origin, series, step); NaN (not observed) says nothing.
        classes: Place in ``DEMAND_CLASSES`` of each series before the first cutoff, (series,).
    """
    finite: Mask = np.asarray(np.isfinite(quantiles).all(axis=-1))
    quantiles = np.where(finite[..., None], quantiles, 0.0)
    actual = np.where(finite & np.isfinite(actual), actual, np.nan)
    seen, steps = ~np.isnan(actual), actual.shape[2]
    kinship = Kinship.of(quantiles, actual)
    flat = quantiles.reshape(-1, len(QUANTILES))

    def drawn(cells: Mask, prior: float, coarser: FloatArray) -> FloatArray:
        chosen = np.flatnonzero(cells)
        if not len(chosen) or prior <= 0:
            return coarser
        worth = kinship.worth(cells)
        some = chosen[:: -(-len(chosen) // _MOST_CELLS)]
        return shrunk(measured(flat[some], actual.ravel()[some], worth), coarser, worth, prior)

    every = drawn(seen, _PRIOR_ALL, SCORES)
    table = np.empty((len(DEMAND_CLASSES), steps, len(QUANTILES)))
    observed = []
    for place in range(len(DEMAND_CLASSES)):
        inside = seen & (classes == place)[:, None]
        observed.append(int(inside.sum()))
        others = 1 - observed[-1] / max(1, int(seen.sum()))
        of_class = drawn(inside, _PRIOR_CLASS * others**0.5, every)
        for step in range(steps):
            here = inside & (np.arange(steps) == step)
            table[place, step] = drawn(here, _PRIOR_STEP, of_class)
    return Calibration(scores=_plain(table), observed=tuple(observed))


def _plain(table: FloatArray) -> tuple[tuple[tuple[float, ...], ...], ...]:
    return tuple(tuple(tuple(row) for row in rows) for rows in table.tolist())
