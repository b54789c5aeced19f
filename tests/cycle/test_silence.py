"""A silent line is odd only where nobody has said why it is silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from supplynet.anomaly.calibrated import Scored
from supplynet.anomaly.detector import Judged
from supplynet.cycle.silence import unexplained_silence
from supplynet.frames.demand import observe
from supplynet.frames.inputs import FeatureInputs
from supplynet.frames.panel import Panel, Period
from supplynet.storage.history import write_history

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
DAY = timedelta(days=1)
SERIES = (("A", "bolt"), ("A", "nut"), ("B", "bolt"))
DAYS, NEAR = 12, 4


@pytest.fixture
def panel() -> Panel:
    """Twelve days of one shift; line A is silent on the last but one, line B on the last."""
    demand = np.full((len(SERIES), DAYS), 30.0)
    demand[:2, -2] = demand[2, -1] = 0.0
    starts = [MONDAY + day * DAY for day in range(DAYS)]
    periods = tuple(
        Period(start=start, end=start + DAY / 2, shift="day", local_date=start.date())
        for start in starts
    )
    return Panel(series=SERIES, periods=periods, demand=demand)


def silent(history: Path, panel: Panel) -> list[tuple[str, int]]:
    """Lines and days of the last four that are silent without a reason."""
    expected = np.full((len(SERIES), NEAR), 30.0)
    judged = Judged(strangeness=expected, expected=expected, low=expected, high=expected)
    scored = Scored(judged=judged, p_value=np.full_like(expected, 0.5), score=expected * 0)
    found = unexplained_silence(history, panel, scored)
    return sorted({(SERIES[row][0], column) for row, column in np.argwhere(found).tolist()})


def planned(panel: Panel, *units: tuple[int, float | None]) -> Panel:
    """Units of line A by day, recorded long before."""
    rows = [
        {
            "location_id": "A",
            "product": "car",
            "period_start": MONDAY + day * DAY,
            "recorded_at": MONDAY - DAY,
            "units": amount,
        }
        for day, amount in units
    ]
    return replace(panel, inputs=FeatureInputs(plan=pl.DataFrame(rows)))


def test_a_silence_that_nothing_explains_is_found(tmp_path: Path, panel: Panel) -> None:
    assert silent(tmp_path, panel) == [("A", 2), ("B", 3)]


def test_a_stop_that_was_reported_explains_it(tmp_path: Path, panel: Panel) -> None:
    row = {
        "location_id": "A",
        "part_id": "nut",
        "period_start": panel.period_starts[-2],
        "shift": "day",
        "consumed": 0,
        "stopped_minutes": 30,
    }
    frame = pl.DataFrame([row], schema_overrides={"period_start": pl.Datetime("us", "UTC")})
    write_history(tmp_path, "ledger", observe(frame, 720))
    assert silent(tmp_path, panel) == [("B", 3)]


def test_so_does_a_holiday(tmp_path: Path, panel: Panel) -> None:
    *others, last = panel.periods
    closed = replace(panel, periods=(*others, replace(last, is_holiday=True)))
    assert silent(tmp_path, closed) == [("A", 2)]


@pytest.mark.parametrize(
    ("units", "found"),
    [
        ([(9, 5.0), (10, 0.0), (11, 5.0)], []),  # nothing was planned
        ([(9, 5.0)], []),  # there is a plan, and not for this day
        ([(9, 5.0), (10, 5.0)], [("A", 2)]),
        ([(1, 5.0)], [("A", 2)]),  # that plan is too old to say anything
    ],
)
def test_so_does_a_plan_that_wants_nothing_of_the_line(
    tmp_path: Path, panel: Panel, units: list[tuple[int, float]], found: list[tuple[str, int]]
) -> None:
    assert silent(tmp_path, planned(panel, *units)) == [*found, ("B", 3)]
