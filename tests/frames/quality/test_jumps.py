"""Unit jumps: parts of a line used 60 times a shift, and packs of 12 of one of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from supplynet.frames.quality import check_quality
from supplynet.frames.synthetic import tiny_plant

START = datetime(2026, 1, 1, tzinfo=UTC)


def line(parts: int = 6, days: int = 150, mean: float = 60, seed: int = 1) -> np.ndarray:
    """Amounts, shape (part, day), that move together by a tenth."""
    rng = np.random.default_rng(seed)
    together = rng.gamma(100, 0.01, days) * (1 + 0.2 * np.sin(np.arange(days) / 20))
    return rng.poisson(mean * together * rng.gamma(50, 0.02, (parts, days)))


def frame(amounts: np.ndarray, place: str = "L") -> pl.DataFrame:
    days = [START + timedelta(days=n) for n in range(amounts.shape[1])]
    tables = [
        pl.DataFrame(
            {"line": place, "part": f"P-{n:03d}", "period_start": days, "consumed": row.tolist()}
        )
        for n, row in enumerate(amounts, start=1)
    ]
    return pl.concat(tables)


def test_the_parts_of_a_line_have_no_jumps() -> None:
    assert check_quality(frame(line())).check("unit_jumps").count == 0


@pytest.mark.parametrize(("first", "end"), [(40, 60), (0, 30), (120, 150), (70, 75)])
def test_packs_counted_as_pieces_are_found_with_factor_and_days(first: int, end: int) -> None:
    amounts = line()
    amounts[2, first:end] = np.rint(amounts[2, first:end] / 12)
    found = check_quality(frame(amounts)).check("unit_jumps").places
    jump = found.row(0, named=True)
    assert found.height == 1
    assert jump["part_id"] == "P-003"
    assert jump["value"] == pytest.approx(12, abs=2)
    assert jump["period_start"] == START + timedelta(days=first)
    assert jump["units"] == pytest.approx(end - first, abs=1)


def test_pieces_counted_as_packs_are_found_too() -> None:
    amounts = line()
    amounts[0, 40:60] *= 10
    jump = check_quality(frame(amounts)).check("unit_jumps").places.row(0, named=True)
    assert (jump["part_id"], jump["units"]) == ("P-001", 20)
    assert jump["value"] == pytest.approx(1 / 10, rel=0.15)


def test_what_the_whole_line_does_is_no_jump() -> None:
    amounts = line()
    amounts[:, 40:60] //= 6
    assert check_quality(frame(amounts)).check("unit_jumps").count == 0


def test_a_slope_is_no_jump() -> None:
    ramp = np.linspace(1, 20, 150)
    amounts = np.random.default_rng(3).poisson(5 * ramp, (1, 150))
    assert check_quality(frame(amounts)).check("unit_jumps").count == 0


def test_the_container_size_of_the_plant_is_named_where_it_fits() -> None:
    plant = tiny_plant()
    place = plant.lines[0].location_id
    rules = tuple(replace(rule, container_size=12) for rule in plant.supply_rules)
    amounts = line(parts=4)
    amounts[0, 40:70] = np.rint(amounts[0, 40:70] / 12)
    known = replace(plant, supply_rules=rules)
    found = check_quality(frame(amounts, place), plant=known).check("unit_jumps")
    assert found.places["detail"][0].endswith("times too low, container size 12")
    assert found.places["value"].to_list() == [12.0]
