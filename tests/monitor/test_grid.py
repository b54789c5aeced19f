"""Cells of the grid and the last safe departure, in clock times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from supplynet.core.network import LocationKind
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.monitor.grid import PlanRisk, SafeDepartures, grid_document
from supplynet.simulate.model import PlantModel, compile_plant
from supplynet.simulate.risk import RiskGrid, RunOut

START = datetime(2026, 1, 5, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEVER = RunOut(early=None, likely=None, late=None)


@pytest.fixture(scope="module")
def model() -> PlantModel:
    return compile_plant(tiny_plant(), start=START, end=START + timedelta(days=7))


@pytest.fixture(scope="module")
def risk_of(model: PlantModel) -> Callable[[float], RiskGrid]:
    def make(chance: float) -> RiskGrid:
        shape = (len(model.lines), len(model.shifts))
        return RiskGrid(
            model=model,
            risk=np.full(shape, chance),
            culprit=np.zeros(shape, dtype=np.int32),
            runs_out=(RunOut(early=START + 30 * HOUR, likely=START + 31 * HOUR, late=None),)
            * len(model.pairs),
            lost_minutes=np.zeros(shape[0]),
            lost_minutes_of_cell=np.full(shape, 60 * chance),
            lost_minutes_of_pair=np.zeros(len(model.pairs)),
        )

    return make


def test_a_cell_shows_the_risk_if_the_policy_goes_on_and_without_it(
    model: PlantModel, risk_of: Callable[[float], RiskGrid]
) -> None:
    risk = PlanRisk(committed=risk_of(0.4), with_proposals=risk_of(0.2), continues=risk_of(0.0001))
    document = grid_document(model, risk)
    assert [shift["shift_id"] for shift in document["shifts"]][:2] == [
        "SR1/2026-01-05/day",
        "SR1/2026-01-05/night",
    ]
    line = document["lines"][0]
    assert (line["showroom_id"], line["station_id"]) == ("SR1", "SR1.ST1")
    cell = line["cells"][0]
    assert (cell["risk"], cell["risk_committed"], cell["risk_with_proposals"]) == (0.0, 0.4, 0.2)
    assert (cell["lost_minutes"], cell["lost_minutes_committed"]) == (0.01, 24.0)
    assert cell["part_id"] == model.pairs[0][1]
    assert cell["runs_out_at"] == "2026-01-06T12:00:00Z"
    assert (cell["runs_out_early"], cell["runs_out_late"]) == ("2026-01-06T11:00:00Z", None)


def test_every_pair_says_how_long_it_lasts_and_when_it_runs_out(
    model: PlantModel, risk_of: Callable[[float], RiskGrid]
) -> None:
    risk = PlanRisk(committed=risk_of(0.4), with_proposals=risk_of(0.2), continues=risk_of(0.1))
    pairs, shifts = len(model.pairs), len(model.shifts)
    stock = np.full(pairs, 25, dtype=np.int32)
    document = grid_document(model, risk, stock, np.full((pairs, shifts), 10.0))
    first = document["pairs"][0]
    assert len(document["pairs"]) == pairs
    assert (first["location_id"], first["part_id"]) == model.pairs[0]
    assert (first["on_hand"], first["cover_shifts"]) == (25, 2.5)
    assert first["runs_out_early"] == "2026-01-06T11:00:00Z"
    assert first["last_departure_at"] is not None


def test_the_last_safe_departure_arrives_in_time_even_when_it_is_late(model: PlantModel) -> None:
    lane = model.plant.lane_by_id[model.lanes[0]]
    longest = timedelta(minutes=lane.transit.high)
    early = START + 48 * HOUR
    safe = SafeDepartures(model).last(0, RunOut(early=early, likely=early, late=early))
    assert safe is not None
    assert safe + longest <= early < safe + 12 * HOUR + longest


def test_there_is_none_when_it_is_too_late_or_nothing_runs_out(model: PlantModel) -> None:
    soon = START + timedelta(minutes=30)
    departures = SafeDepartures(model)
    assert departures.last(0, RunOut(early=soon, likely=soon, late=soon)) is None
    assert departures.last(0, NEVER) is None


def test_a_line_without_a_station_has_none(model: PlantModel) -> None:
    assert model.plant.ancestor("SR1.ST1.A", LocationKind.STATION) == "SR1.ST1"
    assert model.plant.ancestor("SR1", LocationKind.STATION) is None
