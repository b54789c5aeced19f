from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.quantiles import QUANTILES
from supplynet.forecast.refill_labels import refill_labels
from supplynet.forecast.refill_moments import RefillMoments
from supplynet.forecast.refill_rows import refill_rows
from supplynet.forecast.refill_rules import (
    FIXED,
    REORDER_POINT,
    best_threshold,
    forecast_quantiles,
    forecast_rule,
    moved_point,
    naive_rules,
    reorder_point_rule,
)
from supplynet.forecast.registry import estimator
from supplynet.frames.synthetic import SyntheticHistory

World = tuple[SyntheticHistory, RefillMoments]


def cost_of(rank: FloatArray, due: FloatArray, bar: float, miss: float) -> float:
    said = rank >= bar
    return float((said & (due == 0)).sum() + miss * (~said & (due == 1)).sum())


ROWS = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.4, 0.7, 0.9]), st.integers(0, 1)),
    min_size=2,
    max_size=25,
).filter(lambda rows: 0 < sum(due for _, due in rows) < len(rows))


@given(ROWS, st.sampled_from([0.5, 1.0, 5.0]))
def test_the_chosen_threshold_costs_least(rows: list[tuple[float, int]], miss: float) -> None:
    rank, due = (np.array([row[place] for row in rows], dtype=float) for place in (0, 1))
    chosen = best_threshold(rank, due > 0, miss)
    least = min(cost_of(rank, due, bar, miss) for bar in (*rank.tolist(), 2.0))
    assert cost_of(rank, due, chosen, miss) == pytest.approx(least)


@given(ROWS)
def test_the_chosen_threshold_has_the_best_f1(rows: list[tuple[float, int]]) -> None:
    rank, due = (np.array([row[place] for row in rows], dtype=float) for place in (0, 1))

    def f1(bar: float) -> float:
        said = rank >= bar
        return float(2 * (said & (due > 0)).sum() / (said.sum() + due.sum()))

    assert f1(best_threshold(rank, due > 0)) == pytest.approx(max(map(f1, rank.tolist())))


def test_without_both_kinds_there_is_nothing_to_choose_by() -> None:
    rank = np.array([0.2, 0.9])
    assert best_threshold(rank, np.array([False, False])) == 0.5
    assert best_threshold(rank, np.array([True, True])) == 0.5


def test_the_reorder_point_triggers_at_it_and_names_what_lifts_the_position_above(
    refill_world: World,
) -> None:
    _, made = refill_world
    rows = refill_rows(made, typical=1.0)
    said = reorder_point_rule(made, rows)
    known = ~np.isnan(made.position)
    triggered = said.rank >= FIXED[REORDER_POINT]
    assert (triggered == (made.position <= made.reorder_point))[known].all()
    assert (made.position + said.quantity > made.reorder_point)[known].all()
    lower = moved_point(said, rows, -0.5)
    more = lower.quantity > 0
    assert more[known].sum() > triggered[known].sum()


def test_always_and_never_do_as_they_say(refill_world: World) -> None:
    _, made = refill_world
    for name, said in naive_rules(made).items():
        assert ((said.rank >= FIXED[name]) == (name == "always")).all()


def test_the_forecast_rule_is_sure_where_stock_is_gone_or_ample(refill_world: World) -> None:
    _, made = refill_world
    some = made.at(np.flatnonzero(made.moments >= 150)[:6])
    predictor = estimator("shift_mean").fit(made.panel.head(150))
    quantiles = forecast_quantiles(predictor, some)
    assert quantiles.shape == (6, len(made.panel.series), made.steps, len(QUANTILES))
    for on_hand, wanted in ((0.0, 1.0), (1e6, 0.0)):
        stocked = replace(
            some,
            on_hand=np.where(np.isnan(some.on_hand), np.nan, on_hand),
            due=np.zeros(some.due.shape),
            threshold=np.ones(some.threshold.shape),
        )
        said = forecast_rule(
            quantiles,
            stocked,
            refill_rows(stocked, typical=1.0),
            Dependence(),
            paths=50,
            level=0.9,
            seed=0,
        )
        assert said.probability is not None
        known = ~np.isnan(said.probability)
        assert known.any()
        assert (said.probability[known] == wanted).all()
        assert ((said.quantity[known] > 0) == (wanted == 1)).all()


def test_the_forecast_rule_orders_by_what_is_likely_to_come(refill_world: World) -> None:
    _, made = refill_world
    some = made.at(np.flatnonzero(made.moments >= 150)[:40])
    quantiles = forecast_quantiles(estimator("shift_mean").fit(made.panel.head(150)), some)
    rows, due = refill_rows(some, typical=1.0), refill_labels(some)[0]
    said = {
        level: forecast_rule(quantiles, some, rows, Dependence(), paths=100, level=level, seed=1)
        for level in (0.5, 0.95)
    }
    probability = said[0.5].probability
    assert probability is not None
    both = ~np.isnan(due) & ~np.isnan(probability)
    assert probability[both & (due == 1)].mean() > probability[both & (due == 0)].mean() + 0.3
    known = ~np.isnan(probability)
    assert (said[0.95].quantity[known] >= said[0.5].quantity[known]).all()


def test_a_forecast_sees_nothing_after_its_moment(refill_world: World) -> None:
    _, made = refill_world
    some = made.at(np.flatnonzero((made.moments >= 150) & (made.moments < 156)))
    predictor = estimator("seasonal_naive").fit(made.panel.head(150))
    changed = np.where(np.arange(len(made.periods)) >= 155, 999.0, made.panel.demand)
    other = replace(some, panel=replace(made.panel, demand=changed))
    np.testing.assert_array_equal(
        forecast_quantiles(predictor, some), forecast_quantiles(predictor, other)
    )
