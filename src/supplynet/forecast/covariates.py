"""Covariates: what models are given beside demand and calendar, from a panel's ``inputs``.

Known ahead: the production plan and the drivers (prices, events, ...) of the target period, as they
were known at the origin; a driver that is published late is so the last that was published, and
tells of the past alone. Static: facts of a series. What a panel has decides what a model learns
from; what is not known when it forecasts is told as not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.demand import KEY
from supplynet.frames.drivers import conform_drivers
from supplynet.frames.features import FeatureSet, feature_array, source_of_panel
from supplynet.frames.features.driver import Driver
from supplynet.frames.features.pairs import Pairs, pairs_at
from supplynet.frames.features.plan import PlannedDemand
from supplynet.frames.features.source import Source
from supplynet.frames.inputs import FeatureInputs
from supplynet.frames.panel import Panel, Period
from supplynet.learning.scaling import SLOT_WEEKS, Scaling
from supplynet.learning.windows import Index, gather

Float32 = npt.NDArray[np.float32]
PLAN = ("plan_surprise", "plan_known")
HIDDEN = 0.1
"""Share of what a model learns from in which plan and drivers are hidden: so it can do without them
when a plan ends before the horizon or a feed is down."""
_RATE_SEASONS = 4  # over which parts per planned unit are learned
_MAX_AGE_WEEKS = 10


@dataclass(frozen=True, kw_only=True)
class Covariates:
    """What a model was trained with; plain data.

    Attributes:
        plan: Whether there was a production plan.
        drivers, numbers: Mean and standard deviation, in training, of each driver and of each
            static number.
        categories: Names that each static category had in training, sorted.
    """

    plan: bool = False
    drivers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    numbers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, panel: Panel) -> Covariates:
        """All that the panel's inputs offer.

        Raises:
            InvalidInput: A table cannot be read, or does not fit the panel's calendar.
        """
        inputs = panel.inputs
        if inputs is None:
            return cls()
        source = source_of_panel(panel, (), inputs)
        drivers = {} if inputs.drivers is None else _drivers(source, inputs)
        numbers, categories = ({}, {}) if inputs.statics is None else _statics(source)
        plan = inputs.plan is not None
        return cls(plan=plan, drivers=drivers, numbers=numbers, categories=categories)

    @property
    def timed(self) -> tuple[str, ...]:
        """Columns that change with the target, in order; see ``CovariateValues.at``."""
        drivers = (f"driver_{name}" for name in self.drivers)
        pairs = ((name, f"{name}_change") for name in drivers)
        return (*(PLAN if self.plan else ()), *(column for pair in pairs for column in pair))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column, in order: timed, static numbers, static categories."""
        static = (f"static_{name}" for name in (*self.numbers, *self.categories))
        return (*self.timed, *static)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Codes of each category: its names, unknown ones, and "not known"."""
        return tuple(len(names) + 2 for names in self.categories.values())

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, see ``from_dict``."""
        return {
            "plan": self.plan,
            "drivers": {name: list(scale) for name, scale in self.drivers.items()},
            "numbers": {name: list(scale) for name, scale in self.numbers.items()},
            "categories": {name: list(known) for name, known in self.categories.items()},
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Covariates:
        """Read ``to_dict``; nothing told = no covariates."""
        return cls(
            plan=bool(told.get("plan", False)),
            drivers={name: _scale(pair) for name, pair in told.get("drivers", {}).items()},
            numbers={name: _scale(pair) for name, pair in told.get("numbers", {}).items()},
            categories={name: tuple(known) for name, known in told.get("categories", {}).items()},
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class CovariateValues:
    """The covariates of a panel and the periods after it.

    Attributes:
        scaling: Of the panel: a plan is told in units of its location and spread.
        source: The panel with its inputs.
    """

    covariates: Covariates
    scaling: Scaling
    source: Source

    @classmethod
    def of(
        cls, covariates: Covariates, panel: Panel, future: Sequence[Period], scaling: Scaling
    ) -> CovariateValues:
        """Lay the panel's inputs beside it."""
        source = source_of_panel(panel, future, panel.inputs)
        return cls(covariates=covariates, scaling=scaling, source=source)

    def at(self, targets: Index, origins: Index, known: Index | None = None) -> Float32:
        """The timed columns of every pair as known at its origin, shape (series, pair, column).

        ``plan_surprise`` is what the plan would take (units times the parts per unit of the last
        four seasons) less the location, in spreads. ``driver_X`` is the value and
        ``driver_X_change`` its difference from the mean of the periods that the location is made
        of, both in standard deviations of the training. NaN = not known.

        Args:
            targets: Period of each pair, shape (pair,).
            origins: Nothing of demand at or after it is used, shape (pair,).
            known: Periods finished when it is asked what plan and drivers say; None = origins.
        """
        shape = (len(self.source.series), len(targets))
        if not self.covariates.timed:
            return np.empty((*shape, 0), dtype=np.float32)
        columns: list[FloatArray] = []
        pairs = pairs_at(self.source.periods, targets, origins if known is None else known)
        if self.covariates.plan:
            planned = self._planned(pairs, shape)
            location, spread = self.scaling.at(targets, origins)
            columns += [(planned - location) / spread, (~np.isnan(planned)).astype(float)]
        for name, (mean, deviation) in self.covariates.drivers.items():
            value = self._driver(name, pairs, shape)
            usual = self._usual(name, targets, origins)
            columns += [(value - mean) / deviation, (value - usual) / deviation]
        return np.stack(columns, axis=2).astype(np.float32)

    def past(self) -> Float32:
        """The timed columns of finished periods as known at their end: (series, period, column)."""
        now = np.arange(self.scaling.errors.shape[1])
        return self.at(now, now, now + 1)

    @cached_property
    def numbers(self) -> Float32:
        """Static numbers in standard deviations, NaN = not known; shape (series, number)."""
        scales = self.covariates.numbers
        columns = [self._static_numbers(name, *scale) for name, scale in scales.items()]
        shape = (len(self.source.series), 0)
        return np.stack(columns, axis=1).astype(np.float32) if columns else np.empty(shape, "f4")

    @cached_property
    def codes(self) -> Index:
        """Static categories: 0 = not known, 1 = a name that training lacked, 2.. = the names."""
        known = self.covariates.categories
        columns = [self._static_codes(name, names) for name, names in known.items()]
        shape = (len(self.source.series), 0)
        return np.stack(columns, axis=1) if columns else np.empty(shape, dtype=np.int64)

    def table(self, targets: Index, origins: Index) -> Float32:
        """Every column of ``Covariates.columns``, shape (series, pair, column), for trees."""
        timed = self.at(targets, origins)
        codes = np.where(self.codes == 0, np.nan, self.codes).astype(np.float32)
        static = np.concatenate([self.numbers, codes], axis=1)[:, None, :]
        shape = (*timed.shape[:2], static.shape[2])
        return np.concatenate([timed, np.broadcast_to(static, shape)], axis=2)

    def _planned(self, pairs: Pairs, shape: tuple[int, int]) -> FloatArray:
        if self.source.inputs.plan is None:
            return np.full(shape, np.nan)
        window = _RATE_SEASONS * self.scaling.profile.season
        return self._feature(FeatureSet((PlannedDemand(window=window),)), pairs)

    def _driver(self, name: str, pairs: Pairs, shape: tuple[int, int]) -> FloatArray:
        if self.source.inputs.drivers is None or not self.source.has_driver(name):
            return np.full(shape, np.nan)
        return self._feature(FeatureSet((Driver(driver=name),)), pairs)

    def _feature(self, features: FeatureSet, pairs: Pairs) -> FloatArray:
        return feature_array(features, self.source, pairs)[:, :, 0].astype(float)

    def _usual(self, name: str, targets: Index, origins: Index) -> FloatArray:
        """Mean of a driver over the slot's last eight weeks, (series, pair)."""
        profile = self.scaling.profile
        age = _MAX_AGE_WEEKS * max(profile.season, profile.unit)
        values = gather(
            self._known_at_end(name), profile.slots.previous(targets, origins, SLOT_WEEKS, age)
        )
        seen = ~np.isnan(values)
        count = seen.sum(axis=2)
        total = np.where(seen, values, 0.0).sum(axis=2)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def _known_at_end(self, name: str) -> FloatArray:
        """A driver in every finished period as known at its end, (series, period)."""
        if name not in self._dense:
            now = np.arange(self.scaling.errors.shape[1])
            shape = (len(self.source.series), len(now))
            pairs = pairs_at(self.source.periods, now, now + 1)
            self._dense[name] = self._driver(name, pairs, shape)
        return self._dense[name]

    @cached_property
    def _dense(self) -> dict[str, FloatArray]:
        return {}

    def _static_numbers(self, name: str, mean: float, deviation: float) -> FloatArray:
        column = self._static(name)
        if column is None or not column.dtype.is_numeric():
            return np.full(len(self.source.series), np.nan)
        return (column.cast(pl.Float64).fill_null(np.nan).to_numpy() - mean) / deviation

    def _static_codes(self, name: str, names: Sequence[str]) -> Index:
        column = self._static(name)
        if column is None:
            return np.zeros(len(self.source.series), dtype=np.int64)
        place = {known: code for code, known in enumerate(names, start=2)}
        cells = column.cast(pl.String).to_list()
        return np.array([0 if c is None else place.get(c, 1) for c in cells], dtype=np.int64)

    def _static(self, name: str) -> pl.Series | None:
        if self.source.inputs.statics is None:
            return None
        rows = self.source.statics.rows
        return rows[name] if name in rows.columns else None


def with_inputs(panel: Panel, **tables: object) -> Panel:
    """The panel with these tables of ``FeatureInputs`` beside it, others as they were."""
    return replace(panel, inputs=replace(panel.inputs or FeatureInputs(), **tables))


def _drivers(source: Source, inputs: FeatureInputs) -> dict[str, tuple[float, float]]:
    """Each driver's scale over the history; one that says nothing in it is left out."""
    now = np.arange(len(source.periods))
    pairs = pairs_at(source.periods, now, now + 1)
    found = {}
    for name in conform_drivers(inputs.drivers)["driver"].unique().sort().to_list():
        values = feature_array(FeatureSet((Driver(driver=name),)), source, pairs)
        seen = values[~np.isnan(values)].astype(float)
        if seen.size and seen.std() > 0:
            found[name] = (float(seen.mean()), float(seen.std()))
    return found


def _statics(
    source: Source,
) -> tuple[dict[str, tuple[float, float]], dict[str, tuple[str, ...]]]:
    """Scales of numbers, names of categories; a fact that all series share is left out."""
    numbers, categories = {}, {}
    for column in source.statics.rows.iter_columns():
        if column.name in KEY:
            continue
        if column.dtype.is_numeric():
            seen = column.cast(pl.Float64).drop_nulls().drop_nans().to_numpy()
            if seen.size and seen.std() > 0:
                numbers[column.name] = (float(seen.mean()), float(seen.std()))
        elif column.drop_nulls().n_unique() > 1:
            names = column.cast(pl.String).drop_nulls().unique().sort().to_list()
            categories[column.name] = tuple(names)
    return numbers, categories


def _scale(pair: Sequence[float]) -> tuple[float, float]:
    mean, deviation = pair
    return float(mean), float(deviation)
