"""What can be tuned in each model, and between which limits.

Limits hold the default of every setting, so the default is a point of the space. Left out is what
says what is forecast (``horizon``), on what (``threads, device``) or how much of it
(``most_rows, examples_per_epoch``), and what only costs time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import exp, log
from typing import Any

from supplynet.errors import NotFound


@dataclass(frozen=True, kw_only=True)
class Integer:
    """Whole numbers from ``low`` to ``high``, both included; ``logarithmic`` = by ratios."""

    low: int
    high: int
    logarithmic: bool = False

    def spread(self, points: int) -> tuple[int, ...]:
        """At most ``points`` different values from end to end."""
        values = _spread(self.low, self.high, points, self.logarithmic)
        return tuple(dict.fromkeys(round(value) for value in values))


@dataclass(frozen=True, kw_only=True)
class Real:
    """Numbers from ``low`` to ``high``, both included; ``logarithmic`` = by ratios."""

    low: float
    high: float
    logarithmic: bool = False

    def spread(self, points: int) -> tuple[float, ...]:
        """At most ``points`` different values from end to end."""
        return tuple(dict.fromkeys(_spread(self.low, self.high, points, self.logarithmic)))


@dataclass(frozen=True)
class Choice:
    """One of a few values of JSON, in no order."""

    values: tuple[str | int | float | bool, ...]

    def spread(self, points: int) -> tuple[str | int | float | bool, ...]:  # noqa: ARG002
        """All of them, however many points are asked for."""
        return self.values


Dimension = Integer | Real | Choice
Space = Mapping[str, Dimension]

_STARTS = Choice(("mean", "early", "first"))
_INTERMITTENT: Space = {"start": _STARTS, "sizes": Integer(low=16, high=256, logarithmic=True)}
_NEURAL: Space = {
    "learning_rate": Real(low=3e-4, high=2e-2, logarithmic=True),
    "hidden": Integer(low=16, high=192, logarithmic=True),
    "width": Integer(low=16, high=128, logarithmic=True),
    "lookback": Integer(low=14, high=90, logarithmic=True),
    "epochs": Integer(low=3, high=24, logarithmic=True),
    "batch_size": Integer(low=8, high=512, logarithmic=True),
    "finish": Integer(low=0, high=6),
    "heads": Choice(("shared", "individual")),
}
_RECURRENT: Space = {**_NEURAL, "fork": Integer(low=14, high=84, logarithmic=True)}
_SEASONS = Integer(low=4, high=52, logarithmic=True)

SPACES: Mapping[str, Space] = {
    "adida": _INTERMITTENT,
    "arima": {
        "seasons": _SEASONS,
        "most_lags": Integer(low=1, high=5),
        "most_seasonal_lags": Integer(low=0, high=2),
    },
    "croston_sba": _INTERMITTENT,
    "ensemble": {
        "cutoffs": Integer(low=2, high=12),
        "prior": Real(low=20.0, high=20_000.0, logarithmic=True),
    },
    "ets": {"seasons": _SEASONS, "form": Choice(("ZZZ", "ZNZ", "ANZ", "AAZ", "ZZA", "ZZN"))},
    "gru": _RECURRENT,
    "lightgbm": {
        "objective": Choice(("quantile", "tweedie", "poisson")),
        "rounds": Integer(low=20, high=300, logarithmic=True),
        "learning_rate": Real(low=0.01, high=0.3, logarithmic=True),
        "leaves": Integer(low=4, high=63, logarithmic=True),
        "least_in_leaf": Integer(low=10, high=400, logarithmic=True),
    },
    "lstm": _RECURRENT,
    "mlp": _NEURAL,
    "moving_average": {
        "units": Integer(low=1, high=26, logarithmic=True),
        "spread_units": Integer(low=8, high=52, logarithmic=True),
    },
    "naive": {"window": Integer(low=50, high=800, logarithmic=True)},
    "nhits": {**_NEURAL, "states": Integer(low=8, high=64, logarithmic=True)},
    "random_forest": {
        "rows_per_tree": Integer(low=1000, high=30_000, logarithmic=True),
        "least_in_leaf": Integer(low=4, high=100, logarithmic=True),
        "split_share": Real(low=0.1, high=1.0),
        "points": Integer(low=8, high=64, logarithmic=True),
    },
    "seasonal_naive": {"least_errors": Integer(low=5, high=100, logarithmic=True)},
    "shift_mean": {"weeks": Integer(low=2, high=26, logarithmic=True)},
    "theta": {"seasons": _SEASONS, "variant": Choice(("", "STM", "OTM", "DSTM", "DOTM"))},
    "transformer": {
        **{name: space for name, space in _NEURAL.items() if name != "hidden"},
        "hidden": Choice((16, 32, 64, 96, 128)),
        "patch": Choice((4, 6, 8, 10, 12)),
        "layers": Integer(low=1, high=3),
        "dropout": Real(low=0.0, high=0.4),
    },
    "tsb": _INTERMITTENT,
}
"""By model: setting -> what it may be."""


def space_of(model: str) -> Space:
    """What can be tuned in a model.

    Raises:
        NotFound: Nothing, or there is no such model.
    """
    if model not in SPACES:
        raise NotFound("model to tune", model, f"choose one of {', '.join(sorted(SPACES))}")
    return SPACES[model]


def grid(space: Space, points: int = 3) -> list[dict[str, Any]]:
    """Every combination of at most ``points`` values a setting; of choices, all."""
    values = [dimension.spread(points) for dimension in space.values()]
    return [dict(zip(space, one, strict=True)) for one in product(*values)]


def _spread(low: float, high: float, points: int, logarithmic: bool) -> list[float]:
    if points == 1 or low == high:
        return [low]
    if logarithmic:
        inner = [exp(value) for value in _spread(log(low), log(high), points, False)][1:-1]
    else:
        inner = [low + (high - low) * place / (points - 1) for place in range(1, points - 1)]
    return [low, *inner, high]  # the ends are exact
