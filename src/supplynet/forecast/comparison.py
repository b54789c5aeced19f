"""Models side by side on the same cells, as tables: over all, by series, class of demand and step.

Every table has a row per model and group, with the figures of ``metrics``; null where one does not
exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.demand_class import demand_classes
from supplynet.forecast.metrics import POOLED, Errors, errors_of, without_nan
from supplynet.frames.demand_classes import DEMAND_CLASSES
from supplynet.frames.panel import Panel
from supplynet.learning.scaling import tail_of
from supplynet.learning.windows import trailing_unit

_WEIGHT_UNITS = 4  # the last four weeks before the first cutoff, as M5 has it


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """The errors of several models.

    Attributes:
        errors: By model, all on the same cells.
        series: Of the panel.
        classes: Place in ``DEMAND_CLASSES`` of each series before the first cutoff.
    """

    errors: Mapping[str, Errors]
    series: tuple[tuple[str, str], ...]
    classes: npt.NDArray[np.int64]

    def overall(self) -> pl.DataFrame:
        """``model`` and ``POOLED``: a row per model, best pinball first."""
        rows = [{"model": name, **found.overall()} for name, found in self.errors.items()]
        schema = {"model": pl.String, **dict.fromkeys(POOLED, pl.Float64)}
        return without_nan(pl.DataFrame(rows, schema=schema)).sort("pinball", nulls_last=True)

    def by_series(self) -> pl.DataFrame:
        """``model, location_id, part_id, demand_class`` and ``METRICS``."""
        names = {
            "location_id": pl.Series([line for line, _ in self.series], dtype=pl.String),
            "part_id": pl.Series([part for _, part in self.series], dtype=pl.String),
            "demand_class": _class_names(self.classes),
        }
        tables = [_table(model, names, e.by_series()) for model, e in self.errors.items()]
        return pl.concat(tables)

    def by_class(self) -> pl.DataFrame:
        """``model, demand_class, series`` (how many) and ``POOLED``; only classes that occur."""
        counts = np.bincount(self.classes, minlength=len(DEMAND_CLASSES))
        names = {
            "demand_class": _class_names(np.arange(len(DEMAND_CLASSES))),
            "series": pl.Series(counts, dtype=pl.Int64),
        }
        tables = [
            _table(model, names, found.by_class(self.classes)).filter(pl.col("series") > 0)
            for model, found in self.errors.items()
        ]
        return pl.concat(tables)

    def by_step(self) -> pl.DataFrame:
        """``model, step`` (1 = the period after the cutoff) and ``POOLED``."""
        tables = []
        for model, found in self.errors.items():
            steps = {"step": pl.int_range(1, found.cells.actual.shape[2] + 1, eager=True)}
            tables.append(_table(model, steps, found.by_step()))
        return pl.concat(tables)


def _table(
    model: str, names: Mapping[str, pl.Series], found: Mapping[str, FloatArray]
) -> pl.DataFrame:
    figures = {name: pl.Series(values) for name, values in found.items()}
    return without_nan(pl.DataFrame({**names, **figures})).select(
        pl.lit(model).alias("model"), pl.all()
    )


def compare(
    quantiles: Mapping[str, FloatArray],
    actual: FloatArray,
    scales: tuple[FloatArray, FloatArray],
    history: Panel,
) -> Comparison:
    """Several models' forecasts beside what happened.

    Args:
        quantiles: By model, at ``QUANTILES``, shape (origin, series, step, quantile).
        actual: Shape (origin, series, step), NaN = not observed.
        scales: See ``error_terms.Cells``.
        history: What lies before the first cutoff.
    """
    weights = _recent_demand(history)
    return Comparison(
        errors={
            name: errors_of(values, actual, *scales, weights) for name, values in quantiles.items()
        },
        series=history.series,
        classes=demand_classes(tail_of(history).demand),
    )


def _recent_demand(history: Panel) -> FloatArray:
    """Demand of each series in the last four weeks of the history, parts, shape (series,).

    16 weeks of weekly data, a year of months.
    """
    last = history.tail(_WEIGHT_UNITS * trailing_unit(history.periods[-400:]))
    return np.asarray(np.nan_to_num(last.demand).sum(axis=1))


def _class_names(places: npt.NDArray[np.int64]) -> pl.Series:
    return pl.Series([DEMAND_CLASSES[place] for place in places.tolist()], dtype=pl.String)
