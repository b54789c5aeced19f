from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from supplynet.frames.synthetic.demand import Generated, generate_demand
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.frames.synthetic.scenario import DemandShape, PlanShape
from supplynet.frames.tables import PLAN_SCHEMA

PLANT = demo_plant(showrooms=1, products=3)


def generate(plan: PlanShape, shape: DemandShape | None = None) -> Generated:
    shape = shape or DemandShape()
    return generate_demand(PLANT, start=date(2025, 1, 1), days=60, seed=1, plan=plan, shape=shape)


def test_a_plan_is_known_ahead_and_a_share_is_corrected_one_day_before() -> None:
    made = generate(PlanShape(days_ahead=5, revised_share=0.3))
    plan = made.plan.with_columns(ahead=pl.col("period_start") - pl.col("recorded_at"))
    assert plan.schema.names()[:-1] == PLAN_SCHEMA.names()
    assert plan["ahead"].unique().sort().to_list() == [timedelta(days=1), timedelta(days=5)]
    now = plan.filter(pl.col("period_start") < made.periods[-1].end)
    first = now.filter(pl.col("ahead") == timedelta(days=5))
    assert first.height == made.units.size
    assert (now.height - first.height) / first.height == pytest.approx(0.3, abs=0.03)
    assert set(plan["product"].unique()) == {"model-1", "model-2", "model-3"}


def test_what_is_announced_before_the_end_is_there_and_nothing_else() -> None:
    made = generate(PlanShape(days_ahead=3))
    end = made.periods[-1].end
    assert (made.plan["recorded_at"] < end).all()
    ahead = made.plan.filter(pl.col("period_start") >= end)
    first = ahead.filter(pl.col("recorded_at") == pl.col("period_start") - timedelta(days=3))
    assert first.group_by("location_id").len()["len"].unique().to_list() == [6]
    corrected = ahead.filter(pl.col("recorded_at") == pl.col("period_start") - timedelta(days=1))
    assert (corrected["period_start"] < end + timedelta(days=1)).all()
    assert ahead["period_start"].max() == end + timedelta(days=2.5)


def test_corrections_are_right_and_first_plans_near() -> None:
    made = generate(PlanShape(revised_share=1, first_error_cv=0.2))
    said = (
        made.plan.sort("recorded_at")
        .group_by("location_id", "period_start", maintain_order=True)
        .agg(pl.col("units").first().alias("first"), pl.col("units").last().alias("last"), pl.len())
    )
    both = said.filter((pl.col("len") == 2) & (pl.col("last") > 20))
    ratio = both["first"] / both["last"]
    assert ratio.mean() == pytest.approx(1, abs=0.02)
    assert ratio.std() == pytest.approx(0.2, abs=0.02)


def test_takt_is_the_running_time_of_a_unit_and_null_where_none_is_planned() -> None:
    made = generate(PlanShape(), DemandShape(stops_per_period=0.3))
    plan = made.plan.filter(pl.col("period_start") < made.periods[-1].end)
    minutes = {(s.start): s.minutes for s in made.periods}
    stopped = {
        (line, shift.start): made.stopped_minutes[i, k]
        for i, line in enumerate(made.lines)
        for k, shift in enumerate(made.periods)
    }
    for line, start, units, takt in plan.select(
        "location_id", "period_start", "units", "takt_seconds"
    ).iter_rows():
        running = minutes[start] - stopped[line, start]
        assert takt == (pytest.approx(60 * running / units) if units else None)


def test_a_plan_that_is_never_corrected_has_one_row_a_period() -> None:
    made = generate(replace(PlanShape(), revised_share=0))
    assert made.plan.select("location_id", "product", "period_start").is_unique().all()
