"""Every decision keeps its record, and the record can be made again."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from supplynet import cycle
from supplynet.core.events import EventType
from supplynet.core.orders import OrderState
from supplynet.cycle.outcomes import outcomes
from supplynet.cycle.records import decision_run
from supplynet.monitor.exceedance import count, quality
from supplynet.storage import decision_records, open_store

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def records(site: Site) -> list[decision_records.DecisionRecord]:
    with site.store.read() as tx:
        return decision_records.list_decisions(tx)


def test_a_plan_keeps_a_record_of_every_pair_also_where_nothing_is_ordered(any_site: Site) -> None:
    site = any_site
    site.open_stock()
    site.count("SR1", "nut", 900)
    site.plan(MONDAY)
    bolt, nut = records(site)
    assert (bolt.compact["granted"], nut.compact["granted"]) == (80, 0)
    assert (bolt.compact["outcome"], nut.compact["outcome"]) == ("proposed", "none")
    assert bolt.record is not None
    (order,) = site.orders(OrderState.PROPOSED)
    assert bolt.record == order.explanation
    assert bolt.record["due"] == []
    assert bolt.compact["until"] == MONDAY + DAY
    assert nut.record is None  # enough stock and no risk is no news


def test_a_plan_that_says_the_same_keeps_nothing_new(site: Site) -> None:
    site.open_stock()
    site.plan(MONDAY)
    site.plan(MONDAY)
    assert len(records(site)) == 2


def test_a_record_is_made_again_from_its_snapshot_and_seed(site: Site, tmp_path: Path) -> None:
    """On a copy of the books as they were, by nothing but what the record says."""
    site.open_stock()
    site.store.close()
    shutil.copy(tmp_path / "supplynet.db", tmp_path / "copy.db")
    site.plan(MONDAY, seed=5)
    site.use(30, MONDAY + HOUR)
    kept = records(site)
    copy = open_store(f"sqlite:///{tmp_path / 'copy.db'}")
    assert site.forecaster is not None
    snapshot = cycle.take_snapshot(
        copy,
        site.history,
        site.plant,
        since=site.forecaster.history.periods[-1].end,
        now=kept[0].decided_at,
    )
    copy.close()
    assert snapshot.seq == kept[0].snapshot_seq
    again = cycle.make_plan(
        snapshot, site.forecaster, site.policy, paths=kept[0].paths, seed=kept[0].seed
    )
    assert decision_run(again, "").compact.to_dicts() == [each.compact for each in kept]
    assert [again.reasons.of(each.place) for each in kept] == [each.record for each in kept]


def test_an_order_that_a_person_released_or_refused_says_so(site: Site) -> None:
    site.open_stock()
    _, first = site.plan(MONDAY)
    bolt, nut = first.new
    site.cancel(bolt, MONDAY)
    site.release(nut, MONDAY)
    site.count("SR1", "nut", 20)  # less than the order counted on
    plan, _ = site.plan(MONDAY + HOUR)
    assert [plan.reasons.outcome(place) for place in (0, 1)] == ["dismissed", "released"]
    said = [plan.reasons.of(place)["why"] for place in (0, 1)]
    assert "a person cancelled the order" in said[0]
    assert "is released" in said[1]


def judged(site: Site, now: datetime) -> list[tuple[str, int, int, bool]]:
    with site.store.read() as tx:
        found = outcomes(tx, site.plant, MONDAY - DAY, now)
    return found.select("part_id", "level", "used", "starved").sort("part_id").rows()


def carried_out(site: Site) -> None:
    """Bolts are ordered and sent for Monday evening; nuts last."""
    site.open_stock()
    site.count("SR1", "nut", 900)
    _, first = site.plan(MONDAY)
    site.release(first.new[0], MONDAY)
    site.use(90, MONDAY + 6 * HOUR)
    site.use(100, MONDAY + 20 * HOUR)
    site.use(95, MONDAY + 6 * HOUR, "nut")


def test_a_decision_is_judged_by_what_was_used_until_the_order_after_it(site: Site) -> None:
    carried_out(site)
    assert judged(site, MONDAY + 23 * HOUR) == []  # the window is not over
    assert judged(site, MONDAY + DAY) == [("bolt", 230, 190, False), ("nut", 900, 95, False)]


def test_a_line_that_waits_before_the_delivery_was_for_an_earlier_decision_to_prevent(
    site: Site,
) -> None:
    carried_out(site)
    for hours, starved in ((11, False), (14, True)):
        at = MONDAY + hours * HOUR
        site.post(site.event(EventType.LINE_STARVED, "SR1.A", at, minutes=10, parts=["bolt"]))
        assert [row[3] for row in judged(site, MONDAY + DAY)] == [starved, False]
    with site.store.read() as tx:
        found = outcomes(tx, site.plant, MONDAY - DAY, MONDAY + DAY)
    assert (count(found).observed, count(found).decisions) == (1, 2)
    assert set(quality(found)) == {("SR1", "nut")}


@pytest.mark.parametrize("done", ["refused", "made smaller"])
def test_an_order_that_was_not_carried_out_proves_nothing(site: Site, done: str) -> None:
    site.open_stock()
    _, first = site.plan(MONDAY)
    bolt = first.new[0]
    if done == "refused":
        site.cancel(bolt, MONDAY)
    else:
        site.release(bolt, MONDAY, quantity=bolt.quantity - 10)
    site.use(90, MONDAY + 6 * HOUR)
    assert judged(site, MONDAY + DAY) == []


def test_only_the_last_decision_before_the_cutoff_counts(site: Site) -> None:
    site.open_stock(at_line=900)
    site.plan(MONDAY)
    site.use(100, MONDAY + 2 * HOUR)
    site.plan(MONDAY + 3 * HOUR)
    site.use(50, MONDAY + 5 * HOUR)
    assert judged(site, MONDAY + DAY) == [("bolt", 800, 50, False)]
