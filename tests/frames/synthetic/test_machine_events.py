from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.core.network import Plant
from supplynet.errors import InvalidInput, StoreError
from supplynet.frames.synthetic import SyntheticHistory, generate_demand, history_of, tiny_plant
from supplynet.frames.synthetic.effects import EFFECTS_SCHEMA
from supplynet.frames.synthetic.line_events import EVENTS_SCHEMA, write_events
from supplynet.frames.synthetic.machine_events import MachineEvents, machine_events
from supplynet.frames.synthetic.scenario import Defects, DemandShape, SupplyShape
from supplynet.storage import Store
from supplynet.storage.history import read_history

if TYPE_CHECKING:
    from tests.frames.synthetic.conftest import World

START = date(2025, 1, 6)
SERIES = ["location_id", "part_id"]
SHORT = SupplyShape(plays=True, safety_z=-1, late_share=0.3, halts_per_line_month=20)
SLOPPY = Defects(late_events=0.1, late_minutes=100, duplicate_events=0.1)


@pytest.fixture(scope="module")
def plant() -> Plant:
    return tiny_plant()


@pytest.fixture(scope="module")
def history(plant: Plant) -> SyntheticHistory:
    """Two lines that often starve and sometimes stop."""
    stops = DemandShape(stops_per_period=0.1)
    made = generate_demand(plant, start=START, days=14, seed=1, shape=stops)
    return history_of(made, SHORT, seed=1)


@pytest.fixture(scope="module")
def events(history: SyntheticHistory) -> MachineEvents:
    return machine_events(history, SLOPPY, seed=1)


