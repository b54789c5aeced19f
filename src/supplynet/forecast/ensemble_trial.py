"""What an ensemble's weights come from: its members, tried on the end of the training panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ForecastError
from supplynet.forecast.backtest import naive_scales
from supplynet.forecast.blending import best_weights, shrunk
from supplynet.forecast.demand_class import demand_classes
from supplynet.forecast.model import Estimator, Predictor
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.demand_classes import DEMAND_CLASSES
from supplynet.frames.panel import Panel, Period
from supplynet.learning.scaling import tail_of
from supplynet.learning.windows import season_length, trailing_unit

_UNITS = 4  # of ``trailing_unit`` that are forecast at least
_SEASONS = 3  # that must be left to fit on
_LEAST_HELD_OUT = 3
_FOLDS = 3
_NEAR = 1.05  # times the best member's loss: who is further behind gets no equal share
_CLEARLY = 0.002  # share of the loss by which a plainer rule may be behind and still be taken


@dataclass(frozen=True, kw_only=True)
class Cutoffs:
    """Where members are fitted and from where they forecast.

    Attributes:
        fitted: Periods that members are fitted on.
        origins: Periods known at each forecast, the first is ``fitted``.
        horizon: Steps of each forecast.
    """

    fitted: int
    origins: tuple[int, ...]
    horizon: int

    @classmethod
    def of(cls, panel: Panel, horizon: int, count: int) -> Cutoffs | None:
        """Evenly over the last ``2 * horizon`` periods, at least 4 weeks; None = too short.

        A panel that is short for that is tried on fewer periods, with fewer steps: a trial of
        three months says more than none. With an odd distance between the cutoffs every weekday
        and shift is met at several steps.
        """
        total, recent = len(panel.periods), panel.periods[-400:]
        usual = max(2 * horizon, _UNITS * trailing_unit(recent))
        left = total - _SEASONS * season_length(recent)
        held_out = min(usual, left, total // 2)
        if held_out < _LEAST_HELD_OUT:
            return None
        first, steps = total - held_out, min(horizon, (held_out + 1) // 2)
        places = np.linspace(first, total - steps, count).round().astype(int)
        return cls(fitted=first, origins=tuple(np.unique(places).tolist()), horizon=steps)


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """Forecasts of what was held out, in units of each series' naive error.

    Attributes:
        members: Names.
        quantiles: At ``QUANTILES``, shape (member, cell, quantile).
        actual: What happened, shape (cell,); only observed cells.
        classes: Place in ``DEMAND_CLASSES`` of the cell's series at the first cutoff, shape
            (cell,).
        origins: Place of the cutoff that the cell was forecast from, shape (cell,).
        steps: Of each forecast.
    """

    members: tuple[str, ...]
    quantiles: FloatArray
    actual: FloatArray
    classes: npt.NDArray[np.int64] = field(repr=False)
    origins: npt.NDArray[np.int64] = field(repr=False)
    steps: int = 1

    @classmethod
    def of(cls, panel: Panel, cutoffs: Cutoffs, found: Mapping[str, FloatArray]) -> Trial:
        """Put the members' forecasts beside what happened.

        Args:
            panel: The training panel.
            cutoffs: Of the forecasts.
            found: ``forecasts`` of each member.
        """
        known = panel.head(cutoffs.fitted)
        level = np.nan_to_num(np.abs(known.demand)).mean(axis=1)
        scale = np.nan_to_num(naive_scales(known)[0])
        scale = np.where(scale > 0, scale, np.maximum(level, 1.0))
        ends = [(n, n + cutoffs.horizon) for n in cutoffs.origins]
        actual = np.stack([panel.demand[:, n:end] for n, end in ends]) / scale[:, None]
        seen = ~np.isnan(actual)
        quantiles = [(values / scale[:, None, None])[seen] for values in found.values()]
        classes = demand_classes(tail_of(known).demand)
        return cls(
            members=tuple(found),
            quantiles=np.stack(quantiles),
            actual=actual[seen],
            classes=np.broadcast_to(classes[:, None], actual.shape)[seen],
            origins=np.broadcast_to(np.arange(len(ends))[:, None, None], actual.shape)[seen],
            steps=cutoffs.horizon,
        )

    def weights(self, prior: float) -> FloatArray:
        """Weights of the members by class, shape (class, member), each row >= 0 with sum 1.

        By the rule of ``RULES`` that does best on cutoffs that its weights were not sought on:
        where one member leads clearly, averaging it with others costs; where a class of demand
        has few cells, weights of its own do.

        Weights by shift and weekend too gained 0.1 % of pinball loss on made sales and lost 1.6 %
        on M5, where four weeks of weekends say too little.
        """
        folds = self._folds()
        if len(folds) < 2:
            return self._by_class(prior)
        lost = [
            sum(other.loss_of(rule(self.only(~held), prior)) for held, other in folds)
            for rule in RULES
        ]
        best = next(i for i, loss in enumerate(lost) if loss <= min(lost) * (1 + _CLEARLY))
        return RULES[best](self, prior)

    def only(self, cells: npt.NDArray[np.bool_]) -> Trial:
        """The trial of some of the cells."""
        return replace(
            self,
            quantiles=self.quantiles[:, cells],
            actual=self.actual[cells],
            classes=self.classes[cells],
            origins=self.origins[cells],
        )

    def loss_of(self, weights: FloatArray) -> float:
        """Total scaled pinball loss of weights by class, shape (class, member)."""
        blended = np.einsum("cm,mcq->cq", weights[self.classes], self.quantiles)
        return float(pinball(blended, self.actual).sum())

    def _folds(self) -> list[tuple[npt.NDArray[np.bool_], Trial]]:
        """Cells of some cutoffs in a row, and the trial of these."""
        chunks = np.array_split(np.unique(self.origins), _FOLDS)
        cells = [np.isin(self.origins, chunk) for chunk in chunks if len(chunk)]
        return [(held, self.only(held)) for held in cells if held.any() and not held.all()]

    def _single(self, prior: float) -> FloatArray:
        """The member with the least loss alone, shrunk towards equal weights."""
        losses = list(self.losses().values())
        return self._everywhere(np.eye(len(self.members))[int(np.argmin(losses))], prior)

    def _common(self, prior: float) -> FloatArray:
        """The same blend for all classes, shrunk towards equal weights."""
        return self._everywhere(best_weights(self.quantiles, self.actual), prior)

    def _everywhere(self, row: FloatArray, prior: float) -> FloatArray:
        common = shrunk(row, self._even(), self._count(), prior)
        return np.tile(common, (len(DEMAND_CLASSES), 1))

    def _by_class(self, prior: float) -> FloatArray:
        """A blend for each class, shrunk towards that of all series.

        ``prior`` is the number of forecasts that the coarser weights count for.
        """
        common = self._common(prior)[0]
        rows = []
        for place in range(len(DEMAND_CLASSES)):
            inside = self.classes == place
            some = inside.any()
            own = best_weights(self.quantiles[:, inside], self.actual[inside]) if some else common
            rows.append(shrunk(own, common, inside.sum() / self.steps, prior))
        return np.stack(rows)

    def _count(self) -> float:
        """Forecasts, of a series from a cutoff: the steps of one err together."""
        return len(self.actual) / self.steps

    def _even(self) -> FloatArray:
        """Equal weights of the members that are not far behind the best."""
        loss = np.array(list(self.losses().values()))
        near = loss <= loss.min() * _NEAR
        return np.asarray(near / near.sum())

    def losses(self) -> dict[str, float]:
        """Mean scaled pinball loss of each member."""
        loss = [float(pinball(one, self.actual).mean()) for one in self.quantiles]
        return dict(zip(self.members, loss, strict=True))


RULES = (Trial._by_class, Trial._common, Trial._single)
"""Ways to weigh members, the one that is taken when they do about equally well first."""


def pinball(quantiles: FloatArray, actual: FloatArray) -> FloatArray:
    """Pinball loss at ``QUANTILES``, shape (cell, quantile)."""
    error, levels = actual[:, None] - quantiles, np.array(QUANTILES)
    return np.asarray(np.maximum(levels * error, (levels - 1) * error))


def forecasts(model: Estimator, panel: Panel, cutoffs: Cutoffs) -> FloatArray:
    """Fit before the first cutoff, forecast from each; nothing after a cutoff is seen.

    Returns:
        Shape (origin, series, step, quantile) at ``QUANTILES``.

    Raises:
        ForecastError: What the model forecasts is not finite, or whatever the model raises.
    """
    ahead = panel.periods[cutoffs.fitted : cutoffs.fitted + cutoffs.horizon]
    predictor = model.fit(panel.head(cutoffs.fitted), ahead)
    steps = [panel.periods[n : n + cutoffs.horizon] for n in cutoffs.origins]
    return np.stack(
        [
            finite(predictor, panel.head(n), periods, QUANTILES)
            for n, periods in zip(cutoffs.origins, steps, strict=True)
        ]
    )


def finite(
    predictor: Predictor, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
) -> FloatArray:
    """A forecast that is sure to be finite.

    Raises:
        ForecastError: It is not.
    """
    values = predictor.predict(panel, future, quantiles)
    if not np.isfinite(values).all():
        raise ForecastError("its forecast is not finite")
    return values
