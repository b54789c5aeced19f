"""Whether the promise is kept: stock-outs that were promised against those that came.

A decision promises that its part runs out with a small chance until the order after it can be used.
Afterwards the books know what was used. Counting over many decisions shows whether the promise
holds; a correction with integral action makes decisions more careful where it does not. The sum of
"came minus allowed" is then bounded whatever demand does, so the rate that comes approaches the
rate that is allowed (Gibbs & Candès 2021, "Adaptive conformal inference under distribution shift";
Hult et al. 2024, arXiv 2405.15105, for service levels).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import exp
from typing import Any, TypeVar

import numpy as np
import polars as pl
from scipy import stats

from supplynet.core.protocols import Policy
from supplynet.replenish.per_rule import PerRule

OUTCOMES = {
    "location_id": pl.String(),
    "part_id": pl.String(),
    "level": pl.Int64(),
    "low": pl.Int64(),
    "likely": pl.Int64(),
    "high": pl.Int64(),
    "promised": pl.Float64(),
    "allowed": pl.Float64(),
    "used": pl.Int64(),
    "starved": pl.Boolean(),
}
"""Decisions whose window is over: the level that the position reached, the use expected until the
next order (5, 50, 95 %), the chance of a stock-out that the decision knew of and the one that the
policy allows (null = no promise), what was used, and whether a line waited for the part."""
BEYOND_CHANCE = 0.01
"""More stock-outs than come by chance so rarely mean that the promise is broken."""
GAIN = 0.1
"""Each stock-out too many makes the allowed risk about a tenth smaller."""
LEAST_FACTOR = 0.05
P = TypeVar("P", bound=Policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceedances:
    """Stock-outs counted over decisions.

    Attributes:
        decisions: How many were judged.
        observed: Stock-outs among them.
        low, high: 95 % interval of the count that ``observed`` is a draw of.
        promised: Stock-outs that the decisions themselves expected.
        allowed: Stock-outs that the policy allows; NaN where it promises nothing.
        chance: Probability of so many or more if the promise is kept; 1 without a promise.
    """

    decisions: int
    observed: int
    low: float
    high: float
    promised: float
    allowed: float
    chance: float

    @property
    def broken(self) -> bool:
        """Whether more came than chance explains."""
        return self.chance < BEYOND_CHANCE


def exceeded(outcomes: pl.DataFrame) -> pl.Series:
    """Which decisions met a stock-out: a line waited, or more was used than was there in all."""
    return outcomes["starved"] | (outcomes["used"] > outcomes["level"])


def count(outcomes: pl.DataFrame) -> Exceedances:
    """Count stock-outs, and hold them against the promise.

    Risks differ between decisions, so the count is nearly Poisson with their sum as mean; where one
    cause takes many parts at once, the test is too strict, never too lax.

    Args:
        outcomes: Columns of ``OUTCOMES``.
    """
    observed = int(exceeded(outcomes).sum())
    promised = float(outcomes["promised"].sum())
    told = outcomes.filter(pl.col("allowed").is_not_null())
    allowed = float(told["allowed"].sum()) if told.height else float("nan")
    came = int(exceeded(told).sum())
    low, high = poisson_interval(observed)
    return Exceedances(
        decisions=outcomes.height,
        observed=observed,
        low=low,
        high=high,
        promised=promised,
        allowed=allowed,
        chance=float(stats.poisson.sf(came - 1, allowed)) if told.height else 1.0,
    )


def poisson_interval(events: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of the mean of a Poisson count (Garwood 1936).

    Args:
        events: That were counted, >= 0.
        confidence: In (0, 1).
    """
    rest = (1.0 - confidence) / 2.0
    low = float(stats.chi2.ppf(rest, 2 * events) / 2.0) if events else 0.0
    return low, float(stats.chi2.ppf(1.0 - rest, 2 * events + 2) / 2.0)


def next_factor(factor: float, observed: float, allowed: float, *, gain: float = GAIN) -> float:
    """The factor on the allowed risk after another stretch: integral action, within bounds.

    ``factor * exp(gain * (allowed - observed))``, at most 1: a plant that keeps its promise easily
    is not made careless, because pack sizes alone make most risks smaller than allowed.

    Args:
        factor: So far, in [0.05, 1].
        observed: Stock-outs of the stretch.
        allowed: Stock-outs that the policy allows in it.
        gain: How much one of them moves it.
    """
    if not np.isfinite(allowed) or not np.isfinite(observed):
        return factor
    moved = factor * exp(min(max(gain * (allowed - observed), -50.0), 50.0))
    return min(max(moved, LEAST_FACTOR), 1.0)


def corrected(policy: P, factor: float) -> P:
    """The policy with every allowed risk ``1 - alpha`` times ``factor``.

    A policy without an alpha is given back as it is.
    """
    if isinstance(policy, PerRule):
        others = {name: corrected(each, factor) for name, each in policy.others.items()}
        return replace(policy, usual=corrected(policy.usual, factor), others=others)
    changed: dict[str, Any] = {}
    if isinstance(getattr(policy, "alpha", None), float):
        changed["alpha"] = _smaller(policy.alpha, factor)  # type: ignore[attr-defined]  # seen above
    for name in ("by_class", "by_pair"):
        alphas = getattr(policy, name, None)
        if alphas:
            changed[name] = {key: _smaller(alpha, factor) for key, alpha in alphas.items()}
    return policy if factor == 1.0 or not changed else _with(policy, changed)


def quality(outcomes: pl.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    """How good the forecast was lately, by (stock point, part).

    Of the use from a decision until the order after it, in windows that nobody was starved in:
    ``wape`` sum of absolute errors of the median over the sum of use, ``bias`` sum of errors over
    the same (above 0 = forecast too high), ``coverage`` share of windows between the 5 and 95 %
    quantile (should be 0.9), ``windows`` how many. Ratios are None where nothing was used.
    """
    seen = outcomes.filter(~pl.col("starved"))
    error = pl.col("likely") - pl.col("used")
    inside = (pl.col("used") >= pl.col("low")) & (pl.col("used") <= pl.col("high"))
    rows = (
        seen.group_by("location_id", "part_id")
        .agg(
            wape=error.abs().sum(),
            bias=error.sum(),
            used=pl.col("used").sum(),
            coverage=inside.mean(),
            windows=pl.len(),
        )
        .sort("location_id", "part_id")
    )
    return {(row["location_id"], row["part_id"]): _ratios(row) for row in _dicts(rows)}


def _ratios(row: dict[str, Any]) -> dict[str, Any]:
    used = row["used"]
    return {
        "windows": row["windows"],
        "wape": round(row["wape"] / used, 4) if used > 0 else None,
        "bias": round(row["bias"] / used, 4) if used > 0 else None,
        "coverage": round(row["coverage"], 4),
    }


def _dicts(frame: pl.DataFrame) -> Iterable[dict[str, Any]]:
    return frame.iter_rows(named=True)


def _smaller(alpha: float, factor: float) -> float:
    return 1.0 - (1.0 - alpha) * factor


def _with(policy: P, changed: dict[str, Any]) -> P:
    made: P = replace(policy, **changed)  # type: ignore[type-var]  # policies with an alpha are dataclasses
    return made