def once(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.unique(["source", "event_id"], keep="first", maintain_order=True)


def read_lines(path: Path) -> list[Event]:
    """Events of a file of JSON lines, as anyone who takes them in would read them."""
    found = []
    for line in path.read_text().splitlines():
        told = json.loads(line)
        assert told.pop("schema") == 1
        moment = datetime.fromisoformat(told.pop("occurred_at"))
        found.append(Event(**{**told, "type": EventType(told["type"]), "occurred_at": moment}))
    return found


def test_the_events_of_a_period_sum_to_what_was_used(
    history: SyntheticHistory, events: MachineEvents
) -> None:
    used = once(events.frame).filter(pl.col("type") == "consumed")
    total = used.group_by(SERIES).agg(pl.col("quantity").sum()).sort(SERIES)
    expected = history.demand.group_by(SERIES).agg(quantity=pl.col("consumed").sum()).sort(SERIES)
    assert total.equals(expected)
    assert (used["quantity"] > 0).all()


def test_ten_parts_are_reported_in_four_events_at_different_times(world: World) -> None:
    """Each quarter of the shift has one: between 06:00 and 09:00 the first, and so on."""
    history = history_of(world({("A", "bolt"): 10}, 1), SupplyShape(halts_per_line_month=0), seed=1)
    frame = machine_events(history, Defects(), seed=1).frame
    assert sorted(frame["quantity"].to_list()) == [2, 2, 3, 3]
    assert [moment.hour // 3 for moment in frame["occurred_at"]] == [2, 3, 4, 5]
    assert frame["event_id"].to_list() == [f"bolt-20250106T0600-{n}" for n in (1, 2, 3, 4)]
    fewer = machine_events(history, Defects(), seed=1, per_period=20).frame
    assert fewer["quantity"].to_list() == [1] * 10


@given(
    st.integers(0, 2**32),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=8),
    st.integers(1, 9),
)
def test_no_part_is_lost_between_events(
    world: World, seed: int, wanted: list[int], per_period: int
) -> None:
    made = world({("A", "bolt"): wanted}, len(wanted))
    history = history_of(made, SupplyShape(halts_per_line_month=30), seed=seed)
    events = machine_events(history, SLOPPY, seed=seed, per_period=per_period)
    used = once(events.frame).filter(pl.col("type") == "consumed")
    assert used["quantity"].sum() == history.demand["consumed"].sum()
    assert used.height <= per_period * len(wanted)


def test_parts_are_used_while_the_line_runs(
    history: SyntheticHistory, events: MachineEvents
) -> None:
    used = once(events.frame).filter(pl.col("type") == "consumed").sort("occurred_at")
    rows = history.demand.select(*SERIES, "period_start", "starved_minutes", "stopped_minutes")
    placed = used.join_asof(
        rows.sort("period_start"),
        left_on="occurred_at",
        right_on="period_start",
        by=SERIES,
        check_sortedness=False,
    )
    minute = (pl.col("occurred_at") - pl.col("period_start")).dt.total_seconds() / 60
    runs = placed.select(
        after=minute >= pl.col("stopped_minutes"),
        before=minute < 720 - pl.col("starved_minutes"),
    )
    assert runs["after"].all()
    assert runs["before"].all()
    assert placed["starved_minutes"].max() > 0  # type: ignore[operator]  # a number
    assert placed["stopped_minutes"].max() > 0  # type: ignore[operator]  # a number


def test_events_come_in_the_order_of_their_arrival(events: MachineEvents) -> None:
    assert events.frame.schema == EVENTS_SCHEMA
    assert events.effects.schema == EFFECTS_SCHEMA
    assert events.frame["received_at"].is_sorted()
    assert (events.frame["received_at"] > events.frame["occurred_at"]).all()


def test_late_and_repeated_events_are_all_written_down(events: MachineEvents) -> None:
    used = events.frame.filter(pl.col("type") == "consumed")
    delay = (pl.col("received_at") - pl.col("occurred_at")).dt.total_minutes()
    first = once(used)
    late = set(first.filter(delay > 1).select("source", "event_id").iter_rows())
    again = set(
        used.filter(used.select("source", "event_id").is_duplicated())
        .select("source", "event_id")
        .iter_rows()
    )
    told = {
        kind: set(rows.select("location_id", "detail").iter_rows())
        for (kind,), rows in events.effects.group_by("kind")
    }
    assert told == {"late_event": late, "duplicate_event": again}
    assert len(late) / first.height == pytest.approx(0.1, abs=0.03)
    assert used.height - first.height == len(again)
    minutes = events.effects.filter(pl.col("kind") == "late_event")["strength"]
    assert minutes.mean() == pytest.approx(100, rel=0.1)
    quiet = machine_events_of_nothing_wrong(events)
    assert quiet <= timedelta(seconds=20)


def machine_events_of_nothing_wrong(events: MachineEvents) -> timedelta:
    """The longest way of an event that is neither late nor repeated."""
    wrong = events.effects["detail"].implode()
    fine = events.frame.filter(~pl.col("event_id").is_in(wrong))
    longest = (fine["received_at"] - fine["occurred_at"]).max()
    assert isinstance(longest, timedelta)
    return longest


def test_a_window_has_the_events_that_it_has_in_the_whole(
    history: SyntheticHistory, events: MachineEvents
) -> None:
    start, end = (datetime(2025, 1, day, 5, tzinfo=UTC) for day in (8, 10))
    window = machine_events(history, SLOPPY, seed=1, start=start, end=end)
    inside = pl.col("occurred_at").is_between(start, end, closed="left")
    used = pl.col("type") == "consumed"
    assert window.frame.filter(used).equals(events.frame.filter(inside & used))
    assert window.frame.filter(~used).height > 3


def test_events_read_back_and_taken_in_give_the_same_demand_once(
    history: SyntheticHistory, plant: Plant, sqlite_store: Store, tmp_path: Path
) -> None:
    """The books of a plant with sloppy machines say what the history says, halts and stops too."""
    start, end = (datetime(2025, 1, day, 5, tzinfo=UTC) for day in (6, 13))
    made = machine_events(history, SLOPPY, seed=1, start=start, end=end)
    file = tmp_path / "events.jsonl"
    write_events(made.frame, file)
    batch = read_lines(file)
    with sqlite_store.write("test", start) as tx:
        cycle.connect_whole_plant(tx, start)
    taken = cycle.take_in(sqlite_store, plant, batch, actor="test", now=end)
    again = cycle.take_in(sqlite_store, plant, batch, actor="test", now=end)
    assert taken.new == once(made.frame).height
    assert taken.known == len(batch) - taken.new > 10
    assert (again.new, again.known) == (0, len(batch))
    folder = tmp_path / "history"
    cycle.close_shifts(sqlite_store, folder, plant, since=start, now=end)
    expected = history.demand.filter(pl.col("period_start").is_between(start, end, closed="left"))
    assert expected["starved_minutes"].max() > 0  # type: ignore[operator]  # a number
    assert expected["stopped_minutes"].max() > 0  # type: ignore[operator]  # a number
    assert read_history(folder, kind="ledger").equals(expected)


def test_nothing_happened_makes_no_events(history: SyntheticHistory, tmp_path: Path) -> None:
    empty = replace(history, demand=history.demand.clear())
    made = machine_events(empty, SLOPPY, seed=1)
    assert made.frame.is_empty()
    assert made.frame.schema == EVENTS_SCHEMA
    assert made.effects.is_empty()
    write_events(made.frame, tmp_path / "none.jsonl")
    assert (tmp_path / "none.jsonl").read_text() == ""


def test_what_cannot_be_done_is_refused(history: SyntheticHistory, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="0 events per period report nothing"):
        machine_events(history, SLOPPY, seed=1, per_period=0)
    with pytest.raises(InvalidInput, match="no time zone"):
        machine_events(history, SLOPPY, seed=1, start=datetime(2025, 1, 6))  # noqa: DTZ001 - on purpose
    with pytest.raises(StoreError, match="cannot be written"):
        write_events(pl.DataFrame(schema=EVENTS_SCHEMA), tmp_path / "no" / "events.jsonl")
