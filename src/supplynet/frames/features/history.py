"""Features of a series' own past: lags and trailing statistics of what was observed.

Censored and missing periods are left out of every statistic; they are never read as 0.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.features import kernels
from supplynet.frames.features.feature import Feature, Role
from supplynet.frames.features.pairs import By
from supplynet.frames.features.rows import Rows
from supplynet.frames.features.settings import number, whole


@dataclass(frozen=True, kw_only=True)
class Trailing(Feature):
    """A statistic of the last ``window`` occurrences that were finished at the cutoff.

    Attributes:
        window: How many occurrences to look back.
        by: What counts as one: every ``period``, or those of the target's ``shift``, ``weekday``
            or ``slot`` (weekday and shift).
    """

    role: ClassVar[Role] = "past_only"

    window: int = whole(28)
    by: By = "period"

    @property
    def name(self) -> str:
        """Kind, window, and what it goes by."""
        return f"{self.kind}_{self.window}{suffix(self.by)}"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By origin, and by what the target is where ``by`` says so."""
        return [rows.trailing(rows.demand, self.kernel, self.window, self.by)]

    @abstractmethod
    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """The statistic of every window."""


def suffix(by: By) -> str:
    """Ending of a column's name."""
    return "" if by == "period" else f"_by_{by}"


@dataclass(frozen=True, kw_only=True)
class Lag(Feature):
    """Demand of the ``count``-th last occurrence before the cutoff.

    Attributes:
        count: 1 = the last one that was finished at the cutoff.
        by: Which periods count, see ``Trailing``: 1 by slot is the same shift a week ago.
    """

    kind: ClassVar[str] = "lag"
    role: ClassVar[Role] = "past_only"

    count: int = whole(1)
    by: By = "period"

    @property
    def name(self) -> str:
        """Kind, count, and what it goes by."""
        return f"{self.kind}_{self.count}{suffix(self.by)}"

    def values(self, rows: Rows) -> list[FloatArray]:
        """The oldest of the window."""

        def oldest(values: FloatArray, window: int) -> FloatArray:
            return values[:, : values.shape[1] - window + 1]

        return [rows.trailing(rows.demand, oldest, self.count, self.by)]


class RollingMean(Trailing):
    """Mean demand of the window."""

    kind: ClassVar[str] = "rolling_mean"

    def values(self, rows: Rows) -> list[FloatArray]:
        """Shared with other features of the same window."""
        return [rows.mean(self.window, self.by)]

    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """Mean."""
        return kernels.mean(values, window)


class RollingStd(Trailing):
    """Standard deviation of the window (divisor n - 1)."""

    kind: ClassVar[str] = "rolling_std"

    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """Standard deviation."""
        return kernels.deviation(values, window)


class RollingMin(Trailing):
    """Least demand of the window."""

    kind: ClassVar[str] = "rolling_min"

    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """Minimum."""
        return kernels.smallest(values, window)


class RollingMax(Trailing):
    """Most demand of the window."""

    kind: ClassVar[str] = "rolling_max"

    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """Maximum."""
        return kernels.largest(values, window)


class RollingMedian(Trailing):
    """Median demand of the window."""

    kind: ClassVar[str] = "rolling_median"

    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """Median."""
        return kernels.quantile(values, window, 0.5)


@dataclass(frozen=True, kw_only=True)
class RollingQuantile(Trailing):
    """Quantile of the window, with linear interpolation.

    Attributes:
        level: 0 to 1.
    """

    kind: ClassVar[str] = "rolling_quantile"

    level: float = number(0.9, least=0.0, most=1.0)

    @property
    def name(self) -> str:
        """With its level."""
        return f"{super().name}_q{self.level:g}"

    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """Quantile."""
        return kernels.quantile(values, window, self.level)


@dataclass(frozen=True, kw_only=True)
class EwmMean(Feature):
    """Mean with weights that halve every ``half_life`` occurrences, the newest heaviest.

    Weights end after eight half-lives, where they are below 0.4 %, so that the figure does not
    depend on how long a history is given.

    Attributes:
        half_life: Occurrences in which the weight halves.
        by: Which periods count, see ``Trailing``.
    """

    kind: ClassVar[str] = "ewm_mean"
    role: ClassVar[Role] = "past_only"

    half_life: int = whole(7, most=400)
    by: By = "period"

    @property
    def name(self) -> str:
        """Kind, half-life, and what it goes by."""
        return f"{self.kind}_{self.half_life}{suffix(self.by)}"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By origin."""
        decay = 0.5 ** (1 / self.half_life)

        def kernel(values: FloatArray, window: int) -> FloatArray:
            return kernels.decayed(values, window, decay)

        return [rows.trailing(rows.demand, kernel, 8 * self.half_life, self.by)]


@dataclass(frozen=True, kw_only=True)
class DailyAverage(Feature):
    """Mean demand per local date over the last finished dates that had a period.

    A date counts when its last shift is finished; shifts of it that were not observed count with
    the mean of its others.

    Attributes:
        days: Dates to look back.
    """

    kind: ClassVar[str] = "daily_average"
    role: ClassVar[Role] = "past_only"

    days: int = whole(7)

    @property
    def name(self) -> str:
        """Kind and days."""
        return f"{self.kind}_{self.days}"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By origin."""
        return [rows.trailing_dates(kernels.mean, self.days)]


@dataclass(frozen=True, kw_only=True)
class ConsumptionRate(Trailing):
    """Parts used per hour in which the line ran: sum of consumption over sum of running hours.

    Starved shifts count with the hours that they ran, so a halt does not look like low demand.
    """

    kind: ClassVar[str] = "consumption_rate"

    def values(self, rows: Rows) -> list[FloatArray]:
        """By origin."""
        used, hours = (rows.of_series(a) for a in (rows.source.consumed, rows.source.running_hours))
        return [rows.ratio(used, hours, self.window, self.by)]

    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """Not asked: the rate is a ratio of two sums."""
        return kernels.total(values, window)


class Trend(Trailing):
    """Least-squares slope of demand over the window, parts per occurrence."""

    kind: ClassVar[str] = "trend"

    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """Slope."""
        return kernels.slope(values, window)


class Variation(Trailing):
    """Standard deviation over mean; null where the mean is 0."""

    kind: ClassVar[str] = "variation"

    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """Coefficient of variation."""
        return kernels.ratio(kernels.deviation(values, window), kernels.mean(values, window))


class ObservedShare(Trailing):
    """Share of the window that was observed: low for new parts and after many halts."""

    kind: ClassVar[str] = "observed_share"

    def kernel(self, values: FloatArray, window: int) -> FloatArray:
        """Observed periods over the window's length."""
        return np.asarray(kernels.count(values, window) / window)
