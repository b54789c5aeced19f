"""Demand of periods that were not, or only in part, observed: an estimate and its standard error.

The demand ``D`` of a period has the mean ``m u`` and, given the line's pace ``u`` (``pace``), the
variance ``V = m u + own (m u)^2``: negative binomial, with ``m`` from the series' level and profile
(``expected``) and ``own`` from the data. Of it ``c`` parts were seen in the share ``f`` of the
minutes that ran; ``c`` varies around ``f D`` with the variance ``even f (1-f) m u``. ``even`` is 1
where parts are used at random moments, 0 where a takt uses them evenly; it too comes from the data,
from how far the parts of a starved line lie from their common pace. The best linear estimate is

    D = m u + K (c - f m u)        K = f V / (f^2 V + even f (1-f) m u)

(credibility: Buehlmann 1967). With ``even`` = 1 that is the empirical-Bayes estimate of the gamma
and Poisson model (Robbins 1956), ``c`` plus what the lost minutes take at a rate between the usual
and the observed one; with 0 it is ``c / f``. Without exposure it is ``m u``. It never goes below
``c``, as ``1 <= K <= 1/f``.

That exposure carries the evidence on a rate that stock-outs cut off is Conrad's and Anupindi's
point; the product-limit estimate of Kaplan and Meier (1958) and the normal one of Nahmias (1994)
are for sales whose stock-out times are not known, and would throw the known minutes away.

Conrad, "Sales data and the estimation of demand", Operational Research Quarterly 27 (1976).
Anupindi, Dada and Gupta, "Estimation of consumer demand with stock-out based substitution: an
application to vending machine products", Marketing Science 17 (1998).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.cleaning.expected import Indices, Rows, expect, rows_of
from supplynet.frames.cleaning.pace import LinePeriods, pace

POOLED_PERIODS = 30.0
"""A line's variance of pace leans on that of all lines with the weight of this many periods."""
POOLED_ROWS = 3.0
"""``even`` leans on 1 with the weight of this many rows that could tell it without own noise."""
ROUNDING = 1 / 6
"""Variance of a number that is rounded up as often as its fraction says, over all fractions."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Hidden:
    """Demand of the rows that were asked for, all arrays of shape (row,), in lumps but ``least``.

    Attributes:
        known: The part of the demand that does not hang on the pace.
        by_pace: Its change with the pace: demand is ``known + by_pace * pace``.
        pace, pace_variance: Of the line in that period.
        variance: Of the demand when the pace is known.
        counted: What was consumed while the line ran; part of ``known``.
        lump: Parts taken at once.
        least: No demand is lower, in parts: what was consumed in the period, also where its minutes
            contradict that.
        moment: Rows with the same value share one pace.
    """

    known: FloatArray
    by_pace: FloatArray
    pace: FloatArray
    pace_variance: FloatArray
    variance: FloatArray
    counted: FloatArray
    lump: FloatArray
    least: FloatArray
    moment: Indices

    @property
    def demand(self) -> FloatArray:
        """Expected demand in parts, at least ``least``; NaN where the series was never seen."""
        return np.maximum(self.lump * (self.known + self.by_pace * self.pace), self.least)

    @property
    def standard_error(self) -> FloatArray:
        """Of ``demand``, in parts: counting, the part's own noise and the doubt about the pace."""
        error: FloatArray = self.lump * np.sqrt(
            self.variance + self.by_pace**2 * self.pace_variance
        )
        return error

    def draw(self, rng: np.random.Generator) -> FloatArray:
        """One possible demand of every row: whole lumps beside what was consumed.

        Parts of a line share its pace. Several draws, each analysed on its own, carry the doubt on
        into what is computed from them (multiple imputation: Rubin 1987).
        """
        _, first, place = np.unique(self.moment, return_index=True, return_inverse=True)
        mean, variance = self.pace[first], np.maximum(self.pace_variance[first], 1e-12)
        common = rng.gamma(mean**2 / variance, variance / mean)[place]
        unseen = self.known - self.counted + self.by_pace * common
        lumps = _counts(rng, np.nan_to_num(unseen), np.nan_to_num(self.variance))
        drawn = np.maximum(self.lump * (self.counted + lumps), self.least)
        return np.where(np.isfinite(self.known), drawn, np.nan)


def _counts(rng: np.random.Generator, mean: FloatArray, variance: FloatArray) -> FloatArray:
    """Whole numbers of that mean and variance: negative binomial, or binomial below Poisson."""
    mean = np.maximum(mean, 0.0)
    wide = variance > mean * 1.001
    shape = np.divide(mean**2, variance - mean, out=np.ones_like(mean), where=wide)
    shape = np.maximum(shape, 1e-9)
    many = rng.poisson(np.where(wide, rng.gamma(shape) * mean / shape, mean))
    chance = np.clip(1 - np.divide(variance, mean, out=np.ones_like(mean), where=mean > 0), 0, 1)
    narrow = chance > 0.001
    exact = np.divide(mean, chance, out=np.zeros_like(mean), where=narrow)
    trials = np.floor(exact + rng.random(len(mean))).astype(np.int64)
    few = rng.binomial(trials, np.where(narrow, chance, 0.0))
    return np.where(narrow, few, many).astype(np.float64)


def hidden_demand(frame: pl.DataFrame, minutes: FloatArray, wanted: Indices) -> Hidden:
    """Demand of some rows of a demand frame, from all of its rows.

    Args:
        frame: Sorted by its key, each key once.
        minutes: Length of each row's period, shape (row,).
        wanted: Rows to estimate.
    """
    rows = rows_of(frame, minutes)
    usual = expect(rows)
    lump = usual.lump[rows.series]
    part = _Parts.of(rows, rows.counted / lump, usual.rate / lump)
    periods = part.line_periods()
    u, doubt = pace(periods, rows.moment[wanted])
    f, counted = part.share[wanted], part.counted[wanted]
    mean = part.mean[wanted] * u
    spread = mean + part.own[wanted] * mean**2
    # Even use is still counted in whole parts; and what was seen is never taken back (K >= 1).
    noise = part.even * f * (1 - f) * mean + (1 - part.even) * ROUNDING
    noise = np.minimum(noise, f * (1 - f) * spread)
    below = f**2 * spread + noise
    k = np.divide(f * spread, below, out=np.ones_like(f), where=below > 0)
    k = np.where(f > 0, k, 1.0)
    return Hidden(
        known=k * counted,
        by_pace=(1 - k * f) * part.mean[wanted],
        pace=u,
        pace_variance=doubt,
        variance=np.maximum(spread * (1 - k * f), 0.0),
        counted=counted,
        lump=lump[wanted],
        least=rows.least[wanted],
        moment=rows.moment[wanted],
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Parts:
    """Every row against what is usual, in lumps.

    Attributes:
        rows: The rows.
        counted: Lumps that were seen, shape (row,).
        mean: Usual demand of the whole period; NaN for a series that was never seen.
        share: Share of the available minutes that was seen.
        own: Squared spread of the part's own rate.
        shared: Variance of the pace, by line.
        line: Line of each (line, period).
        even: See the module.
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
    def of(cls, rows: Rows, counted: FloatArray, rate: FloatArray) -> _Parts:
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
