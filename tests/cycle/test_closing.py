"""The history follows the ledger: step by step, all at once, and summed up by hand."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Account, reverse
from supplynet.storage import Store, ledger, open_store
from supplynet.storage.history import changed_rows, read_history

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_ids = count(1)
MakeSite = Callable[[], Any]


@pytest.fixture
def fresh(site: Site, sqlite_template: Path, tmp_path: Path) -> Iterator[MakeSite]:
    """Makes a site with empty books each time: hypothesis wants many in one test."""
    made: list[Store] = []

    def make() -> Site:
        folder = tmp_path / f"site-{next(_ids)}"
        folder.mkdir()
        shutil.copy(sqlite_template, folder / "books.db")
        made.append(open_store(f"sqlite:///{folder / 'books.db'}"))
        return type(site)(store=made[-1], history=folder / "history")

    yield make
    for store in made:
        store.close()


def close(site: Site, now: datetime) -> int:
    return cycle.close_shifts(site.store, site.history, site.plant, since=MONDAY, now=now)


def close_and_be_killed(site: Site, now: datetime) -> None:
    """After the files, and before the books know of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("supplynet.cycle.closing._keep", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            close(site, now)


def rebuild(site: Site, now: datetime) -> int:
    return cycle.rebuild_history(site.store, site.history, site.plant, since=MONDAY, now=now)


def faults(site: Site) -> list[str]:
    with site.store.read() as tx:
        return cycle.history_faults(tx, site.history, site.plant)


def summed_by_hand(site: Site) -> Counter[tuple[str, str, datetime]]:
    """Use by (line, part, start of the shift), movement by movement."""
    total: Counter[tuple[str, str, datetime]] = Counter()
    with site.store.read() as tx:
        for move in ledger.movements_between(tx):
            for place, account, sign in (
                (move.to_location, move.to_account, 1),
                (move.from_location, move.from_account, -1),
            ):
                if account is Account.CONSUMED:
                    shift = site.plant.calendar_of(place).shift_of(move.occurred_at)
                    assert shift is not None
                    total[place, move.part_id, shift.start] += sign * move.quantity
    return total


def undo_one(site: Site, number: int, now: datetime) -> None:
    """Reverse one of the uses so far, if there is any that was not reversed."""
    with site.store.write("ann", now) as tx:
        moves = ledger.movements_between(tx, to_accounts=[Account.CONSUMED])
        gone = {move.reverses for move in ledger.movements_between(tx)}
        left = [move for move in moves if move.movement_id not in gone]
        if left:
            wrong = left[number % len(left)]
            name = f"undo-{next(_ids)}"
            undo = reverse(
                wrong, movement_id=name, recorded_at=now, actor="ann", reason="scanned twice"
            )
            ledger.append_movements(tx, [undo])


_reports = st.tuples(
    st.sampled_from(["use", "use", "counter", "return", "starved", "undo"]),
    st.integers(0, 47),  # hours late
    st.integers(0, 20),
)
_turns = st.lists(st.tuples(st.integers(1, 30), st.lists(_reports, max_size=4)), max_size=5)


def report(site: Site, kind: str, at: datetime, quantity: int) -> Event | None:
    if kind == "use":
        return site.event(EventType.CONSUMED, "SR1.A", at, "bolt", quantity)
    if kind == "counter":
        return site.event(EventType.COUNTER, "SR1.A", at, "nut", quantity)
    if kind == "return":
        return site.event(EventType.RETURNED, "SR1.A", at, "bolt", quantity)
    return site.event(EventType.LINE_STARVED, "SR1.A", at) if kind == "starved" else None


def play(site: Site, turns: list[tuple[int, list[tuple[str, int, int]]]]) -> datetime:
    """After so many hours each turn's reports come in, some late, and the shifts are closed."""
    now = MONDAY
    for hours, reports in turns:
        now += hours * HOUR
        for kind, late, quantity in reports:
            made = report(site, kind, max(now - late * HOUR, MONDAY), quantity)
            if made is not None:
                site.post(made, now=now)
            elif kind == "undo":
                undo_one(site, quantity, now)
        close(site, now)
    return now


@settings(max_examples=15)
@given(turns=_turns)
def test_step_by_step_all_at_once_and_by_hand_are_the_same(
    fresh: MakeSite, turns: list[tuple[int, list[tuple[str, int, int]]]]
) -> None:
    check_that_all_agree(fresh(), turns)


@pytest.mark.drill
@settings(max_examples=1000)
@given(turns=_turns)
def test_step_by_step_all_at_once_and_by_hand_are_the_same_1000_times(
    fresh: MakeSite, turns: list[tuple[int, list[tuple[str, int, int]]]]
) -> None:
    made = fresh()
    with closing(made.store):
        check_that_all_agree(made, turns)


def check_that_all_agree(site: Site, turns: list[tuple[int, list[tuple[str, int, int]]]]) -> None:
    now = play(site, turns)
    step_by_step = read_history(site.history, kind="ledger")
    assert faults(site) == []
    rebuild(site, now)
    assert read_history(site.history, kind="ledger").equals(step_by_step)
    assert faults(site) == []
    by_hand = summed_by_hand(site)
    for line, part, start, consumed in step_by_step.select(
        "location_id", "part_id", "period_start", "consumed"
    ).iter_rows():
        assert consumed == max(by_hand[line, part, start], 0)


def test_a_late_report_opens_its_own_shift_and_no_other(site: Site) -> None:
    with site.store.write("test", MONDAY) as tx:
        cycle.connect_whole_plant(tx, MONDAY)
    site.use(5, MONDAY + HOUR)
    assert close(site, MONDAY + 4 * DAY) == 16  # 2 parts, 8 shifts
    site.post(site.event(EventType.CONSUMED, "SR1.A", MONDAY + 2 * DAY, "bolt", 7), now=MONDAY)
    assert close(site, MONDAY + 4 * DAY) == 1
    assert close(site, MONDAY + 4 * DAY) == 0


def test_a_report_of_before_the_first_one_makes_the_series_known_from_then_on(site: Site) -> None:
    site.use(5, MONDAY + DAY)
    close(site, MONDAY + 2 * DAY)
    site.post(site.event(EventType.CONSUMED, "SR1.A", MONDAY, "bolt", 3), now=MONDAY + 2 * DAY)
    close(site, MONDAY + 2 * DAY)
    frame = read_history(site.history, kind="ledger")
    assert frame["consumed"].to_list() == [3, 0, 5, 0]


def test_a_history_that_says_something_else_is_found_and_made_again(site: Site) -> None:
    site.use(5, MONDAY)
    close(site, MONDAY + DAY)
    path = site.history / "ledger" / "2026-01.parquet"
    right = pl.read_parquet(path)
    right.with_columns(consumed=pl.col("consumed") + 1).write_parquet(path)
    found = faults(site)
    assert [fault for fault in found if "SR1.A/bolt in site/2026-01-05/day says 6" in fault]
    assert len(found) == 2
    path.unlink()
    assert "says None, the ledger 5; run supplynet history rebuild" in faults(site)[0]
    assert rebuild(site, MONDAY + DAY) == 2
    assert pl.read_parquet(path).equals(right)
    assert faults(site) == []


def test_a_closing_that_was_killed_before_the_books_knew_is_no_fault(site: Site) -> None:
    site.use(5, MONDAY)
    close(site, MONDAY + DAY)
    site.post(site.event(EventType.CONSUMED, "SR1.A", MONDAY, "bolt", 7), now=MONDAY + DAY)
    close_and_be_killed(site, MONDAY + DAY)
    assert faults(site) == []
    assert close(site, MONDAY + DAY) == 0
    assert read_history(site.history)["consumed"].to_list() == [12, 0]


def test_nor_is_the_first_one_of_all(site: Site) -> None:
    """The books know of no closing; the files say 5, the ledger 12; 6 it never said."""
    site.use(5, MONDAY)
    close_and_be_killed(site, MONDAY + DAY)
    site.post(site.event(EventType.CONSUMED, "SR1.A", MONDAY, "bolt", 7), now=MONDAY + DAY)
    assert faults(site) == []
    path = site.history / "ledger" / "2026-01.parquet"
    pl.read_parquet(path).with_columns(consumed=pl.col("consumed") + 1).write_parquet(path)
    assert "SR1.A/bolt from 2026-01-05 06:00Z on says 6, the ledger never did" in faults(site)[0]
    close(site, MONDAY + DAY)
    assert faults(site) == []


def test_nor_is_one_after_which_more_was_reported(site: Site) -> None:
    """5 when it was closed, 15 now; 12 is what the files were written with, 13 it never was."""
    site.use(5, MONDAY)
    close(site, MONDAY + DAY)
    site.post(site.event(EventType.CONSUMED, "SR1.A", MONDAY, "bolt", 7), now=MONDAY + DAY)
    close_and_be_killed(site, MONDAY + DAY)
    site.post(site.event(EventType.CONSUMED, "SR1.A", MONDAY, "bolt", 3), now=MONDAY + DAY)
    assert faults(site) == []
    path = site.history / "ledger" / "2026-01.parquet"
    pl.read_parquet(path).with_columns(consumed=pl.col("consumed") + 1).write_parquet(path)
    assert "says 13, the ledger 5" in faults(site)[0]
    close(site, MONDAY + DAY)
    assert read_history(site.history)["consumed"].to_list()[0] == 15


def test_rows_of_a_line_that_is_gone_stay_and_months_that_are_empty_go(site: Site) -> None:
    site.use(5, MONDAY)
    close(site, MONDAY + 40 * DAY)
    assert len(list((site.history / "ledger").glob("*.parquet"))) == 2
    frame = read_history(site.history, kind="ledger")
    before = frame.filter(pl.col("period_start") < MONDAY + 2 * DAY)
    other = before.with_columns(location_id=pl.lit("SR9.A"))
    pl.concat([frame, other]).filter(pl.col("period_start").dt.month() == 1).write_parquet(
        site.history / "ledger" / "2026-01.parquet"
    )
    assert rebuild(site, MONDAY + 2 * DAY) == frame.height + other.height
    assert changed_rows(site.history, "ledger", other).is_empty()


def test_without_any_report_there_is_no_history(site: Site) -> None:
    assert rebuild(site, MONDAY + DAY) == 0
    assert faults(site) == []
    assert not read_history(site.history, kind="ledger").height
