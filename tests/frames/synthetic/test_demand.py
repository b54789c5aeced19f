from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.core.network import Plant, Requirement
from supplynet.core.shifts import ShiftPattern
from supplynet.errors import InvalidInput, NotFound
from supplynet.frames.synthetic.demand import Generated, generate_demand
from supplynet.frames.synthetic.plant import demo_plant, tiny_plant
from supplynet.frames.synthetic.scenario import DemandShape, PlanShape

START = date(2025, 1, 1)
EVERYTHING = DemandShape(
    product_shock_sd=0.1,
    noise_carried=0.3,
    scrap_share=0.03,
    intermittent_share=0.2,
    level_shifts_per_series_year=4,
    ramp_up_share=0.2,
    run_out_share=0.2,
    ramp_days=20,
    ramp_window_days=60,
    campaigns_per_line_year=12,
    day_before_holiday=0.8,
    stops_per_period=0.02,
)
ARRAYS = ("true_demand", "mean", "mean_given_plan")
LINE_ARRAYS = ("units", "works", "stopped_minutes")


def plant_of_two_sites() -> Plant:
    """Six lines of two products; one site works every day in two shifts, one on weekdays in one."""
    plant = demo_plant(showrooms=2, stations=1, parts=20, products=2, holiday_country="DE")
    short = ShiftPattern(name="day", start=time(6), end=time(14), weekdays=frozenset(range(5)))
    calendars = (*plant.calendars[:2], replace(plant.calendars[2], patterns=(short,)))
    return replace(plant, calendars=calendars)


PLANT = plant_of_two_sites()
LINES = tuple(line.location_id for line in PLANT.lines)


def generate(
    plant: Plant = PLANT, *, days: int = 60, lines: tuple[str, ...] | None = None
) -> Generated:
    return generate_demand(plant, start=START, days=days, seed=3, shape=EVERYTHING, lines=lines)


WHOLE = generate()


