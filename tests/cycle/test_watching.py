"""Finished shifts are watched: odd ones are kept once, told once, and closed when they are over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from supplynet import cycle
from supplynet.anomaly.calibrated import Calibrated, CalibratedDetector
from supplynet.anomaly.incident import Kind
from supplynet.core.events import EventType
from supplynet.cycle import watching
from supplynet.cycle.wrong_records import WAITS
from supplynet.errors import HistoryTooShort, StoreError
from supplynet.frames.demand import observe
from supplynet.frames.panel import Panel, shift_periods
from supplynet.storage import alerts, anomalies, audit
from supplynet.storage.alerts import Alert
from supplynet.storage.anomalies import Anomaly, AnomalyState, Held
from supplynet.storage.history import write_history

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHIFT = 12 * HOUR


def usual(number: int, part: str) -> int:
    """About 100 a shift, as a pattern that no two neighbours share."""
    return 100 + (7 * number + (3 if part == "nut" else 0)) % 11 - 5


@dataclass
class Watched:
    """A site whose lines reported for six weeks; its detector, opened again and again."""

    site: Site
    detector: CalibratedDetector
    alarms_per_week: float = 35.0
    opened: list[str] = field(default_factory=list)

    def watcher(self) -> cycle.Watcher:
        def serving() -> tuple[CalibratedDetector, str]:
            self.opened.append("v1")
            return self.detector, "v1"

        return cycle.Watcher(open=serving, alarms_per_week=self.alarms_per_week)

    def shift(self, number: int, bolts: int | None = None) -> datetime:
        """Play a shift from Monday on, with so many bolts; returns its end."""
        start = MONDAY + number * SHIFT
        self.site.use(usual(number, "bolt") if bolts is None else bolts, start + HOUR)
        self.site.use(usual(number, "nut"), start + HOUR, part="nut")
        return start + SHIFT

    def look(self, now: datetime, **other: Any) -> list[Anomaly]:
        site = self.site
        cycle.close_shifts(site.store, site.history, site.plant, since=MONDAY, now=now)
        watcher = other.pop("watcher", None) or self.watcher()
        return cycle.watch(
            site.store, site.history, site.plant, watcher, actor="planner", now=now, **other
        )

    def rows(self) -> list[Anomaly]:
        with self.site.store.read() as tx:
            return anomalies.list_anomalies(tx)

    def told(self) -> list[Alert]:
        with self.site.store.read() as tx:
            found = alerts.open_alerts(tx)
        return [each for each in found if each.kind in watching.KINDS]

    def answer(self, state: AnomalyState, now: datetime) -> None:
        (row,) = self.rows()
        with self.site.store.write("mara", now) as tx:
            anomalies.answer(tx, row.anomaly_id, state)


def imported(site: Site) -> Panel:
    """Six weeks before Monday, written as imported history."""
    periods = shift_periods(site.plant.calendars[0], MONDAY - timedelta(days=42), MONDAY)
    rows = [
        {
            "location_id": "SR1.A",
            "part_id": part,
            "period_start": period.start,
            "shift": period.shift,
            "consumed": usual(number - len(periods), part),
            "starved_minutes": 0,
            "stopped_minutes": 0,
            "minutes": 720,
        }
        for number, period in enumerate(periods)
        for part in ("bolt", "nut")
    ]
    frame = pl.DataFrame(rows, schema_overrides={"period_start": pl.Datetime("us", "UTC")})
    write_history(site.history, "imported", observe(frame, pl.col("minutes")))
    return cycle.recent_panel(site.history, site.plant, 84, until=MONDAY)


@pytest.fixture
def watched(any_site: Site) -> Watched:
    """On SQLite and PostgreSQL."""
    panel = imported(any_site)
    assert panel.demand.shape == (2, 84)
    with any_site.store.write("test", MONDAY) as tx:
        cycle.connect_whole_plant(tx, MONDAY)
    any_site.open_stock(at_line=5000)
    return Watched(any_site, Calibrated(model="robust_seasonal").fit(panel))


def test_an_odd_shift_is_one_row_and_one_alert_however_often_it_is_looked_at(
    watched: Watched,
) -> None:
    now = watched.shift(0, bolts=812)
    (found,) = watched.look(now)
    assert (found.location_id, found.parts, found.state) == ("SR1.A", ("bolt",), "open")
    assert (found.start, found.end, found.observed) == (MONDAY, MONDAY + SHIFT, 812)
    assert found.sizes["bolt"] == pytest.approx(712, abs=6)
    assert found.detector_version == "v1"
    (alert,) = watched.told()
    assert (alert.kind, alert.severity, alert.part_id) == ("anomaly", "warning", "bolt")
    assert alert.message == found.sentence
    before = audit_length(watched)
    assert watched.look(now) == []
    assert watched.opened == ["v1"]
    assert watched.rows() == [found]
    assert audit_length(watched) == before


def audit_length(watched: Watched) -> int:
    with watched.site.store.read() as tx:
        return audit.head(tx)[0]


def test_usual_shifts_are_no_news(watched: Watched) -> None:
    for number in range(6):
        assert watched.look(watched.shift(number)) == []
    assert (watched.rows(), watched.told()) == ([], [])


def test_one_that_goes_on_stays_one_row(watched: Watched) -> None:
    (first,) = watched.look(watched.shift(0, bolts=812))
    (second,) = watched.look(watched.shift(1, bolts=790))
    assert second.anomaly_id == first.anomaly_id
    assert (second.periods, second.seen_at, second.end) == (2, first.seen_at, MONDAY + 2 * SHIFT)
    assert len(watched.rows()) == 1
    assert len(watched.told()) == 1


def test_an_answered_one_stays_answered_while_it_is_the_same(watched: Watched) -> None:
    now = watched.shift(0, bolts=812)
    watched.look(now)
    watched.answer(AnomalyState.REAL, now)
    now = watched.shift(1, bolts=790)
    watched.look(now)
    (row,) = watched.rows()
    assert (row.state, row.answered_by, row.periods) == ("real", "mara", 2)
    assert watched.told() == []


def test_a_late_report_that_makes_it_usual_ends_it(watched: Watched) -> None:
    now = watched.shift(0, bolts=2)
    (row,) = watched.look(now)
    assert row.size < 0
    watched.site.post(
        watched.site.event(EventType.CONSUMED, "SR1.A", MONDAY + 2 * HOUR, "bolt", 99), now=now
    )
    (after,) = watched.look(now)
    assert (after.state, after.note) == ("over", "later reports have changed the record")
    assert watched.told() == []


def test_a_count_or_three_days_end_what_nobody_answers(watched: Watched) -> None:
    watched.look(watched.shift(0, bolts=812))
    now = watched.shift(1)
    watched.look(now)
    assert len(watched.told()) == 1  # over, but the books may be wrong still
    watched.site.count("SR1", "bolt", 4000, at=now)
    (row,) = watched.look(now)
    assert (row.state, row.note) == ("over", "the parts were counted since")
    assert watched.told() == []


def test_what_nobody_answers_is_over_in_the_end(watched: Watched) -> None:
    watched.look(watched.shift(0, bolts=812))
    for number in range(1, 8):
        now = watched.shift(number)
        watched.look(now)
    (row,) = watched.rows()
    assert (row.state, row.ongoing) == ("over", False)
    assert row.note == "nobody answered within 3 days of its end"


def test_a_look_that_was_killed_is_done_by_the_next(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = watched.shift(0, bolts=812)
    with monkeypatch.context() as patch:
        patch.setattr("supplynet.cycle.watching.tell", lambda _tx: 1 / 0)
        assert watched.look(now) == []
    assert watched.rows() == []
    assert [each.kind for each in watched.told()] == ["anomaly_watch"]
    assert len(watched.look(now)) == 1
    assert [each.kind for each in watched.told()] == ["anomaly"]


def test_a_trouble_of_the_detector_stops_no_plan_and_is_told(any_site: Site) -> None:
    def broken() -> tuple[CalibratedDetector, str]:
        raise StoreError("the file is gone")

    any_site.open_stock()
    watcher = cycle.Watcher(open=broken, alarms_per_week=35.0)
    now = MONDAY + SHIFT
    any_site.plan(MONDAY)
    assert any_site.forecaster is not None
    plan, _ = cycle.run(
        any_site.store,
        any_site.history,
        any_site.plant,
        any_site.forecaster,
        any_site.policy,
        actor="planner",
        now=now,
        paths=50,
        seed=1,
        watcher=watcher,
    )
    assert plan.proposals
    with any_site.store.read() as tx:
        (told,) = [each for each in alerts.open_alerts(tx) if each.kind == "anomaly_watch"]
    assert told.message == "Anomalies are not watched: StoreError: the file is gone"


def test_what_needs_no_detector_is_watched_without_one(watched: Watched) -> None:
    site, now = watched.site, watched.shift(0, bolts=812)
    watched.look(now)

    def broken() -> tuple[CalibratedDetector, str]:
        raise StoreError("the file is gone")

    without = cycle.Watcher(open=broken, alarms_per_week=35.0)
    now = watched.shift(1)
    site.count("SR1", "nut", 48, at=now - HOUR)
    site.count("SR1", "bolt", 4000, at=now - HOUR)
    site.post(site.event(EventType.LINE_STARVED, "SR1.A", now, parts=["nut"]))
    watched.look(now, watcher=without)
    rows = {row.parts: row for row in watched.rows()}
    assert rows["nut",].kind is Kind.PHANTOM_STOCK
    assert rows["bolt",].excess("bolt") == 0  # counted: an order would bring nothing twice
    assert {each.kind for each in watched.told()} == {"anomaly", "anomaly_watch"}
    watched.look(now)  # it is whole again: the shift that it missed is judged now
    assert watched.opened == ["v1", "v1"]
    assert {each.kind for each in watched.told()} == {"anomaly"}


def test_what_watches_instead_of_a_damaged_one_is_told_until_the_next_look_finds_it_whole(
    watched: Watched,
) -> None:
    said = "v2 is damaged; v1 serves instead"
    instead = replace(watched.watcher(), warning=lambda: said)
    now = watched.shift(0)
    watched.look(now, watcher=instead)
    assert [(each.kind, each.message) for each in watched.told()] == [("anomaly_watch", said)]
    watched.look(now)  # nothing to judge, so nobody has opened it
    assert [each.message for each in watched.told()] == [said]
    watched.look(watched.shift(1))
    assert watched.told() == []


def test_a_wrong_record_that_goes_on_is_asked_about_again(watched: Watched) -> None:
    now = watched.shift(0, bolts=347)
    (row,) = watched.look(now)
    assert row.kind is Kind.SPIKE
    watched.answer(AnomalyState.WRONG_RECORD, now)
    now = watched.shift(1, bolts=352)  # nobody has said that this is wrong, too
    watched.look(now)
    states = {row.end: row.state.value for row in watched.rows()}
    assert states == {MONDAY + SHIFT: "wrong_record", MONDAY + 2 * SHIFT: "open"}
    assert len(watched.told()) == 1
    assert watched.look(now) == []


def test_a_wrong_record_of_a_fault_that_lasts_is_asked_about_once(watched: Watched) -> None:
    now = watched.shift(0, bolts=812)
    (row,) = watched.look(now)
    assert row.kind is Kind.UNIT_JUMP
    watched.answer(AnomalyState.WRONG_RECORD, now)
    watched.look(watched.shift(1, bolts=790))
    (row,) = watched.rows()
    assert (row.state, row.end) == ("wrong_record", MONDAY + 2 * SHIFT)
    assert watched.told() == []


def test_one_that_began_long_ago_and_is_found_no_more_is_over_in_the_end(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supplynet.cycle.judging.JUDGED", 4)
    now = watched.shift(0, bolts=812)
    watched.look(now)
    (row,) = watched.rows()
    assert row.ongoing
    now = [watched.shift(number) for number in range(1, 12)][-1]
    watched.look(now)
    (row,) = watched.rows()
    assert (row.state, row.ongoing) == ("over", False)
    assert watched.told() == []


def test_a_flood_is_told_in_fifty_alerts_and_one_that_says_how_many_more() -> None:
    def row(number: int, *, held: bool = False) -> Anomaly:
        part = f"P{number}"
        return Anomaly(
            anomaly_id=part,
            location_id="SR1.A",
            parts=(part,),
            start=MONDAY,
            end=MONDAY + SHIFT,
            periods=1,
            kind=Kind.SPIKE,
            size=60.0,
            sizes={part: 60.0},
            expected=100.0,
            observed=160.0,
            p_value=1e-9 * (number + 1),
            score=1.0,
            sentence="Odd.",
            ongoing=True,
            detector_version="v1",
            seen_at=MONDAY,
            held=(Held(order_id="o", part_id=part, quantity=9, released=0),) if held else (),
        )

    rows = [row(number) for number in range(999)]
    told = watching.causes([*rows, row(999, held=True)])
    assert len(told) == len({each.open_key for each in told}) == 51
    assert [each.part_id for each in told[:3]] == ["P999", "P0", "P1"]
    assert (told[-1].part_id, told[-1].location_id) == (None, None)
    assert told[-1].message.startswith("950 more oddities wait for an answer")
    assert len(watching.causes(rows[:50])) == 50


def test_a_plant_that_has_just_begun_is_no_trouble(any_site: Site) -> None:
    def too_short() -> tuple[CalibratedDetector, str]:
        raise HistoryTooShort(2, 42)

    watcher = cycle.Watcher(open=too_short, alarms_per_week=35.0)
    site, now = any_site, MONDAY + SHIFT
    assert cycle.watch(site.store, site.history, site.plant, watcher, actor="a", now=now) == []
    with site.store.read() as tx:
        assert alerts.open_alerts(tx) == []


def test_without_a_budget_nothing_is_watched_and_what_is_open_closes(watched: Watched) -> None:
    now = watched.shift(0, bolts=812)
    watched.look(now)
    watched.alarms_per_week = 0.0
    assert watched.look(now) == []
    assert watched.told() == []
    assert len(watched.rows()) == 1


def test_a_line_that_lacks_what_the_books_have_asks_for_a_count(watched: Watched) -> None:
    site, now = watched.site, MONDAY + 2 * HOUR
    site.count("SR1", "bolt", 48, at=MONDAY + HOUR)
    site.post(site.event(EventType.LINE_STARVED, "SR1.A", now, parts=["bolt"]))
    (row,) = watched.look(now)
    assert (row.kind, row.state, row.detector_version) == (Kind.PHANTOM_STOCK, "open", "rule")
    assert row.sizes == {"bolt": -48.0}
    assert "The books say 48 of bolt lie at SR1, line SR1.A says there is none" in row.sentence
    assert "count it" in watched.told()[0].message
    assert watched.look(now) == []
    site.count("SR1", "bolt", 0, at=now + HOUR)
    (over,) = watched.look(now + HOUR)
    assert (over.state, over.note) == ("over", "the parts were counted since")
    assert watched.told() == []


@pytest.mark.parametrize("held", [0, 9])
def test_less_than_a_container_is_no_phantom(watched: Watched, held: int) -> None:
    site = watched.site
    site.count("SR1", "bolt", held, at=MONDAY + HOUR)
    site.post(site.event(EventType.LINE_STARVED, "SR1.A", MONDAY + 2 * HOUR, parts=["bolt"]))
    assert watched.look(MONDAY + 2 * HOUR) == []


def test_parts_that_came_while_the_line_waited_are_no_phantoms(watched: Watched) -> None:
    site, now = watched.site, MONDAY + 4 * HOUR
    site.count("SR1", "bolt", 20, at=MONDAY + HOUR)
    site.use(20, now - timedelta(minutes=1))
    site.post(site.event(EventType.RECEIVED, "SR1", now - HOUR, "bolt", 500, supplier_id="ACME"))
    site.post(site.event(EventType.LINE_STARVED, "SR1.A", now, minutes=90, parts=["bolt"]))
    assert watched.look(now) == []


def test_a_wrong_record_is_not_observed_and_the_history_keeps_it(watched: Watched) -> None:
    site, now = watched.site, watched.shift(0, bolts=812)
    watched.look(now)
    series = (("SR1.A", "bolt"), ("SR1.A", "nut"))

    def seen() -> Any:
        with site.store.read() as tx:
            found = cycle.observe(tx, site.history, site.plant, series, since=MONDAY, now=now)
        return np.nan_to_num(found.demand, nan=-1.0).tolist()

    nuts = float(usual(0, "nut"))
    assert seen() == [[812.0], [nuts]]
    watched.answer(AnomalyState.WRONG_RECORD, now)
    assert seen() == [[-1.0], [nuts]]
    panel = cycle.recent_panel(site.history, site.plant, 1, until=now)
    assert panel.demand[0, 0] == 812
    watched.answer(AnomalyState.REAL, now)
    assert seen() == [[812.0], [nuts]]


def test_what_nobody_has_answered_is_not_observed_for_three_days(watched: Watched) -> None:
    site, now = watched.site, watched.shift(0, bolts=812)
    watched.look(now)
    series = (("SR1.A", "bolt"),)

    def seen(at: datetime, *, unseen: bool = True) -> float:
        with site.store.read() as tx:
            found = cycle.observe(
                tx, site.history, site.plant, series, since=MONDAY, now=at, unseen=unseen
            )
        return float(found.demand[0, 0])

    assert np.isnan(seen(now))
    assert seen(now, unseen=False) == 812
    assert np.isnan(seen(now + timedelta(days=2)))
    assert seen(now + WAITS) == 812  # whatever is told of it then
    (row,) = watched.rows()
    assert not cycle.is_believed(row, now, unseen=True)
    assert cycle.is_believed(row, now, unseen=False)
    for state in (AnomalyState.REAL, AnomalyState.DISMISSED):
        watched.answer(state, now)
        assert seen(now) == 812
    watched.answer(AnomalyState.WRONG_RECORD, now)
    assert np.isnan(seen(now, unseen=False))


def test_of_one_that_goes_on_what_is_older_than_three_days_is_seen(watched: Watched) -> None:
    for number in range(9):
        watched.site.use(usual(number, "nut"), MONDAY + number * SHIFT + HOUR, part="nut")
        now = MONDAY + (number + 1) * SHIFT
        watched.look(now)
    (row,) = [each for each in watched.rows() if each.parts == ("bolt",)]
    assert (row.ongoing, row.state, row.start) == (True, "open", MONDAY)
    with watched.site.store.read() as tx:
        (shown,) = cycle.left_out(tx, now, unseen=True)
    assert (shown.start, shown.end) == (now - WAITS, now)


def test_a_line_that_reports_nothing_is_one_incident_of_the_line(watched: Watched) -> None:
    watched.look(watched.shift(0))
    (row,) = watched.look(MONDAY + 2 * SHIFT)
    assert (row.kind, row.parts, row.periods) == (Kind.DEAD_SENSOR, ("bolt", "nut"), 1)
    assert row.sentence.startswith("Line SR1.A has reported nothing of any of its 2 parts in the")
    assert row.sizes == pytest.approx({"bolt": -100, "nut": -100}, abs=6)
    assert [each.message for each in watched.told()] == [row.sentence]
    (again,) = watched.look(MONDAY + 3 * SHIFT)
    assert (again.anomaly_id, again.periods) == (row.anomaly_id, 2)


def test_what_follows_another_oddity_of_the_part_keeps_its_own_row(watched: Watched) -> None:
    watched.look(watched.shift(0))
    watched.look(MONDAY + 2 * SHIFT)
    now = watched.shift(2, bolts=812)
    for _ in range(2):
        watched.look(now)
        rows = {row.kind: row.parts for row in watched.rows()}
        assert rows.pop(Kind.DEAD_SENSOR) == ("bolt", "nut")
        assert list(rows.values()) == [("bolt",)]


def test_a_count_of_one_part_of_several_ends_its_share_alone(watched: Watched) -> None:
    site, start = watched.site, MONDAY + HOUR
    site.use(812, start)
    site.use(795, start, part="nut")
    now = MONDAY + SHIFT
    watched.look(now)
    site.count("SR1", "bolt", 4000, at=now)
    watched.look(now)
    left = {
        part: row.excess(part)
        for row in watched.rows()
        for part in row.parts
        if row.state == "open"
    }
    assert left["bolt"] == 0
    assert left["nut"] == pytest.approx(695, abs=6)


def test_lines_that_left_the_plant_are_not_judged(watched: Watched) -> None:
    site = watched.site
    other = replace(site.plant, locations=site.plant.locations[:-1], requirements=())
    panel = cycle.recent_panel(site.history, other, 5, until=MONDAY)
    assert panel.series == ()
