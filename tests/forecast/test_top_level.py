from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError, InvalidInput, NotFound
from supplynet.forecast import registry
from supplynet.forecast.coherence import node_paths
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.hierarchy import Hierarchy
from supplynet.forecast.model import Progress
from supplynet.forecast.paths import QuantileForecast, sample_paths
from supplynet.forecast.quantiles import QUANTILES, mean, normal_levels
from supplynet.forecast.top_level import FittedTopLevel, TopLevel
from supplynet.forecast.top_level_trial import EVIDENCE
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState, load_model, save_model

SERIES = (("SR1.A", "bolt"), ("SR1.A", "nut"), ("SR1.B", "bolt"), ("SR2.C", "nut"))
HIERARCHY = Hierarchy.of_names(SERIES)
SETTINGS = TopLevel(horizon=14)


@dataclass(frozen=True)
class Recent:
    """Mean of the last week times ``bias``; one that looks at the future is found out."""

    bias: float

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),
        *,
        progress: Progress | None = None,  # noqa: ARG002 - as every model
    ) -> "Recent":
        assert not future or future[0].start >= panel.periods[-1].end
        return self

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        assert panel.periods[-1].end <= future[0].start
        assert panel.demand.shape[1] == len(panel.periods)
        week = panel.demand[:, -14:]
        count = np.maximum((~np.isnan(week)).sum(axis=1), 1)
        middle = self.bias * np.nan_to_num(week).sum(axis=1) / count
        spread = 1 + 0.1 * normal_levels(quantiles)
        return np.asarray((middle[:, None, None] * spread).repeat(len(future), axis=1))

    def state(self) -> ModelState:
        raise NotImplementedError

    @classmethod
    def restore(cls, state: ModelState) -> "Recent":
        raise NotImplementedError


@pytest.fixture(scope="module")
def made(calendar: tuple[Period, ...]) -> Panel:
    rng = np.random.default_rng(3)
    level = np.array([[20.0], [200.0], [60.0], [5.0]])
    demand = rng.poisson(level, (4, 200)).astype(float)
    return Panel(series=SERIES, periods=calendar[:200], demand=demand)


def bottom_up(panel: Panel, calendar: tuple[Period, ...], bias: float) -> QuantileForecast:
    periods = calendar[len(panel.periods) :][:14]
    return QuantileForecast(
        values=Recent(bias).predict(panel, periods, QUANTILES),
        levels=QUANTILES,
        series=SERIES,
        periods=periods,
        cutoff=periods[0].start,
        model_version="test",
    )


def test_a_better_model_of_the_sum_lifts_series_that_are_forecast_too_low(
    made: Panel, calendar: tuple[Period, ...]
) -> None:
    fitted = SETTINGS.fit(Recent(1.0), Recent(0.8), made, HIERARCHY)
    assert fitted.weight == 1.0
    assert "weight 1 was best at first; on later cutoffs pinball loss" in fitted.reason
    forecast = bottom_up(made, calendar, 0.8)
    factors = fitted.factors(made, HIERARCHY, forecast)
    assert factors is not None
    np.testing.assert_allclose(factors, 1.25, rtol=0.01)


def test_corrected_paths_are_counts_whose_sums_are_exact_and_meet_the_model(
    made: Panel, calendar: tuple[Period, ...]
) -> None:
    fitted = SETTINGS.fit(Recent(1.0), Recent(0.8), made, HIERARCHY)
    forecast = bottom_up(made, calendar, 0.8)
    factors = fitted.factors(made, HIERARCHY, forecast)
    paths = sample_paths(forecast, dependence=Dependence(), paths=500, seed=1, factors=factors)
    assert (paths.values >= 0).all()
    sums = node_paths(paths, HIERARCHY)
    np.testing.assert_array_equal(sums.of_level("total")[:, 0], paths.values.sum(axis=1))
    wanted = np.nanmean(made.demand[:, -14:], axis=1).sum()
    assert sums.of_level("total").mean() == pytest.approx(wanted, rel=0.02)


def test_a_worse_model_of_the_sum_is_not_used(made: Panel, calendar: tuple[Period, ...]) -> None:
    fitted = SETTINGS.fit(Recent(1.3), Recent(1.0), made, HIERARCHY)
    assert (fitted.weight, fitted.predictor) == (0.0, None)
    assert fitted.reason.startswith("no weight lowers")
    assert fitted.factors(made, HIERARCHY, bottom_up(made, calendar, 1.0)) is None
    assert len(fitted.evidence) == 6 * 5


def test_a_model_that_helped_only_at_first_is_not_used(made: Panel) -> None:
    """Until two weeks before the end 1.25 times the forecast is right, then the forecast is."""
    demand = made.demand.copy()
    demand[:, 144:172] *= np.linspace(1.2, 1.3, 28)
    panel = Panel(series=SERIES, periods=made.periods, demand=demand)
    fitted = SETTINGS.fit(Recent(1.25), Recent(1.0), panel, HIERARCHY)
    assert fitted.weight == 0
    assert fitted.reason.endswith("not used")


def test_the_series_must_not_be_made_worse(made: Panel) -> None:
    """60 bolts a shift are forecast as 12 and 200 nuts as 220: scaled up, the sum is right and the
    nuts are even more wrong."""

    @dataclass(frozen=True)
    class Twisted(Recent):
        def predict(
            self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
        ) -> FloatArray:
            found = super().predict(panel, future, quantiles)
            return np.asarray(found * np.array([1, 1.1, 0.2, 1])[:, None, None])

    spared = SETTINGS.fit(Recent(1.0), Twisted(1.0), made, HIERARCHY)
    careless = TopLevel(horizon=14, most_harm=1.0).fit(Recent(1.0), Twisted(1.0), made, HIERARCHY)
    assert (spared.weight, careless.weight) == (0.0, 1.0)


