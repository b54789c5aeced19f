"""What sampled futures say of halts that are too rare to be seen on the recorded days.

How often a setting halts in futures hangs on the tails of the forecast, which are seldom right:
futures may halt ten times as often as real days, or hardly at all. But from careful to careless
settings both rise together. So the futures give the shape, the recorded days the scale.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from supplynet.core.sample_paths import FloatArray
from supplynet.simulate.scorecard import Score

_TRUST = 0.5
"""Standard deviation of the slope around 1, which it has where the forecast is right."""
_STEEPEST = 3.0
_LEAST_HALTS = 10.0
"""In all futures of all settings: fewer have no shape."""


def foretold_rates(days: Sequence[Score], futures: Sequence[Score]) -> FloatArray:
    """Halts per line-month to be expected of each setting, shape (setting,).

    ``log(rate on days) = a + b log(rate in futures)``, fitted over all settings by Poisson
    regression with ``b`` taken as normal around 1 beforehand. Halts of different settings on the
    same days are not independent; that makes the fit look surer than it is and is not corrected.

    Args:
        days: Of each setting on the recorded days, the same for all.
        futures: Of each setting on futures of the same days.

    Returns:
        Zeros where the futures hardly ever halt: they say nothing then.
    """
    seen = np.array([score.halts for score in days])
    imagined = np.array([score.halts for score in futures])
    if imagined.sum() < _LEAST_HALTS:
        return np.zeros(len(seen))
    logs = np.log((imagined + 0.5) / np.array([score.line_months for score in futures]))
    logs -= logs.max()
    total = seen.sum() + 0.5  # none seen is not none to come

    def misfit(slope: float) -> float:
        fit = seen @ logs * slope - total * np.log(np.exp(slope * logs).sum())
        return float((slope - 1.0) ** 2 / (2 * _TRUST**2) - fit)

    slope = minimize_scalar(misfit, bounds=(0.0, _STEEPEST), method="bounded").x
    shape = np.exp(slope * logs)
    return np.asarray(total * shape / (days[0].line_months * shape.sum()))
