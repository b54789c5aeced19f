from dataclasses import replace
from datetime import date, time

import numpy as np
import polars as pl
import pytest

from supplynet.core.shifts import ShiftPattern
from supplynet.errors import InvalidInput
from supplynet.frames.demand import KEY, conform
from supplynet.frames.synthetic import SyntheticHistory, generate_demand, generate_history
from supplynet.frames.synthetic_plant import demo_plant, tiny_plant

START = date(2025, 1, 1)


@pytest.fixture(scope="module")
def year() -> SyntheticHistory:
    return generate_history(demo_plant(), start=START, days=365, seed=1)


def test_a_history_conforms(year: SyntheticHistory) -> None:
    assert conform(year.demand).equals(year.demand)
    assert year.truth.select(KEY).equals(year.demand.select(KEY))
    assert year.demand.height == 274 * 730


def test_the_same_seed_makes_the_same_bytes() -> None:
    one, two, other = (
        generate_history(tiny_plant(), start=START, days=30, seed=seed) for seed in (7, 7, 8)
    )
    assert one.demand.equals(two.demand)
    assert one.truth.equals(two.truth)
    assert not one.truth.equals(other.truth)


@pytest.mark.parametrize("days", [1, 28, 90])
def test_a_longer_history_begins_with_the_shorter_one(days: int) -> None:
    plant = demo_plant(showrooms=2, stations=1, parts=20)
    long = generate_history(plant, start=START, days=118, seed=3)
    short = generate_history(plant, start=START, days=days, seed=3)
    before = pl.col("period_start") <= short.demand["period_start"].max()
    assert long.demand.filter(before).equals(short.demand)
    assert long.truth.filter(before).equals(short.truth)


def test_nobody_consumes_more_than_was_wanted(year: SyntheticHistory) -> None:
    assert (year.demand["consumed"] <= year.truth["true_demand"]).all()


def test_without_starvation_all_demand_is_served_and_seen(year: SyntheticHistory) -> None:
    both = year.demand.with_columns(true=year.truth["true_demand"])
    served = both.filter(pl.col("starved_minutes") == 0)
    assert served["demand"].equals(served["true"].alias("demand"))


def test_a_starved_line_hides_all_its_parts_for_that_shift(year: SyntheticHistory) -> None:
    starved = year.demand.filter(pl.col("starved_minutes") > 0)
    assert starved["demand"].is_null().all()
    minutes = year.demand.group_by("location_id", "period_start").agg(
        pl.col("starved_minutes").n_unique()
    )
    assert (minutes["starved_minutes"] == 1).all()
    assert 0.005 < starved.height / year.demand.height < 0.03  # about one shift in 75


def test_minutes_fit_into_the_shift(year: SyntheticHistory) -> None:
    lost = year.demand["starved_minutes"] + year.demand["stopped_minutes"]
    assert (lost <= 13 * 60).all()  # the night on which the clocks go back
    assert (year.demand["stopped_minutes"] > 0).any()


def test_the_pattern_can_be_learned_and_beats_a_constant() -> None:
    made = generate_demand(demo_plant(), start=START, days=112, seed=1)
    past, future = made.true_demand[:, :196], made.true_demand[:, 196:]
    weekly = np.tile(past[:, -8 * 14 :].reshape(-1, 8, 14).mean(axis=1), (1, 2))
    constant = past.mean(axis=1, keepdims=True)
    error, static = (np.abs(future - guess).sum() / future.sum() for guess in (weekly, constant))
    oracle = np.abs(future - made.mean[:, 196:]).sum() / future.sum()
    assert oracle < error < 0.75 * static


def test_weekends_and_nights_are_quieter() -> None:
    made = generate_demand(demo_plant(), start=START, days=364, seed=1)
    units = made.units.mean(axis=0)
    weekend = np.array([shift.day.weekday() >= 5 for shift in made.periods])
    night = np.array([shift.name == "night" for shift in made.periods])
    assert units[weekend].mean() < 0.75 * units[~weekend].mean()
    assert units[night].mean() < 0.9 * units[~night].mean()


def test_lines_of_one_shift_vary_together_only_through_their_own_shock() -> None:
    """Parts of a line share its shock; parts of different lines do not."""
    made = generate_demand(demo_plant(), start=START, days=364, seed=2)
    big = made.mean.mean(axis=1) > 80
    relative = (made.true_demand / made.mean.clip(1))[big] - 1
    correlation, line = np.corrcoef(relative), made.line_of_series[big]
    same = (line[:, None] == line) & ~np.eye(len(line), dtype=bool)
    assert correlation[same].mean() > 0.2
    assert abs(correlation[line[:, None] != line].mean()) < 0.05


def test_noise_has_the_mean_that_truth_claims() -> None:
    made = generate_demand(demo_plant(), start=START, days=364, seed=5)
    assert made.true_demand.sum() == pytest.approx(made.mean.sum(), rel=0.01)


def test_rare_parts_are_taken_in_lumps(year: SyntheticHistory) -> None:
    rare = {r.part_id for r in demo_plant().requirements if r.quantity < 1 / 10}
    used = year.truth.filter(pl.col("part_id").is_in(list(rare)) & (pl.col("true_demand") > 0))
    assert used["true_demand"].min() == 3


def test_sites_with_other_shifts_have_other_rows() -> None:
    plant = demo_plant(showrooms=2, stations=1, lines="A", parts=4)
    short = replace(
        plant.calendars[2],
        patterns=(
            ShiftPattern(name="day", start=time(6), end=time(14), weekdays=frozenset(range(5))),
        ),
    )
    plant = replace(plant, calendars=(*plant.calendars[:2], short))
    history = generate_history(plant, start=date(2025, 1, 6), days=7, seed=1).demand
    per_line = history.group_by("location_id").agg(pl.col("period_start").n_unique())
    assert dict(per_line.iter_rows()) == {"SR1.ST1.A": 14, "SR2.ST1.A": 5}
    assert conform(history).equals(history)


def test_days_without_a_shift_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no shift with demand in 0 days"):
        generate_demand(tiny_plant(), start=START, days=0, seed=1)
