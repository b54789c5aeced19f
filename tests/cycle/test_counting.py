"""Counters become what was used: reads may come late, twice and in any order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Account
from supplynet.core.network import CountedBy, Plant
from supplynet.errors import InvalidInput
from supplynet.storage import Store, balances, ledger

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

SIX = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
_sources = count(1)


def read(
    value: int, hours: float, part: str | None = "bolt", source: str = "plc-7", **data: object
) -> Event:
    """A read of a counter at the line, so many hours after six."""
    return Event(
        source=source,
        event_id=f"{part}-{hours}",
        type=EventType.COUNTER,
        occurred_at=SIX + hours * HOUR,
        location_id="SR1.A",
        part_id=part,
        quantity=value,
        data=data,
    )


def used(store: Store) -> Counter[tuple[str, str | None]]:
    """Consumption by part and shift, reversals taken off."""
    total: Counter[tuple[str, str | None]] = Counter()
    with store.read() as tx:
        for move in ledger.movements_between(tx):
            if move.to_account is Account.CONSUMED:
                total[move.part_id, move.shift_id] += move.quantity
            elif move.from_account is Account.CONSUMED:
                total[move.part_id, move.shift_id] -= move.quantity
    return Counter({key: amount for key, amount in total.items() if amount})


def test_a_counter_moves_what_it_rose_by_and_survives_a_reset(any_site: Site) -> None:
    any_site.post(read(1000, 0), read(1012, 1), read(1012, 2), read(5, 3), read(9, 4))
    assert any_site.on_hand("SR1") == -(12 + 5 + 4)
    assert any_site.balance("SR1.A", Account.CONSUMED) == 21


def test_a_late_read_splits_the_difference_between_the_shifts(any_site: Site) -> None:
    any_site.post(read(100, 11), read(130, 13))  # 30 booked to the night, which begins at 18:00
    assert used(any_site.store) == {("bolt", "site/2026-01-05/night"): 30}
    any_site.post(read(120, 11.9))
    assert used(any_site.store) == {
        ("bolt", "site/2026-01-05/day"): 20,
        ("bolt", "site/2026-01-05/night"): 10,
    }


def test_a_read_before_the_first_makes_that_one_count(any_site: Site) -> None:
    any_site.post(read(100, 2))
    assert any_site.on_hand("SR1") == 0
    any_site.post(read(93, 1))
    assert any_site.on_hand("SR1") == -7


def test_units_built_use_parts_by_the_bill_of_materials(site: Site) -> None:
    site.post(read(50, 0, None), read(60, 1, None))
    assert (site.on_hand("SR1", "bolt"), site.on_hand("SR1", "nut")) == (-10, -10)


def test_a_part_is_counted_in_one_way_only(any_site: Site) -> None:
    any_site.post(read(0, 0, None), read(10, 1, None))
    with pytest.raises(InvalidInput, match="reckoned from the units built already"):
        any_site.use(5, SIX + 2 * HOUR)
    with pytest.raises(InvalidInput, match="counted twice"):
        any_site.post(read(0, 2))
    assert any_site.on_hand("SR1") == -10


def test_the_plant_folder_says_how_a_part_is_counted(site: Site) -> None:
    said = {"bolt": CountedBy.COUNTER, "nut": CountedBy.BUILT}
    rows = [replace(row, counted_by=said[row.part_id]) for row in site.plant.requirements]
    site.plant = replace(site.plant, requirements=tuple(rows))
    with pytest.raises(InvalidInput, match="read from a counter"):
        site.use(5, SIX)
    site.post(read(0, 0), read(7, 1), read(0, 0, None), read(9, 1, None))
    assert (site.on_hand("SR1", "bolt"), site.on_hand("SR1", "nut")) == (-7, -9)


def test_a_refused_read_leaves_no_trace(site: Site) -> None:
    with pytest.raises(InvalidInput, match="only a line has counters"):
        site.post(replace(read(5, 0), location_id="SR1"))
    site.use(5, SIX)  # reported, then: nothing was claimed for the counter
    assert site.on_hand("SR1") == -5


def glued(plant: Plant) -> Plant:
    """0.4 nuts per unit built."""
    rows = [
        replace(row, quantity=Decimal("0.4")) if row.part_id == "nut" else row
        for row in plant.requirements
    ]
    return replace(plant, requirements=tuple(rows))


@settings(max_examples=40)
@given(
    steps=st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=2, max_size=8),
    built=st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=2, max_size=5),
    data=st.data(),
)
def test_reads_in_any_order_give_the_books_of_reads_in_order(
    sqlite_store: Store,
    site: Site,
    steps: list[tuple[int, bool]],
    built: list[tuple[int, bool]],
    data: st.DataObject,
) -> None:
    """Each step: how much the counter rises, and whether it was set to 0 before it."""
    plant = glued(site.plant)
    rows = [
        replace(row, counted_by=CountedBy.COUNTER if row.part_id == "bolt" else CountedBy.BUILT)
        for row in plant.requirements
    ]
    site.plant = replace(plant, requirements=tuple(rows))
    source = f"plc-{next(_sources)}"
    reads: list[Event] = []
    expected: Counter[str] = Counter()
    for part, rises in (("bolt", steps), (None, built)):
        value = 0
        for hour, (rise, reset) in enumerate(rises):
            before, value = value, rise if reset and hour else value + rise
            said = {"reset": True} if reset and hour else {}
            reads.append(read(value, 4.7 * hour, part, source, **said))
            if hour:
                begin = Decimal(0 if said else before)
                share = Decimal(1) if part else Decimal("0.4")
                expected[part or "nut"] += int(share * value) - int(share * begin)
    before_all = used(site.store)
    sent = data.draw(st.permutations(reads + reads[:3]))
    cut = data.draw(st.integers(0, len(sent)))
    for batch in (sent[:cut], sent[cut:]):
        if batch:
            site.post(*batch, now=SIX + 48 * HOUR)
    gained = used(site.store)
    gained.subtract(before_all)
    by_part: Counter[str] = Counter()
    for (part_id, _), amount in gained.items():
        by_part[part_id] += amount
    assert +by_part == +expected
    # and shift by shift as when they come in order, one by one, from another machine
    other = f"{source}-in-order"
    before_all = used(site.store)
    for one in sorted(reads, key=lambda each: each.occurred_at):
        site.post(replace(one, source=other), now=SIX + 48 * HOUR)
    in_order = used(site.store)
    in_order.subtract(before_all)
    assert +gained == +in_order
    with sqlite_store.read() as tx:
        assert balances.verify(tx) == []
