"""What orders may be worth: a cap for automation within a day, and two people for much."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet import cycle
from supplynet.core.network import Part
from supplynet.core.orders import Order, OrderState
from supplynet.cycle.order_four_eyes import person_of
from supplynet.errors import InvalidInput, OrderStateError
from supplynet.storage import approvals, audit, orders

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
COST = 2.0
"""Of a bolt; what a nut costs nobody knows."""


def limits(site: Site, per_day: float | None = None, four_eyes: float | None = None) -> Any:
    priced = replace(site.plant, parts=(Part(part_id="bolt", unit_cost=COST), Part(part_id="nut")))
    return cycle.Limits(plant=priced, per_day=per_day, four_eyes=four_eyes)


def proposal(
    site: Site, quantity: int, *, hours: float = 3, lost: float = 0.0, part: str = "bolt"
) -> Order:
    """For a lorry so many hours from Monday on, with what is lost without it."""
    made = site.hand_made(quantity, MONDAY + timedelta(hours=hours), part)
    told = {"why": "Below the level.", "expected_lost_minutes": lost}
    with site.store.write("planner", MONDAY) as tx:
        return orders.revise(tx, made, replace(made, explanation=told), "order_changed")


def automate(site: Site, within: cycle.Limits, now: datetime = MONDAY) -> list[int]:
    done, _ = cycle.release_due(
        site.store, site.plant, actor="automation", now=now, until=now + 30 * DAY, limits=within
    )
    return [order.quantity for order in done]


def release(site: Site, order: Order, actor: str, within: cycle.Limits, **said: Any) -> Order:
    command = cycle.Command(actor=actor, now=MONDAY, key=said.pop("key", None))
    return cycle.release(site.store, order.order_id, command, limits=within, **said)


def yes_to(site: Site, order: Order) -> list[tuple[str, int]]:
    with site.store.read() as tx:
        return [(each.actor, each.quantity) for each in approvals.of_order(tx, order.order_id)]


def noted(site: Site, action: str) -> list[str]:
    with site.store.read() as tx:
        return [
            each.subject
            for each in audit.oldest(tx, audit.Wanted(action=action), after_seq=0, limit=1000)
        ]


def test_the_worst_risk_goes_inside_the_cap_and_the_rest_waits_and_says_why(any_site: Site) -> None:
    any_site.open_stock()
    proposal(any_site, 40, lost=1, hours=3)
    worst = proposal(any_site, 60, lost=90, hours=4)
    small = proposal(any_site, 10, lost=0, hours=5)
    cap = limits(any_site, per_day=140)
    assert automate(any_site, cap) == [60, 10]
    (waits,) = any_site.orders(OrderState.PROPOSED)
    why = "Waits for a person: worth 80.00, beyond the 140.00 of automation in a day."
    assert waits.explanation["why"] == f"Below the level. {why}"
    assert waits.explanation["waits"] == {"for": "automation_cap", "limit": 140.0, "why": why}
    assert any_site.alerts()["automation_cap"] == (
        "Automation has reached its cap of 140.00: 1 order waits for approval, bolt to SR1 first."
    )
    assert {each.order_id for each in any_site.orders(OrderState.APPROVED)} == {
        worst.order_id,
        small.order_id,
    }


def test_what_waits_is_said_once_and_goes_when_the_day_is_over(any_site: Site) -> None:
    any_site.open_stock()
    cap = limits(any_site, per_day=100)
    proposal(any_site, 50, hours=3, lost=9)
    later = proposal(any_site, 30, hours=47)
    assert automate(any_site, cap) == [50]
    with any_site.store.read() as tx:
        before = audit.head(tx)
    assert automate(any_site, cap, MONDAY + DAY - HOUR) == []
    with any_site.store.read() as tx:
        assert audit.head(tx) == before
    assert noted(any_site, "order_waits") == [later.order_id]
    assert automate(any_site, cap, MONDAY + DAY) == [30]
    assert "automation_cap" not in any_site.alerts()


def test_a_part_of_unknown_cost_is_beyond_every_limit(any_site: Site) -> None:
    any_site.open_stock()
    proposal(any_site, 1, part="nut")
    assert automate(any_site, limits(any_site, per_day=1e9)) == []
    assert "of unknown cost (unit_cost)" in any_site.orders()[0].explanation["why"]
    assert limits(any_site, four_eyes=1e9).takes_two(any_site.orders()[0])
    assert automate(any_site, limits(any_site)) == [1]


def test_automation_leaves_to_two_people_what_is_worth_more(any_site: Site) -> None:
    any_site.open_stock()
    much = proposal(any_site, 51, hours=3)
    proposal(any_site, 50, hours=4)
    assert automate(any_site, limits(any_site, four_eyes=100)) == [50]
    assert any_site.order(much).state is OrderState.PROPOSED
    assert any_site.order(much).explanation["waits"]["for"] == "four_eyes"
    assert "four_eyes" in any_site.alerts()


@pytest.mark.parametrize(
    ("first", "second"),
    [("ana", "bob"), ("ana/plc-7", "bob/plc-7"), ("local", "ana"), ("cli:ana", "ana")],
)
def test_two_people_release_what_is_worth_much(any_site: Site, first: str, second: str) -> None:
    any_site.open_stock()
    order, within = proposal(any_site, 51), limits(any_site, four_eyes=100)
    assert release(any_site, order, first, within).state is OrderState.PROPOSED
    assert yes_to(any_site, order) == [(first, 51)]
    assert release(any_site, order, second, within).state is OrderState.APPROVED
    assert noted(any_site, "order_confirmed") == noted(any_site, "order_approved")


@pytest.mark.parametrize(
    ("first", "again"),
    [("ana", "ana"), ("ana", "ana/plc-7"), ("ana/a", "ana/b"), ("cli:ana", "cli:root")],
)
def test_one_person_stays_one_however_he_comes_in(any_site: Site, first: str, again: str) -> None:
    any_site.open_stock()
    order, within = proposal(any_site, 51), limits(any_site, four_eyes=100)
    release(any_site, order, first, within, key="k1")
    with any_site.store.read() as tx:
        before = audit.head(tx)
    assert release(any_site, order, again, within).state is OrderState.PROPOSED
    assert release(any_site, order, first, within, key="k1").state is OrderState.PROPOSED
    with any_site.store.read() as tx:
        assert audit.head(tx) == before
    assert yes_to(any_site, order) == [(first, 51)]


@pytest.mark.parametrize("first", ["ana", "ana/plc-7"])
def test_a_yes_does_not_outlive_the_right_to_say_it(any_site: Site, first: str) -> None:
    any_site.open_stock()
    order, within = proposal(any_site, 51), limits(any_site, four_eyes=100)
    release(any_site, order, first, within)
    with any_site.store.write("root", MONDAY) as tx:
        assert approvals.withdraw(tx, "an") == []  # another name
        assert approvals.withdraw(tx, "ana") == [order.order_id]
    assert noted(any_site, "approvals_withdrawn") == ["ana"]
    assert release(any_site, order, "ben", within).state is OrderState.PROPOSED
    assert release(any_site, order, "cleo", within).state is OrderState.APPROVED


def test_another_quantity_begins_anew_with_who_said_it(any_site: Site) -> None:
    any_site.open_stock()
    order, within = proposal(any_site, 60), limits(any_site, four_eyes=100)
    release(any_site, order, "ana", within)
    changed = release(any_site, order, "bob", within, quantity=70)
    assert (changed.state, changed.quantity, changed.proposed_quantity) == ("proposed", 70, 60)
    assert yes_to(any_site, order) == [("bob", 70)]
    assert release(any_site, order, "ana", within).quantity == 70
    assert any_site.order(order).state is OrderState.APPROVED


def test_a_changed_quantity_clears_what_was_said_to_the_old_one(any_site: Site) -> None:
    any_site.open_stock()
    order, within = proposal(any_site, 60), limits(any_site, four_eyes=100)
    release(any_site, order, "ana", within)
    command = cycle.Command(actor="ana", now=MONDAY)
    cycle.change(any_site.store, order.order_id, command, quantity=80, limits=within)
    assert yes_to(any_site, order) == []
    assert release(any_site, order, "bob", within).state is OrderState.PROPOSED
    cycle.change(any_site.store, order.order_id, command, quantity=50, limits=within)
    assert release(any_site, order, "bob", within).state is OrderState.APPROVED


def test_what_a_plan_has_changed_since_needs_both_again(any_site: Site) -> None:
    any_site.open_stock()
    order, within = proposal(any_site, 60), limits(any_site, four_eyes=100)
    release(any_site, order, "ana", within)
    with any_site.store.write("planner", MONDAY) as tx:
        before = orders.get(tx, order.order_id)
        orders.revise(tx, before, replace(before, quantity=90), "order_changed")
    assert release(any_site, order, "bob", within).state is OrderState.PROPOSED
    assert yes_to(any_site, order) == [("bob", 90)]


def test_one_person_gets_round_it_neither_by_a_split_nor_by_a_change_afterwards(
    any_site: Site,
) -> None:
    any_site.open_stock()
    order, within = proposal(any_site, 60, hours=11), limits(any_site, four_eyes=100)
    command = cycle.Command(actor="ana", now=MONDAY)
    late = MONDAY + 23 * HOUR
    with pytest.raises(InvalidInput, match="takes two people to release; split it when they have"):
        cycle.split(
            any_site.store,
            any_site.plant,
            order.order_id,
            command,
            quantity=30,
            departure_at=late,
            limits=within,
        )
    little = proposal(any_site, 50, hours=4)
    release(any_site, little, "ana", within)
    with pytest.raises(InvalidInput, match=r"more than 100\.00 and take two people"):
        cycle.change(any_site.store, little.order_id, command, quantity=51, limits=within)
    cycle.change(any_site.store, little.order_id, command, quantity=40, limits=within)


def test_a_proposal_that_is_too_late_takes_no_yes(site: Site) -> None:
    order, within = proposal(site, 60, hours=0.5), limits(site, four_eyes=100)
    with pytest.raises(InvalidInput, match="missed its cut-off"):
        release(site, order, "ana", within)
    site.cancel(order, MONDAY)
    with pytest.raises(OrderStateError):
        release(site, order, "ana", within)


def test_of_two_who_say_yes_at_once_one_is_the_first_and_one_the_second(any_site: Site) -> None:
    any_site.open_stock()
    within = limits(any_site, four_eyes=10)
    many = [proposal(any_site, 20 + n, hours=3 + n / 60) for n in range(8)]
    pairs = [(order, actor) for order in many for actor in ("ana", "bob", "ana/token")]
    with ThreadPoolExecutor(6) as pool:
        said = (pool.submit(_or_late, any_site, order, who, within) for order, who in pairs)
        done = [each.result() for each in list(said)]
    assert all(any_site.order(order).state is OrderState.APPROVED for order in many)
    for order in many:
        people = {person_of(actor) for actor, _ in yes_to(any_site, order)}
        assert people == {"ana", "bob"}
    assert done.count(OrderState.APPROVED) == len(many)


def _or_late(site: Site, order: Order, actor: str, within: cycle.Limits) -> OrderState | None:
    try:
        return release(site, order, actor, within).state
    except OrderStateError:
        return None


def test_two_automations_at_once_stay_inside_one_cap(any_site: Site) -> None:
    any_site.open_stock()
    for n in range(10):
        proposal(any_site, 10, hours=3 + n / 60)
    cap = limits(any_site, per_day=100)
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: automate(any_site, cap), range(3)))
    assert sum(sum(each) for each in done) * COST == 100


_turns = st.lists(
    st.tuples(
        st.integers(1, 30),  # quantity
        st.integers(0, 100),  # minutes lost without it
        st.integers(0, 20),  # hours until the next turn
        st.sampled_from(["", "ana", "bob", "ana/plc"]),  # who says yes meanwhile
    ),
    min_size=1,
    max_size=6,
)


_months = count(1)


@settings(max_examples=15)
@given(turns=_turns, per_day=st.integers(0, 120), four_eyes=st.integers(0, 60))
def test_no_day_beyond_the_cap_and_nothing_much_without_two_people(
    site: Site, turns: list[tuple[int, int, int, str]], per_day: int, four_eyes: int
) -> None:
    month = 30 * DAY * next(_months)  # examples share books, and are far from one another
    now = MONDAY + month
    site.count("WH1", "bolt", 5000, now)
    within, ours = limits(site, per_day, four_eyes), set()
    for n, (quantity, lost, hours, actor) in enumerate(turns):
        ahead = month / HOUR + 200 + n
        order = proposal(site, quantity, lost=lost, hours=ahead)
        ours.add(order.order_id)
        automate(site, within, now)
        if actor:
            _or_late(site, order, actor, within)
        now += hours * HOUR
    with site.store.read() as tx:
        log = [each for each in audit.entries(tx, limit=100_000) if each.subject in ours]
    gone = [each for each in log if each.action == "order_approved"]
    for each in gone:
        said = [e for e in log if e.subject == each.subject and e.action == "order_confirmed"]
        if each.after["quantity"] * COST > four_eyes:
            assert {person_of(e.actor) for e in (*said, each)} == {"ana", "bob"}
    spent = [(e.at, e.after["quantity"] * COST) for e in gone if e.actor == "automation"]
    for start, _ in spent:
        assert sum(worth for at, worth in spent if start <= at < start + DAY) <= per_day
