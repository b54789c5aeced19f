"""Worlds that one can reckon with by head: demand as given, two shifts of 12 hours in UTC."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

import numpy as np
import polars as pl
import pytest

from supplynet.core.shifts import Shift
from supplynet.frames.synthetic.demand import Generated
from supplynet.frames.synthetic.effects import no_effects
from supplynet.frames.tables import PLAN_SCHEMA

World: TypeAlias = Callable[..., Generated]
START = date(2025, 1, 6)  # a Monday
SIX = datetime(2025, 1, 6, 6, tzinfo=UTC)
HALF_DAY = timedelta(hours=12)


def shift(number: int) -> Shift:
    """The ``number``-th shift since Monday at six: day, night, day, ..."""
    day, name = START + timedelta(days=number // 2), ("day", "night")[number % 2]
    return Shift(
        shift_id=f"SR1/{day}/{name}",
        name=name,
        day=day,
        start=SIX + number * HALF_DAY,
        end=SIX + (number + 1) * HALF_DAY,
    )


@pytest.fixture(scope="session")
def world() -> World:
    """Makes a world of ``{(line, part): parts per period, or one number for every period}``."""

    def make(
        wanted: Mapping[tuple[str, str], int | Sequence[int]],
        periods: int = 28,
        *,
        closed: Mapping[str, Callable[[Shift], bool]] | None = None,
    ) -> Generated:
        shifts = tuple(shift(number) for number in range(periods))
        series = tuple(sorted(wanted))
        lines = tuple(sorted({line for line, _ in series}))
        line_of = np.array([lines.index(line) for line, _ in series])
        rests = closed or {}
        works = np.array([[not rests.get(line, _never)(s) for s in shifts] for line in lines])
        demand = np.array([np.broadcast_to(wanted[key], periods) for key in series])
        demand = np.where(works[line_of], demand, 0).astype(np.int32)
        return Generated(
            series=series,
            periods=shifts,
            true_demand=demand,
            mean=demand.astype(float),
            mean_given_plan=demand.astype(float),
            lines=lines,
            line_of_series=line_of,
            units=np.zeros(works.shape, dtype=np.int32),
            works=works,
            stopped_minutes=np.zeros(works.shape, dtype=np.int32),
            effects=no_effects(),
            plan=pl.DataFrame(schema=PLAN_SCHEMA),
        )

    return make


def _never(_: Shift) -> bool:
    return False
