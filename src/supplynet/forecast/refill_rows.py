"""The table from which refill classifiers learn: one row per series and moment.

Everything counted in parts is told in units of what the series is expected to use, so that one
model serves a part of which thousands go and one of which a dozen go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.refill_moments import RefillMoments, trailing_mean
from supplynet.frames.features.calendar import DayOfWeek
from supplynet.frames.features.feature import Feature
from supplynet.frames.features.feature_set import FeatureSet
from supplynet.frames.features.history import (
    EwmMean,
    Lag,
    ObservedShare,
    RollingMax,
    RollingMean,
    RollingQuantile,
    RollingStd,
    Trend,
    Variation,
)
from supplynet.frames.features.holiday import IsHoliday
from supplynet.frames.features.line import LinePace, LineShare
from supplynet.frames.features.pairs import Pairs
from supplynet.frames.features.rhythm import MeanInterval, PeriodsSinceDemand, ZeroShare
from supplynet.frames.features.shift import GapHours, ShiftHours
from supplynet.frames.features.source import source_of_panel
from supplynet.frames.features.table import feature_array
from supplynet.learning.scaling import Profile, Scaling
from supplynet.learning.windows import shift_names, trailing_unit

STOCK_COLUMNS = (
    "on_hand",
    "on_order",
    "due_in_window",
    "threshold",
    "threshold_distance",
    "cover_days",
    "lead_hours",
    "window_periods",
    "expected_in_window",
    "expected_lack",
    "expected_lack_in_deviations",
    "usual_per_period",
)
"""Columns beside those of ``demand_features``, in order.

