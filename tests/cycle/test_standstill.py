"""Both ways in which machines say that a line stands still come to the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from supplynet.core.events import EventType
from supplynet.cycle.standstill import Standstills, standstills

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY_SHIFT, NIGHT_SHIFT = "site/2026-01-05/day", "site/2026-01-05/night"
STARVED, STOPPED = EventType.LINE_STARVED, EventType.LINE_STOPPED


def found(site: Site, until: datetime) -> Standstills:
    with site.store.read() as tx:
        return standstills(tx, site.plant, MONDAY, until)


def test_from_starved_to_resumed_every_minute_counts_in_its_shift(site: Site) -> None:
    site.post(
        site.event(STARVED, "SR1.A", MONDAY + 11 * HOUR, parts=["bolt"]),
        site.event(EventType.LINE_RESUMED, "SR1.A", MONDAY + 14 * HOUR),
    )
    told = found(site, MONDAY + 24 * HOUR)
    assert told.starved == {("SR1.A", DAY_SHIFT): 60, ("SR1.A", NIGHT_SHIFT): 120}
    assert told.waiting == {}


def test_a_line_waits_until_somebody_says_that_it_goes_on(site: Site) -> None:
    site.post(site.event(STARVED, "SR1.A", MONDAY + HOUR, parts=["bolt"]))
    told = found(site, MONDAY + 3 * HOUR)
    assert told.waiting == {"SR1.A": frozenset({"bolt"})}
    assert told.starved["SR1.A", DAY_SHIFT] == 120


def test_a_line_that_uses_parts_runs(site: Site) -> None:
    site.post(site.event(STARVED, "SR1.A", MONDAY + HOUR, parts=["bolt"]))
    site.use(1, MONDAY + 2 * HOUR)
    told = found(site, MONDAY + 3 * HOUR)
    assert told.waiting == {}
    assert told.starved["SR1.A", DAY_SHIFT] == 60


def test_minutes_told_are_taken_as_told(site: Site) -> None:
    site.post(
        site.event(STARVED, "SR1.A", MONDAY + HOUR, minutes=10, parts=["bolt"], ended=False),
        site.event(STARVED, "SR1.A", MONDAY + 2 * HOUR, minutes=60, parts=["bolt"], ended=False),
        site.event(STARVED, "SR1.A", MONDAY + 3 * HOUR, minutes=5, parts=["bolt"], ended=True),
    )
    assert found(site, MONDAY + 2 * HOUR).waiting == {"SR1.A": frozenset({"bolt"})}
    told = found(site, MONDAY + 4 * HOUR)
    assert (told.starved["SR1.A", DAY_SHIFT], told.waiting) == (75, {})


def test_a_planned_stop_is_no_starvation(site: Site) -> None:
    site.post(
        site.event(STARVED, "SR1.A", MONDAY + HOUR, parts=["bolt"]),
        site.event(STOPPED, "SR1.A", MONDAY + 2 * HOUR),
    )
    told = found(site, MONDAY + 5 * HOUR)
    assert told.starved["SR1.A", DAY_SHIFT] == 60
    assert told.stopped["SR1.A", DAY_SHIFT] == 180
    assert told.waiting == {}


def test_a_halt_over_a_long_weekend_is_not_forgotten(site: Site) -> None:
    site.post(site.event(STARVED, "SR1.A", MONDAY, parts=["bolt"]))
    assert "SR1.A" in found(site, MONDAY + timedelta(days=4)).waiting
