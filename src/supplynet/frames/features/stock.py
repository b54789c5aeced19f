"""Features of stock: how long it lasts and how far it is from its threshold, at the cutoff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.features import kernels
from supplynet.frames.features.feature import Feature, Need, Role
from supplynet.frames.features.rows import Rows
from supplynet.frames.features.settings import whole


@dataclass(frozen=True, kw_only=True)
class StockLevel(Feature):
    """The newest stock figure at the cutoff, parts.

    Attributes:
        figure: ``on_hand``, ``on_order`` or ``reorder_point``.
    """

    kind: ClassVar[str] = "stock"
    role: ClassVar[Role] = "past_only"
    tables: ClassVar[tuple[Need, ...]] = ("stock",)

    figure: Literal["on_hand", "on_order", "reorder_point"] = "on_hand"

    @property
    def name(self) -> str:
        """Kind and figure."""
        return f"{self.kind}_{self.figure}"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By cutoff."""
        return [rows.stock_column(self.figure)]


@dataclass(frozen=True, kw_only=True)
class CoverDays(Feature):
    """Days that the stock on hand lasts at the daily average.

    Stock below 0 counts as 0: it means that a receipt is missing.

    Attributes:
        days: Dates over which the daily average is taken.
        most: Longer cover, and stock that nobody uses, counts as this many days.
    """

    kind: ClassVar[str] = "cover_days"
    role: ClassVar[Role] = "past_only"
    tables: ClassVar[tuple[Need, ...]] = ("stock",)

    days: int = whole(7)
    most: int = whole(90)

    @property
    def name(self) -> str:
        """Kind and days."""
        return f"{self.kind}_{self.days}"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By cutoff."""
        average = rows.trailing_dates(kernels.mean, self.days)
        on_hand = np.maximum(rows.stock_column("on_hand"), 0.0)
        cover = np.minimum(kernels.ratio(on_hand, average), self.most)
        return [np.where((average == 0) & ~np.isnan(on_hand), self.most, cover)]


@dataclass(frozen=True, kw_only=True)
class ThresholdDistance(Feature):
    """Stock on hand less its reorder point, parts; below 0 = a refill is due."""

    kind: ClassVar[str] = "threshold_distance"
    role: ClassVar[Role] = "past_only"
    tables: ClassVar[tuple[Need, ...]] = ("stock",)

    def values(self, rows: Rows) -> list[FloatArray]:
        """By cutoff."""
        return [rows.stock_column("on_hand") - rows.stock_column("reorder_point")]
