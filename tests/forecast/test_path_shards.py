from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.engine.process_pool import ProcessExecutor
from supplynet.errors import InvalidInput
from supplynet.forecast import registry
from supplynet.forecast.coherence import node_paths, path_quantiles
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.hierarchy import Hierarchy
from supplynet.forecast.path_shards import (
    PathSummary,
    Sampling,
    predict_in_shards,
    sample_in_shards,
    summarise_in_shards,
)
from supplynet.forecast.paths import QuantileForecast, path_scores, paths_at, sample_paths
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period

SERIES = tuple((f"SR{line // 2}.L{line}", f"p{part}") for line in range(5) for part in range(3))
HIERARCHY = Hierarchy.of_names(SERIES)
SAMPLING = Sampling(paths=60, seed=4, dependence=Dependence(line=0.5), windows=((0, 2), (1, 4)))
FACTORS = np.linspace(0.5, 1.5, len(SERIES) * 4).reshape(-1, 4)


@pytest.fixture(scope="module")
def forecast(calendar: tuple[Period, ...]) -> QuantileForecast:
    rng = np.random.default_rng(5)
    values = np.sort(rng.gamma(0.7, 20.0, (len(SERIES), 4, len(QUANTILES))), axis=-1)
    return QuantileForecast(
        values=values,
        levels=QUANTILES,
        series=SERIES,
        periods=calendar[:4],
        cutoff=calendar[0].start,
        model_version="test",
    )


def summary(forecast: QuantileForecast, most_series: int, **more: object) -> PathSummary:
    return summarise_in_shards(
        forecast,
        SAMPLING,
        hierarchy=HIERARCHY,
        factors=FACTORS,
        most_series=most_series,
        **more,  # type: ignore[arg-type] # an executor or nothing
    )


def assert_same(one: PathSummary, other: PathSummary) -> None:
    for name in ("mean", "quantiles", "window_means", "window_quantiles"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.nodes is not None
    assert other.nodes is not None
    np.testing.assert_array_equal(one.nodes.values, other.nodes.values)


@given(st.integers(1, 20))
@settings(max_examples=12)
def test_shards_of_any_size_give_the_paths_of_all_at_once(
    forecast: QuantileForecast, most: int
) -> None:
    shards = sample_in_shards(forecast, SAMPLING, factors=FACTORS, most_series=most)
    whole = sample_paths(
        forecast, dependence=SAMPLING.dependence, paths=60, seed=4, factors=FACTORS
    )
    together = np.concatenate([shard.values for shard in shards], axis=1)
    np.testing.assert_array_equal(together, whole.values)


@given(st.integers(1, 20))
@settings(max_examples=12)
def test_a_summary_does_not_depend_on_the_shards(forecast: QuantileForecast, most: int) -> None:
    assert_same(summary(forecast, most), summary(forecast, 100))


def test_a_summary_is_that_of_the_paths(forecast: QuantileForecast) -> None:
    paths = sample_paths(
        forecast, dependence=SAMPLING.dependence, paths=60, seed=4, factors=FACTORS
    )
    found = summary(forecast, 4)
    np.testing.assert_allclose(found.mean, paths.values.mean(axis=0))
    np.testing.assert_array_equal(found.quantiles, path_quantiles(paths.values, QUANTILES))
    window = paths.values[:, :, 1:4].sum(axis=2)
    np.testing.assert_allclose(found.window_means[:, 1], window.mean(axis=0))
    np.testing.assert_array_equal(found.window_quantiles[:, 1], path_quantiles(window, QUANTILES))
    assert found.nodes is not None
    np.testing.assert_array_equal(found.nodes.values, node_paths(paths, HIERARCHY).values)


@pytest.fixture(scope="module")
def two() -> Iterator[ProcessExecutor]:
    with ProcessExecutor(2) as executor:
        yield executor


def test_processes_give_what_one_gives(
    forecast: QuantileForecast, panel: Panel, calendar: tuple[Period, ...], two: ProcessExecutor
) -> None:
    assert_same(summary(forecast, 4, executor=two), summary(forecast, 100))
    model = registry.estimator("shift_mean").fit(panel)
    future = calendar[len(panel.periods) :][:3]
    here, there = (
        predict_in_shards(model, panel, future, most_series=3, executor=executor)
        for executor in (None, two)
    )
    np.testing.assert_array_equal(here, there)


@pytest.mark.parametrize("most", [1, 4, 7, 100])
@pytest.mark.parametrize("name", ["lightgbm", "shift_mean", "moving_average"])
def test_a_forecast_in_shards_keeps_lines_whole(
    name: str, most: int, panel: Panel, calendar: tuple[Period, ...]
) -> None:
    """LightGBM learns from the other parts of a line; a line cut in two would not be the same."""
    given = {"rounds": 5} if name == "lightgbm" else {}
    model = registry.estimator(name, **given).fit(panel)
    future = calendar[len(panel.periods) :][:14]
    whole = model.predict(panel, future, QUANTILES)
    np.testing.assert_allclose(
        predict_in_shards(model, panel, future, most_series=most), whole, rtol=1e-9
    )


def test_scores_kept_and_scores_made_on_the_way_are_the_same(forecast: QuantileForecast) -> None:
    scores = path_scores(SERIES, SAMPLING.dependence, steps=4, paths=60, seed=4)
    kept = paths_at(forecast, scores, 4)
    made = sample_paths(forecast, dependence=SAMPLING.dependence, paths=60, seed=4)
    np.testing.assert_array_equal(kept.values, made.values)


def test_a_window_beyond_the_steps_is_refused(forecast: QuantileForecast) -> None:
    with pytest.raises(InvalidInput, match=r"window \[2, 5\) is not within the 4 steps"):
        summarise_in_shards(forecast, Sampling(windows=((2, 5),)))


def test_no_series_make_an_empty_summary(forecast: QuantileForecast) -> None:
    none = forecast.rows(slice(0, 0))
    found = summarise_in_shards(none, SAMPLING, hierarchy=Hierarchy.of_names(()))
    assert found.quantiles.shape == (0, 4, 9)
    assert list(sample_in_shards(none, SAMPLING)) == []


def test_one_series_one_step_and_one_path_are_enough(forecast: QuantileForecast) -> None:
    one = QuantileForecast(
        values=forecast.values[:1, :1],
        levels=QUANTILES,
        series=SERIES[:1],
        periods=forecast.periods[:1],
        cutoff=forecast.cutoff,
        model_version="test",
    )
    found = summarise_in_shards(one, Sampling(paths=1, windows=((0, 1),)))
    assert (found.quantiles == found.mean[..., None]).all()
    assert (found.window_quantiles == found.mean[..., None]).all()
