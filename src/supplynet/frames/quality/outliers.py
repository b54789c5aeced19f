"""Outliers and miscounts: single rows that are off; two neighbours that make up for each other."""

from __future__ import annotations

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.quality.expected import Expected
from supplynet.frames.quality.weeks import BoolArray

FAR = 6.0  # standard deviations of an outlier
PAIR_FAR = 3.0  # of each of the two rows of a miscount
PAIR_SPREAD = 0.25  # neither can it in a series that varies by more than its half
PAIR_DAYS = 3  # rows further apart are no neighbours, a weekend between them is
PAIR_BALANCE = 0.35  # of the larger deviation may be left over
PAIR_LEVEL = 8.0  # below, a miscount cannot be told from counting noise
CROWD_FAR = 3.0  # a neighbour that is off on the same side makes a stretch, not an outlier
FACTOR = 2.5  # an outlier is at least this many times too high or too low


def miscounted(chunk: pl.DataFrame, expected: Expected) -> BoolArray:
    """Rows that are off with the opposite in a neighbouring row of the same series."""
    series, amount = chunk["series"].to_numpy(), chunk["amount"].to_numpy()
    day = chunk["at"].dt.epoch("d").to_numpy()
    with np.errstate(all="ignore"):
        wrong = np.nan_to_num(amount - expected.middle)
        steady = ~expected.slow & (expected.spread <= PAIR_SPREAD)
        off = np.where(steady & (expected.middle >= PAIR_LEVEL), expected.off, 0.0)
    off = np.nan_to_num(off)
    pair = (
        (series[1:] == series[:-1])
        & (day[1:] - day[:-1] <= PAIR_DAYS)
        & (off[1:] * off[:-1] < 0)
        & (np.minimum(np.abs(off[1:]), np.abs(off[:-1])) > PAIR_FAR)
        & (
            np.abs(wrong[1:] + wrong[:-1])
            < PAIR_BALANCE * np.maximum(np.abs(wrong[1:]), np.abs(wrong[:-1]))
        )
    )
    made = np.zeros(len(series), dtype=np.bool_)
    made[1:] |= pair
    made[:-1] |= pair
    return made


def outlying(chunk: pl.DataFrame, expected: Expected, elsewhere: BoolArray) -> BoolArray:
    """Rows far from anything expected, alone; ``elsewhere`` are those that another rule has."""
    amount = chunk["amount"].to_numpy()
    off = np.nan_to_num(expected.off)
    with np.errstate(all="ignore"):
        factor = (amount + 0.5) / (np.clip(amount, expected.low, expected.high) + 0.5)
    large = (factor >= FACTOR) | (factor <= 1 / FACTOR)
    found: BoolArray = (np.abs(off) > FAR) & large & ~elsewhere & ~_in_a_crowd(chunk, off)
    return found


def _in_a_crowd(chunk: pl.DataFrame, off: FloatArray) -> BoolArray:
    """Rows with both neighbours off on the same side."""
    series = chunk["series"].to_numpy()
    same = np.zeros(len(off), dtype=np.bool_)
    if len(off) < 3:
        return same
    inside = (series[2:] == series[:-2]) & (
        np.minimum(np.abs(off[2:]), np.abs(off[:-2])) > CROWD_FAR
    )
    side = (np.sign(off[1:-1]) == np.sign(off[2:])) & (np.sign(off[1:-1]) == np.sign(off[:-2]))
    same[1:-1] = inside & side
    return same
