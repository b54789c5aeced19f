"""A small plant's history with everything that the page has a section for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from supplynet.core.network import Location, LocationKind, Part, Plant

START = datetime(2025, 1, 6, 5, tzinfo=UTC)  # a Monday, 06:00 in Berlin
DAYS = 140
NIGHT = {"L1": 0.8, "L2": 0.8, "L3": 0.5}
"""Use at night over use by day, by line: L3 is the odd one."""


@pytest.fixture(scope="session")
def plant() -> Plant:
    lines = [Location(location_id=name, kind=LocationKind.LINE) for name in NIGHT]
    parts = [Part(part_id=f"P{i}", unit_cost=float(i)) for i in range(1, 5)]
    return Plant(
        plant_id="small",
        name="Small plant",
        time_zone="Europe/Berlin",
        parts=tuple(parts),
        locations=tuple(lines),
    )


@pytest.fixture(scope="session")
def history() -> pl.DataFrame:
    """Three lines, four parts, 140 days of two shifts.

    Sundays are free; L1 is starved for 90 minutes in every tenth of its shifts; P4 of L2 doubles
    after ten weeks; five days of P2 of L1 are lost.
    """
    rng = np.random.default_rng(0)
    frames = [
        _series(rng, line, part, night) for line, night in NIGHT.items() for part in range(1, 5)
    ]
    made = pl.concat(frames).filter(pl.col("period_start").dt.weekday() != 7)
    lost = pl.col("period_start").is_between(
        START + timedelta(days=21), START + timedelta(days=25, hours=20)
    )
    return made.filter(~((pl.col("location_id") == "L1") & (pl.col("part_id") == "P2") & lost))


def _series(rng: np.random.Generator, line: str, part: int, night: float) -> pl.DataFrame:
    shifts = np.arange(2 * DAYS)
    level = 40.0 * part * np.where(shifts % 2 == 1, night, 1.0)
    if (line, part) == ("L2", 4):
        level = np.where(shifts >= 140, 2 * level, level)
    wanted = rng.poisson(level)
    starved = np.where((shifts % 10 == 3) & (line == "L1"), 90, 0)
    consumed = np.round(wanted * (1 - starved / 720)).astype(int)
    starts = [START + timedelta(hours=12 * int(n)) for n in shifts]
    return pl.DataFrame(
        {
            "location_id": line,
            "part_id": f"P{part}",
            "period_start": starts,
            "shift": ["day", "night"] * DAYS,
            "consumed": consumed,
            "starved_minutes": starved,
            "rate": consumed * 60.0 / (720 - starved),
        }
    )


@pytest.fixture(scope="session")
def deliveries() -> pl.DataFrame:
    """Near: 2 hours, all in time. Far: 4 hours by day and 6 by night, due after 5; one is open."""
    rows: list[tuple[str, datetime, datetime, datetime | None]] = []
    for n in range(100):
        ordered = START + timedelta(hours=12 * n + 1)
        far = 4 if n % 2 == 0 else 6
        for place, hours in (("near", 2), ("far", far)):
            received = ordered + timedelta(hours=hours)
            rows.append((place, ordered, ordered + timedelta(hours=5), received))
    rows.append(("far", START, START + timedelta(hours=5), None))
    return pl.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(len(rows))],
            "from_location": "WH",
            "location_id": [row[0] for row in rows],
            "part_id": "P1",
            "quantity": 10,
            "ordered_at": [row[1] for row in rows],
            "due_at": [row[2] for row in rows],
            "received_at": [row[3] for row in rows],
        }
    )
