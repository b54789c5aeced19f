"""A count has what happened before it, and not what happened after, whoever tells it when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.core.events import EventType
from supplynet.core.ledger import Account
from supplynet.storage import Store, balances

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

TEN = datetime(2026, 1, 5, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
_tries = count(1)


def test_a_count_that_comes_late_leaves_what_happened_since_alone(site: Site) -> None:
    site.count("SR1", "bolt", 100, TEN - 60 * MINUTE)
    site.use(5, TEN + 30 * MINUTE)
    site.count("SR1", "bolt", 80, TEN)  # the sheet is typed in at 11:00
    assert site.on_hand("SR1") == 75


def test_use_that_is_told_after_a_count_was_counted_already(site: Site) -> None:
    site.count("SR1", "bolt", 80, TEN)
    site.use(5, TEN - 10 * MINUTE)
    assert site.on_hand("SR1") == 80
    assert site.balance("SR1.A", Account.CONSUMED) == 5


def test_a_count_in_the_middle_of_a_batch_sees_what_stands_before_it(site: Site) -> None:
    used = site.event(EventType.CONSUMED, "SR1.A", TEN - MINUTE, "bolt", 5)
    counted = site.event(EventType.COUNTED, "SR1", TEN, "bolt", 80)
    after = site.event(EventType.CONSUMED, "SR1.A", TEN + MINUTE, "bolt", 3)
    site.post(used, counted, after)
    assert site.on_hand("SR1") == 77


def test_a_count_dated_ahead_counts_from_when_the_books_learned_it(site: Site) -> None:
    """A clock that runs an hour fast must not swallow an hour of use."""
    ahead = site.event(EventType.COUNTED, "SR1", TEN + 60 * MINUTE, "bolt", 80)
    site.post(ahead, now=TEN)
    site.use(5, TEN + 30 * MINUTE)
    assert site.on_hand("SR1") == 75


@settings(max_examples=25)
@given(st.data())
def test_the_order_in_which_events_come_in_changes_no_stock(
    sqlite_store: Store, site: Site, data: st.DataObject
) -> None:
    """Against an obvious twin: sort by time, start anew at each count."""
    start = TEN + timedelta(days=next(_tries))
    kinds = st.lists(st.tuples(st.sampled_from("ucr"), st.integers(1, 50)), min_size=1, max_size=6)
    happened = data.draw(kinds)
    events, held = [], 0
    site.count("SR1", "bolt", 0, start)
    for minute, (kind, quantity) in enumerate(happened, start=1):
        at = start + minute * MINUTE
        if kind == "u":
            held -= quantity
            events.append(site.event(EventType.CONSUMED, "SR1.A", at, "bolt", quantity))
        elif kind == "r":
            held += quantity
            source = {"supplier_id": "ACME"}
            events.append(site.event(EventType.RECEIVED, "SR1", at, "bolt", quantity, **source))
        else:
            held = quantity
            events.append(site.event(EventType.COUNTED, "SR1", at, "bolt", quantity))
    told = start + timedelta(hours=12)
    for each in data.draw(st.permutations(events)):
        site.post(each, now=told)
    assert site.on_hand("SR1") == held, happened
    with sqlite_store.read() as tx:
        assert balances.verify(tx) == []
