"""Season, trend and remainder of many series at once, and how strong the first two are.

``demand = trend + season + remainder``: the season is the mean of each phase (weekday, week or
month of the year), the trend a running straight line over five weeks (one season and a column for
weekly and monthly data), and the two are fitted in turns, as STL does (Cleveland et al. 1990) with
a periodic season. Strengths follow Wang, Smith & Hyndman (2006), Data Mining and Knowledge
Discovery 13, 335-364, in the form of Hyndman & Athanasopoulos, Forecasting, 3rd ed., 4.3:
``F_S = max(0, 1 - Var(R) / Var(S + R))``, ``F_T = max(0, 1 - Var(R) / Var(T + R))``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.calendar_grid import Unit
from supplynet.frames.exploration.row_statistics import row_medians, row_noise, row_squares

STRONG = 0.64
"""From here on a season is strong: the limit at which R's ``nsdiffs`` takes it into account."""
OUTLIER = 6.0
"""A remainder this many robust standard deviations from its median is an outlier."""
_ROUNDS = 4
_SEASONS_NEEDED = 3  # with fewer the mean of a phase fits its own noise
_CHUNK_CELLS = 1_000_000
_FEWEST = 8  # values of a row from which outliers are told


@dataclass(frozen=True, kw_only=True, eq=False)
class Decomposition:
    """Per series; first axis = series.

    Attributes:
        season: Effect of each phase against the mean, shape (series, phase); phase 0 is that of
            column 0. 0 when the history has less than three seasons.
        season_strength, trend_strength: F_S and F_T; NaN when there is too little to say.
        outlier_share: Share of the observed columns whose remainder is an outlier; 0 for a series
            that is 0 half of the time.
        weekly: Mean per column without season, by week for daily data (else by column), shape
            (series, week); NaN where nothing was observed.
        weeks: First column of each week, shape (week,).
        noise: Robust standard deviation of the remainder.
    """

    season: FloatArray
    season_strength: FloatArray
    trend_strength: FloatArray
    outlier_share: FloatArray
    weekly: FloatArray
    weeks: npt.NDArray[np.int64]
    noise: FloatArray


