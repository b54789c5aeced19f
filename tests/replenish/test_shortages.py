from __future__ import annotations

import numpy as np
import pytest

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.shortages import EchelonShortage, Receipt, echelon_shortages

HOURS = np.array([60.0, 120.0, 180.0, 240.0])


def shortages(
    stock: int,
    by_path: list[list[int]],
    *,
    receipts: tuple[Receipt, ...] = (),
    purchase: float = np.inf,
    moments: FloatArray = HOURS,
) -> tuple[EchelonShortage, ...]:
    """One part; ``by_path`` is the demand until each hour, one row per path."""
    demand: IntArray = np.array(by_path, dtype=np.int32).T[:, :, None]
    held = np.array([stock], dtype=np.int32)
    return echelon_shortages(held, receipts, demand, moments, np.array([purchase]))


EVEN = [[10, 20, 30, 40]] * 10


def test_it_runs_out_when_the_last_part_of_the_echelon_is_used() -> None:
    (found,) = shortages(25, EVEN)
    assert found.probability == 1.0
    assert found.likely_minutes == pytest.approx(150)
    assert found.missing == 15
    assert found.purchase_minutes is None


def test_what_lasts_until_a_purchase_can_arrive_is_no_shortage() -> None:
    assert shortages(25, EVEN, purchase=120) == ()
    assert len(shortages(25, EVEN, purchase=180)) == 1


def test_open_purchases_count_from_their_arrival() -> None:
    assert shortages(25, EVEN, receipts=(Receipt(part=0, minutes=100, quantity=15),)) == ()
    (late,) = shortages(25, EVEN, receipts=(Receipt(part=0, minutes=200, quantity=15),))
    assert late.missing == 5


def test_it_tells_the_likely_hour_and_the_early_one() -> None:
    demand = [[10, 20, 30, 40]] * 10 + [[30, 60, 90, 120]] * 10 + [[0, 0, 0, 0]] * 20
    (found,) = shortages(24, demand)
    assert found.probability == 0.5
    assert found.early_minutes == pytest.approx(48)
    assert 48 < found.likely_minutes < 144


def test_an_empty_echelon_has_run_out_at_once_when_somebody_needs_it() -> None:
    (found,) = shortages(0, EVEN)
    assert found.likely_minutes <= 60
    assert shortages(0, [[0, 0, 0, 0]] * 10) == ()


def test_what_is_unlikely_is_not_told() -> None:
    demand = [[10, 10, 10, 10]] * 39 + [[90, 90, 90, 90]]
    assert shortages(50, demand) == ()
