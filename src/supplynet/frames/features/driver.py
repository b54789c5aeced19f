"""Features of drivers: prices, weather, indices, events, as they were known at the cutoff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.drivers import Fill
from supplynet.frames.features import kernels
from supplynet.frames.features.feature import Feature, Need, Role
from supplynet.frames.features.rows import Rows

_DAY = 8.64e10  # microseconds


@dataclass(frozen=True, kw_only=True)
class Driver(Feature):
    """A driver at the target period: of the values known at the cutoff, the newest that holds.

    What is announced is so known ahead; what is published late is the last that was published.

    Attributes:
        driver: Its name in the drivers table.
        measure: ``value``; ``change`` = its ratio to the value at the cutoff (a price cut to come);
            ``age_days`` = how long before the target the value began to hold.
        fill: ``last`` holds a value until the next; ``exact`` wants one for the very period.
    """

    kind: ClassVar[str] = "driver"
    role: ClassVar[Role] = "known_ahead"
    tables: ClassVar[tuple[Need, ...]] = ("drivers",)

    driver: str
    measure: Literal["value", "change", "age_days"] = "value"
    fill: Fill = "last"

    @property
    def name(self) -> str:
        """Kind, driver, and what is not usual."""
        measure = "" if self.measure == "value" else f"_{self.measure}"
        return f"{self.kind}_{self.driver}{measure}" + ("_exact" if self.fill == "exact" else "")

    def values(self, rows: Rows) -> list[FloatArray]:
        """By series, target and cutoff."""
        pairs, book = rows.pairs, rows.source.driver(self.driver)
        at, cutoffs = pairs.starts[pairs.targets][None, :], pairs.cutoffs[None, :]
        value, since = book.values(list(rows.series), at, cutoffs, self.fill)
        if self.measure == "age_days":
            return [np.where(np.isnan(value), np.nan, (at - since) / _DAY)]
        if self.measure == "change":
            now, _ = book.values(list(rows.series), cutoffs, cutoffs)
            return [kernels.ratio(value, now)]
        return [value]
