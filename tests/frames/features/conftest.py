"""A small plant with everything in it, and every kind of feature with every setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import product
from typing import Any, Literal, get_args, get_origin
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.frames.features import KINDS, Feature, FeatureInputs, FeatureSet
from supplynet.frames.features.settings import type_hints
from supplynet.frames.panel import Period, shift_periods

ZONE = "Europe/Berlin"
CALENDAR = ShiftCalendar(
    calendar_id="SR1",
    time_zone=ZONE,
    patterns=(
        ShiftPattern(name="day", start=time(6), end=time(18)),
        ShiftPattern(name="night", start=time(18), end=time(6), weekdays=frozenset(range(6))),
    ),
    closed_days=frozenset({date(2026, 4, 3), date(2026, 4, 6)}),
)
FIRST = datetime(2026, 3, 20, 4, 0, tzinfo=ZoneInfo("UTC"))
"""Good Friday, Easter Monday, and the night in which the clocks change lie in the weeks after."""
PERIODS = shift_periods(CALENDAR, FIRST, FIRST + timedelta(days=26))
SERIES = [("A", "bolt"), ("A", "nut"), ("A", "übergröße"), ("B", "bolt")]
STEPS = (0, 1, 2, 5)
Answer = float | str | None


Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """A small plant with gaps, halts, late starters, revisions and late news.

    The tables twice: as frames, and as lists of rows for the slow twins.
    """

    demand: pl.DataFrame
    inputs: FeatureInputs
    cells: dict[tuple[str, str], dict[datetime, Row]]
    plan: list[Row]
    drivers: list[Row]
    stock: list[Row]


@cache
def make_world(seed: int) -> World:
    rng = np.random.default_rng(seed)
    demand = [
        _demand_row(rng, series, period)
        for number, series in enumerate(SERIES)
        for period in PERIODS[7 * number :]
        if rng.random() > 0.08
    ]
    stock = [
        {"location_id": line, "part_id": part, "period_start": period.start, "on_order": 5}
        | {"on_hand": int(rng.integers(-3, 60)), "reorder_point": 20}
        for (line, part), period in product(SERIES, PERIODS)
        if rng.random() > 0.4
    ]
    plan, drivers = list(_plan_rows(rng)), list(_driver_rows(rng))
    inputs = FeatureInputs(
        plan=pl.DataFrame(plan),
        drivers=pl.DataFrame(drivers, infer_schema_length=None),
        stock=pl.DataFrame(stock),
        statics=pl.DataFrame({"part_id": ["bolt", "nut"], "container_size": [10, 25]}),
    )
    cells: dict[tuple[str, str], dict[datetime, Row]] = {series: {} for series in SERIES}
    for row in demand:
        cells[row["location_id"], row["part_id"]][row["period_start"]] = row
    frame = pl.DataFrame(demand, infer_schema_length=None)
    return World(demand=frame, inputs=inputs, cells=cells, plan=plan, drivers=drivers, stock=stock)


def _demand_row(
    rng: np.random.Generator, series: tuple[str, str], period: Period
) -> dict[str, Any]:
    used = int(rng.integers(0, 12)) if rng.random() > 0.3 else 0
    starved = 60 if rng.random() < 0.1 else 0
    return {
        "location_id": series[0],
        "part_id": series[1],
        "period_start": period.start,
        "shift": period.shift,
        "consumed": used,
        "starved_minutes": starved,
        "stopped_minutes": 30 if rng.random() < 0.2 else 0,
        "demand": None if starved else float(used),
    }


def _plan_rows(rng: np.random.Generator) -> Iterator[Row]:
    for period, name in product(PERIODS, ("sedan", "coupe")):
        for days in (9, 3, -1):  # the last revision comes after the fact
            if rng.random() > 0.3:
                yield {
                    "location_id": "A",
                    "product": name,
                    "period_start": period.start,
                    "shift": period.shift,
                    "units": int(rng.integers(0, 9)),
                    "takt_seconds": None,
                    "recorded_at": period.start - timedelta(days=days),
                }


def _driver_rows(rng: np.random.Generator) -> Iterator[Row]:
    scopes = [(None, None), ("A", None), (None, "bolt"), ("A", "bolt")]
    for (line, part), period in product(scopes, PERIODS):
        for days in (6, -4):  # announced, and published late
            if rng.random() > 0.7:
                yield {
                    "driver": "price",
                    "location_id": line,
                    "part_id": part,
                    "at": period.start,
                    "value": float(rng.integers(1, 20)),
                    "known_at": period.start - timedelta(days=days),
                }


CHOICES: dict[str, list[Any]] = {
    "driver": ["price"],
    "column": ["container_size"],
    "country": ["DE"],
    "subdivision": [],
    "product": ["sedan"],
    "worth": ["container_size"],
    "time_zone": [ZONE],
    "level": [0.25],
    "days": [2, 3],
    "most": [2, 40],
}
"""Values for settings that cannot be guessed from their types; a new one belongs here."""


def variants(kind: type[Feature]) -> list[Feature]:
    """Features of one kind: as it comes, and with each setting changed on its own."""
    hints = type_hints(kind)
    needed = {f.name: CHOICES[f.name][0] for f in fields(kind) if f.default is MISSING}
    changes = [
        {field.name: value}
        for field in fields(kind)
        for value in _values_of(field.name, hints[field.name])
    ]
    return list(dict.fromkeys(kind(**{**needed, **change}) for change in ({}, *changes)))


@cache
def sets_of(*kinds: str) -> tuple[FeatureSet, ...]:
    """All variants of these kinds, in as few sets as have no column twice."""
    packed: list[list[Feature]] = []
    for feature in (one for kind in kinds for one in variants(KINDS[kind])):
        for some in packed:
            if not set(feature.columns) & {name for other in some for name in other.columns}:
                some.append(feature)
                break
        else:
            packed.append([feature])
    return tuple(FeatureSet(tuple(some)) for some in packed)


def _values_of(name: str, hint: Any) -> list[Any]:
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    if get_origin(hint) is tuple:
        return [(4,)]
    if name in CHOICES:
        return CHOICES[name]
    assert hint is int, f"add values of the setting {name} to CHOICES"
    return [1, 2, 3, 7]


@dataclass(frozen=True, kw_only=True)
class SmallPlant:
    """What the tests of features share."""

    calendar: ShiftCalendar
    periods: tuple[Period, ...]
    series: tuple[tuple[str, str], ...]
    make_world: Callable[[int], World]
    sets_of: Callable[..., tuple[FeatureSet, ...]]

    def cutoff(self, place: int, hours: int) -> datetime:
        """``hours`` after the end of a period; inside the next one where shifts follow."""
        return self.periods[place % (len(self.periods) - 8)].end + timedelta(hours=hours)


@pytest.fixture(scope="session")
def small_plant() -> SmallPlant:
    """Two lines, four series, 26 days of two shifts around Easter and the change of clocks."""
    return SmallPlant(
        calendar=CALENDAR,
        periods=PERIODS,
        series=tuple(SERIES),
        make_world=make_world,
        sets_of=sets_of,
    )
