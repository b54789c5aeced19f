from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from supplynet.frames.synthetic.demand import Generated, generate_demand
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.frames.synthetic.scenario import DemandShape, PlanShape

CALM = DemandShape(shock_sd=0, stops_per_period=0, noise_cv=0)
EXACT = PlanShape(adherence_cv=0, revised_share=0)


def generate(shape: DemandShape, *, days: int = 364) -> Generated:
    return generate_demand(
        demo_plant(showrooms=1), start=date(2025, 1, 1), days=days, seed=1, shape=shape, plan=EXACT
    )


def large(made: Generated) -> np.ndarray:
    """Series that are used every period and not in lumps."""
    picked: np.ndarray = made.mean.mean(axis=1) > 40
    return picked


@pytest.mark.parametrize("cv", [0.0, 0.12, 0.5])
def test_variance_is_that_of_the_negative_binomial(cv: float) -> None:
    """Var = mean + (cv x mean)**2; without noise it is Poisson."""
    made = generate(replace(CALM, noise_cv=cv))
    mean = made.mean_given_plan[large(made)]
    used = made.true_demand[large(made)]
    expected = mean + (cv * mean) ** 2
    assert ((used - mean) ** 2 / expected).mean() == pytest.approx(1, abs=0.03)
    assert (used / mean).mean() == pytest.approx(1, abs=0.01)


def test_noise_of_a_part_is_carried_when_told() -> None:
    for carried in (0.0, 0.7):
        made = generate(replace(CALM, noise_cv=0.4, noise_carried=carried))
        relative = (made.true_demand / made.mean_given_plan.clip(1))[large(made)]
        lagged = [np.corrcoef(row[:-1], row[1:])[0, 1] for row in relative]
        # Poisson noise of a mean near 100 hides about a tenth of it.
        assert np.mean(lagged) == pytest.approx(carried * 0.95, abs=0.07)
        assert relative.mean() == pytest.approx(1, abs=0.02)
        assert relative.std() == pytest.approx(0.4, abs=0.06)


def test_scrap_adds_to_what_units_need() -> None:
    plain, made = generate(CALM), generate(replace(CALM, scrap_share=0.1))
    more = made.mean.sum(axis=1) / plain.mean.sum(axis=1)
    assert more.mean() == pytest.approx(1.10, abs=0.01)
    assert more.min() > 1.05
    assert more.max() < 1.15


def test_intermittent_parts_are_wanted_as_seldom_and_in_lumps_as_told() -> None:
    shape = replace(CALM, intermittent_share=1, intermittent_chance=0.2, lump=5, weekday_scale=0)
    shape = replace(shape, shift_scale=0, season_scale=0, trend_scale=0)
    made = generate(shape)
    used = made.true_demand
    assert (used > 0).mean() == pytest.approx(0.2, abs=0.01)
    wants = -np.log(1 - 0.2)
    assert used.mean() == pytest.approx(wants * 5, rel=0.03)
    assert made.mean.mean() == pytest.approx(wants * 5, rel=0.01)
    assert used[used > 0].min() == 1


def test_the_share_of_intermittent_parts_is_as_told_and_the_same_at_every_line() -> None:
    made = generate(replace(CALM, intermittent_share=0.3, intermittent_chance=0.05), days=120)
    seldom: dict[str, set[bool]] = {}
    lumpy = {r.part_id for r in demo_plant(showrooms=1).requirements if r.quantity < 1}
    for i, (_, part) in enumerate(made.series):
        if part not in lumpy:
            seldom.setdefault(part, set()).add(bool((made.true_demand[i] == 0).mean() > 0.5))
    assert all(len(each) == 1 for each in seldom.values())
    assert np.mean([True in each for each in seldom.values()]) == pytest.approx(0.3, abs=0.15)
