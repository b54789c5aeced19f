from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from supplynet.frames.demand import DEMAND_SCHEMA
from supplynet.frames.synthetic import history_of
from supplynet.frames.synthetic.effects import no_effects
from supplynet.frames.synthetic.line_events import EVENTS_SCHEMA, event_lines, standstill_events
from supplynet.frames.synthetic.scenario import SupplyShape

if TYPE_CHECKING:
    from tests.frames.synthetic.conftest import World


def test_a_starved_line_names_the_part_that_it_lacks(world: World) -> None:
    """One bolt a shift for a week, then ten thousand in one: it stands to the end of that shift."""
    made = world({("A", "bolt"): [1] * 14 + [10_000, 1]}, 16)
    shape = SupplyShape(plays=True, halts_per_line_month=0, late_share=0)
    history = history_of(made, shape, seed=1)
    lines = pl.concat(standstill_events(history.demand, history.effects))
    starved = lines.filter(pl.col("type") == "line_starved").row(0, named=True)
    minutes = history.demand.filter(pl.col("starved_minutes") > 0)["starved_minutes"][0]
    assert json.loads(starved["data"]) == {"minutes": minutes, "parts": ["bolt"], "ended": False}
    assert starved["occurred_at"] == datetime(2025, 1, 13, 17, 59, 59, tzinfo=UTC)
    assert "line_resumed" in lines["type"].to_list() or history.demand["consumed"][-1] == 0


def test_reports_add_up_to_the_shift_in_which_the_line_stood() -> None:
    """Stopped 06:00 to 07:00, ran to 16:00, starved to 18:00; in the night it runs again."""
    day, night = (datetime(2025, 1, 6, hour, tzinfo=UTC) for hour in (6, 18))
    rows = [
        ("A", "bolt", day, "day", 90, 120, 60, 10.0, None),
        ("A", "bolt", night, "night", 120, 0, 0, 10.0, 120.0),
    ]
    demand = pl.DataFrame(rows, schema=DEMAND_SCHEMA, orient="row")
    found = pl.concat(standstill_events(demand, no_effects()))
    assert found.schema == EVENTS_SCHEMA
    assert found.select("type", "occurred_at", "data").rows() == [
        ("line_stopped", datetime(2025, 1, 6, 6, 59, 59, tzinfo=UTC), '{"minutes":60}'),
        (
            "line_starved",
            datetime(2025, 1, 6, 17, 59, 59, tzinfo=UTC),
            '{"minutes":120,"parts":[],"ended":false}',
        ),
        ("line_resumed", night, "{}"),
    ]


def test_a_line_that_used_nothing_in_the_next_shift_has_not_gone_on() -> None:
    day, night = (datetime(2025, 1, 6, hour, tzinfo=UTC) for hour in (6, 18))
    rows = [
        ("A", "bolt", day, "day", 0, 720, 0, None, None),
        ("A", "bolt", night, "night", 0, 720, 0, None, None),
    ]
    demand = pl.DataFrame(rows, schema=DEMAND_SCHEMA, orient="row")
    found = pl.concat(standstill_events(demand, no_effects()))
    assert found["type"].to_list() == ["line_starved", "line_starved"]


def test_names_and_texts_of_any_language_are_proper_json() -> None:
    row = {"event_id": 'ü"-1', "source": "Ä", "type": "consumed", "location_id": "Ä", "data": "{}"}
    frame = pl.DataFrame([row]).with_columns(
        occurred_at=datetime(2025, 1, 6, 6, tzinfo=UTC), part_id=pl.lit(None), quantity=12
    )
    (line,) = event_lines(frame)
    assert json.loads(line) == {
        "schema": 1,
        "event_id": 'ü"-1',
        "source": "Ä",
        "type": "consumed",
        "occurred_at": "2025-01-06T06:00:00Z",
        "location_id": "Ä",
        "part_id": None,
        "quantity": 12,
        "data": {},
    }
