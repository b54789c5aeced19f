from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.panel import Panel, shift_periods
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.simulate.model import plant_series
from supplynet.study.replay import fill_unobserved, make_replay, window_sums

START = datetime(2026, 1, 5, 5, tzinfo=UTC)  # 06:00 in Berlin


@pytest.fixture(scope="module")
def plant() -> Plant:
    return tiny_plant()


def panel_of(plant: Plant, days: int, per_shift: int = 24) -> Panel:
    series = plant_series(plant)
    calendar = plant.calendar_of(series[0][0])
    periods = shift_periods(calendar, START, START + timedelta(days=days))
    demand = np.full((len(series), len(periods)), float(per_shift))
    return Panel(series=series, periods=periods, demand=demand)


def test_gaps_are_filled_with_the_mean_of_shifts_of_the_same_name(plant: Plant) -> None:
    panel = panel_of(plant, 3)
    demand: FloatArray = np.full((len(panel.series), 6), np.nan)
    demand[0] = [10, 100, np.nan, np.nan, 20, 200]
    demand[1] = [10, np.nan, 30, np.nan, 20, np.nan]
    filled = fill_unobserved(Panel(series=panel.series, periods=panel.periods, demand=demand))
    assert panel.shifts[:2] == ("day", "night")
    assert filled[0].tolist() == [10, 100, 15, 150, 20, 200]
    assert filled[1].tolist() == [10, 20, 30, 20, 20, 20]  # no night was seen
    assert filled[2].tolist() == [0] * 6  # nothing was seen


def test_window_sums_are_demand_from_cutoff_to_the_delivery_after_the_next(plant: Plant) -> None:
    sums = window_sums(plant, panel_of(plant, 7))
    users = np.array(
        [len({s for s in plant_series(plant) if s[1] == p.part_id}) for p in plant.parts]
    )
    assert sums.shape[0] == 7 * 2 - 1  # two departures a day, the last reaches beyond the week
    # Cut-off 1 h before departure, 12 h to the next, transit of 1 to 2.5 h: 14 to 16 of 12 hours.
    assert (sums >= 14 / 12 * 24 * users - 1).all()
    assert (sums <= 16 / 12 * 24 * users + 1).all()


def test_a_replay_opens_with_one_and_a_half_windows_in_whole_containers(plant: Plant) -> None:
    panel = panel_of(plant, 14)
    replay = make_replay(plant, panel, start=START + timedelta(days=7), end=panel.period_ends[-1])
    windows = window_sums(plant, panel.head(14))
    size = replay.model.terms.container_size
    want = np.minimum(
        np.ceil(1.5 * windows.mean(axis=0) / size), replay.model.terms.bin_maximum // size
    )
    assert replay.state.on_hand.tolist() == (want * size).tolist()
    assert replay.demand.shape == (len(panel.series), 14)
    assert replay.state.source_on_hand.tolist() == replay.model.purchase.order_up_to_level.tolist()


def test_the_opening_does_not_look_into_the_replayed_days(plant: Plant) -> None:
    calm, wild = panel_of(plant, 14), panel_of(plant, 14)
    wild.demand[:, 14:] = 1000
    start, end = START + timedelta(days=7), calm.period_ends[-1]
    first, second = (make_replay(plant, panel, start=start, end=end) for panel in (calm, wild))
    assert first.state.on_hand.tolist() == second.state.on_hand.tolist()


def test_a_panel_without_the_shifts_is_refused(plant: Plant) -> None:
    panel = panel_of(plant, 7)
    end = START + timedelta(days=9)
    with pytest.raises(InvalidInput, match="lacks 4 shifts"):
        make_replay(plant, panel, start=START + timedelta(days=5), end=end)
    assert panel.periods[0].local_date == date(2026, 1, 5)
