from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Movement, post
from supplynet.core.network import Plant
from supplynet.core.postings import movements_of
from supplynet.errors import InvalidId, InvalidInput, NotFound

OCCURRED = datetime(2026, 1, 5, 21, 58, tzinfo=UTC)
RECORDED = datetime(2026, 1, 5, 22, 1, tzinfo=UTC)
LINE = "SR1.ST1.A"


def event(type_: str, location_id: str, quantity: int | None = 12, **data: Any) -> Event:
    return Event(
        source="plc-7",
        event_id="e1",
        type=EventType(type_),
        occurred_at=OCCURRED,
        location_id=location_id,
        part_id="P-1",
        quantity=quantity,
        data=data,
    )


def legs(plant: Plant, sent: Event, on_hand: int | None = None) -> list[str]:
    """Movements as ``quantity from/account -> to/account``."""
    return [
        f"{m.quantity} {m.from_location}/{m.from_account} -> {m.to_location}/{m.to_account}"
        for m in movements_of(sent, plant, recorded_at=RECORDED, on_hand=on_hand)
    ]


def test_consumption_leaves_the_stock_point_of_the_line(plant: Plant) -> None:
    assert legs(plant, event("consumed", LINE)) == [
        "12 SR1/on_hand -> SR1.ST1.A/consumed",
    ]
    assert legs(plant, event("consumed", "SR1.ST1.B")) == [
        "12 SR1.ST1.B/on_hand -> SR1.ST1.B/consumed",
    ]
    assert legs(plant, event("consumed", LINE, 0)) == []


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        (12, ["2 SR1/adjustment -> SR1/on_hand"]),
        (7, ["3 SR1/on_hand -> SR1/adjustment"]),
        (10, []),
    ],
)
def test_a_count_moves_the_difference_to_the_book(
    plant: Plant, counted: int, expected: list[str]
) -> None:
    assert legs(plant, event("counted", "SR1", counted), on_hand=10) == expected


def test_a_count_lifts_stock_that_facts_have_made_negative(plant: Plant) -> None:
    sent = event("counted", "SR1", 4)
    assert legs(plant, sent, on_hand=-6) == ["10 SR1/adjustment -> SR1/on_hand"]


def test_a_shipment_is_in_transit_to_where_it_goes(plant: Plant) -> None:
    sent = event("shipped", "WH1", 100, order_id="o1", to_location="SR1")
    assert legs(plant, sent) == ["100 WH1/on_hand -> SR1/in_transit"]
    assert movements_of(sent, plant, recorded_at=RECORDED)[0].order_id == "o1"
    from_supplier = event("shipped", "ACME", 100, to_location="WH1")
    assert legs(plant, from_supplier) == ["100 ACME/supplier -> WH1/in_transit"]


def test_a_receipt_of_95_good_2_damaged_3_missing_empties_the_shipment_of_100(
    plant: Plant,
) -> None:
    assert legs(plant, event("received", "SR1", 95, damaged=2, short=3)) == [
        "95 SR1/in_transit -> SR1/on_hand",
        "2 SR1/in_transit -> SR1/blocked",
        "3 SR1/in_transit -> SR1/lost",
    ]
    assert legs(plant, event("received", "SR1", 0, short=3)) == ["3 SR1/in_transit -> SR1/lost"]


def test_what_a_supplier_did_not_send_was_never_ours(plant: Plant) -> None:
    assert legs(plant, event("received", "WH1", 95, supplier_id="ACME", damaged=2, short=3)) == [
        "95 ACME/supplier -> WH1/on_hand",
        "2 ACME/supplier -> WH1/blocked",
    ]


def test_scrap_leaves_the_shelf_or_what_was_blocked(plant: Plant) -> None:
    assert legs(plant, event("scrapped", LINE, 1)) == ["1 SR1/on_hand -> SR1.ST1.A/scrapped"]
    blocked = event("scrapped", "SR1", 2, from_account="blocked")
    assert legs(plant, blocked) == ["2 SR1/blocked -> SR1/scrapped"]


def test_returns_go_back_one_step_or_where_they_say(plant: Plant) -> None:
    assert legs(plant, event("returned", LINE, 5)) == ["5 SR1.ST1.A/consumed -> SR1/on_hand"]
    assert legs(plant, event("returned", "SR1", 5, to_location="WH1")) == [
        "5 SR1/on_hand -> WH1/on_hand"
    ]
    assert legs(plant, event("returned", "WH1", 5, to_location="ACME")) == [
        "5 WH1/on_hand -> ACME/supplier"
    ]


@pytest.mark.parametrize(
    "name",
    ["counter", "line_starved", "line_stopped", "line_resumed", "rate_changed", "plan_changed"],
)
def test_other_events_move_no_parts(plant: Plant, name: str) -> None:
    assert legs(plant, replace(event(name, LINE, None), part_id=None)) == []


