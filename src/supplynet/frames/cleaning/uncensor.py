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

from dataclasses import dataclass

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.cleaning.evidence import Indices, rows_of
from supplynet.frames.cleaning.expected import expect
from supplynet.frames.cleaning.pace import pace
from supplynet.frames.cleaning.spreads import Spreads

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
    part = Spreads.of(rows, rows.counted / lump, usual.rate / lump)
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
