"""Features of how often a part is wanted: zeros, intervals, and the classes made from them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.as_known import Index
from supplynet.frames.demand_classes import ABC_LIMITS, DEMAND_CLASSES, XYZ_LIMITS, demand_class
from supplynet.frames.features import kernels
from supplynet.frames.features.feature import Categories, Feature, Need, Role
from supplynet.frames.features.history import Trailing
from supplynet.frames.features.rows import Rows, pieces
from supplynet.frames.features.settings import whole


class ZeroShare(Trailing):
    """Share of the observed periods in which nothing was wanted."""

    kind: ClassVar[str] = "zero_share"

    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """Mean of whether demand was 0."""
        return kernels.mean(np.where(np.isnan(values), np.nan, values == 0), window)


class PeriodsSinceDemand(Trailing):
    """Periods since the last one with demand, 1 = the newest; null without any."""

    kind: ClassVar[str] = "periods_since_demand"

    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """Place from the newest."""
        return kernels.last_place(values, window)


class MeanInterval(Trailing):
    """Average demand interval (ADI): observed periods per period with demand; null without any."""

    kind: ClassVar[str] = "mean_interval"

    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """Observed over wanted."""
        return _interval(values, window)


def _interval(values: FloatArray, window: int) -> FloatArray:
    wanted = np.where(values > 0, values, np.nan)
    return kernels.ratio(kernels.count(values, window), kernels.count(wanted, window))


@dataclass(frozen=True, kw_only=True)
class _ClassAtCutoff(Feature):
    """A class made from the history up to the cutoff, so that it never knows later demand.

    Attributes:
        window: Periods to look back.
    """

    role: ClassVar[Role] = "past_only"
    names: ClassVar[tuple[str, ...]]

    window: int = whole(84)

    @property
    def name(self) -> str:
        """Kind and window."""
        return f"{self.kind}_{self.window}"

    @property
    def is_category(self) -> bool:
        """A name."""
        return True

    def values(self, rows: Rows) -> list[Categories]:
        """By origin."""
        return [Categories(self.codes(rows), self.names)]

    @abstractmethod
    def codes(self, rows: Rows) -> Index:
        """Place in ``names``, -1 = too little history; shape (series, pair)."""


@dataclass(frozen=True, kw_only=True)
class DemandClass(_ClassAtCutoff):
    """Smooth, erratic, intermittent or lumpy (Syntetos, Boylan and Croston 2005).

    By the mean interval (1.32) and the squared variation of the demand sizes (0.49).
    """

    kind: ClassVar[str] = "demand_class"
    names: ClassVar[tuple[str, ...]] = DEMAND_CLASSES

    def codes(self, rows: Rows) -> Index:
        """Of what was wanted in the window; one demand alone has no variation."""
        sizes = np.where(rows.demand > 0, rows.demand, np.nan)
        interval = rows.trailing(rows.demand, _interval, self.window)
        spread = rows.trailing(sizes, kernels.deviation, self.window)
        square = kernels.ratio(spread, rows.trailing(sizes, kernels.mean, self.window)) ** 2
        return np.where(np.isnan(interval), -1, demand_class(interval, square))


@dataclass(frozen=True, kw_only=True)
class XyzClass(_ClassAtCutoff):
    """X, Y or Z: coefficient of variation up to 0.5, up to 1, above."""

    kind: ClassVar[str] = "xyz_class"
    names: ClassVar[tuple[str, ...]] = ("X", "Y", "Z")

    def codes(self, rows: Rows) -> Index:
        """By standard deviation over mean."""
        variation = kernels.ratio(
            rows.trailing(rows.demand, kernels.deviation, self.window), rows.mean(self.window)
        )
        code = np.searchsorted(XYZ_LIMITS, variation, side="left")
        return np.where(np.isnan(variation), -1, code)


@dataclass(frozen=True, kw_only=True)
class AbcClass(_ClassAtCutoff):
    """A, B or C: the series that make the first 80 % of all demand, up to 95 %, the rest.

    Attributes:
        worth: Static fact with the value of one part, so that the shares are of value; None
            compares numbers of parts.
    """

    kind: ClassVar[str] = "abc_class"
    names: ClassVar[tuple[str, ...]] = ("A", "B", "C")

    worth: str | None = None

    @property
    def name(self) -> str:
        """With what a part is worth."""
        return super().name + (f"_of_{self.worth}" if self.worth else "")

    @property
    def needs(self) -> tuple[Need, ...]:
        """Static facts where shares are of value."""
        return ("statics",) if self.worth else ()

    def codes(self, rows: Rows) -> Index:
        """By rank among all series of the table, at each origin."""
        origins, place = rows.pairs.at_origins
        source, key = rows.source, ("abc", self.window, self.worth)
        if key not in source.memo:
            moved = np.empty((len(source.series), len(origins)))
            for piece in pieces(source, origins, 0, len(source.series)):
                moved[piece.first : piece.last] = piece.trailing(
                    piece.demand, kernels.total, self.window
                )
            if self.worth:
                moved *= source.statics.numbers(self.worth)[:, None]
            source.memo[key] = _abc(np.where(np.isnan(moved), 0.0, moved))
        return rows.of_series(source.memo[key])[:, place].astype(np.int64)


def _abc(moved: FloatArray) -> FloatArray:
    """Codes of each series, shape (series, origin): what lies before it decides."""
    order = np.argsort(-moved, axis=0, kind="stable")
    sums = np.cumsum(np.take_along_axis(moved, order, axis=0), axis=0)
    before = kernels.ratio(np.vstack([np.zeros_like(sums[:1]), sums[:-1]]), sums[-1:])
    code = np.where(np.isnan(before), -1.0, np.searchsorted(ABC_LIMITS, before, side="right"))
    ranked = np.empty_like(code)
    np.put_along_axis(ranked, order, code, axis=0)
    return np.where(moved > 0, ranked, np.where(sums[-1:] > 0, 2.0, -1.0))