def test_a_movement_says_when_why_who_and_in_which_shift(plant: Plant) -> None:
    sent = event("scrapped", LINE, 1, reason="dropped", lot_id="L-9", container_id="C-4")
    assert movements_of(sent, plant, recorded_at=RECORDED) == [
        Movement(
            movement_id="plc-7/e1#0",
            part_id="P-1",
            quantity=1,
            from_location="SR1",
            from_account="on_hand",  # type: ignore[arg-type]  # equal to the member
            to_location=LINE,
            to_account="scrapped",  # type: ignore[arg-type]  # equal to the member
            occurred_at=OCCURRED,
            recorded_at=RECORDED,
            reason="dropped",
            actor="plc-7",
            shift_id="SR1/2026-01-05/night",
            event_id="plc-7/e1",
            lot_id="L-9",
            container_id="C-4",
        )
    ]


def test_a_plant_without_calendars_counts_to_no_shift(plant: Plant) -> None:
    bare = replace(plant, calendars=())
    assert movements_of(event("consumed", LINE), bare, recorded_at=RECORDED)[0].shift_id is None


def test_an_event_sent_again_makes_the_same_ids(plant: Plant) -> None:
    sent = event("received", "SR1", 95, damaged=2, short=3)
    ids = [m.movement_id for m in movements_of(sent, plant, recorded_at=RECORDED)]
    again = [m.movement_id for m in movements_of(sent, plant, recorded_at=OCCURRED)]
    assert ids == again == ["plc-7/e1#0", "plc-7/e1#1", "plc-7/e1#2"]


@pytest.mark.parametrize(
    ("sent", "error", "message"),
    [
        (event("consumed", "SR1.ST1.C"), NotFound, "no location 'SR1.ST1.C'"),
        (event("line_stopped", "SR9"), NotFound, "no location 'SR9'"),
        (replace(event("consumed", LINE), part_id="P-9"), NotFound, "no part 'P-9'"),
        (replace(event("consumed", LINE), part_id=None), InvalidInput, "has no part_id"),
        (event("consumed", LINE, None), InvalidInput, "has no quantity"),
        (event("consumed", LINE, -3), InvalidInput, "has quantity -3"),
        (event("consumed", LINE, True), InvalidInput, "has quantity True"),
        (event("consumed", "SR1"), InvalidInput, "only a line consumes"),
        (event("counted", LINE), InvalidInput, "holds no stock; name SR1"),
        (event("shipped", "WH1"), InvalidInput, "no to_location in its data"),
        (event("shipped", "WH1", to_location="WH1"), InvalidInput, "to itself"),
        (event("shipped", "WH1", to_location=LINE), InvalidInput, "name SR1"),
        (event("shipped", "WH1", to_location="SR9"), NotFound, "no location 'SR9'"),
        (event("received", "SR1", damaged="2"), InvalidInput, "has damaged '2'"),
        (event("received", "SR1", short=-1), InvalidInput, "has short -1"),
        (event("received", "WH1", supplier_id="SR1"), InvalidInput, "the showroom SR1"),
        (event("received", "WH1", supplier_id="A B"), InvalidId, "supplier_id 'A B'"),
        (event("scrapped", "SR1", from_account="lost"), InvalidInput, "use on_hand or blocked"),
        (event("returned", "SR1"), InvalidInput, "has no to_location"),
        (event("returned", LINE, to_location="SR1"), InvalidInput, "from SR1 to itself"),
        (event("consumed", LINE, reason=5), InvalidInput, "has reason 5"),
    ],
)
def test_an_event_that_cannot_be_posted_says_why(
    plant: Plant, sent: Event, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        movements_of(sent, plant, recorded_at=RECORDED, on_hand=0)


events = st.one_of(
    st.builds(event, st.just("consumed"), st.sampled_from([LINE, "SR1.ST1.B"]), st.integers(0, 99)),
    st.builds(event, st.just("counted"), st.sampled_from(["SR1", "WH1"]), st.integers(0, 99)),
    st.builds(
        lambda quantity: event("shipped", "WH1", quantity, to_location="SR1"), st.integers(0, 99)
    ),
    st.builds(
        lambda good, short, damaged: event("received", "SR1", good, short=short, damaged=damaged),
        st.integers(0, 99),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    st.builds(event, st.just("returned"), st.just(LINE), st.integers(0, 99)),
)


@given(st.lists(events, max_size=30))
def test_whatever_happens_parts_never_appear_or_vanish_and_a_count_is_believed(
    plant: Plant, sent: list[Event]
) -> None:
    balances = post(Counter(), [])
    for each in sent:
        shelf = (each.part_id or "", each.location_id, "on_hand")
        book = balances[shelf]  # type: ignore[index]  # equal to the member
        moves = movements_of(each, plant, recorded_at=RECORDED, on_hand=book)
        balances = post(balances, moves)
        assert sum(balances.values()) == 0
        if each.type is EventType.COUNTED:
            assert balances[shelf] == each.quantity  # type: ignore[index]  # see above