def rows_of(made: Generated, lines: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Places of the series and of the lines of ``lines``."""
    series = np.array([i for i, (line, _) in enumerate(made.series) if line in lines])
    return series, np.array([i for i, line in enumerate(made.lines) if line in lines])


@settings(max_examples=15, deadline=None)
@given(st.sets(st.sampled_from(LINES), min_size=1).map(lambda names: tuple(sorted(names))))
def test_some_lines_alone_equal_their_rows_of_the_whole(lines: tuple[str, ...]) -> None:
    alone = generate(lines=lines)
    series, line = rows_of(WHOLE, lines)
    assert alone.series == tuple(WHOLE.series[i] for i in series)
    assert alone.periods == WHOLE.periods
    assert alone.lines == lines
    for name in ARRAYS:
        assert np.array_equal(getattr(alone, name), getattr(WHOLE, name)[series])
    for name in LINE_ARRAYS:
        assert np.array_equal(getattr(alone, name), getattr(WHOLE, name)[line])
    assert alone.effects.equals(WHOLE.effects.filter(pl.col("location_id").is_in(lines)))
    assert alone.plan.equals(WHOLE.plan.filter(pl.col("location_id").is_in(lines)))


@pytest.mark.parametrize("days", [2, 31, 59])
def test_a_longer_history_begins_with_the_shorter_one(days: int) -> None:
    short = generate(days=days)
    size = len(short.periods)
    assert short.periods == WHOLE.periods[:size]
    for name in (*ARRAYS, *LINE_ARRAYS):
        assert np.array_equal(getattr(short, name), getattr(WHOLE, name)[:, :size])
    end = short.periods[-1].end
    assert short.effects.equals(WHOLE.effects.filter(pl.col("period_start") < end))
    assert short.plan.equals(WHOLE.plan.filter(pl.col("recorded_at") < end))


def test_a_further_line_or_part_changes_no_other() -> None:
    last = LINES[-1]
    fewer = tuple(r for r in PLANT.requirements if r.line_id != last)
    new = replace(PLANT.requirements[0], part_id="NEW")
    without_line = generate(replace(PLANT, requirements=fewer))
    with_part = generate(replace(PLANT, requirements=(*PLANT.requirements, new)))
    assert set(WHOLE.series) - set(without_line.series) == {k for k in WHOLE.series if k[0] == last}
    assert set(with_part.series) - set(WHOLE.series) == {(LINES[0], "NEW")}
    for other in (without_line, with_part):
        common = sorted(set(WHOLE.series) & set(other.series))
        one, two = ([made.series.index(key) for key in common] for made in (WHOLE, other))
        for name in ARRAYS:
            assert np.array_equal(getattr(WHOLE, name)[one], getattr(other, name)[two])


def test_another_seed_makes_another_history() -> None:
    one, two = (generate_demand(tiny_plant(), start=START, days=9, seed=n) for n in (1, 2))
    assert not np.array_equal(one.true_demand, two.true_demand)


def test_both_oracles_are_right_on_average_over_all_effects() -> None:
    """Over 60 seeds the sums agree within about three standard errors, by line."""
    total = np.zeros((3, len(WHOLE.lines)))
    quiet = replace(EVERYTHING, level_shift_log_sd=0.2)
    for seed in range(60):
        made = generate_demand(PLANT, start=START, days=30, seed=seed, shape=quiet)
        for i, name in enumerate(ARRAYS):
            sums = getattr(made, name).sum(axis=1)
            total[i] += np.bincount(made.line_of_series, sums)
    demand, mean, given = total
    assert demand / mean == pytest.approx(np.ones(len(mean)), abs=0.04)
    assert demand / given == pytest.approx(np.ones(len(mean)), abs=0.012)


def test_who_knows_the_plan_is_nearer_to_the_truth() -> None:
    made = generate_demand(demo_plant(), start=START, days=112, seed=1)
    error, informed = (
        np.abs(made.true_demand - guess).sum() for guess in (made.mean, made.mean_given_plan)
    )
    assert informed < 0.9 * error


def test_units_are_the_last_plan_and_an_error_of_four_percent() -> None:
    made = generate_demand(demo_plant(), start=START, days=112, seed=1)
    last = (
        made.plan.filter(pl.col("period_start") < made.periods[-1].end)
        .group_by("location_id", "period_start")
        .agg(pl.col("units").sort_by("recorded_at").last())
        .sort("location_id", "period_start")
    )
    said = last["units"].to_numpy().reshape(made.units.shape)
    ratio = made.units[said > 20] / said[said > 20]
    assert ratio.mean() == pytest.approx(1, abs=0.003)
    assert ratio.std() == pytest.approx(0.04, abs=0.005)


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


def test_scales_of_0_leave_no_pattern() -> None:
    """Without patterns every shift of a line is alike: its base, but for the trend of none."""
    flat = DemandShape(
        trend_scale=0, season_scale=0, weekday_scale=0, shift_scale=0, stops_per_period=0
    )
    made = generate_demand(tiny_plant(), start=date(2025, 6, 1), days=28, seed=1, shape=flat)
    assert np.allclose(made.mean, made.mean[:, :1])


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


def test_rare_parts_are_taken_in_lumps() -> None:
    made = generate_demand(demo_plant(), start=START, days=60, seed=1)
    rare = {r.part_id for r in demo_plant().requirements if r.quantity < Decimal("0.1")}
    mine = [i for i, (_, part) in enumerate(made.series) if part in rare]
    assert mine
    used = made.true_demand[mine]
    assert used[used > 0].min() == 3


def test_several_products_of_a_line_share_its_units_evenly() -> None:
    """Part X goes into both products, 1 and 3 per unit: on average it takes 2 of each unit."""
    plant = replace(
        tiny_plant(),
        requirements=tuple(
            Requirement(line_id="SR1.ST1.A", part_id=part, product=product, quantity=Decimal(each))
            for part, product, each in [("X", "a", 1), ("X", "b", 3), ("Y", "b", 1), ("Z", "a", 1)]
        ),
    )
    quiet = DemandShape(weekday_scale=0, noise_cv=0)
    made = generate_demand(plant, start=START, days=28, seed=1, shape=quiet)
    x, y, z = made.mean
    assert np.allclose(x, z + 3 * y)
    assert np.allclose(y, z)
    plan = made.plan.group_by("product").agg(pl.col("units").sum()).sort("product")
    assert plan["product"].to_list() == ["a", "b"]
    assert plan["units"][0] == pytest.approx(plan["units"][1], rel=0.02)
    assert made.units.shape == (1, 56)
    assert made.true_demand[2] == pytest.approx(made.units[0] / 2, rel=1)


def test_sites_with_other_shifts_have_zeros_where_they_rest() -> None:
    rest = ~WHOLE.works[WHOLE.line_of_series]
    assert rest.any()
    for name in ARRAYS:
        assert (getattr(WHOLE, name)[rest] == 0).all()
    assert (WHOLE.units[~WHOLE.works] == 0).all()


def test_days_without_a_shift_and_lines_without_requirements_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no shift with demand in 0 days"):
        generate_demand(tiny_plant(), start=START, days=0, seed=1)
    with pytest.raises(InvalidInput, match="no shift with demand"):
        generate_demand(replace(tiny_plant(), requirements=()), start=START, days=9, seed=1)
    with pytest.raises(InvalidInput, match="no shift with demand"):
        generate_demand(tiny_plant(), start=START, days=9, seed=1, lines=())
    with pytest.raises(NotFound, match=r"did you mean 'SR1.ST1.A'"):
        generate_demand(tiny_plant(), start=START, days=9, seed=1, lines=("SR1.ST1.a",))


def test_a_perfect_plan_is_built_to_the_unit() -> None:
    made = generate_demand(
        tiny_plant(), start=START, days=9, seed=1, plan=PlanShape(adherence_cv=0, revised_share=0)
    )
    now = made.plan.filter(pl.col("period_start") < made.periods[-1].end)
    assert now["units"].to_list() == made.units.ravel().tolist()


SHARE = st.floats(0, 1)
ANY_SHAPE = st.builds(
    DemandShape,
    shock_sd=st.floats(0, 2),
    shock_carried=st.floats(0, 0.99),
    product_shock_sd=st.floats(0, 2),
    noise_cv=st.floats(0, 3),
    noise_carried=st.floats(0, 0.99),
    scrap_share=SHARE,
    season_scale=st.floats(0, 6),
    intermittent_share=SHARE,
    intermittent_chance=st.floats(0.001, 0.99),
    lump=st.floats(1, 10_000),
    level_shifts_per_series_year=st.floats(0, 50),
    level_shift_log_sd=st.floats(0, 2),
    ramp_up_share=st.floats(0, 0.5),
    run_out_share=st.floats(0, 0.5),
    campaigns_per_line_year=st.floats(0, 100),
    campaign_factor=st.floats(0.05, 20),
    stops_per_period=SHARE,
)
ANY_PLAN = st.builds(
    PlanShape, adherence_cv=st.floats(0, 2), first_error_cv=st.floats(0, 2), revised_share=SHARE
)


@settings(max_examples=60, deadline=None)
@given(ANY_SHAPE, ANY_PLAN, st.integers(-10, 2**63))
def test_every_shape_in_range_can_be_made(shape: DemandShape, plan: PlanShape, seed: int) -> None:
    made = generate_demand(tiny_plant(), start=START, days=20, seed=seed, shape=shape, plan=plan)
    for name in ARRAYS:
        values = getattr(made, name)
        assert np.isfinite(values).all()
        assert values.min() >= 0
        assert values.max() <= 1e8
    assert made.units.min() >= 0
    assert (made.true_demand[made.mean_given_plan == 0] == 0).all()
    assert made.plan["takt_seconds"].is_nan().any() is not True