``expected_*`` come from the trailing weekly profile (``learning.scaling``), spread over the window:
the forecast that needs no model.
"""
_LEAST_UNIT = 0.05  # parts per period: what is hardly ever used is not told in infinities
_MOST = 1e6
_IN_PARTS = (Lag, RollingMean, RollingStd, RollingMax, RollingQuantile, EwmMean, Trend)


@dataclass(frozen=True, kw_only=True, eq=False)
class RefillRows:
    """Rows to learn from and to judge. Series first, then moments.

    Attributes:
        columns: Names of the columns of ``table``.
        table: NaN = not known, shape (series, moment, column).
        unit: Expected demand of the window, parts, > 0, shape (series, moment).
    """

    columns: tuple[str, ...]
    table: npt.NDArray[np.float32]
    unit: FloatArray


def demand_features(moments: RefillMoments) -> FeatureSet:
    """What is told of the demand before each moment; windows are of the panel's own weeks."""
    week = max(4, trailing_unit(moments.panel.periods))
    made: tuple[Feature, ...] = (
        DayOfWeek(),
        IsHoliday(),
        ShiftHours(),
        GapHours(),
        Lag(count=1),
        Lag(count=2),
        Lag(count=3),
        Lag(count=1, by="slot"),
        Lag(count=2, by="slot"),
        RollingMean(window=week // 2),
        RollingMean(window=week),
        RollingMean(window=4, by="slot"),
        RollingStd(window=week),
        RollingStd(window=4 * week),
        RollingMax(window=4 * week),
        RollingQuantile(window=4 * week, level=0.9),
        EwmMean(half_life=week // 2),
        Trend(window=4 * week),
        Variation(window=4 * week),
        ObservedShare(window=4 * week),
        ZeroShare(window=4 * week),
        PeriodsSinceDemand(window=8 * week),
        MeanInterval(window=8 * week),
        LinePace(recent=week // 2, usual=4 * week),
        LineShare(window=4 * week),
    )
    return FeatureSet(made)


@dataclass(frozen=True, kw_only=True, eq=False)
class DemandView:
    """What is known of demand at every moment, whatever the stock is.

    Attributes:
        columns: Names of the columns of ``table``.
        table: Shape (series, moment, column).
        expected: By the weekly profile, parts, shape (series, moment, step).
        deviation: Of the window's demand, parts, > 0, shape (series, moment).
        per_period: Usual demand of a period, parts, > 0, shape (series, moment).
    """

    columns: tuple[str, ...]
    table: npt.NDArray[np.float32]
    expected: FloatArray
    deviation: FloatArray
    per_period: FloatArray


def refill_rows(moments: RefillMoments, *, typical: float) -> RefillRows:
    """Features of every moment; nothing that was not known at it.

    Args:
        moments: Of decision.
        typical: Level of a series without history (``learning.scaling.typical_level``), of the
            panel that the models learn from.
    """
    return rows_of(demand_view(moments, typical=typical), moments)


def demand_view(moments: RefillMoments, *, typical: float) -> DemandView:
    """The part of ``refill_rows`` that no decision changes."""
    spec = demand_features(moments)
    expected, deviation = _profile(moments, typical)
    weeks = 4 * trailing_unit(moments.panel.periods)
    usual = trailing_mean(moments.panel.demand, moments.moments, weeks)
    per_period = np.fmax(usual, _LEAST_UNIT)
    return DemandView(
        columns=spec.columns,
        table=_demand_columns(spec, moments, per_period),
        expected=expected,
        deviation=deviation,
        per_period=per_period,
    )


def rows_of(view: DemandView, moments: RefillMoments) -> RefillRows:
    """The rows, given what lies and what is due at the same moments."""
    least = _LEAST_UNIT * np.maximum(moments.window, 1.0)
    unit = np.maximum((view.expected * moments.share).sum(axis=2), least)
    table = np.concatenate([view.table, _stock_columns(moments, view, unit)], axis=2)
    np.clip(table, -_MOST, _MOST, out=table)
    return RefillRows(columns=(*view.columns, *STOCK_COLUMNS), table=table, unit=unit)


def _demand_columns(
    spec: FeatureSet, moments: RefillMoments, per_period: FloatArray
) -> npt.NDArray[np.float32]:
    ahead = moments.periods[len(moments.panel.periods) :]
    starts = [round(moments.periods[p].start.timestamp() * 1e6) for p in moments.moments]
    pairs = Pairs(
        periods=moments.periods,
        targets=moments.moments,
        origins=moments.moments,
        cutoffs=np.array(starts, dtype=np.int64),
    )
    made = feature_array(spec, source_of_panel(moments.panel, ahead), pairs)
    in_parts = [
        isinstance(feature, _IN_PARTS) for feature in spec.features for _ in feature.columns
    ]
    made[:, :, in_parts] /= per_period[:, :, None].astype(np.float32)
    return made


def _stock_columns(
    moments: RefillMoments, view: DemandView, unit: FloatArray
) -> npt.NDArray[np.float32]:
    lacking = _expected_lack(moments, view.expected)
    per_period = view.per_period
    minutes = np.median([period.minutes for period in moments.periods])
    per_day = per_period * max(1.0, 1440.0 / minutes)
    columns = {
        "on_hand": moments.on_hand / unit,
        "on_order": moments.on_order / unit,
        "due_in_window": (moments.due * (moments.share > 0)).sum(axis=2) / unit,
        "threshold": moments.threshold / unit,
        "threshold_distance": (moments.position - moments.reorder_point) / unit,
        "cover_days": np.maximum(moments.on_hand, 0.0) / per_day,
        "lead_hours": moments.lead_minutes / 60.0,
        "window_periods": moments.window,
        "expected_in_window": unit / per_period / np.maximum(moments.window, 1.0),
        "expected_lack": lacking / unit,
        "expected_lack_in_deviations": lacking / view.deviation,
        "usual_per_period": np.log1p(per_period),
    }
    assert tuple(columns) == STOCK_COLUMNS
    return np.stack(list(columns.values()), axis=2).astype(np.float32)


def _expected_lack(moments: RefillMoments, expected: FloatArray) -> FloatArray:
    """``refill_moments.lack`` of the profile's demand, shape (series, moment)."""
    share = moments.share
    used = np.cumsum(share * expected - np.where(share > 0, moments.due, 0.0), axis=2)
    worst = np.where(share > 0, used, -np.inf).max(axis=2)
    found = worst + moments.threshold - moments.on_hand
    return np.where(np.isfinite(found), found, np.nan)


def _profile(moments: RefillMoments, typical: float) -> tuple[FloatArray, FloatArray]:
    """Expected demand, shape (series, moment, step), and the deviation of the window's sum.

    The deviation takes the errors of periods as independent.
    """
    ahead = moments.periods[len(moments.panel.periods) :]
    names = shift_names(moments.periods)
    scaling = Scaling.of(Profile.of(moments.panel, ahead, names, typical))
    targets = moments.moments[:, None] + np.arange(moments.steps)
    inside = np.minimum(targets, len(moments.periods) - 1).ravel()
    origins = np.minimum(np.repeat(moments.moments, moments.steps), len(moments.panel.periods))
    location, spread = scaling.at(inside, origins)
    shape = moments.share.shape
    variance = (spread.reshape(shape) ** 2 * moments.share).sum(axis=2)
    return location.reshape(shape), np.sqrt(np.maximum(variance, _LEAST_UNIT))
