"""Holidays, campaigns, stops and shocks of products do what their rows in the effects say."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from supplynet.core.network import Plant
from supplynet.frames.synthetic.demand import Generated, generate_demand
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.frames.synthetic.scenario import DemandShape

PLANT = demo_plant(showrooms=1, parts=30, products=3, holiday_country="DE")
QUIET = DemandShape(stops_per_period=0)


def generate(shape: DemandShape, days: int = 120, plant: Plant = PLANT) -> Generated:
    return generate_demand(plant, start=date(2025, 3, 1), days=days, seed=1, shape=shape)


def line_mean(made: Generated) -> np.ndarray:
    """Mean of the first series of each line, shape (line, period)."""
    first = np.searchsorted(made.line_of_series, np.arange(len(made.lines)))
    mean: np.ndarray = made.mean[first]
    return mean


def expected_factor(made: Generated, kind: str) -> np.ndarray:
    """Product of the effects of a kind on each line and period, shape (line, period)."""
    starts = np.array([shift.start for shift in made.periods])
    factor = np.ones((len(made.lines), len(starts)))
    rows = made.effects.filter(pl.col("kind") == kind, pl.col("strength") > 0)
    for line, start, end, strength in rows.select(
        "location_id", "period_start", "period_end", "strength"
    ).iter_rows():
        factor[made.lines.index(line), (starts >= start) & (starts < end)] *= strength
    return factor


def test_public_holidays_are_not_worked_and_are_noted_at_every_line() -> None:
    made = generate(QUIET)
    rest = {date(2025, 4, 18), date(2025, 4, 21), date(2025, 5, 1)}  # Easter and May Day
    rest |= {date(2025, 5, 29), date(2025, 6, 9)}  # Ascension and Whitsun
    assert not {shift.day for shift in made.periods} & rest
    assert len(made.periods) == 2 * (120 - len(rest))
    rows = made.effects.filter(pl.col("kind") == "holiday")
    noted = rows.group_by(pl.col("period_start").dt.date().alias("day")).agg(
        pl.len(), pl.col("strength").max(), pl.col("detail").first()
    )
    assert set(noted["day"]) == rest
    assert (noted["len"] == len(made.lines)).all()
    assert (noted["strength"] == 0).all()
    assert "Good Friday" in noted["detail"]


def test_the_day_before_a_holiday_builds_less() -> None:
    plain, made = generate(QUIET), generate(replace(QUIET, day_before_holiday=0.75))
    ratio = line_mean(made) / line_mean(plain)
    assert np.allclose(ratio, expected_factor(made, "holiday"))
    eve = [i for i, shift in enumerate(made.periods) if shift.day == date(2025, 4, 17)]
    assert len(eve) == 2
    assert np.allclose(ratio[:, eve], 0.75)
    details = made.effects.filter(pl.col("strength") == 0.75)["detail"].unique()
    assert "day before Good Friday" in details


def test_a_campaign_multiplies_the_units_of_its_days() -> None:
    shape = replace(QUIET, campaigns_per_line_year=8, campaign_days=6, campaign_factor=1.5)
    plain, made = generate(QUIET, 360), generate(shape, 360)
    ratio = line_mean(made) / line_mean(plain)
    assert np.allclose(ratio, expected_factor(made, "campaign"))
    rows = made.effects.filter(pl.col("kind") == "campaign")
    days = (rows["period_end"] - rows["period_start"]).dt.total_hours() / 24
    assert rows.height / len(made.lines) == pytest.approx(8, rel=0.25)
    assert days.mean() == pytest.approx(6, rel=0.3)
    assert made.units[ratio > 1.4].mean() > 1.3 * plain.units[ratio < 1.1].mean()


def test_a_stop_takes_its_minutes_from_the_shift() -> None:
    made = generate(DemandShape(stops_per_period=0.05))
    rows = made.effects.filter(pl.col("kind") == "stop")
    assert rows["strength"].sum() == made.stopped_minutes.sum()
    assert rows.height == (made.stopped_minutes > 0).sum()
    assert rows.height / made.stopped_minutes.size == pytest.approx(0.05, abs=0.01)
    assert set(rows["strength"].unique()) <= {60.0 + 30 * n for n in range(15)}
    ratio = line_mean(made) / line_mean(generate(QUIET))
    minutes = np.array([shift.minutes for shift in made.periods])
    assert np.allclose(ratio, 1 - made.stopped_minutes / minutes)


def test_shocks_of_a_product_move_its_lines_together_and_no_others() -> None:
    made = generate(replace(QUIET, product_shock_sd=0.3, shock_sd=0.05), 360)
    product = [made.plan.filter(location_id=line)["product"][0] for line in made.lines]
    relative = np.log(made.units.clip(1) / line_mean(made))
    correlation = np.corrcoef(relative)
    same = np.array([[a == b for a in product] for b in product]) & ~np.eye(
        len(product), dtype=bool
    )
    assert correlation[same].min() > 0.6
    assert abs(correlation[~same & ~np.eye(len(product), dtype=bool)].mean()) < 0.2


def test_only_large_shocks_of_a_product_are_noted_and_with_their_factor() -> None:
    made = generate(
        replace(QUIET, product_shock_sd=0.3, shock_sd=0.0, product_shock_carried=0), 360
    )
    rows = made.effects.filter(pl.col("kind") == "product_shock")
    logs = np.log(rows["strength"].to_numpy()) + 0.3**2 / 2
    assert (np.abs(logs) > 0.6).all()
    worked_days = len({shift.day for shift in made.periods}) * len(made.lines)
    assert rows.height / worked_days == pytest.approx(0.0455, abs=0.02)  # beyond two deviations
    factor = expected_factor(made, "product_shock")
    said = made.mean_given_plan[np.searchsorted(made.line_of_series, np.arange(len(made.lines)))]
    noted = factor != 1
    assert np.median((said / line_mean(made))[noted] / factor[noted]) == pytest.approx(1, abs=0.02)
