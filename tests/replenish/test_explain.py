"""Why an order has its size: numbers that a reader can check by head."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.protocols import DecisionState, Outlook, Policy, SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.replenish.decide import Decision, Supply, decide
from supplynet.replenish.explain import BINDING, Explanation, explain
from supplynet.replenish.explain_risk import low_likely_high, parts_short
from supplynet.replenish.min_max import MinMax
from supplynet.replenish.no_stockout import NoStockout
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.replenish.tail import exceedance

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)
PATHS = 200


def ints(*values: int) -> IntArray:
    return np.array(values, dtype=np.int32)


def one(
    policy: Policy,
    *,
    on_hand: int = 0,
    arrival: int = 0,
    window: tuple[int, int] = (10, 20),
    container: int = 1,
    due: tuple[int, int] | None = None,
    available: int = 1000,
    room: int = 10**6,
) -> Decision:
    """One pair; half of the paths need the first number in the window, half the second.

    ``due`` is (quantity, demand until it is there).
    """
    demand = np.repeat(ints(*window), PATHS // 2)[:, None]
    coming = ints() if due is None else ints(due[0])
    return decide(
        policy,
        DecisionState(
            now=NOW,
            on_hand=ints(on_hand)[None],
            on_order=ints(int(coming.sum()))[None],
            due=coming[:, None, None],
        ),
        Outlook(
            window_demand=demand,
            until_arrival=np.full_like(demand, arrival),
            until_due=np.full((len(coming), PATHS, 1), 0 if due is None else due[1], np.int32),
        ),
        SupplyTerms(
            pairs=(("R1", "bolt"),),
            container_size=ints(container),
            minimum_order=ints(0),
            bin_maximum=ints(room),
        ),
        Supply(
            available=ints(available)[None],
            source_of_pair=ints(0),
            trip_of_pair=ints(0),
            room_litres=(None,),
            litres=np.array([1.0]),
            window_minutes=np.array([600.0]),
        ),
    )


def explained(policy: Policy, **settings: object) -> Explanation:
    (row,) = explain(one(policy, **settings))  # type: ignore[arg-type]
    return row


def test_chances_are_those_of_the_paths_without_with_and_a_pack_away() -> None:
    row = explained(OrderUpTo(alpha=0.4), on_hand=5, container=5)
    assert (row.granted, row.stockout_without, row.stockout_with) == (5, 1.0, 0.5)
    assert (row.stockout_one_pack_less, row.stockout_one_pack_more) == (1.0, 0.5)
    # On half of the paths 10 parts are short with 10, and 5 with 15.
    assert (row.short_without, row.short_with, row.one_more_pack_saves) == (10.0, 5.0, 2.5)
    assert row.target == 0.6


def test_no_order_has_no_pack_less() -> None:
    row = explained(OrderUpTo(alpha=0.9), on_hand=30)
    assert (row.granted, row.stockout_one_pack_less, row.binding) == (0, None, "enough stock")


def test_what_is_lost_before_the_order_arrives_is_told_apart() -> None:
    row = explained(NoStockout(alpha=0.9), on_hand=4, arrival=6, window=(16, 16))
    assert (row.stockout_before, row.stockout_unhelped) == (1.0, 1.0)
    # 4 parts are used up before the arrival, 10 are needed after it.
    assert (row.level, row.granted) == (14, 10)
    assert row.stockout_with < 0.01 < row.stockout_without


def test_a_vehicle_in_time_prevents_what_one_too_late_does_not() -> None:
    early = explained(NoStockout(alpha=0.9), on_hand=4, arrival=8, due=(10, 3))
    late = explained(NoStockout(alpha=0.9), on_hand=4, arrival=8, due=(10, 6))
    assert (early.stockout_before, late.stockout_before) == (0.0, 1.0)
    assert early.due == late.due == (10,)


def test_the_use_is_told_until_this_order_and_until_the_next() -> None:
    row = explained(OrderUpTo(alpha=0.9), arrival=7)
    assert (row.arrival_low, row.arrival_likely, row.arrival_high) == (7, 7, 7)
    assert (row.window_low, row.window_likely, row.window_high) == (10, 10, 20)


def test_the_simple_rule_orders_up_to_its_level_or_is_not_known() -> None:
    decision = one(OrderUpTo(alpha=0.9), on_hand=5, container=4)
    known, unknown, enough = (
        explain(decision, thresholds=thresholds)[0].simple_rule
        for thresholds in ({("R1", "bolt"): (5, 12)}, {}, {("R1", "bolt"): (4, 12)})
    )
    assert (known, unknown, enough) == (8, None, 0)


def test_a_shortage_names_who_wanted_what_and_at_which_risk() -> None:
    decision = one(OrderUpTo(alpha=0.9), available=12)
    (row,) = explain(decision)
    assert (row.binding, row.granted, row.wanted, row.available) == ("warehouse short", 12, 20, 12)
    (claim,) = row.claims
    assert (claim.stock_point_id, claim.granted, claim.wanted) == ("R1", 12, 20)
    assert claim.stockout_with == 0.5
    assert claim.stockout_if_wanted == 0.05  # 10 of 200 paths: the least that can be counted
    assert row.rationing == decision.rationing


@pytest.mark.parametrize(
    ("settings", "flip"),
    [
        ({"on_hand": 5}, 15),  # 15 more and the level of 20 is there
        ({"on_hand": 24}, -5),  # 19 are one too few
        ({"on_hand": 20}, -1),
        ({"on_hand": 5, "room": 5}, None),  # stock would not help: the bin is full
        ({"on_hand": 4, "arrival": 6, "window": (16, 16)}, 12),  # 16, not the 14 of this level
    ],
)
def test_the_smallest_change_of_stock_that_flips_the_order(
    settings: dict[str, int], flip: int | None
) -> None:
    row = explained(NoStockout(alpha=0.9), **settings)
    assert row.flip_stock == flip
    if flip is not None:
        settings["on_hand"] += flip
        flipped = explained(NoStockout(alpha=0.9), **settings)
        assert (flipped.wanted > 0) != (row.wanted > 0)


def test_the_smallest_change_of_demand_and_of_time() -> None:
    row = explained(OrderUpTo(alpha=0.9), on_hand=15, window=(20, 20))
    assert (row.flip_demand, row.flip_minutes) == (-0.25, -150)  # 20 in 600 minutes
    row = explained(OrderUpTo(alpha=0.9), on_hand=24, window=(20, 20))
    assert (row.flip_demand, row.flip_minutes) == (0.25, 150)


def test_static_thresholds_flip_by_stock_alone() -> None:
    row = explained(MinMax(thresholds={("R1", "bolt"): (8, 30)}), on_hand=10)
    assert (row.granted, row.flip_stock, row.flip_demand) == (0, -2, None)
    ordered = explained(MinMax(thresholds={("R1", "bolt"): (8, 30)}), on_hand=8)
    assert (ordered.granted, ordered.flip_stock) == (22, 1)


@given(
    st.integers(0, 60),
    st.integers(0, 20),
    st.integers(1, 12),
    st.tuples(st.integers(0, 40), st.integers(0, 40)),
    st.sampled_from([NoStockout(alpha=0.6), NoStockout(alpha=0.99), OrderUpTo(alpha=0.9)]),
)
def test_every_explanation_hangs_together(
    on_hand: int, arrival: int, container: int, window: tuple[int, int], policy: Policy
) -> None:
    longer = (arrival + window[0], arrival + window[1])
    row = explained(policy, on_hand=on_hand, arrival=arrival, container=container, window=longer)
    assert row.binding in BINDING
    assert 0.0 <= row.stockout_with <= row.stockout_without <= row.stockout_unhelped <= 1.0
    assert row.stockout_one_pack_more <= row.stockout_with
    assert row.stockout_one_pack_less is None or row.stockout_with <= row.stockout_one_pack_less
    assert row.stockout_before <= row.stockout_unhelped
    assert row.short_with <= row.short_without


def test_a_stock_point_without_pairs_has_nothing_to_explain() -> None:
    decision = one(OrderUpTo(alpha=0.9))
    nothing = replace(
        decision,
        **{
            name: getattr(decision, name)[:, :0]
            for name in ("wanted", "loaded", "granted", "next_minutes")
        },
        terms=SupplyTerms(
            pairs=(), container_size=ints(), minimum_order=ints(), bin_maximum=ints()
        ),
        state=DecisionState(now=NOW, on_hand=ints()[None], on_order=ints()[None]),
        outlook=Outlook(window_demand=np.zeros((PATHS, 0), dtype=np.int32)),
        supply=replace(
            decision.supply, source_of_pair=ints(), trip_of_pair=ints(), litres=np.zeros(0)
        ),
    )
    assert explain(nothing) == ()


def test_several_levels_are_weighed_as_one_by_one() -> None:
    rng = np.random.default_rng(2)
    demand = rng.poisson(rng.uniform(1, 50, 40), (300, 40)).astype(np.int32)
    levels = rng.integers(0, 90, (5, 40)).astype(np.int32)
    together = exceedance(demand, levels)
    assert np.allclose(together, [exceedance(demand, level) for level in levels])


def test_low_likely_and_high_are_values_of_paths() -> None:
    rng = np.random.default_rng(3)
    demand = rng.integers(0, 1000, (137, 600)).astype(np.int32)
    slow = np.quantile(demand, (0.05, 0.5, 0.95), axis=0, method="inverted_cdf")
    assert np.array_equal(low_likely_high(demand), slow)


def test_parts_short_are_the_mean_of_what_is_beyond() -> None:
    assert parts_short(ints(1, 5, 9)[:, None], ints(5)).tolist() == pytest.approx([4 / 3])
