"""Rare halts: the futures give the shape, the recorded days the scale."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.study.foretold import foretold_rates


def scores(halts: list[float], line_months: float) -> list[Any]:
    return [SimpleNamespace(halts=each, line_months=line_months) for each in halts]


def test_where_futures_are_as_the_days_their_rates_are_the_days_rates() -> None:
    """Ten times as many months, ten times as many halts."""
    days, futures = [2.0, 20.0, 200.0, 2000.0], [20.0, 200.0, 2000.0, 20000.0]
    rates = foretold_rates(scores(days, 100.0), scores(futures, 1000.0))
    assert rates == pytest.approx([0.02, 0.2, 2.0, 20.0], rel=0.03)


@pytest.mark.parametrize("harder", [0.1, 1.0, 10.0])
def test_a_forecast_that_halts_too_often_or_too_seldom_is_brought_to_scale(harder: float) -> None:
    """0 halts seen on 100 line-months of the most careful one: 0.02 per line-month foretold."""
    days, futures = [0.0, 20.0, 200.0, 2000.0], [200.0, 2000.0, 20000.0, 200000.0]
    imagined = scores([harder * each for each in futures], 1000.0)
    rates = foretold_rates(scores(days, 100.0), imagined)
    assert rates[0] == pytest.approx(0.02, rel=0.1)


def test_a_tail_that_is_too_fat_is_made_thinner() -> None:
    """Real halts fall a hundredfold where those of futures fall tenfold."""
    rates = foretold_rates(
        scores([0.0, 1.0, 100.0, 10000.0], 100.0), scores([10.0, 100.0, 1000.0, 10000.0], 100.0)
    )
    assert rates[0] == pytest.approx(0.0001, rel=0.3)


def test_futures_that_never_halt_say_nothing() -> None:
    assert foretold_rates(scores([0, 5], 9.0), scores([0, 3], 9.0)).tolist() == [0.0, 0.0]


def test_no_halt_seen_is_not_none_to_come() -> None:
    rates = foretold_rates(scores([0, 0], 50.0), scores([10, 1000], 50.0))
    assert 0.0 < rates[0] < rates[1]
    assert rates.sum() == pytest.approx(0.5 / 50.0)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40), st.integers(0, 2**16))
def test_rates_are_finite_rise_with_the_futures_and_add_up_to_what_was_seen(
    imagined: list[int], seed: int
) -> None:
    days = np.random.default_rng(seed).poisson(3.0, len(imagined)).astype(float).tolist()
    rates = foretold_rates(scores(days, 20.0), scores([float(x) for x in imagined], 80.0))
    assert np.isfinite(rates).all()
    assert (rates >= 0).all()
    assert (np.diff(rates[np.argsort(imagined, kind="stable")]) >= -1e-12).all()
    if sum(imagined) >= 10:
        assert rates.sum() * 20.0 == pytest.approx(sum(days) + 0.5)
