from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.no_stockout import NoStockout
from supplynet.replenish.promise import Promise, alpha_of_costs, alphas_by_pair, share_promise

YEAR = Promise(halts=1, months=12)


def shared(
    mean: list[float],
    variance: list[float] | None = None,
    holding: list[float] | None = None,
    *,
    line: list[int] | None = None,
    promise: Promise = YEAR,
) -> FloatArray:
    count = len(mean)
    of_line: IntArray = np.array(line or [0] * count, dtype=np.int32)
    return share_promise(
        promise,
        np.array(mean),
        np.array(variance or mean),
        np.array(holding or [1.0] * count),
        np.full(count, 60.8),
        of_line,
    )


def test_one_halt_a_year_with_20_parts_leaves_each_part_a_risk_of_69_in_a_million() -> None:
    assert YEAR.risk_per_window(20, 60.8) == pytest.approx(6.9e-5, rel=0.01)
    assert Promise(halts=1, months=1).risk_per_window(20, 60.8) == pytest.approx(8.2e-4, rel=0.01)


def test_equal_parts_share_the_risk_equally_up_to_a_whole_part_of_stock() -> None:
    risk = 1.0 - shared([50.0] * 20)
    assert risk.sum() * 60.8 <= 1 / 12
    ladder = stats.poisson.sf(np.arange(40, 120), 50)
    nearest = ladder[ladder <= 6.9e-5].max(), ladder[ladder > 6.9e-5].min()
    assert all(min(abs(each - near) for near in nearest) < 1e-9 for each in risk)


def test_an_expensive_part_carries_more_of_the_risk() -> None:
    cheap, dear = 1.0 - shared([50.0, 50.0], holding=[1.0, 50.0])
    assert dear > 10 * cheap


def test_a_volatile_part_carries_more_of_the_risk() -> None:
    steady, volatile = 1.0 - shared([50.0, 50.0], [50.0, 2500.0])
    assert volatile > 2 * steady


def test_every_line_keeps_its_own_promise() -> None:
    risk = 1.0 - shared([50.0, 20.0, 10.0], line=[0, 1, 1])
    assert risk[0] * 60.8 <= 1 / 12
    assert risk[1:].sum() * 60.8 <= 1 / 12


def test_no_series_no_alpha() -> None:
    assert shared([]).tolist() == []


def test_a_part_that_is_never_used_is_sure_of_itself() -> None:
    alphas = shared([0.0, 30.0])
    assert alphas[0] == pytest.approx(1.0)
    NoStockout(alpha=0.9, by_pair=alphas_by_pair([("R", "a"), ("R", "b")], alphas))


@given(
    mean=st.lists(st.floats(0.01, 400), min_size=2, max_size=5),
    spread=st.floats(0.3, 12),
    holding=st.lists(st.floats(0.01, 100), min_size=5, max_size=5),
    months=st.floats(0.2, 60),
)
def test_the_promise_is_kept(
    mean: list[float], spread: float, holding: list[float], months: float
) -> None:
    alphas = shared(
        mean,
        [spread * each for each in mean],
        holding[: len(mean)],
        promise=Promise(halts=1, months=months),
    )
    stockouts = (1.0 - alphas).sum() * 60.8
    assert stockouts <= 1 / months + 1e-9
    assert ((alphas > 0) & (alphas < 1)).all()


def test_money_gives_the_critical_ratio() -> None:
    # A missing part stops the line for 2 minutes of 9.5; one too many costs 1 until the next order.
    alpha = alpha_of_costs(np.array([0.5]), 9.5, np.array([2.0]), 2.0)
    assert alpha == pytest.approx([0.95])
    assert alpha_of_costs(np.array([0.0]), 0.0, np.array([1.0]), 1.0) == pytest.approx([0.5])
    assert 0 < alpha_of_costs(np.array([0.0]), 1.0, np.array([1.0]), 1.0)[0] < 1


def test_costs_below_0_and_no_numbers_are_refused() -> None:
    with pytest.raises(InvalidInput, match="below 0"):
        alpha_of_costs(np.array([-1.0]), 1.0, np.array([1.0]), 1.0)
    with pytest.raises(InvalidInput, match="not all numbers"):
        alpha_of_costs(np.array([np.nan]), 1.0, np.array([1.0]), 1.0)
    with pytest.raises(InvalidInput, match="0 halts"):
        Promise(halts=0, months=12)


def test_of_lines_that_share_a_pair_the_surest_counts() -> None:
    pairs = [("R", "bolt"), ("R", "bolt"), ("R", "nut")]
    assert alphas_by_pair(pairs, np.array([0.9, 0.99, 0.5])) == {
        ("R", "bolt"): 0.99,
        ("R", "nut"): 0.5,
    }
