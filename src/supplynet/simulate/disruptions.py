"""What can go wrong in a plant, as settings: one TOML file, a table for each kind of trouble.

Everything has a default of "not at all", so a scenario names only what it wants. The same seed
gives the same trouble to every policy. ``trouble.Troubles`` plays what happens to supply, lines and
books, ``disturbed`` what happens to demand, ``broken_model.BrokenModel`` what happens to forecasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput, NotFound
from supplynet.frames.synthetic.ranges import between, check_ranges
from supplynet.frames.synthetic.scenario_file import tables_of

_MOST = 2**28


class _Checked:
    """Refuses values out of their range when it is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miscounts(_Checked):
    """Book stock that differs from stock, until the next count puts it right.

    Attributes:
        per_pair_week: Wrong bookings of a (stock point, part) in a week.
        error_share: Most that one is off, as a share of what is there; at least one part.
        counted_days: Days from count to count of each pair.
    """

    per_pair_week: float = between(0.0, 0, 7)
    error_share: float = between(0.3, 0, 5)
    counted_days: int = between(7, 1, 3650)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries(_Checked):
    """Deliveries to stock points with parts damaged or missing.

    Attributes:
        short_share: Share of the (vehicle, part) that are short.
        lost_share: Most that such a one lacks, as a share of it.
    """

    short_share: float = between(0.0, 0, 1)
    lost_share: float = between(0.3, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookings(_Checked):
    """Reports of use that come late: decisions see stock that is used already.

    Attributes:
        late_minutes: By how much, rounded to slots of the twin.
    """

    late_minutes: int = between(0, 0, 10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops(_Checked):
    """Machines that stand still for other reasons than parts, and go on.

    Attributes:
        per_line_week: Mean number of stops of a line in a week.
        hours: Length of each.
    """

    per_line_week: float = between(0.0, 0, 7)
    hours: float = between(4.0, 0, 168)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandChange(_Checked):
    """Lines that use more or less for a while: a shock, a shift left out, overtime.

    Attributes:
        factor: On the use of each shift that begins in the time; 0 = the shift is left out, 1.25 =
            ten hours instead of eight.
        start_day, days: From when, in days after the start of the horizon, and for how long.
        lines: Ids with commas between them; "" = all.
        shift: Only shifts of this name; "" = all.
        announced: Whether forecasts know of it from the beginning.
    """

    factor: float = between(1.0, 0, 1000)
    start_day: float = between(0.0, 0, 36500)
    days: float = between(7.0, 0, 36500)
    lines: str = ""
    shift: str = ""
    announced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicles(_Checked):
    """Vehicles that come late or do not leave.

    Attributes:
        late_share, late_minutes: Share of the vehicles, and the most by which they are late.
        cancelled_share: Share that does not leave; its goods go with a later one.
        lane: Only of this lane; "" = of all.
    """

    late_share: float = between(0.0, 0, 1)
    late_minutes: float = between(240.0, 0, 100_000)
    cancelled_share: float = between(0.0, 0, 1)
    lane: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppliers(_Checked):
    """Purchases that come late, and a time in which nothing leaves the suppliers.

    Attributes:
        late_share, late_days: Share of the purchases, and the most by which they are late.
        outage_start_day, outage_days: What is ordered in this time leaves after it.
        part: Only of this part; "" = of all.
    """

    late_share: float = between(0.0, 0, 1)
    late_days: float = between(3.0, 0, 365)
    outage_start_day: float = between(0.0, 0, 36500)
    outage_days: float = between(0.0, 0, 365)
    part: str = ""


class Fault(StrEnum):
    """How a forecast is broken."""

    NONE = "none"
    MISSING = "missing"
    NAN = "nan"
    INFINITE = "infinite"
    NEGATIVE = "negative"
    STALE = "stale"
    SCALED = "scaled"
    """Times ``ForecastTrouble.factor``: biased at 1.3, broken at 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastTrouble(_Checked):
    """A forecast that goes bad for a while.

    Attributes:
        fault: One of ``Fault``.
        factor: Of the fault ``scaled``.
        start_day, days: As in ``DemandChange``.
    """

    fault: str = "none"
    factor: float = between(100.0, 0, 1e9)
    start_day: float = between(0.0, 0, 36500)
    days: float = between(7.0, 0, 36500)

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.fault not in set(Fault):
            raise InvalidInput(f"fault {self.fault!r}; choose one of {', '.join(Fault)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Everything that goes wrong in one scenario.

    Attributes:
        name: For people.
    """

    name: str = "none"
    miscounts: Miscounts = field(default_factory=Miscounts)
    deliveries: Deliveries = field(default_factory=Deliveries)
    bookings: Bookings = field(default_factory=Bookings)
    stops: Stops = field(default_factory=Stops)
    demand: DemandChange = field(default_factory=DemandChange)
    vehicles: Vehicles = field(default_factory=Vehicles)
    suppliers: Suppliers = field(default_factory=Suppliers)
    forecast: ForecastTrouble = field(default_factory=ForecastTrouble)


def read_trouble(path: Path) -> Trouble:
    """The trouble in a TOML file.

    Raises:
        InvalidInput: The file cannot be read, or a table, key or value is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error
    return tables_of(Trouble, text, str(path))


def disturbed(
    demand: npt.NDArray[np.integer],
    change: DemandChange,
    *,
    lines: Sequence[str],
    shifts: Sequence[tuple[datetime, str]],
    start: datetime,
) -> IntArray:
    """Demand after a change of it, rounded to whole parts.

    Args:
        demand: Parts, shape (..., series, shift).
        change: What happens.
        lines: Line of each series.
        shifts: Start and name of each shift.
        start: Of the horizon.

    Raises:
        NotFound: The change names a line that no series has.
    """
    factors = demand_factors(change, lines=lines, shifts=shifts, start=start)
    moved = np.rint(np.asarray(demand, dtype=np.float64) * factors)
    return np.minimum(moved, _MOST).astype(np.int32)


def demand_factors(
    change: DemandChange,
    *,
    lines: Sequence[str],
    shifts: Sequence[tuple[datetime, str]],
    start: datetime,
) -> FloatArray:
    """Factors of ``disturbed``, shape (series, shift)."""
    wanted = {name.strip() for name in change.lines.split(",") if name.strip()}
    for name in sorted(wanted - set(lines)):
        raise NotFound("line", name, "the change of demand names a line that draws nothing")
    begins = start + timedelta(days=change.start_day)
    ends = begins + timedelta(days=change.days)
    of_line = np.array([not wanted or line in wanted for line in lines], dtype=bool)
    of_shift = np.array(
        [begins <= at < ends and change.shift in {"", name} for at, name in shifts], dtype=bool
    )
    return np.where(of_line[:, None] & of_shift, change.factor, 1.0)
