"""What the history takes from the books, and what it leaves alone because nobody knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from supplynet import cycle
from supplynet.core.events import EventType
from supplynet.core.protocols import Observed
from supplynet.storage import changes
from supplynet.storage.history import read_history, write_history

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SERIES = (("SR1.A", "bolt"), ("SR1.A", "nut"))


def close(site: Site, now: datetime) -> int:
    return cycle.close_shifts(site.store, site.history, site.plant, since=MONDAY, now=now)


def observe(site: Site, now: datetime) -> Observed:
    with site.store.read() as tx:
        return cycle.observe(tx, site.history, site.plant, SERIES, since=MONDAY, now=now)


def running(site: Site, now: datetime) -> list[float | None]:
    found = observe(site, now).running
    assert found is not None
    return [None if np.isnan(each) else each for each in found]


def connect(site: Site) -> None:
    with site.store.write("test", MONDAY) as tx:
        cycle.connect_whole_plant(tx, MONDAY)


def used_of(site: Site, part: str = "bolt") -> dict[datetime, int]:
    frame = read_history(site.history, kind="ledger").filter(pl.col("part_id") == part)
    return dict(frame.select("period_start", "consumed").iter_rows())


def test_a_ledger_that_never_saw_any_use_writes_no_zeros(site: Site) -> None:
    """Consumption is imported here; stock is only counted."""
    site.open_stock()
    imported = pl.DataFrame(
        {
            "location_id": ["SR1.A"] * 2,
            "part_id": ["bolt"] * 2,
            "period_start": [MONDAY, MONDAY + 12 * HOUR],
            "shift": ["day", "night"],
            "demand": [100.0, 90.0],
        }
    )
    write_history(site.history, "imported", imported)
    for day in (1, 2, 3):
        assert close(site, MONDAY + day * DAY) == 0
    assert read_history(site.history)["demand"].to_list() == [100.0, 90.0]
    assert running(site, MONDAY + DAY + HOUR) == [None, None]
    with site.store.read() as tx:
        assert not cycle.is_connected(tx)


def test_a_series_is_known_from_the_first_shift_that_it_reports_as_a_whole(site: Site) -> None:
    site.use(5, MONDAY + 7 * HOUR)  # connected in the middle of the day shift
    assert running(site, MONDAY + 8 * HOUR) == [None, None]
    site.use(7, MONDAY + 13 * HOUR)
    assert running(site, MONDAY + 14 * HOUR) == [7.0, None]  # nuts have never been reported
    close(site, MONDAY + DAY)
    assert used_of(site) == {MONDAY + 12 * HOUR: 7}
    assert used_of(site, "nut") == {}


def test_a_connected_plant_has_used_nothing_where_nothing_moved(site: Site) -> None:
    connect(site)
    site.use(5, MONDAY + HOUR)
    assert running(site, MONDAY + 2 * HOUR) == [5.0, 0.0]
    close(site, MONDAY + DAY)
    assert used_of(site) == {MONDAY: 5, MONDAY + 12 * HOUR: 0}
    assert used_of(site, "nut") == {MONDAY: 0, MONDAY + 12 * HOUR: 0}


def test_the_imported_past_is_never_written_by_the_ledger(site: Site) -> None:
    """Events of the days before the history ended came in as well."""
    site.use(5, MONDAY - 2 * DAY)
    site.use(6, MONDAY + HOUR)
    close(site, MONDAY + DAY)
    assert min(used_of(site)) == MONDAY


@pytest.mark.parametrize("late_by", [HOUR, 5 * DAY])
def test_a_late_event_is_counted_to_its_shift_however_late_it_is(
    site: Site, late_by: timedelta
) -> None:
    connect(site)
    site.use(5, MONDAY + HOUR)
    close(site, MONDAY + late_by + DAY)
    site.post(
        site.event(EventType.CONSUMED, "SR1.A", MONDAY + 2 * HOUR, "bolt", 7),
        now=MONDAY + late_by + DAY,
    )
    close(site, MONDAY + late_by + DAY)
    assert used_of(site)[MONDAY] == 12


def test_parts_that_were_put_back_were_not_used(site: Site) -> None:
    connect(site)
    site.use(5, MONDAY + HOUR)
    site.post(site.event(EventType.RETURNED, "SR1.A", MONDAY + 2 * HOUR, "bolt", 2))
    assert running(site, MONDAY + 3 * HOUR)[0] == 3.0
    close(site, MONDAY + DAY)
    assert used_of(site)[MONDAY] == 3


def test_closing_again_changes_nothing(any_site: Site) -> None:
    connect(any_site)
    any_site.use(5, MONDAY + HOUR)
    assert close(any_site, MONDAY + DAY) == 4
    with any_site.store.read() as tx:
        seq = changes.latest_seq(tx)
    assert close(any_site, MONDAY + DAY) == 0
    with any_site.store.read() as tx:
        assert changes.latest_seq(tx) == seq


def test_two_that_close_at_once_leave_the_newer_rows(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(site)
    site.use(5, MONDAY + HOUR)
    turns = iter([True])

    def meanwhile(*args: Any) -> int:
        if next(turns, False):  # between its reading and its writing, another one closes
            site.use(7, MONDAY + 2 * HOUR)
            close(site, MONDAY + DAY)
        return write_history(*args)

    monkeypatch.setattr("supplynet.cycle.closing.write_history", meanwhile)
    close(site, MONDAY + DAY)
    assert used_of(site)[MONDAY] == 12


def test_starved_time_hides_demand_and_leaves_use(site: Site) -> None:
    connect(site)
    site.use(50, MONDAY + HOUR)
    stood: dict[str, Any] = {"minutes": 30, "parts": ["bolt"], "ended": True}
    site.post(site.event(EventType.LINE_STARVED, "SR1.A", MONDAY + 2 * HOUR, **stood))
    assert running(site, MONDAY + 3 * HOUR) == [None, None]
    close(site, MONDAY + DAY)
    row = read_history(site.history, end=MONDAY + HOUR).row(0, named=True)
    assert (row["consumed"], row["starved_minutes"], row["demand"]) == (50, 30, None)


def test_a_night_in_which_the_clocks_change_is_one_shift_of_thirteen_hours(site: Site) -> None:
    """Berlin, 24 to 25 October 2026: from 16:00 to 05:00 UTC."""
    calendar = replace(site.plant.calendars[0], time_zone="Europe/Berlin")
    site.plant = replace(site.plant, calendars=(calendar,))
    start = datetime(2026, 10, 24, 16, tzinfo=UTC)
    with site.store.write("test", start) as tx:
        cycle.connect_whole_plant(tx, start)
    for hour in range(13):
        site.use(10, start + hour * HOUR + timedelta(minutes=59))
    cycle.close_shifts(
        site.store, site.history, site.plant, since=start, now=start + timedelta(hours=13)
    )
    frame = read_history(site.history, kind="ledger").filter(pl.col("part_id") == "bolt")
    assert frame.select("period_start", "consumed", "rate").rows() == [(start, 130, 10.0)]
