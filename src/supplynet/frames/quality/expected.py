"""What each row could be expected to show: a robust seasonal level, and how far counts spread.

The level comes from ``weeks``. A row may lie anywhere between the levels of its own week and its
neighbours', and it may move with the line's other parts (their median ratio to their own levels in
that period). So trends, steps, campaigns, holidays and stops widen what is expected instead of
standing out.

Spread: counts vary as a negative binomial, variance = mean + a mean^2, or, in lumps of k parts, k
mean + a mean^2. ``stabilise`` makes that variance 1 (Anscombe, Biometrika 35, 1948), and ``a`` is
estimated from the median deviation, so that outliers do not hide themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.quality.weeks import (
    BUSY_LEVEL,
    BUSY_PARTS,
    BoolArray,
    facts_of,
    levels_of,
    slots_of,
    weeks_of,
)

NORMAL = 1.4826  # median absolute deviation to standard deviation
SLOW_SCALE = 1.25  # the median deviation of a few small counts says little
SPREAD = (0.005, 2.0)  # least and most ``a``


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expected:
    """Of every row of a chunk, arrays of shape (row,).

    Attributes:
        low, high: Bounds of what the level may be.
        base: The series' usual level times the slot's ratio and the line's movement.
        nearby: The same with the usual level of the three months around.
        middle: The week's level times the slot's ratio and the line's movement.
        line: The line's movement: ratio to its usual level, 1 when it is not known.
        off: How far the amount is outside ``[low, high]``, in standard deviations; NaN = not known.
        noise: How far it is from ``middle``, likewise; both are NaN for closed slots, and for what
            the line's stops or starvation lowered, unless it is high all the same.
        shown: The amount, stabilised.
        spread, lump: ``a`` and ``k`` of the module's text.
        scale: Standard deviation of what is stabilised with them: 1 or more.
        slow: Whether the series is.
        weeks: ``series, line, at`` (first row), ``level, rows`` (calm) of every week.
    """

    low: FloatArray
    high: FloatArray
    base: FloatArray
    nearby: FloatArray
    middle: FloatArray
    line: FloatArray
    off: FloatArray
    noise: FloatArray
    shown: FloatArray
    spread: FloatArray
    lump: FloatArray
    scale: FloatArray
    slow: BoolArray
    weeks: pl.DataFrame


def expect(chunk: pl.DataFrame) -> Expected:
    """What to expect of each row of ``chunk`` (rows of ``Prepared``, whole series)."""
    rows = slots_of(chunk)
    facts, of_row = facts_of(rows), rows["place"].to_numpy()
    slow, lump = (facts[name].to_numpy()[of_row] for name in ("slow", "lump"))
    levels = levels_of(rows, slow)
    level, ratio = levels.own, levels.ratio
    line = _line_movement(rows, level * ratio, slow)
    middle = level * ratio * line
    calm, amount = rows["calm_amount"].to_numpy(), chunk["amount"].to_numpy()
    with np.errstate(all="ignore"):  # amounts may be as large as a float can be
        most = facts["most_spread"].to_numpy()
        spread = np.clip(np.minimum(_spread(rows, calm, middle, lump), most), *SPREAD)[of_row]
        low = levels.low * ratio * np.minimum(line, 1.0)
        high = levels.high * ratio * np.maximum(line, 1.0)
        shown = stabilise(amount, spread, lump)
        noise = shown - stabilise(middle, spread, lump)
        scale = _by_series(rows, np.where(np.isnan(calm), np.nan, np.abs(noise)))
        scale = np.maximum(1.0, NORMAL * scale)[of_row]
        scale[slow] = np.minimum(scale[slow], SLOW_SCALE)
        off = (shown - stabilise(np.clip(amount, low, high), spread, lump)) / scale
        unknown = (np.isnan(calm) & ~(off > 0)) | (ratio == 0)
    return Expected(
        low=low,
        high=high,
        base=levels.usual * ratio * line,
        nearby=levels.nearby * ratio * line,
        middle=middle,
        line=line,
        off=np.where(unknown, np.nan, off),
        noise=np.where(unknown, np.nan, noise / scale),
        shown=shown,
        spread=spread,
        lump=lump,
        scale=scale,
        slow=slow,
        weeks=weeks_of(rows, chunk["series"], level),
    )


def stabilise(amount: FloatArray, spread: FloatArray, lump: FloatArray) -> FloatArray:
    """``2/sqrt(a) asinh(sqrt(a (amount/lump + 3/8)))``: variance about 1 for counts in lumps.

    It is ``2 sqrt(amount)`` where ``a`` is small, and a logarithm where it is large.
    """
    count = np.maximum(amount, 0) / lump + 0.375
    made: FloatArray = 2 / np.sqrt(spread) * np.arcsinh(np.sqrt(spread * count))
    return made


def _line_movement(rows: pl.DataFrame, middle: FloatArray, slow: BoolArray) -> FloatArray:
    """Median ratio of amount to level over the line's busy parts in each period, else 1."""
    busy = ~slow & (middle >= BUSY_LEVEL)
    with np.errstate(all="ignore"):
        share = np.where(busy, rows["calm_amount"].to_numpy() / middle, np.nan)
    made = rows.select("line", "at").with_columns(share=pl.Series(share).fill_nan(None))
    known = made.drop_nulls("share").group_by("line", "at").agg(pl.col("share").median(), pl.len())
    known = known.filter(pl.col("len") >= BUSY_PARTS)
    if known.is_empty():
        return np.ones(rows.height)
    joined = made.select("line", "at").join(
        known, on=["line", "at"], how="left", maintain_order="left"
    )
    moved: FloatArray = joined["share"].fill_null(1.0).to_numpy()
    return moved


def _spread(
    rows: pl.DataFrame, amount: FloatArray, middle: FloatArray, lump: FloatArray
) -> FloatArray:
    """``a`` of each series: squared relative deviation beyond what counting alone makes."""
    share = np.where(middle > 0, amount / middle, np.nan)
    relative = NORMAL * _by_series(rows, np.abs(share - 1))
    counting = _by_series(rows, np.where(middle > 0, lump / middle, np.nan))
    found: FloatArray = np.nan_to_num(relative**2 - counting)
    return found


def _by_series(rows: pl.DataFrame, values: FloatArray) -> FloatArray:
    """Median of ``values`` over each series, shape (series,); NaN left out, 0 without any."""
    made = pl.DataFrame({"place": rows["place"], "v": pl.Series(values).fill_nan(None)})
    medians = made.group_by("place", maintain_order=True).agg(pl.col("v").median())["v"]
    return medians.fill_null(0.0).to_numpy()
