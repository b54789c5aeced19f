from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.capped_order_up_to import CappedOrderUpTo
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.replenish.tail import moment_matched_quantile, upper_quantile

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)


def ints(*values: int) -> IntArray:
    return np.array(values, dtype=np.int32)


def terms(container: int = 1, minimum: int = 0, maximum: int = 10**6) -> SupplyTerms:
    return SupplyTerms(
        pairs=(("R1", "bolt"),),
        container_size=ints(container),
        minimum_order=ints(minimum),
        bin_maximum=ints(maximum),
    )


def order(policy: OrderUpTo, on_hand: int, on_order: int, window: list[int], t: SupplyTerms) -> int:
    state = DecisionState(now=NOW, on_hand=ints(on_hand)[None], on_order=ints(on_order)[None])
    outlook = Outlook(window_demand=np.array(window, dtype=np.int32)[:, None])
    return int(policy.wanted(state, outlook, t)[0, 0])


def test_the_level_is_the_quantile_of_the_sum_and_not_the_sum_of_quantiles() -> None:
    # Poisson 5 in each of 3 shifts at 95 %: 22, where the shifts' own quantiles add up to 27.
    shifts = np.random.default_rng(1).poisson(5, size=(20_000, 3, 1)).astype(np.int32)
    assert upper_quantile(shifts.sum(axis=1), 0.95).tolist() == [22]
    assert sum(int(upper_quantile(shifts[:, step], 0.95)[0]) for step in range(3)) == 27


def test_at_999_per_mille_the_sum_needs_28_and_not_39() -> None:
    shifts = np.random.default_rng(2).poisson(5, size=(200_000, 3, 1)).astype(np.int32)
    assert upper_quantile(shifts.sum(axis=1), 0.999).tolist() == [28]
    assert sum(int(upper_quantile(shifts[:, step], 0.999)[0]) for step in range(3)) == 39


def test_a_fitted_tail_goes_where_few_paths_cannot_see() -> None:
    # 500 paths show up to 98 %; the fit is within sampling error of Poisson 15's 28.
    sums = np.random.default_rng(3).poisson(15, size=(500, 40)).astype(np.int32)
    fitted = upper_quantile(sums, 0.999)
    assert abs(fitted.mean() - 28) < 1
    assert (np.abs(fitted - 28) <= 2).all()


def test_the_fit_is_poisson_where_variance_equals_mean() -> None:
    mean = np.array([15.0, 15.0, 15.0])
    variance = np.array([15.0, 60.0, 0.0])
    poisson, wide, constant = moment_matched_quantile(mean, variance, 0.999)
    assert poisson == 28  # the published number
    assert wide > 40  # negative binomial
    assert constant == 15


def test_the_fit_never_falls_below_what_the_paths_show() -> None:
    lumpy = np.zeros((100, 1), dtype=np.int32)
    lumpy[:12] = 50  # 12 of 100 paths take 50 at once
    assert upper_quantile(lumpy, 0.95)[0] >= 50


def test_one_path_is_taken_as_it_is() -> None:
    assert upper_quantile(np.array([[7, 0]], dtype=np.int32), 0.5).tolist() == [7, 0]


def test_the_order_fills_the_position_up_to_the_level_in_whole_containers() -> None:
    window = [10] * 100
    assert order(OrderUpTo(alpha=0.9), 3, 2, window, terms()) == 5
    assert order(OrderUpTo(alpha=0.9), 3, 2, window, terms(container=4)) == 8
    assert order(OrderUpTo(alpha=0.9), 8, 2, window, terms(container=4)) == 0


def test_spread_widens_the_distance_from_the_mean() -> None:
    window = [8] * 50 + [12] * 50
    assert order(OrderUpTo(alpha=0.9), 0, 0, window, terms()) == 12
    assert order(OrderUpTo(alpha=0.9, spread=2.0), 0, 0, window, terms()) == 14
    assert order(OrderUpTo(alpha=0.9, spread=0.0), 0, 0, window, terms()) == 10


@pytest.mark.parametrize("settings", [{"alpha": 0.0}, {"alpha": 1.0}, {"alpha": 0.9, "spread": -1}])
def test_settings_out_of_range_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="order_up_to"):
        OrderUpTo(**settings)


def test_a_class_has_its_own_alpha_and_its_own_cap() -> None:
    """Between two vehicles 10 are used; half of the windows use 8, half 12."""
    pairs = 3
    three = SupplyTerms(
        pairs=tuple(("R1", part) for part in ("bolt", "nut", "pin")),
        container_size=ints(1, 1, 1),
        minimum_order=ints(0, 0, 0),
        bin_maximum=ints(99, 99, 99),
        criticality=("A", "B", "C"),
    )
    empty = np.zeros((1, pairs), dtype=np.int32)
    state = DecisionState(now=NOW, on_hand=empty, on_order=empty)
    outlook = Outlook(window_demand=np.repeat(ints(8, 12), 50)[:, None] * ints(1, 1, 1))
    plain = OrderUpTo(alpha=0.4, by_class={"A": 0.9})
    assert plain.wanted(state, outlook, three).tolist() == [[12, 8, 8]]
    capped = CappedOrderUpTo(alpha=0.9, cap=0.5, cap_by_class={"C": 0.2})
    assert capped.wanted(state, outlook, three).tolist() == [[5, 5, 2]]
    with pytest.raises(InvalidInput, match=r"capped_order_up_to: alpha is 1\.0"):
        CappedOrderUpTo(alpha=0.9, by_class={"A": 1.0})
    with pytest.raises(InvalidInput, match=r"capped_order_up_to: cap is 0\.0"):
        CappedOrderUpTo(alpha=0.9, cap_by_class={"A": 0.0})
