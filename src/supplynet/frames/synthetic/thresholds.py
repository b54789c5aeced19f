"""The reorder points that people would keep at the lines of a made-up plant.

``reorder_point = m (L + 1) + z sqrt((L + 1) v + m^2 var(L))``: mean demand of the lead time ``L``
and of the one period between two looks at the shelf, and ``z`` deviations of it (Silver, Pyke and
Thomas, Inventory and Production Management in Supply Chains, 4th ed., chapter 6). ``m`` is what the
line was expected to use per period in the last seven days, ``v`` the variance of what it wanted in
the last four weeks, both with the running day, so that thresholds follow seasons and ramps a few
days late. The first week is sized as a whole: nobody starts a line on the use of its first shift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.frames.synthetic.demand import Generated
from supplynet.frames.synthetic.rules import CONTAINER_SHIFTS, CONTAINERS
from supplynet.frames.synthetic.scenario import SupplyShape

MEAN_DAYS = 7
SPREAD_DAYS = 28
SERIES_AT_ONCE = 512
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Thresholds:
    """When to order, and how much.

    Attributes:
        reorder_point: Parts, >= 0, int32, shape (day, series).
        order_quantity: Parts, whole containers, int32, shape (day, series).
        day_of_period: Place of each period's day in the first axis, shape (period,).
    """

    reorder_point: IntArray
    order_quantity: IntArray
    day_of_period: Places


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Triangular time from order to receipt, in periods."""

    low: float
    mode: float
    high: float

    @property
    def mean(self) -> float:
        """``(low + mode + high) / 3``."""
        return (self.low + self.mode + self.high) / 3

    @property
    def variance(self) -> float:
        """``(a2 + b2 + c2 - ab - ac - bc) / 18``."""
        a, b, c = self.low, self.mode, self.high
        return (a * a + b * b + c * c - a * b - a * c - b * c) / 18

    def at(self, share: FloatArray) -> FloatArray:
        """The time at the quantile ``share``: inverse of the distribution function."""
        low, mode, high = self.low, self.mode, self.high
        if high <= low:
            return np.full_like(share, low)
        up = low + np.sqrt(share * (high - low) * (mode - low))
        down = high - np.sqrt((1 - share) * (high - low) * (high - mode))
        return np.where(share * (high - low) < mode - low, up, down)


def lead_time(shape: SupplyShape) -> LeadTime:
    """The lead time that ``shape`` asks for.

    Raises:
        InvalidInput: Not ``0 <= low <= mode <= high``.
    """
    made = LeadTime(shape.lead_periods_low, shape.lead_periods_mode, shape.lead_periods_high)
    if not 0 <= made.low <= made.mode <= made.high < np.inf:
        raise InvalidInput(
            f"lead times of {made.low}, {made.mode}, {made.high} periods cannot be; "
            "use 0 <= low <= mode <= high"
        )
    return made


def thresholds(made: Generated, shape: SupplyShape) -> Thresholds:
    """Reorder point and order quantity of every series on every day.

    Raises:
        InvalidInput: The lead times of ``shape`` cannot be.
    """
    lead, factor = lead_time(shape), max(1.0, shape.night_factor)
    days, starts, day_of = _days(made)
    week, month = (_windows(made, days, length) for length in (MEAN_DAYS, SPREAD_DAYS))
    worked = np.add.reduceat(made.works, starts, axis=1, dtype=np.int64)
    count = len(made.series)
    point = np.empty((len(days), count), dtype=np.int32)
    quantity = np.empty((len(days), count), dtype=np.int32)
    for first in range(0, count, SERIES_AT_ONCE):
        some = slice(first, first + SERIES_AT_ONCE)
        lines = made.line_of_series[some]
        wanted = made.true_demand[some].astype(np.float64)
        sums = [np.add.reduceat(x, starts, axis=1) for x in (made.mean[some], wanted, wanted**2)]
        periods = worked[lines]
        mean = _per_period(sums[0], periods, week, lines)
        first_two, second = (_per_period(each, periods, month, lines) for each in sums[1:])
        spread = np.maximum(second - first_two**2, mean)  # at least Poisson
        time, time_variance = lead.mean * factor + 1, lead.variance * factor**2
        safety = shape.safety_z * np.sqrt(time * spread + mean**2 * time_variance)
        point[:, some] = np.ceil(np.maximum(mean * time + safety, 0)).T
        container = _containers(mean[np.arange(len(lines)), _first_day(made, day_of)[lines]])
        filled = np.rint(shape.cover_periods * mean / container[:, None])
        quantity[:, some] = (container[:, None] * np.maximum(filled, 1)).T
    return Thresholds(reorder_point=point, order_quantity=quantity, day_of_period=day_of)


def _days(made: Generated) -> tuple[Places, Places, Places]:
    """Ordinals of the days, the first period of each, and the place of each period's day."""
    ordinals = np.array([shift.day.toordinal() for shift in made.periods])
    days, starts, day_of = np.unique(ordinals, return_index=True, return_inverse=True)
    return days, starts, day_of.astype(np.intp)


def _first_day(made: Generated, day_of: Places) -> Places:
    """Place of the first day on which each line works, shape (line,)."""
    first: Places = day_of[made.works.argmax(axis=1)]
    return first


def _windows(made: Generated, days: Places, length: int) -> tuple[Places, Places]:
    """First and past-the-last place of the days that count on each day, shape (line, day)."""
    first = days[_first_day(made, _days(made)[2])][:, None]
    since = np.maximum(days - (length - 1), first)
    until = np.maximum(days, first + MEAN_DAYS - 1)
    return np.searchsorted(days, since), np.searchsorted(days, until, side="right")


def _per_period(
    sums: FloatArray, worked: IntArray, window: tuple[Places, Places], lines: Places
) -> FloatArray:
    """Mean per worked period over the window that ends on each day, shape (series, day)."""
    since, until = (each[lines] for each in window)
    total, periods = (np.cumsum(each, axis=1, dtype=np.float64) for each in (sums, worked))
    total, periods = (np.pad(each, ((0, 0), (1, 0))) for each in (total, periods))
    rows = np.arange(len(lines))[:, None]
    found: FloatArray = (total[rows, until] - total[rows, since]) / np.maximum(
        periods[rows, until] - periods[rows, since], 1
    )
    return np.maximum(found, 0)


def _containers(mean: FloatArray) -> IntArray:
    """The usual container size nearest to a quarter shift of use, shape (series,)."""
    sizes = np.array(CONTAINERS)
    near = np.abs(sizes - CONTAINER_SHIFTS * mean[:, None]).argmin(axis=1)
    found: IntArray = sizes[near].astype(np.int32)
    return found
