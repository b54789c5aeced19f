from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ForecastError, HistoryTooShort, InvalidInput
from supplynet.forecast.backtest import YARDSTICKS, backtest
from supplynet.forecast.cross_validation import SECONDS, CrossValidation, cross_validate
from supplynet.forecast.folds import FoldPlan
from supplynet.forecast.metrics import METRICS, POOLED
from supplynet.forecast.quantiles import QUANTILES
from supplynet.forecast.registry import estimator
from supplynet.frames.panel import Panel, daily_periods

MONDAY = date(2026, 1, 5)
PLAN = FoldPlan(count=2, periods=28, steps=14, every=3)


@dataclass(frozen=True)
class LastMean:
    """Forecasts the mean of all that it learnt from; keeps how much that was."""

    learnt: list[int]
    fails_after: int = 1000

    def fit(self, panel: Panel, *_: object, **__: object) -> LastMean:
        self.learnt.append(len(panel.periods))
        if len(panel.periods) > self.fails_after:
            raise RuntimeError("out of luck")
        return replace(self, learnt=[*self.learnt, int(np.nanmean(panel.demand))])

    def predict(self, panel: Panel, future: Any, quantiles: Any) -> FloatArray:
        return np.full((len(panel.series), len(future), len(quantiles)), float(self.learnt[-1]))


def model(learnt: list[int] | None = None, **settings: Any) -> Any:
    return LastMean([] if learnt is None else learnt, **settings)


def steady(count: int = 40) -> Panel:
    """Two series of days; the first counts up, the second is always 4."""
    periods = daily_periods(MONDAY, MONDAY + timedelta(days=count))
    demand = np.stack([np.arange(count, dtype=float), np.full(count, 4.0)])
    return Panel(series=(("L", "a"), ("L", "b")), periods=periods, demand=demand)


@pytest.fixture(scope="module")
def found(longer: Panel) -> CrossValidation:
    return cross_validate({}, longer, PLAN)


def test_a_model_is_fitted_anew_before_each_fold() -> None:
    learnt: list[int] = []
    plan = FoldPlan(count=3, periods=5, steps=5)
    cross_validate({"mean": model(learnt)}, steady(), plan, baselines=())
    assert learnt == [25, 30, 35]
    learnt.clear()
    sliding = replace(plan, window="sliding")
    cross_validate({"mean": model(learnt)}, steady(), sliding, baselines=())
    assert learnt == [25, 25, 25]


def test_errors_of_every_fold_by_hand() -> None:
    plan = FoldPlan(count=2, periods=2, steps=2)
    found = cross_validate({"mean": model()}, steady(24), plan, baselines=())
    # 20 days: mean of 0..19 and 4s = int((9.5 + 4) / 2) = 6; 20 and 21 follow: errors 14, 15; 2, 2
    # 22 days: int((10.5 + 4) / 2) = 7; 22 and 23 follow: errors 15, 16; 3, 3
    assert found.by_fold()["mae"].to_list() == [(14 + 15 + 4) / 4, (15 + 16 + 6) / 4]
    assert found.table["mae"].to_list() == [(14 + 15 + 4 + 15 + 16 + 6) / 8]
    # a week before, the first series was 7 less; the second never changes and has no scale
    assert found.table["mase"].to_list() == [pytest.approx(60 / 4 / 7)]
    series = found.pooled.by_series()
    assert series["mase"].to_list() == [pytest.approx(60 / 4 / 7), None]
    assert series["part_id"].to_list() == ["a", "b"]


def test_one_fold_is_the_backtest(longer: Panel) -> None:
    plan = FoldPlan(count=1, periods=28, steps=6, every=3)
    crossed = cross_validate({}, longer, plan)
    judged = backtest({}, longer, periods=28, steps=6, every=3, baselines=YARDSTICKS)
    assert crossed.pooled.overall().equals(judged.comparison().overall())
    for name in ("pinball", "mase", "wape", "bias", "coverage_80"):
        for row in judged.table.to_dicts():
            row_too = crossed.table.filter(model=row["model"]).to_dicts()[0]
            assert row_too[name] == pytest.approx(row[name])