def test_other_levels_can_be_corrected_node_by_node(
    made: Panel, calendar: tuple[Period, ...]
) -> None:
    settings = TopLevel(level="part", horizon=14)
    fitted = settings.fit(Recent(1.0), Recent(0.8), made, HIERARCHY)
    forecast = bottom_up(made, calendar, 0.8)
    factors = fitted.factors(made, HIERARCHY, forecast)
    assert factors is not None
    assert (factors[0] == factors[2]).all()  # both bolts
    assert (factors[1] == factors[3]).all()


def test_a_running_step_is_left_to_what_was_consumed(
    made: Panel, calendar: tuple[Period, ...]
) -> None:
    fitted = SETTINGS.fit(Recent(1.0), Recent(0.8), made, HIERARCHY)
    whole = bottom_up(made, calendar, 0.8)
    running = QuantileForecast(
        values=whole.values,
        levels=QUANTILES,
        series=SERIES,
        periods=whole.periods,
        cutoff=whole.cutoff + timedelta(hours=3),
        model_version="test",
    )
    factors = fitted.factors(made, HIERARCHY, running)
    assert factors is not None
    assert (factors[:, 0] == 1).all()
    assert (factors[:, 1] > 1.2).all()


def test_what_comes_after_the_history_changes_nothing(
    made: Panel, calendar: tuple[Period, ...]
) -> None:
    """And what comes after a cutoff does not change the errors before it."""
    changed = made.demand.copy()
    changed[:, -14:] *= 3
    other = Panel(series=SERIES, periods=made.periods, demand=changed)
    one, two = (
        SETTINGS.fit(Recent(1.0), Recent(0.8), panel, HIERARCHY).evidence for panel in (made, other)
    )
    assert one[: 4 * 5] == two[: 4 * 5]  # windows that end before the change
    assert one[-5:] != two[-5:]
    assert calendar[186].start.isoformat(timespec="microseconds")[:16] in one[-1]["cutoff"]


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_nothing_to_compare_is_no_reason_to_correct(made: Panel, value: float) -> None:
    flat = Panel(series=SERIES, periods=made.periods, demand=np.full((4, 200), value))
    model = registry.estimator("shift_mean")
    if np.isnan(value):
        fitted = SETTINGS.fit(Recent(1.0), Recent(1.0), blank_end(made), HIERARCHY)
    else:
        fitted = SETTINGS.fit(model, model, flat, HIERARCHY)
    assert fitted.weight == 0
    assert fitted.reason.startswith("too little was observed")
    assert all(row["sum_pinball"] is None for row in fitted.evidence)


def blank_end(panel: Panel) -> Panel:
    """Nothing was observed in what the trial forecasts, but one shift before each cutoff."""
    demand = panel.demand.copy()
    demand[:, 144:] = np.nan
    demand[0, 144::7] = 20
    return Panel(series=SERIES, periods=panel.periods, demand=demand)


def test_a_short_history_is_left_as_it_is(made: Panel) -> None:
    fitted = SETTINGS.fit(Recent(1.0), Recent(0.8), made.head(100), HIERARCHY)
    assert (fitted.weight, fitted.reason) == (0.0, "100 periods are too few for a trial")


def test_a_level_that_leaves_series_out_is_refused(made: Panel) -> None:
    bolts = Hierarchy.of(SERIES, {"bolts": lambda _, p: (None, p) if p == "bolt" else None})
    with pytest.raises(InvalidInput, match="level bolts leaves series out"):
        TopLevel(level="bolts").fit(Recent(1.0), Recent(1.0), made, bolts)
    with pytest.raises(NotFound, match="'region'"):
        TopLevel(level="region").fit(Recent(1.0), Recent(1.0), made, HIERARCHY)


@pytest.mark.parametrize("given", [{"weights": (0.0,)}, {"weights": ()}, {"horizon": 0}])
def test_settings_that_cannot_be_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="top level"):
        TopLevel(**given)  # type: ignore[arg-type] # that is the point


def test_a_decision_can_be_kept(made: Panel, calendar: tuple[Period, ...], tmp_path: Path) -> None:
    top = registry.estimator("shift_mean")
    fitted = SETTINGS.fit(top, Recent(0.8), made, HIERARCHY)
    assert fitted.weight > 0
    save_model(tmp_path, "top", fitted.state())
    kept = FittedTopLevel.restore(load_model(tmp_path, "top")[1])
    assert (kept.settings, kept.reason, kept.evidence) == (
        fitted.settings,
        fitted.reason,
        fitted.evidence,
    )
    assert set(kept.evidence[0]) == set(EVIDENCE)
    forecast = bottom_up(made, calendar, 0.8)
    np.testing.assert_array_equal(
        kept.factors(made, HIERARCHY, forecast), fitted.factors(made, HIERARCHY, forecast)
    )


def test_quantiles_are_scaled_by_the_same_factors(
    made: Panel, calendar: tuple[Period, ...]
) -> None:
    forecast = bottom_up(made, calendar, 0.8)
    scaled = forecast.scaled(np.full((4, 14), 1.5))
    np.testing.assert_allclose(
        mean(scaled.values, QUANTILES), 1.5 * mean(forecast.values, QUANTILES)
    )
