from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.ledger import Account, Balances, Movement, post, reverse
from supplynet.errors import LedgerError

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
Place = tuple[str, Account]
WAREHOUSE: Place = ("WH1", Account.ON_HAND)
STORE: Place = ("SR1", Account.ON_HAND)


def move(quantity: int, source: Place, target: Place, part_id: str = "P-1") -> Movement:
    return Movement(
        movement_id="m1",
        part_id=part_id,
        quantity=quantity,
        from_location=source[0],
        from_account=source[1],
        to_location=target[0],
        to_account=target[1],
        occurred_at=NOW,
        recorded_at=NOW,
        reason="test",
        actor="test",
        event_id="plc-7/e1",
    )


places = st.tuples(st.sampled_from(["WH1", "SR1", "SR1.ST1.A"]), st.sampled_from(Account))
movements = st.lists(
    st.builds(
        lambda ends, quantity, part: move(quantity, ends[0], ends[1], part),
        st.tuples(places, places).filter(lambda ends: ends[0] != ends[1]),
        st.integers(1, 10_000),
        st.sampled_from(["P-1", "P-2"]),
    ),
    max_size=30,
)


def test_a_movement_takes_from_the_source_and_gives_to_the_target() -> None:
    after = post(Counter({("P-1", *WAREHOUSE): 100}), [move(40, WAREHOUSE, STORE)])
    assert (after["P-1", *WAREHOUSE], after["P-1", *STORE]) == (60, 40)


def test_facts_may_make_stock_negative() -> None:
    assert post(Counter(), [move(5, STORE, WAREHOUSE)])["P-1", *STORE] == -5


@given(movements)
def test_parts_never_appear_or_vanish(moves: list[Movement]) -> None:
    totals: Counter[str] = Counter()
    for (part_id, _, _), quantity in post(Counter(), moves).items():
        totals[part_id] += quantity
    assert all(total == 0 for total in totals.values())


@given(movements, movements)
def test_reversing_every_movement_undoes_them_all(
    before: list[Movement], moves: list[Movement]
) -> None:
    opening = post(Counter(), before)
    undo = [reverse(m, movement_id="r", recorded_at=NOW, actor="a", reason="typo") for m in moves]
    assert post(post(opening, moves), undo) == opening


@given(movements, movements)
def test_posting_in_one_go_or_two_is_the_same(one: list[Movement], two: list[Movement]) -> None:
    assert post(Counter(), one + two) == post(post(Counter(), one), two)


def test_posting_leaves_its_argument_alone() -> None:
    opening: Balances = Counter()
    post(opening, [move(1, WAREHOUSE, STORE)])
    assert opening == Counter()


def test_a_reversal_names_what_it_undoes_and_no_event() -> None:
    undo = reverse(
        move(3, WAREHOUSE, STORE), movement_id="m2", recorded_at=NOW, actor="ann", reason="typo"
    )
    assert (undo.movement_id, undo.reverses, undo.event_id) == ("m2", "m1", None)
    assert (undo.from_location, undo.to_location, undo.quantity) == ("SR1", "WH1", 3)


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_movement_moves_more_than_nothing(quantity: int) -> None:
    with pytest.raises(LedgerError, match="more than 0"):
        move(quantity, WAREHOUSE, STORE)


def test_a_movement_has_two_ends() -> None:
    with pytest.raises(LedgerError, match="to itself"):
        move(1, STORE, STORE)
