"""How forecast errors hang together: over the plant, within a line, and from step to step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.features import line_codes

MOST_PERSISTENT = 0.95
_MOST_SHARED = 0.95
_LEAST_PAIRS = 200  # products of scores below which an estimate is not believed


@dataclass(frozen=True, kw_only=True)
class Dependence:
    """Strengths of a Gaussian copula with three kinds of shock, each first-order autoregressive.

    The normal score of a series is ``sqrt(plant) P + sqrt(line) L + sqrt(own) O`` with
    ``own = 1 - plant - line``; each shock has variance 1 and carries its persistence to the next
    step.

    Args:
        plant: Share of the variance that all series have in common.
        line: Share that the series of one line have in common beyond that.
        plant_persistence, line_persistence: In [0, 1).
        own_persistence: In (-1, 1); below 0 where errors take turns, as those of a model that
            does not tell the day shift from the night shift. It is also what makes sums over the
            next steps as wide as they were, see ``forecast.window_sums``.
    """

    plant: float = 0.02
    line: float = 0.25
    plant_persistence: float = 0.3
    line_persistence: float = 0.3
    own_persistence: float = 0.1

    @property
    def own(self) -> float:
        """Share of the variance that a series has to itself."""
        return 1.0 - self.plant - self.line

    def carried(self, steps: int) -> FloatArray:
        """Correlation of a series' score at step 0 with that at each step, shape (step,)."""
        lead = np.arange(steps, dtype=float)
        shares = (self.plant, self.line, self.own)
        kept = (self.plant_persistence, self.line_persistence, self.own_persistence)
        powers = np.array(kept)[:, None] ** lead  # (shock, step)
        return np.asarray(np.array(shares) @ powers)


def fit_dependence(scores: FloatArray, series: Sequence[tuple[str, str]]) -> Dependence:
    """Estimate the strengths from backtest scores by the method of moments.

    The mean product of two scores is ``plant`` for series of different lines, ``plant + line``
    for two of one line, 1 for a series with itself; one step apart each share is multiplied by
    its persistence.

    Args:
        scores: Normal scores of what happened, shape (origin, series, step); NaN = not observed.
        series: ``(location_id, part_id)`` of each; the location is the line.

    Returns:
        The estimate; the default for what too few scores say nothing of.
    """
    lines, default = line_codes(series), Dependence()
    now = _moments(scores, scores, lines)
    late = _moments(scores[:, :, :-1], scores[:, :, 1:], lines)
    if now is None:
        return default
    scale = max(now[2], 1e-9)  # scores of a miscalibrated model do not have variance 1
    plant = float(np.clip(now[0] / scale, 0.0, _MOST_SHARED))
    line = float(np.clip((now[1] - now[0]) / scale, 0.0, _MOST_SHARED - plant))
    if late is None:
        return Dependence(plant=plant, line=line)
    return Dependence(
        plant=plant,
        line=line,
        plant_persistence=_ratio(late[0], now[0]),
        line_persistence=_ratio(late[1] - late[0], now[1] - now[0]),
        own_persistence=_ratio(late[2] - late[1], now[2] - now[1], least=-MOST_PERSISTENT),
    )


def _moments(
    left: FloatArray, right: FloatArray, lines: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[float, float, float] | None:
    """Mean product across lines, within a line, and of each series with itself."""
    seen = (~np.isnan(left), ~np.isnan(right))
    values = (np.where(seen[0], left, 0.0), np.where(seen[1], right, 0.0))
    member = (lines[:, None] == np.unique(lines)).astype(float)  # (series, line)
    sums, counts = (
        [np.einsum("osk,sl->olk", part.astype(float), member) for part in pair]
        for pair in (values, seen)
    )
    totals = []
    for pair, by_line in ((values, sums), (seen, counts)):
        self_product = float((pair[0].astype(float) * pair[1]).sum())
        in_line = float((by_line[0] * by_line[1]).sum())
        in_plant = float((by_line[0].sum(axis=1) * by_line[1].sum(axis=1)).sum())
        totals.append((in_plant - in_line, in_line - self_product, self_product))
    products, pairs = totals
    if pairs[2] < _LEAST_PAIRS:
        return None
    across, within, alone = (
        product / pair if pair >= _LEAST_PAIRS else None
        for product, pair in zip(products, pairs, strict=True)
    )
    plant = max(across or 0.0, 0.0)
    return plant, max(within if within is not None else plant, plant), alone or 0.0


def _ratio(late: float, now: float, least: float = 0.0) -> float:
    return float(np.clip(late / now, least, MOST_PERSISTENT)) if now > 1e-3 else 0.0
