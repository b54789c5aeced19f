"""What automation holds back of an order while the record behind it waits for an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from supplynet import cycle
from supplynet.anomaly.incident import Kind
from supplynet.core.orders import Order, OrderState
from supplynet.cycle.order_holding import followed, share_of, what_is_held
from supplynet.storage import alerts, anomalies, audit, orders
from supplynet.storage.anomalies import Anomaly, AnomalyState, Held

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
DAY = timedelta(days=1)


def odd(excess: float = 60.0, name: str = "a1", **other: Any) -> Anomaly:
    """So many bolts beyond the expected 100 in the night shift that ended on Monday."""
    values: dict[str, Any] = {
        "location_id": "SR1.A",
        "parts": ("bolt",),
        "start": MONDAY - DAY / 2,
        "end": MONDAY,
        "periods": 1,
        "kind": Kind.SPIKE,
        "size": excess,
        "sizes": {"bolt": excess},
        "expected": 100.0,
        "observed": 100.0 + excess,
        "p_value": 1e-9,
        "score": 1.0,
        "sentence": "Odd.",
        "ongoing": True,
        "detector_version": "v1",
        "seen_at": MONDAY,
    }
    return Anomaly(anomaly_id=name, **values | other)


def proposal(site: Site, quantity: int = 120) -> Order:
    """For the lorry of 17:00; ``Site`` makes it by hand."""
    made = site.hand_made(quantity, MONDAY + timedelta(hours=11))
    after = replace(made, explanation={"why": "Below the level."})
    with site.store.write("planner", MONDAY) as tx:
        return orders.revise(tx, made, after, "order_changed")


def short(site: Site, by: int = 10) -> None:
    """The books say that so many bolts more were used than there were."""
    site.use(by + site.on_hand("SR1"), MONDAY + timedelta(minutes=1))


def keep(site: Site, *rows: Anomaly) -> None:
    with site.store.write("planner", MONDAY) as tx:
        for row in rows:
            anomalies.add(tx, row)


def automate(site: Site, *, hold: bool = True) -> list[Order]:
    done, refused = cycle.release_due(
        site.store, site.plant, actor="auto", now=MONDAY, until=MONDAY + DAY, hold=hold
    )
    assert refused == []
    return done


def row_of(site: Site, name: str = "a1") -> Anomaly:
    with site.store.read() as tx:
        return anomalies.get(tx, name)


def message(site: Site) -> str:
    with site.store.read() as tx:
        (told,) = [each for each in alerts.open_alerts(tx) if each.kind == "anomaly"]
    return told.message


def test_what_a_record_that_cannot_be_right_would_bring_twice_waits_and_it_is_said_why(
    any_site: Site,
) -> None:
    any_site.open_stock()
    short(any_site)
    order = proposal(any_site, 120)
    keep(any_site, odd(60))
    (done,) = automate(any_site)
    why = (
        "50 of 120 held back: 160 used where 100 was expected, more than there was: the books say "
        "-10; answer the anomaly, or release it by hand"
    )
    assert (done.state, done.quantity, done.proposed_quantity) == ("approved", 70, 120)
    assert done.explanation["held_back"] == {"quantity": 50, "of": 120, "anomalies": ["a1"]}
    assert done.explanation["why"] == f"Below the level. {why}."
    assert any_site.order(order) == done
    with any_site.store.read() as tx:
        (entry,) = [
            each
            for each in audit.entries(tx, subject=order.order_id)
            if each.action == "order_approved"
        ]
    assert entry.reason == f"automatic; {why}"
    assert message(any_site).startswith("Odd. Held back: 50 of 120 of bolt; answer the anomaly")
    assert row_of(any_site).held == (
        Held(order_id=order.order_id, part_id="bolt", quantity=120, released=70),
    )
    assert row_of(any_site).excess("bolt") == 60  # the next order must not bring it either


@pytest.mark.parametrize("booked", [0, 40, 5000])
def test_what_may_have_been_used_goes_at_once_and_is_not_held_later(
    any_site: Site, booked: int
) -> None:
    any_site.open_stock(at_line=booked)
    proposal(any_site, 120)
    keep(any_site, odd(60))
    (done,) = automate(any_site)
    assert (done.quantity, done.proposed_quantity) == (120, None)
    assert "held_back" not in done.explanation
    row = row_of(any_site)
    assert (row.excess("bolt"), row.held, row.state) == (0, (), "open")


def test_an_order_of_which_nothing_is_safe_stays_a_proposal_and_says_so_once(
    any_site: Site,
) -> None:
    any_site.open_stock()
    short(any_site)
    order = proposal(any_site, 50)
    keep(any_site, odd(60))
    assert automate(any_site) == []
    assert any_site.order(order).state is OrderState.PROPOSED
    assert "Held back: 50 of 50 of bolt" in message(any_site)
    with any_site.store.read() as tx:
        before = audit.head(tx)
    assert automate(any_site) == []
    with any_site.store.read() as tx:
        assert audit.head(tx) == before


def test_what_is_told_to_be_held_follows_the_plan(any_site: Site) -> None:
    any_site.open_stock()
    short(any_site)
    order = proposal(any_site, 50)
    keep(any_site, odd(60))
    automate(any_site)
    with any_site.store.write("planner", MONDAY) as tx:
        orders.revise(tx, order, replace(order, quantity=40), "order_changed")
    automate(any_site)
    assert "Held back: 40 of 40 of bolt;" in message(any_site)


def test_whoever_approves_by_hand_is_never_held_and_what_went_is_not_held_again(
    any_site: Site,
) -> None:
    any_site.open_stock()
    short(any_site)
    order = proposal(any_site, 50)
    keep(any_site, odd(60))
    automate(any_site)
    assert any_site.release(order, MONDAY).quantity == 50
    with any_site.store.read() as tx:
        after = followed(tx, anomalies.get(tx, "a1"))
    assert (after.held, after.excess("bolt")) == ((), 10)  # as much as the books lack


def test_a_count_ends_what_may_come_twice(any_site: Site) -> None:
    keep(any_site, odd(60, parts=("bolt", "nut"), sizes={"bolt": 60.0, "nut": 30.0}))
    with any_site.store.read() as tx:
        after = followed(tx, anomalies.get(tx, "a1"), {"bolt"})
    assert (after.excess("bolt"), after.excess("nut"), after.state) == (0, 30, "open")


def test_a_quantity_that_a_person_set_goes_as_it_is(any_site: Site) -> None:
    any_site.open_stock()
    short(any_site)
    order = proposal(any_site, 120)
    said = cycle.Command(actor="mara", now=MONDAY)
    cycle.change(any_site.store, order.order_id, said, quantity=110)
    keep(any_site, odd(60))
    (done,) = automate(any_site)
    assert done.quantity == 110


@pytest.mark.parametrize("state", [AnomalyState.REAL, AnomalyState.WRONG_RECORD])
def test_an_answer_ends_the_hold_at_once(any_site: Site, state: AnomalyState) -> None:
    any_site.open_stock()
    short(any_site)
    proposal(any_site, 120)
    keep(any_site, odd(60))
    with any_site.store.write("mara", MONDAY) as tx:
        anomalies.answer(tx, "a1", state)
    (done,) = automate(any_site)
    assert done.quantity == 120


@pytest.mark.parametrize(
    ("row", "goes"),
    [
        (odd(60), 70),  # 50 of it would be there twice
        (odd(55), 80),  # whole containers of 10
        (odd(200), 0),
        (odd(10), 120),
        (odd(60, parts=("nut",), sizes={"nut": 60.0}), 120),
        (odd(60, location_id="SR9.A"), 120),
        (odd(60, ordered={"bolt": 20.0}), 90),
        (odd(60, kind=Kind.LEVEL_SHIFT, periods=2), 70),
        (odd(60, kind=Kind.LEVEL_SHIFT, periods=3), 120),
        (odd(-60, kind=Kind.DROP), 120),
        (odd(-60, kind=Kind.PHANTOM_STOCK), 120),
    ],
)
def test_the_rule(any_site: Site, row: Anomaly, goes: int) -> None:
    any_site.open_stock()
    short(any_site)
    order = proposal(any_site, 120)
    keep(any_site, row)
    with any_site.store.read() as tx:
        assert share_of(tx, order, any_site.plant).quantity == goes


def test_nothing_is_held_where_that_is_not_wanted(any_site: Site) -> None:
    any_site.open_stock()
    short(any_site)
    proposal(any_site, 120)
    keep(any_site, odd(60))
    (done,) = automate(any_site, hold=False)
    assert done.quantity == 120


def test_several_at_once_add_up_and_share_what_went(any_site: Site) -> None:
    any_site.open_stock()
    proposal(any_site, 120)
    keep(any_site, odd(90), odd(60, name="a2", start=MONDAY - 2 * DAY, end=MONDAY - 1.5 * DAY))
    automate(any_site)
    left = row_of(any_site).excess("bolt"), row_of(any_site, "a2").excess("bolt")
    assert sum(left) == pytest.approx(150 - 120)
    assert left[0] == pytest.approx(1.5 * left[1])


def test_less_than_what_is_safe_goes_where_the_source_has_less(any_site: Site) -> None:
    any_site.open_stock(at_warehouse=35)
    short(any_site)
    proposal(any_site, 120)
    keep(any_site, odd(60))
    (done,) = automate(any_site)
    assert done.quantity == 30
    assert row_of(any_site).held[0].released == 30
    assert what_is_held(row_of(any_site)).startswith(" Held back: 90 of 120 of bolt")


def test_what_was_held_of_an_order_that_is_gone_is_told_no_more(any_site: Site) -> None:
    any_site.open_stock()
    short(any_site)
    order = proposal(any_site, 50)
    keep(any_site, odd(60))
    automate(any_site)
    any_site.cancel(order, MONDAY)
    with any_site.store.read() as tx:
        assert followed(tx, anomalies.get(tx, "a1")).held == ()