def decompose(used: FloatArray, unit: Unit, first: date) -> Decomposition:
    """Take apart all rows of ``used``, shape (series, column); NaN = not observed."""
    series, columns = used.shape
    weeks = _week_starts(columns, unit, first)
    season = unit.season if columns >= _SEASONS_NEEDED * unit.season else 1
    block = max(1, _CHUNK_CELLS // max(1, columns))
    made = [
        _block(used[i : i + block], season, trend_window(unit, columns), weeks)
        for i in range(0, max(series, 1), block)
    ]
    joined = [np.concatenate(parts) for parts in zip(*made, strict=True)]
    return Decomposition(
        season=joined[0],
        season_strength=joined[1],
        trend_strength=joined[2],
        outlier_share=joined[3],
        weekly=joined[4],
        weeks=weeks,
        noise=joined[5],
    )


def remainders(used: FloatArray, unit: Unit) -> FloatArray:
    """What season and trend leave over, shape as ``used``."""
    columns = used.shape[1]
    season = unit.season if columns >= _SEASONS_NEEDED * unit.season else 1
    trend, seasonal = split(used, season, trend_window(unit, columns))
    return used - trend - seasonal


def trend_window(unit: Unit, columns: int) -> int:
    """Columns of the running line, odd."""
    wanted = 5 * unit.season if unit.season == 7 else unit.season + 1
    return min(wanted, columns) | 1


def split(used: FloatArray, season: int, window: int) -> tuple[FloatArray, FloatArray]:
    """Trend and season of each column, shapes as ``used``."""
    columns = used.shape[1]
    phase = np.arange(columns) % season
    seasonal = _phase_means(used, season)[:, phase] if season > 1 else np.zeros_like(used)
    trend = running_line(used - seasonal, window)
    for _ in range(_ROUNDS if season > 1 else 0):
        seasonal = _phase_means(used - trend, season)[:, phase]
        trend = running_line(used - seasonal, window)
    return trend, seasonal


def running_line(values: FloatArray, window: int) -> FloatArray:
    """Least-squares line through the ``window`` columns around each column, shape as ``values``.

    At the ends the window is moved inwards; NaN is left out; without two values it is their mean.
    """
    rows, columns = values.shape
    if columns == 0:
        return values.copy()
    low = np.clip(np.arange(columns) - window // 2, 0, max(0, columns - window))
    high = np.minimum(low + window, columns)
    x = np.arange(columns) - (columns - 1) / 2
    seen = np.isfinite(values)
    known = np.where(seen, values, 0.0)

    def sums(each: FloatArray) -> FloatArray:
        total = np.zeros((rows, columns + 1))
        np.cumsum(each, axis=1, out=total[:, 1:])
        return total[:, high] - total[:, low]

    n, sx, sxx = sums(seen.astype(float)), sums(seen * x), sums(seen * x * x)
    sy, sxy = sums(known), sums(known * x)
    spread = n * sxx - sx * sx
    slope = np.zeros_like(spread)
    np.divide(n * sxy - sx * sy, spread, out=slope, where=(n > 1) & (spread > 1e-9))
    made = np.full_like(spread, np.nan)
    np.divide(sy - slope * sx, n, out=made, where=n > 0)
    line: FloatArray = made + slope * x
    return line


def _phase_means(values: FloatArray, season: int) -> FloatArray:
    """Mean of each phase less the mean of the phases, shape (series, season); 0 when unknown."""
    made = np.full((values.shape[0], season), np.nan)
    for phase in range(season):
        each = values[:, phase::season]
        seen = np.isfinite(each)
        many = seen.sum(axis=1)
        np.divide(np.where(seen, each, 0.0).sum(axis=1), many, out=made[:, phase], where=many > 0)
    known = np.isfinite(made)
    level = np.where(known, made, 0.0).sum(axis=1) / np.maximum(1, known.sum(axis=1))
    return np.where(known, made - level[:, None], 0.0)


def _block(
    used: FloatArray, season: int, window: int, weeks: npt.NDArray[np.int64]
) -> tuple[FloatArray, ...]:
    """The fields of a ``Decomposition`` for some of the series."""
    size = np.nanmax(np.where(np.isfinite(used), np.abs(used), 0.0), axis=1, initial=0.0)
    size = np.where(size > 0, size, 1.0)[:, None]
    scaled = used / size  # so that sums of squares neither drown nor overflow
    trend, seasonal = split(scaled, season, window)
    rest = scaled - trend - seasonal
    noise, share = _outliers(rest)
    often = (used > 0).sum(axis=1) * 2 > np.isfinite(used).sum(axis=1)
    share = np.where(often, share, 0.0)  # where most is 0, every use would be an outlier
    return (
        (seasonal[:, :season] if seasonal.shape[1] else np.zeros((len(used), season))) * size,
        _strength(rest, seasonal) if season > 1 else np.full(len(used), np.nan),
        _strength(rest, trend),
        share,
        _weekly(scaled - seasonal, weeks) * size,
        noise * size[:, 0],
    )


def _strength(rest: FloatArray, part: FloatArray) -> FloatArray:
    """``max(0, 1 - Var(R) / Var(part + R))``; 0 for a row without variance, NaN for no values."""
    (alone, many), (both, _) = row_squares(rest), row_squares(rest + part)
    left = np.ones(len(rest))
    np.divide(alone, both, out=left, where=both > 1e-12 * many)
    return np.where(many >= 3, np.clip(1 - left, 0.0, 1.0), np.nan)


def _outliers(rest: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Robust standard deviation of each row, and the share of it beyond ``OUTLIER`` of those."""
    noise = row_noise(rest)
    seen = np.isfinite(rest)
    many = seen.sum(axis=1)
    away = np.abs(np.where(seen, rest - row_medians(rest)[:, None], 0.0))
    beyond = (away > OUTLIER * noise[:, None]).sum(axis=1)
    enough = (many >= _FEWEST) & (noise > 1e-9)
    return noise, np.where(enough, beyond / np.maximum(1, many), 0.0)


def _weekly(values: FloatArray, weeks: npt.NDArray[np.int64]) -> FloatArray:
    if not weeks.size:
        return np.zeros((len(values), 0))
    seen = np.isfinite(values)
    total = np.add.reduceat(np.where(seen, values, 0.0), weeks, axis=1)
    many = np.add.reduceat(seen, weeks, axis=1, dtype=np.int64)
    made = np.full(total.shape, np.nan)
    np.divide(total, many, out=made, where=many > 0)
    return made


def _week_starts(columns: int, unit: Unit, first: date) -> npt.NDArray[np.int64]:
    """First columns of the weeks (Monday to Sunday) of daily data; each column otherwise."""
    if unit.name != "day" or columns < 28:
        return np.arange(columns, dtype=np.int64)
    monday = (7 - first.weekday()) % 7
    starts = np.arange(monday, columns, 7, dtype=np.int64)
    return starts if monday == 0 else np.concatenate([[0], starts])
