from datetime import UTC, datetime, time, timedelta

import numpy as np
import pytest

from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.frames.panel import Panel, Period, shift_periods

CALENDAR = ShiftCalendar(
    calendar_id="SR1",
    time_zone="UTC",
    patterns=(
        ShiftPattern(name="day", start=time(6), end=time(18)),
        ShiftPattern(name="night", start=time(18), end=time(6)),
    ),
)
WEEKS = 30
LEVELS = (4.0, 40.0, 200.0)


@pytest.fixture(scope="session")
def calendar() -> tuple[Period, ...]:
    """30 weeks of two shifts a day."""
    start = datetime(2025, 1, 6, 6, tzinfo=UTC)
    return shift_periods(CALENDAR, start, start + timedelta(weeks=WEEKS))


@pytest.fixture(scope="session")
def panel(calendar: tuple[Period, ...]) -> Panel:
    """2 lines x 3 parts: level x weekday x shift x noise, and 1 in 100 not observed."""
    rng = np.random.default_rng(11)
    weekday = np.array([period.local_date.weekday() for period in calendar])
    night = np.array([period.shift == "night" for period in calendar])
    series, rows = [], []
    for line in range(2):
        profile = 1 + 0.2 * rng.standard_normal(7)
        pace = profile[weekday].clip(0.4) * np.where(night, 0.6, 1.0)
        for part, level in enumerate(LEVELS):
            demand = rng.poisson(level * pace).astype(float)
            rows.append(np.where(rng.random(len(calendar)) < 0.01, np.nan, demand))
            series.append((f"SR1.ST1.L{line}", f"P-{part}"))
    return Panel(series=tuple(series), periods=calendar, demand=np.array(rows))
