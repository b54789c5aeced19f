"""The last good forecast of every weekday and shift, to be ordered by when no new one can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ModelError
from supplynet.forecast.paths import QuantileForecast
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState

Slot = tuple[int, str]
"""Weekday (Monday = 0) and name of the shift."""
KEPT_SCHEMA = pl.Schema(
    {
        "weekday": pl.Int16(),
        "shift": pl.String(),
        "made_at": pl.Datetime("us", "UTC"),
        "location_id": pl.String(),
        "part_id": pl.String(),
        "quantile": pl.Float64(),
        "demand": pl.Float64(),
    }
)


@dataclass(frozen=True, kw_only=True, eq=False)
class KeptForecast:
    """A ``model.Predictor`` that says again what was said of this weekday and shift.

    Attributes:
        series: ``(location_id, part_id)`` of each row.
        levels: Of the quantiles.
        slots: By weekday and shift: cutoff of the forecast, and its values, shape
            (series, quantile); NaN where no good one was ever made.
    """

    series: tuple[tuple[str, str], ...] = ()
    levels: tuple[float, ...] = QUANTILES
    slots: Mapping[Slot, tuple[datetime, FloatArray]] = field(default_factory=dict)

    @property
    def made_at(self) -> datetime | None:
        """Cutoff of the newest of them; None before the first."""
        return max((made for made, _ in self.slots.values()), default=None)

    def with_new(self, good: QuantileForecast, rows: npt.NDArray[np.bool_]) -> KeptForecast:
        """The same with what ``good`` says of whole periods in some rows; nothing is forgotten.

        Args:
            good: Step 0 is left out where it is the rest of a running period.
            rows: Which of its series may be kept, shape (series,).
        """
        same = (good.series, good.levels) == (self.series, self.levels)
        slots = dict(self.slots) if same else {}
        whole = [step for step, each in enumerate(good.periods) if each.start >= good.cutoff]
        for step in reversed(whole):  # the nearest of several weeks wins
            slot = _slot(good.periods[step])
            before = slots.get(slot)
            values = good.values[:, step]
            if not rows.all():
                blank = np.full_like(values, np.nan) if before is None else before[1]
                values = np.where(rows[:, None], values, blank)
            slots[slot] = (good.cutoff, values)
        return KeptForecast(series=good.series, levels=good.levels, slots=slots)

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """What was said of the same weekday and shift, else of that shift on other days.

        Returns:
            Shape (series, step, quantile); NaN for a series of which nothing is kept.

        Raises:
            ModelError: Other quantiles are kept.
        """
        if tuple(quantiles) != self.levels:
            raise ModelError("the last good forecast has other quantiles")
        row = {name: index for index, name in enumerate(self.series)}
        places = [row.get(name, -1) for name in panel.series]
        result = np.full((len(places), len(future), len(self.levels)), np.nan)
        for step, period in enumerate(future):
            values = self._of(period)
            if values is not None:
                result[:, step] = np.vstack([values, np.full((1, values.shape[1]), np.nan)])[places]
        return result

    def state(self) -> ModelState:
        """Not a model to be saved.

        Raises:
            ModelError: Always.
        """
        raise ModelError("a forecast that was kept is no model; save the model that made it")

    def frame(self) -> pl.DataFrame:
        """``KEPT_SCHEMA``, for a file."""
        slots = sorted(self.slots.items())
        each, count = len(self.series) * len(self.levels), len(slots)
        lines, parts = zip(*self.series, strict=True) if self.series else ((), ())
        return pl.DataFrame(
            {
                "weekday": np.repeat([weekday for (weekday, _), _ in slots], each),
                "shift": [shift for (_, shift), _ in slots for _ in range(each)],
                "made_at": [made_at for _, (made_at, _) in slots for _ in range(each)],
                "location_id": np.tile(np.repeat(lines, len(self.levels)), count).tolist(),
                "part_id": np.tile(np.repeat(parts, len(self.levels)), count).tolist(),
                "quantile": np.tile(self.levels, len(self.series) * count),
                "demand": np.concatenate([v.ravel() for _, (_, v) in slots] or [np.empty(0)]),
            },
            schema_overrides=KEPT_SCHEMA,
        ).cast(KEPT_SCHEMA)

    def _of(self, period: Period) -> FloatArray | None:
        own = self.slots.get(_slot(period))
        if own is not None:
            return own[1]
        others = [v for (_, shift), (_, v) in self.slots.items() if shift == period.shift]
        others = others or [values for _, values in self.slots.values()]
        return np.mean(others, axis=0) if others else None


def kept_from_frame(frame: pl.DataFrame) -> KeptForecast:
    """What ``KeptForecast.frame`` gave.

    Raises:
        ModelError: The frame is something else.
    """
    try:
        rows = frame.select(KEPT_SCHEMA.names()).cast(KEPT_SCHEMA)
        series = tuple(
            rows.select("location_id", "part_id").unique(maintain_order=True).iter_rows()
        )
        levels = tuple(rows["quantile"].unique(maintain_order=True).to_list())
        slots: dict[Slot, tuple[datetime, FloatArray]] = {}
        for key, part in rows.group_by("weekday", "shift", maintain_order=True):
            values = part["demand"].to_numpy().reshape(len(series), len(levels))
            slots[int(str(key[0])), str(key[1])] = (part["made_at"][0], values)
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise ModelError(f"the last good forecast cannot be read: {error}") from error
    return KeptForecast(series=series, levels=levels or QUANTILES, slots=slots)


def _slot(period: Period) -> Slot:
    return period.local_date.weekday(), period.shift
