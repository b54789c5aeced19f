from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.orders import NEXT_STATES, RELEASED, Order, OrderKind, OrderState
from supplynet.errors import InvalidInput, OrderStateError

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ORDER = Order(
    order_id="o1",
    kind=OrderKind.TRANSFER,
    part_id="P-1",
    from_location="WH1",
    to_location="SR1",
    lane_id="WH1-SR1",
    departure_at=NOON,
    cutoff_at=NOON,
    arrives_at=NOON,
    quantity=100,
    state=OrderState.PROPOSED,
    policy="order_up_to",
    created_at=NOON,
)
MAIN_PATH = ("approved", "picked", "shipped", "received", "closed")


def test_the_life_of_an_order_ends_closed() -> None:
    order = ORDER
    for state in MAIN_PATH:
        order = order.advance(OrderState(state))
    assert order.state is OrderState.CLOSED


@pytest.mark.parametrize(("state", "wanted"), list(product(OrderState, OrderState)))
def test_only_allowed_steps_are_taken(state: OrderState, wanted: OrderState) -> None:
    order = replace(ORDER, state=state)
    if wanted in NEXT_STATES[state]:
        assert order.advance(wanted).state is wanted
    else:
        with pytest.raises(OrderStateError, match=f"is {state} and cannot become {wanted}"):
            order.advance(wanted)


def test_a_refused_step_says_what_can_be_done_in_every_state() -> None:
    assert set(OrderStateError.may) == set(OrderState)
    with pytest.raises(OrderStateError, match="cannot become picked; receive or reverse it"):
        replace(ORDER, state=OrderState.SHIPPED).advance(OrderState.PICKED)


@given(st.lists(st.sampled_from(OrderState), max_size=20))
def test_no_sequence_of_steps_goes_back_or_leaves_the_end(wanted: list[OrderState]) -> None:
    rank = {state: number for number, state in enumerate(OrderState)}
    order = ORDER
    for state in wanted:
        if state in NEXT_STATES[order.state]:
            assert rank[state] > rank[order.state]
            order = order.advance(state)
    assert NEXT_STATES[OrderState.CANCELLED] == NEXT_STATES[OrderState.REVERSED] == frozenset()


def test_what_has_left_cannot_be_cancelled() -> None:
    for state in (OrderState.SHIPPED, OrderState.RECEIVED, OrderState.CLOSED):
        assert OrderState.CANCELLED not in NEXT_STATES[state]


def test_outstanding_is_what_a_released_order_still_brings() -> None:
    """Of 100 shipped 30 came, 5 broken and 2 will never come: 63 are still to come."""
    shipped = replace(ORDER, state=OrderState.SHIPPED, received=30)
    assert (shipped.outstanding, replace(shipped, received=120).outstanding) == (70, 0)
    assert replace(shipped, damaged=5, short=2).outstanding == 63
    for state in set(OrderState) - set(RELEASED):
        assert replace(shipped, state=state).outstanding == 0


def test_an_order_is_for_one_part_or_more() -> None:
    with pytest.raises(InvalidInput, match="1 or more"):
        replace(ORDER, quantity=0)


def test_policy_and_model_are_no_part_of_the_key() -> None:
    assert replace(ORDER, policy="min_max", model_version="v2", quantity=5).key == ORDER.key
