"""Random factors of production: what the plan knows of them, and what it does not.

Given the last plan, units are right on average: ``units = last plan x adherence``. A line's shock
is a first-order autoregressive process of which the plan knows all but the newest step; that step
is the adherence. So units vary as the shock says, however well they are planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p, sqrt

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.synthetic.scenario import DemandShape, PlanShape
from supplynet.frames.synthetic.streams import carry, stream


@dataclass(frozen=True, kw_only=True, eq=False)
class LineShocks:
    """Factors of mean 1, shape (line, shift).

    Attributes:
        planned: Of the last plan on the level.
        adherence: Of the units on the last plan.
        first_error: Of the first plan on the last, where it was corrected.
    """

    planned: FloatArray
    adherence: FloatArray
    first_error: FloatArray


def line_shocks(
    lines: Sequence[str], shifts: int, demand: DemandShape, plan: PlanShape, seed: int
) -> LineShocks:
    """The shocks of each line in its first ``shifts`` shifts.

    The log variance of ``planned x adherence`` is ``shock_sd**2``, or what the adherence alone
    makes of it where that is more.
    """
    rho, missed = demand.shock_carried, _log_variance(plan.adherence_cv)
    whole = max(demand.shock_sd**2, missed / (1 - rho**2))
    drawn = [stream(seed, "shock", line).standard_normal((shifts, 3)) for line in lines]
    known, newest, error = np.ascontiguousarray(np.array(drawn).transpose(2, 0, 1))
    newest *= sqrt(missed)
    known[:, :1] *= sqrt(whole - missed)
    known[:, 1:] *= sqrt(max(0.0, whole * (1 - rho**2) - missed))
    wrong = _log_variance(plan.first_error_cv)
    return LineShocks(
        planned=_factors(carry(known + newest, rho) - newest, whole - missed),
        adherence=_factors(newest, missed),
        first_error=_factors(error * sqrt(wrong), wrong),
    )


def product_shocks(product: str, days: int, demand: DemandShape, seed: int) -> FloatArray:
    """Factors of mean 1 that all lines of a product share on each day, shape (day,)."""
    rho, spread = demand.product_shock_carried, demand.product_shock_sd
    steps = spread * stream(seed, "product", product).standard_normal((1, days))
    steps[:, 1:] *= sqrt(1 - rho**2)
    return _factors(carry(steps, rho)[0], spread**2)


def _factors(logs: FloatArray, variance: float) -> FloatArray:
    """Log-normal factors of mean 1 from normal ``logs`` of mean 0 and that variance."""
    factors: FloatArray = np.exp(logs - variance / 2)
    return factors


def _log_variance(cv: float) -> float:
    """Of a log-normal factor of that coefficient of variation."""
    return log1p(cv**2)
