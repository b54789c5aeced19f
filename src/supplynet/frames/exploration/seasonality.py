"""Weekday and year waves, how like a day is to those before it, and how strong it all is."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.charts import columns
from supplynet.frames.exploration.decomposition import STRONG, running_line, trend_window
from supplynet.frames.exploration.point_charts import Point, scatter
from supplynet.frames.exploration.section import Figure, Section, Table
from supplynet.frames.exploration.source import Source
from supplynet.frames.exploration.svg import Scale
from supplynet.frames.exploration.wording import (
    MONTHS,
    WEEKDAYS,
    WEEKDAYS_LONG,
    count,
    number,
    percent,
)

_POINTS = 400
_NOTABLE = {"on": 0.05, "in": 0.10}  # from lowest to highest weekday, month
_LAGS = {"day": 28, "week": 56, "month": 24}
_FEWEST_MONTHS = 12
_TWO_YEARS = 700  # days


def seasonality(source: Source) -> Section:
    """Waves of the total, its autocorrelation, and F_S and F_T of every series."""
    parts = source.parts_of_demand
    frame = source.series.select("location_id", "part_id").with_columns(
        pl.Series("season_strength", parts.season_strength).fill_nan(None),
        pl.Series("trend_strength", parts.trend_strength).fill_nan(None),
    )
    weekday, month = _weekday_wave(source), _month_wave(source)
    lags = autocorrelation(_without_trend(source), _LAGS[source.unit.name])
    figures = []
    if weekday is not None:
        figures.append(_wave("Weekdays, 100 = average day", weekday, WEEKDAYS, WEEKDAYS_LONG))
    if month is not None:
        figures.append(_wave("Months of the year, 100 = average month", month, MONTHS, MONTHS))
    if lags.size > 2:
        figures.append(_lag_figure(source, lags))
    if frame["season_strength"].count():
        figures.append(_strengths(source))
    return Section(
        key="seasonality",
        title="Seasonality",
        sentence=_sentence(source, frame, weekday, month),
        figures=tuple(figures),
        table=_table(frame, source),
        frame=frame,
        method=_method(source),
        stands_out=bool(frame["season_strength"].count()),
    )


def _weekday_wave(source: Source) -> FloatArray | None:
    """Mean index of each weekday against the mean of all, shape (7,); NaN where nothing is."""
    if source.unit.name != "day" or source.grid.columns < 14:
        return None
    weekday = (source.grid.first.weekday() + np.arange(source.grid.columns)) % 7
    return _group_index(*source.used_and_usual, weekday, 7)


def _month_wave(source: Source) -> FloatArray | None:
    """Mean index of each month of the year; a straight trend is taken out of two years or more."""
    starts = source.grid.starts
    months = {(day.year, day.month) for day in starts}
    if len(months) < _FEWEST_MONTHS or not np.isfinite(source.index).any():
        return None
    total, usual = source.used_and_usual
    if (starts[-1] - starts[0]).days >= _TWO_YEARS:
        line = running_line(source.index[None], 2 * len(total) + 1)[0]
        usual = usual * np.maximum(line, 0.05)
    return _group_index(total, usual, np.array([day.month - 1 for day in starts]), 12)


def _group_index(
    total: FloatArray, usual: FloatArray, group: np.ndarray, groups: int
) -> FloatArray:
    """Use against the usual in each group of columns, 1 = the mean of all; NaN = no data."""
    sums = [np.bincount(group, weights=each, minlength=groups) for each in (total, usual)]
    made = np.full(groups, np.nan)
    np.divide(sums[0], sums[1], out=made, where=sums[1] > 0)
    mean = float(total.sum() / usual.sum()) if usual.sum() > 0 else 0.0
    return made / mean if mean > 0 else np.full(groups, np.nan)


def autocorrelation(values: FloatArray, lags: int) -> FloatArray:
    """Correlation of ``values`` with itself 1, 2, ... columns before, shape (lag,).

    Pairs with a NaN are left out; lags with fewer than 10 pairs end the array.
    """
    made: list[float] = []
    centred = values - np.nanmean(values) if np.isfinite(values).any() else values
    for lag in range(1, lags + 1):
        now, before = centred[lag:], centred[:-lag]
        both = np.isfinite(now) & np.isfinite(before)
        if both.sum() < 10:
            break
        size = np.sqrt((now[both] ** 2).mean() * (before[both] ** 2).mean())
        made.append(float((now[both] * before[both]).mean() / size) if size > 1e-12 else 0.0)
    return np.array(made)


def _without_trend(source: Source) -> FloatArray:
    index = source.index
    if index.size < 12:
        return index
    rest: FloatArray = index - running_line(index[None], trend_window(source.unit, len(index)))[0]
    return rest


def _wave(caption: str, wave: FloatArray, names: tuple[str, ...], long: tuple[str, ...]) -> Figure:
    values = [float(v) * 100 for v in wave]
    said = [
        f"{name}: {value:.0f} (100 = average)" if np.isfinite(value) else f"{name}: no data"
        for name, value in zip(long, values, strict=True)
    ]
    # Twelve names do not fit on a phone.
    words = [name[0] for name in names] if len(names) > 7 else list(names)
    return Figure(
        caption=caption, chart=columns(values, words, label=caption, said=said, height=120)
    )


def _lag_figure(source: Source, lags: FloatArray) -> Figure:
    unit = source.unit.name
    season = {"day": 7, "week": 13, "month": 12}[unit]
    band = 1.96 / np.sqrt(max(1, int(np.isfinite(source.index).sum())))
    names = [f"{i + 1}" if (i + 1) % season == 0 else "" for i in range(len(lags))]
    said = [f"{count(i + 1, unit)} before: {value:.2f}" for i, value in enumerate(lags)]
    chart = columns(
        lags.tolist(),
        names,
        label=f"Autocorrelation by lag in {unit}s",
        said=said,
        height=120,
        band=(-band, band),
    )
    return Figure(
        caption=f"Likeness to the total so many {unit}s before (autocorrelation)",
        chart=chart,
        legend=(("k-band", "chance"),),
    )


def _strengths(source: Source) -> Figure:
    parts, names = source.parts_of_demand, source.names
    shown = source.by_importance[:_POINTS]
    points = [
        Point(
            x=float(parts.trend_strength[i]),
            y=float(parts.season_strength[i]),
            said=f"{names[i]}: season {parts.season_strength[i]:.2f}, "
            f"trend {parts.trend_strength[i]:.2f}",
            size=3.0,
        )
        for i in shown
        if np.isfinite(parts.season_strength[i])
    ]
    chart = scatter(
        points,
        label="Strength of trend and season of each series",
        x=Scale(0.0, 1.0),
        y=Scale(0.0, 1.0),
        height=150,
        guides=(None, STRONG),
    )
    rest = len(names) - len(shown)
    more = f"; the {_POINTS} largest of {len(names):,}" if rest > 0 else ""
    return Figure(
        caption=f"Each series: strength of trend (across) and of season (up){more}", chart=chart
    )


def _sentence(
    source: Source,
    frame: pl.DataFrame,
    weekday: FloatArray | None,
    month: FloatArray | None,
) -> str:
    known = frame["season_strength"].drop_nulls()
    said = []
    if known.len():
        season = {"day": "weekly", "week": "yearly", "month": "yearly"}[source.unit.name]
        strong = int((known >= STRONG).sum())
        said.append(f"{_of(strong, known.len())} a strong {season} season")
    if weekday is not None and np.isfinite(weekday).sum() > 1:
        said.append(_wave_words(weekday, WEEKDAYS_LONG, "on", "weekdays hardly differ"))
    if month is not None:
        said.append(_wave_words(month, MONTHS, "in", "months hardly differ"))
    if not said:
        return (
            f"The history of {count(source.grid.columns, source.unit.name)} is too short to tell "
            "a season; three whole seasons are needed."
        )
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def _of(many: int, total: int) -> str:
    if total == 1:
        return "The series has" if many else "The series does not have"
    if many in {0, total}:
        return "All series have" if many else "No series has"
    return f"{many:,} of {total:,} series {'has' if many == 1 else 'have'}"


def _wave_words(wave: FloatArray, names: tuple[str, ...], word: str, alike: str) -> str:
    low, high = int(np.nanargmin(wave)), int(np.nanargmax(wave))
    if wave[high] - wave[low] < _NOTABLE[word]:
        return alike
    top, bottom = float(wave[high]) - 1, float(wave[low]) - 1
    return (
        f"{word} {names[high]} use is {percent(top)} above average, {word} {names[low]} "
        f"{percent(abs(bottom))} below"
    )


def _table(frame: pl.DataFrame, source: Source) -> Table:
    ordered = frame[source.by_importance].drop_nulls("season_strength").head(12)
    rows = tuple(
        (f"{location}/{part}", number(season), number(trend))
        for location, part, season, trend in ordered.iter_rows()
    )
    return Table(
        caption="Strength from 0 to 1, the largest series first.",
        head=("Series", "Season (F_S)", "Trend (F_T)"),
        rows=rows,
    )


def _method(source: Source) -> tuple[str, ...]:
    said: tuple[str, ...] = (
        (
            "Strength is the share of what moves a series that its season (or trend) explains, "
            "from 0 to 1, by Wang, Smith and Hyndman (2006); the dashed line, 0.64, is where a "
            "season is called strong."
        ),
    )
    starts: list[date] = source.grid.starts
    if starts and (starts[-1] - starts[0]).days < _TWO_YEARS:
        said += ("With less than two years a wave through the year and a trend look the same.",)
    return said
