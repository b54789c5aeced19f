"""An odd shift from the report to the answer: one incident, one alert, one order held back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.core.orders import Order
from supplynet.errors import ConflictingContent, InvalidInput, NotFound
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.shift_mean import ShiftMean
from supplynet.frames.demand import observe
from supplynet.frames.panel import shift_periods
from supplynet.replenish.min_max import MinMax
from supplynet.services import anomalies, plant_detector
from supplynet.services.books import Books
from supplynet.services.forecasting import history_panel
from supplynet.services.orders import Said
from supplynet.storage import alerts, orders
from supplynet.storage import anomalies as anomaly_rows
from supplynet.storage.anomalies import AnomalyState
from supplynet.storage.history import write_history

MONDAY = datetime(2026, 1, 5, 5, tzinfo=UTC)
"""06:00 in Berlin: the day shift begins."""
HOUR = timedelta(hours=1)
EVENING = MONDAY + 12 * HOUR
MARA = Said(actor="mara", reason="a rush job")


@dataclass(frozen=True)
class Life:
    """The small plant after six weeks of about 100 bolts a shift, planned by levels."""

    books: Books
    policy: MinMax

    def post(self, kind: EventType, place: str, quantity: int, at: datetime, **data: Any) -> None:
        event = Event(
            source="plc-7",
            event_id=f"{kind.value}-{place}-{at:%H%M}",
            type=kind,
            occurred_at=at,
            location_id=place,
            part_id="bolt",
            quantity=quantity,
            data=data,
        )
        books = self.books
        cycle.take_in(books.store, books.plant, [event], actor="test", now=at)

    def plan(self) -> cycle.Plan:
        books = self.books
        panel = history_panel(books).until(MONDAY)
        calendar = books.plant.calendars[0]
        ahead = shift_periods(calendar, MONDAY, MONDAY + timedelta(days=30))
        forecaster = BoundForecaster(
            predictor=ShiftMean().fit(panel),
            history=panel,
            calendar=(*panel.periods, *ahead),
            model_version="test",
        )
        plan, _ = cycle.run(
            books.store,
            books.workspace.history,
            books.plant,
            forecaster,
            self.policy,
            actor="planner",
            now=books.now(),
            paths=200,
            seed=1,
            watcher=plant_detector.watcher_of(books),
            unseen=books.settings.anomaly_unseen,
        )
        return plan

    def automate(self) -> list[Order]:
        books, now = self.books, self.books.now()
        done, _ = cycle.release_due(
            books.store,
            books.plant,
            actor="automation",
            now=now,
            until=now + timedelta(days=1),
            hold=True,
        )
        return done

    def alerts(self) -> list[str]:
        with self.books.store.read() as tx:
            return [each.message for each in alerts.open_alerts(tx) if each.kind == "anomaly"]

    def order(self, order: Order) -> Order:
        with self.books.store.read() as tx:
            return orders.get(tx, order.order_id)


MakeLife = Callable[[int], Life]


@pytest.fixture
def life(small_books: Books) -> MakeLife:
    """The evening after the line has reported 812 bolts; so many lay at SR1 in the morning."""

    def make(in_the_morning: int) -> Life:
        books = replace(small_books, wall_clock=lambda: EVENING)
        _six_weeks(books)
        with books.store.write("test", MONDAY) as tx:
            cycle.connect_whole_plant(tx, MONDAY)
        levels = {("SR1", "bolt"): (1000, 2200)}
        made = Life(books, MinMax(thresholds=levels))
        made.post(EventType.COUNTED, "WH1", 5000, MONDAY)
        made.post(EventType.COUNTED, "SR1", in_the_morning, MONDAY)
        made.post(EventType.CONSUMED, "SR1.A", 812, MONDAY + 3 * HOUR)
        return made

    return make


def _six_weeks(books: Books) -> None:
    calendar = books.plant.calendars[0]
    periods = shift_periods(calendar, MONDAY - timedelta(days=42), MONDAY)
    rows = [
        {
            "location_id": "SR1.A",
            "part_id": "bolt",
            "period_start": period.start,
            "shift": period.shift,
            "consumed": 95 + 7 * number % 11,
            "starved_minutes": 0,
            "stopped_minutes": 0,
            "minutes": 720,
        }
        for number, period in enumerate(periods)
    ]
    frame = pl.DataFrame(rows, schema_overrides={"period_start": pl.Datetime("us", "UTC")})
    write_history(books.workspace.history, "imported", observe(frame, pl.col("minutes")))


def test_the_whole_life_of_a_record_that_cannot_be_right(life: MakeLife) -> None:
    plant = life(500)
    (proposal,) = plant.plan().proposals
    assert proposal.quantity == 2200  # the books say -312, which counts as none

    (row,), _ = anomalies.list_anomalies(plant.books)
    assert (row["location_id"], row["parts"], row["state"]) == ("SR1.A", ["bolt"], "open")
    assert not row["believed"]
    assert "Forecasts leave it out until then" in row["next_step"]
    assert plant.alerts() == [row["sentence"]]

    (cut,) = plant.automate()
    assert cut.order_id == proposal.order_id
    assert cut.quantity == 1810  # 2,200 less the 390 or so that lie there still
    assert "390 of 2,200 held back: 812 used where 10" in cut.explanation["why"]
    assert "the books say -312" in cut.explanation["why"]
    assert "Held back: 390 of 2,200 of bolt" in plant.alerts()[0]

    answered = anomalies.answer(plant.books, row["anomaly_id"], AnomalyState.REAL, MARA)
    assert (answered["state"], answered["answered_by"], answered["note"]) == (
        "real",
        "mara",
        "a rush job",
    )
    assert answered["believed"]
    assert history_panel(plant.books, unseen=True).demand[0, -1] == 812
    assert plant.order(cut).quantity == 2200
    assert plant.alerts() == []
    plant.plan()
    (again,), _ = anomalies.list_anomalies(plant.books)
    assert (again["state"], plant.alerts()) == ("real", [])


@pytest.mark.parametrize("in_the_morning", [812, 900, 1600])
def test_what_may_be_a_real_surge_is_sent_at_once_and_people_are_asked(
    life: MakeLife, in_the_morning: int
) -> None:
    plant = life(in_the_morning)
    (proposal,) = plant.plan().proposals
    (sent,) = plant.automate()
    assert (sent.quantity, sent.proposed_quantity) == (proposal.quantity, None)
    (message,) = plant.alerts()
    assert "812 used" in message
    assert "Held back" not in message
    assert plant.automate() == []


def test_a_wrong_record_is_left_out_of_what_models_learn_and_the_booking_is_named(
    life: MakeLife,
) -> None:
    plant = life(1600)
    plant.plan()
    plant.automate()
    (row,), _ = anomalies.list_anomalies(plant.books)
    assert history_panel(plant.books).demand[0, -1] == 812
    assert str(history_panel(plant.books, unseen=True).demand[0, -1]) == "nan"
    said = Said(actor="mara", reason="scanned twice")
    done = anomalies.answer(plant.books, row["anomaly_id"], AnomalyState.WRONG_RECORD, said)
    assert "supplynet stock undo" in done["next_step"]
    panel = history_panel(plant.books)
    assert str(panel.demand[0, -1]) == "nan"
    assert panel.demand[0, -2] > 0
    found = anomalies.get_anomaly(plant.books, row["anomaly_id"])
    (booking,) = found["bookings"]
    assert (booking["quantity"], booking["part_id"]) == (812, "bolt")
    moves = [order.quantity for order in plant.automate()]
    assert moves == []  # what was cut stays cut: it may lie there still


def test_one_is_shown_with_what_was_used_and_expected_around_it(life: MakeLife) -> None:
    plant = life(1600)
    plant.plan()
    (row,), _ = anomalies.list_anomalies(plant.books)
    series = anomalies.get_anomaly(plant.books, row["anomaly_id"])["series"]
    assert len(series) == 29  # two weeks of two shifts, and its own
    last = series[-1]
    assert (last["observed"], last["odd"], last["shift"]) == (812, True, "day")
    assert last["low"] <= last["expected"] <= last["high"] < 812
    assert last["score"] > 0.5
    assert [point["odd"] for point in series[:-1]] == [False] * 28


def test_an_answer_is_given_once_under_its_key(life: MakeLife) -> None:
    plant = life(1600)
    plant.plan()
    (row,), _ = anomalies.list_anomalies(plant.books)
    said = replace(MARA, key="k1")
    first = anomalies.answer(plant.books, row["anomaly_id"], AnomalyState.DISMISSED, said)
    again = anomalies.answer(plant.books, row["anomaly_id"], AnomalyState.DISMISSED, said)
    assert (first["state"], again["state"]) == ("dismissed", "dismissed")
    with pytest.raises(ConflictingContent):
        anomalies.answer(plant.books, row["anomaly_id"], AnomalyState.REAL, said)
    with pytest.raises(NotFound, match="anomalies list"):
        anomalies.answer(plant.books, "none", AnomalyState.REAL, MARA)
    with pytest.raises(InvalidInput, match="no answer"):
        anomalies.answer(plant.books, row["anomaly_id"], AnomalyState.OPEN, MARA)


def test_the_list_is_narrowed_and_paged(life: MakeLife) -> None:
    plant = life(1600)
    plant.plan()

    def count(**wanted: Any) -> int:
        return len(anomalies.list_anomalies(plant.books, anomalies.Filter(**wanted))[0])

    assert count(states=[AnomalyState.OPEN], location_id="SR1.A", part_id="bolt") == 1
    assert count(part_id="nut") == count(since=EVENING) == count(states=[AnomalyState.REAL]) == 0
    rows, following = anomalies.list_anomalies(plant.books, limit=1)
    assert (len(rows), following) == (1, None)


def test_where_nothing_is_watched_an_answer_tells_of_no_other(life: MakeLife) -> None:
    plant = life(1600)
    plant.plan()
    (row,), _ = anomalies.list_anomalies(plant.books)
    off = plant.books.settings.model_copy(update={"anomaly_alarms_per_week": 0.0})
    silent = replace(plant, books=replace(plant.books, settings=off))
    silent.plan()
    assert silent.alerts() == []
    with plant.books.store.read() as tx:
        known = anomaly_rows.get(tx, row["anomaly_id"])
    with plant.books.store.write("test", EVENING) as tx:
        anomaly_rows.add(tx, replace(known, anomaly_id="other"))
    anomalies.answer(silent.books, row["anomaly_id"], AnomalyState.REAL, MARA)
    assert silent.alerts() == []


def test_one_of_a_line_that_left_the_plant_is_shown_without_its_series(life: MakeLife) -> None:
    plant = life(1600)
    plant.plan()
    (row,), _ = anomalies.list_anomalies(plant.books)
    with plant.books.store.read() as tx:
        known = anomaly_rows.get(tx, row["anomaly_id"])
    with plant.books.store.write("test", EVENING) as tx:
        anomaly_rows.add(tx, replace(known, anomaly_id="other", location_id="SR9.GONE"))
    assert anomalies.get_anomaly(plant.books, "other")["series"] == []