@pytest.mark.parametrize("window", ["expanding", "sliding"])
def test_changing_the_future_changes_nothing_before(longer: Panel, window: str) -> None:
    plan = replace(PLAN, window=window)  # type: ignore[arg-type] # one of both
    cutoff = plan.folds(len(longer.periods))[1].cutoff
    demand = longer.demand.copy()
    demand[:, cutoff:] = 10 * np.nan_to_num(demand[:, cutoff:]) + 1000
    changed = replace(longer, demand=demand)
    models = {"trees": estimator("lightgbm", rounds=5)}
    before = cross_validate(models, longer, plan)
    after = cross_validate(models, changed, plan)
    for name, forecasts in before.forecasts.items():
        first, second = forecasts
        np.testing.assert_array_equal(first.quantiles, after.forecasts[name][0].quantiles)
        # from the fold's own cutoff it is the same too: only later cutoffs have seen the change
        np.testing.assert_array_equal(
            second.quantiles[0], after.forecasts[name][1].quantiles[0], err_msg=name
        )
    np.testing.assert_array_equal(before.data[1].scale, after.data[1].scale)
    np.testing.assert_array_equal(before.pooled.classes, after.pooled.classes)


def test_the_naive_rows_are_always_there(found: CrossValidation) -> None:
    assert set(found.table["model"]) == set(YARDSTICKS)
    assert found.table.columns == ["model", *POOLED, *SECONDS]
    assert found.table["pinball"].is_sorted()


def test_every_table_has_a_row_per_model_and_group(found: CrossValidation, longer: Panel) -> None:
    count, pooled = len(YARDSTICKS), found.pooled
    assert pooled.by_series().height == count * len(longer.series)
    assert pooled.by_series().columns == [
        *("model", "location_id", "part_id", "demand_class"),
        *METRICS,
    ]
    assert pooled.by_step()["step"].unique().sort().to_list() == list(range(1, 15))
    assert pooled.by_class()["series"].sum() == count * len(longer.series)
    assert found.by_fold()["fold"].to_list() == [1] * count + [2] * count


def test_a_model_that_fails_is_named_and_stops_no_other(longer: Panel) -> None:
    models = {"lucky": model(), "unlucky": model(fails_after=len(longer.periods) - 40)}
    found = cross_validate(models, longer, PLAN)
    assert found.failed == {"unlucky": "RuntimeError: out of luck"}
    assert set(found.table["model"]) == {"lucky", *YARDSTICKS}


def test_when_every_model_fails_the_reason_is_the_error(longer: Panel) -> None:
    short = FoldPlan(count=1, periods=len(longer.periods) - 5, steps=2)
    with pytest.raises(HistoryTooShort):
        cross_validate({"lightgbm": estimator("lightgbm")}, longer, short)
    with pytest.raises(ForecastError, match="mean: RuntimeError: out of luck"):
        cross_validate({"mean": model(fails_after=0)}, longer, PLAN)


def test_a_report_that_raises_stops_the_work(longer: Panel) -> None:
    class Cancelled(Exception):
        pass

    def report(_done: float, what: str) -> None:
        if "fold 2" in what:
            raise Cancelled

    with pytest.raises(Cancelled):
        cross_validate({}, longer, PLAN, report=report)


def test_progress_grows_to_the_end(longer: Panel) -> None:
    told: list[float] = []
    cross_validate({"mean": model()}, longer, PLAN, report=lambda done, _: told.append(done))
    assert told == sorted(told)
    assert len(told) == 2 * (len(YARDSTICKS) + 1)
    assert 0 <= told[0] <= told[-1] < 1


def test_nothing_to_judge_by_is_refused(longer: Panel) -> None:
    hidden = replace(longer, demand=np.full_like(longer.demand, np.nan))
    with pytest.raises(InvalidInput, match="nothing was observed"):
        cross_validate({}, hidden, PLAN)
    with pytest.raises(InvalidInput, match="no series"):
        cross_validate({}, longer.select([]), PLAN)


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_constant_demand_has_figures_and_those_it_has_not_are_null(
    longer: Panel, value: float
) -> None:
    constant = replace(longer, demand=np.full_like(longer.demand, value))
    found = cross_validate({}, constant, PLAN)
    row = found.table.to_dicts()[0]
    assert row["mase"] is None
    assert row["r2"] is None
    assert (row["mape"] is None) == (value == 0)
    assert row["zero_share"] == (value == 0)
    assert row["mae"] == pytest.approx(0.0, abs=0.5)


def test_gaps_and_one_step_are_judged_too(longer: Panel) -> None:
    demand = longer.demand.copy()
    demand[0] = np.nan
    demand[:, -10:] = np.nan
    holes = replace(longer, demand=demand)
    found = cross_validate({}, holes, FoldPlan(count=2, periods=12, steps=1, every=1))
    assert found.pooled.by_series().filter(part_id="P-0")["observed"].min() == 0
    assert (found.table["observed"] == found.table["observed"][0]).all()
    quantiles = found.forecasts["naive"][0].quantiles
    assert quantiles.shape == (12, len(holes.series), 1, len(QUANTILES))
