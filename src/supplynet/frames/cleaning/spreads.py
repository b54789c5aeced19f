"""How demand spreads around what is usual: by the line's pace, by the part, within a period.

All by moments, from the rows themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.cleaning.evidence import Indices, Rows
from supplynet.frames.cleaning.pace import LinePeriods

POOLED_PERIODS = 30.0
"""A line's variance of pace leans on that of all lines with the weight of this many periods."""
POOLED_ROWS = 3.0
"""``even`` leans on 1 with the weight of this many rows that could tell it without own noise."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Spreads:
    """Every row against what is usual, in lumps.

    Attributes:
        rows: The rows.
        counted: Lumps that were seen, shape (row,).
        mean: Usual demand of the whole period; NaN for a series that was never seen.
        share: Share of the available minutes that was seen.
        own: Squared spread of the part's own rate.
        shared: Variance of the pace, by line.
        line: Line of each (line, period).
        even: How random use within a period is, 0 to 1; see ``uncensor``.
    """

    rows: Rows
    counted: FloatArray
    mean: FloatArray
    share: FloatArray
    own: FloatArray
    shared: FloatArray
    line: Indices
    even: float

    @classmethod
    def of(cls, rows: Rows, counted: FloatArray, rate: FloatArray) -> Spreads:
        """Learn the spreads from the rows."""
        available = rows.available
        share = np.divide(
            rows.exposure, available, out=np.zeros_like(available), where=available > 0
        )
        seen = np.nan_to_num(rate * rows.exposure)
        spread = excess(rows, counted, seen)
        line = np.zeros(int(rows.moment.max(initial=-1)) + 1, dtype=np.int64)
        line[rows.moment] = rows.line
        shared = _shared_variance(rows, line, counted, seen, spread)
        made = cls(
            rows=rows,
            counted=counted,
            mean=rate * available,
            share=share,
            own=np.maximum(spread - shared[rows.line], 0.0),
            shared=shared,
            line=line,
            even=1.0,
        )
        return replace(made, even=made._evenness())

    def _noise(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Mean, variance at a takt, and further variance at random, of what is seen of each row."""
        mean, f = np.nan_to_num(self.mean), self.share
        return f * mean, f**2 * (mean + self.own * mean**2), f * (1 - f) * mean

    def line_periods(self) -> LinePeriods:
        """What each line showed in each period."""
        seen, takt, random = self._noise()
        shown, noise, _ = self._pooled(seen, takt + self.even * random)
        return LinePeriods(
            line=self.line,
            shown=shown,
            noise=noise,
            variance=self.shared,
            carried=_carried(self.line, shown, noise, self.shared),
        )

    def _pooled(
        self, seen: FloatArray, variance: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """By (line, period) the pace less 1 and its variance; by row its weight therein."""
        weight = np.divide(seen, variance, out=np.zeros_like(seen), where=variance > 0)
        count = len(self.line)
        total = np.bincount(self.rows.moment, weights=weight * seen, minlength=count)
        gone = np.bincount(
            self.rows.moment, weights=weight * (self.counted - seen), minlength=count
        )
        shown = np.divide(gone, total, out=np.zeros(count), where=total > 0)
        noise = np.divide(1.0, total, out=np.full(count, np.inf), where=total > 0)
        return shown, noise, weight * seen * np.minimum(noise[self.rows.moment], 1e300)

    def _evenness(self) -> float:
        """``even``, by weighted least squares over the parts of lines that ran for a while.

        A part's squared distance from the pace that its line showed in those minutes is, but for
        the share of that pace that the part itself made, ``takt + even * random``.
        """
        seen, takt, random = self._noise()
        shown, _, leverage = self._pooled(seen, takt + random)
        usable = (self.share > 0) & (self.share < 1) & (leverage < 0.5) & (random > 0)
        if not usable.any():
            return 1.0
        pace_seen = np.maximum(1 + shown[self.rows.moment[usable]], 0.05)
        takt, random = takt[usable] * pace_seen, random[usable] * pace_seen
        away = (self.counted[usable] - seen[usable] * pace_seen) ** 2 / (1 - leverage[usable])
        weight = 1 / (takt + random) ** 2
        above = np.sum(weight * random * np.minimum(away - takt, 25 * (takt + random)))
        below = np.sum(weight * random**2)
        return float(np.clip((above + POOLED_ROWS) / (below + POOLED_ROWS), 0.0, 1.0))


def excess(rows: Rows, counted: FloatArray, mean: FloatArray) -> FloatArray:
    """Squared spread of the rate beyond Poisson, of each row's series.

    By moments over all its rows: ``(sum (c - m)^2 - m) / (sum m^2)``.

    Args:
        rows: The rows.
        counted: Lumps that were counted, shape (row,).
        mean: Lumps that are usual in the row's exposure, shape (row,).
    """
    above = np.bincount(rows.series, weights=(counted - mean) ** 2 - mean)
    below = np.bincount(rows.series, weights=mean**2)
    found = np.divide(above, below, out=np.zeros_like(below), where=below > 0)
    return np.clip(found, 0.0, 25.0)[rows.series]


def _shared_variance(
    rows: Rows, line: Indices, counted: FloatArray, mean: FloatArray, spread: FloatArray
) -> FloatArray:
    """Variance of each line's pace, from the products of errors of different parts.

    Different parts share nothing but the pace, so the mean product of their errors is its variance
    times the product of their means. A line of one part takes all its excess as pace: only its
    neighbours in time can help it.
    """
    moments, lines = len(line), int(line.max(initial=-1)) + 1
    error = np.where(rows.exposure > 0, counted - mean, 0.0)
    above, below = (
        np.bincount(rows.moment, weights=v, minlength=moments) ** 2
        - np.bincount(rows.moment, weights=v**2, minlength=moments)
        for v in (error, mean)
    )
    products = np.bincount(line, weights=above, minlength=lines)
    scale = np.bincount(line, weights=below, minlength=lines)
    pairs = scale > 1e-9 * np.bincount(rows.line, weights=mean**2, minlength=lines)
    alone = np.zeros(lines)
    alone[rows.line] = spread
    if not pairs.any():
        return alone
    pooled = products[pairs].sum() / scale[pairs].sum()
    periods = np.bincount(line, minlength=lines)
    own = np.divide(products, scale, out=np.zeros(lines), where=pairs)
    leaning = (periods * own + POOLED_PERIODS * pooled) / (periods + POOLED_PERIODS)
    return np.clip(np.where(pairs, leaning, alone), 0.0, 25.0)


def _carried(line: Indices, shown: FloatArray, noise: FloatArray, variance: FloatArray) -> float:
    """Share of the pace's deviation that is left one period later, 0 to 0.95, over all lines."""
    same = (line[1:] == line[:-1]) & np.isfinite(noise[1:]) & np.isfinite(noise[:-1])
    weight = same / (1 + np.where(same, noise[1:] + noise[:-1], 0.0) / 1e-3)
    below = float(np.sum(weight * variance[line[1:]]))
    if below <= 0:
        return 0.0
    above = float(np.sum(weight * shown[1:] * shown[:-1]))
    return float(np.clip(above / below, 0.0, 0.95))
