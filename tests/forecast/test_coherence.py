from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.sample_paths import FloatArray, SamplePaths
from supplynet.errors import InvalidInput
from supplynet.forecast.coherence import (
    NODE_SCHEMA,
    NodePaths,
    node_paths,
    path_quantiles,
    sampled_node_paths,
    summed_panel,
)
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.hierarchy import Hierarchy
from supplynet.forecast.paths import QuantileForecast, sample_paths
from supplynet.forecast.quantiles import QUANTILES, observed_quantiles
from supplynet.frames.panel import Panel, Period

SERIES = (("SR1.A", "bolt"), ("SR1.A", "nut"), ("SR1.B", "bolt"), ("SR2.C", "nut"))
HIERARCHY = Hierarchy.of_names(SERIES)


def forecast(calendar: tuple[Period, ...], steps: int = 3) -> QuantileForecast:
    rng = np.random.default_rng(5)
    values = np.sort(rng.gamma(2.0, 20.0, (len(SERIES), steps, len(QUANTILES))), axis=-1)
    return QuantileForecast(
        values=values,
        levels=QUANTILES,
        series=SERIES,
        periods=calendar[:steps],
        cutoff=calendar[0].start,
        model_version="test",
    )


def paths_of(values: object, calendar: tuple[Period, ...]) -> SamplePaths:
    array = np.array(values, dtype=np.int32)
    periods = calendar[: array.shape[2]]
    return SamplePaths(
        values=array,
        series=SERIES,
        period_starts=tuple(period.start for period in periods),
        period_ends=tuple(period.end for period in periods),
        cutoff=periods[0].start,
        seed=1,
        model_version="test",
    )


def test_every_sum_is_exact_on_every_path(calendar: tuple[Period, ...]) -> None:
    made = paths_of([[[1], [10], [100], [1000]], [[2], [20], [200], [2000]]], calendar)
    sums = node_paths(made, HIERARCHY)
    assert sums.of_level("total")[:, 0, 0].tolist() == [1111, 2222]
    assert sums.of_level("part")[:, :, 0].tolist() == [[101, 1010], [202, 2020]]
    assert sums.of_level("group_1")[:, :, 0].tolist() == [[111, 1000], [222, 2000]]
    assert sums.of_level("location")[:, :, 0].tolist() == [[11, 100, 1000], [22, 200, 2000]]


def test_sums_beyond_what_a_count_can_hold_are_exact(calendar: tuple[Period, ...]) -> None:
    made = paths_of([[[2_000_000_000]] * 4], calendar)
    assert node_paths(made, HIERARCHY).of_level("total").item() == 8_000_000_000


@given(st.integers(1, 30), st.integers(0, 1000))
def test_levels_agree_on_every_path(paths: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.poisson(20, (2, len(SERIES), paths)).astype(np.int32)
    total = np.zeros((2, len(HIERARCHY.names), paths), dtype=np.int64)
    HIERARCHY.add(total, values, slice(0, len(SERIES)))
    sums = NodePaths(values=total.transpose(2, 1, 0), hierarchy=HIERARCHY)
    whole = sums.of_level("total").sum(axis=1)
    for level in ("part", "group_1", "location"):
        np.testing.assert_array_equal(sums.of_level(level).sum(axis=1), whole)


def test_sums_of_sampled_paths_need_no_paths(calendar: tuple[Period, ...]) -> None:
    made, factors = forecast(calendar), np.full((len(SERIES), 3), 1.3)
    kept = sample_paths(made, dependence=Dependence(), paths=70, seed=3, factors=factors)
    streamed = sampled_node_paths(
        made, HIERARCHY, dependence=Dependence(), paths=70, seed=3, factors=factors
    )
    np.testing.assert_array_equal(streamed.values, node_paths(kept, HIERARCHY).values)


def test_a_sum_is_surer_than_the_sum_of_quantiles(calendar: tuple[Period, ...]) -> None:
    made = forecast(calendar)
    sums = sampled_node_paths(made, HIERARCHY, dependence=Dependence(), paths=2000, seed=3)
    high = sums.quantiles((0.99,))[0, :, 0]
    assert (high < 0.9 * made.values[:, :, -1].sum(axis=0)).all()


@given(st.integers(1, 40), st.integers(0, 1000))
def test_quantiles_are_those_of_the_paths(paths: int, seed: int) -> None:
    values = np.random.default_rng(seed).poisson(5, (paths, 6))
    slow = observed_quantiles(values.T.astype(float), QUANTILES)
    np.testing.assert_allclose(path_quantiles(values, QUANTILES), slow)


def test_the_frame_has_a_row_per_node_step_and_quantile_and_the_mean(
    calendar: tuple[Period, ...],
) -> None:
    made = paths_of([[[1], [10], [100], [1000]], [[3], [30], [300], [3000]]], calendar)
    frame = node_paths(made, HIERARCHY).frame(calendar[:1], calendar[0].start, (0.5,))
    assert frame.schema == NODE_SCHEMA
    assert frame.height == len(HIERARCHY.names) * 2
    assert frame.row(3, named=True) == {
        "level": "part",
        "location_id": None,
        "part_id": "bolt",
        "period_start": calendar[0].start,
        "shift": "day",
        "cutoff": calendar[0].start,
        "step": 0,
        "quantile": None,
        "demand": 202.0,
    }
    assert frame["demand"][0] == 2222  # the median of 1111 and 3333


def test_paths_of_other_series_are_refused(calendar: tuple[Period, ...]) -> None:
    other = Hierarchy.of_names(SERIES[::-1])
    with pytest.raises(InvalidInput, match="another order"):
        node_paths(paths_of([[[1]] * 4], calendar), other)


def panel_of(rows: list[list[float]], calendar: tuple[Period, ...]) -> Panel:
    demand: FloatArray = np.array(rows, dtype=float)
    return Panel(series=SERIES, periods=calendar[: demand.shape[1]], demand=demand)


NAN = float("nan")


def test_a_sum_is_observed_where_all_its_series_are(calendar: tuple[Period, ...]) -> None:
    rows: list[list[float]] = [[5, 5, NAN], [5, 5, 5], [5, 5, 5], [5, NAN, NAN]]
    found = summed_panel(panel_of(rows, calendar), HIERARCHY, "group_1")
    assert found.series == (("SR1", ""), ("SR2", ""))
    np.testing.assert_array_equal(found.demand, [[15, 15, NAN], [5, NAN, NAN]])


def test_a_small_share_that_was_starved_is_filled_in(calendar: tuple[Period, ...]) -> None:
    """Series of 96 and 4 a shift: without the small one 48 seen of 96 stand for 50."""
    rows: list[list[float]] = [[96, 96, 48], [2, 2, NAN], [1, 1, NAN], [1, 1, NAN]]
    panel = panel_of(rows, calendar)
    np.testing.assert_allclose(summed_panel(panel, HIERARCHY, "total").demand, [[100, 100, 50]])
    strict = summed_panel(panel, HIERARCHY, "total", most_missing=0.0)
    np.testing.assert_array_equal(strict.demand, [[100, 100, NAN]])


def test_a_series_that_has_not_begun_is_not_missing(calendar: tuple[Period, ...]) -> None:
    rows: list[list[float]] = [[5, 5, 5], [5, 5, 5], [5, 5, 5], [NAN, 7, 7]]
    found = summed_panel(panel_of(rows, calendar), HIERARCHY, "total").demand
    np.testing.assert_array_equal(found, [[15, 22, 22]])


def test_nothing_observed_is_no_sum(calendar: tuple[Period, ...]) -> None:
    found = summed_panel(panel_of([[NAN, NAN]] * 4, calendar), HIERARCHY, "part").demand
    assert np.isnan(found).all()


def test_all_zero_series_sum_to_zero(calendar: tuple[Period, ...]) -> None:
    rows: list[list[float]] = [[0, 0], [0, 0], [0, 0], [0, NAN]]
    found = summed_panel(panel_of(rows, calendar), HIERARCHY, "total").demand
    np.testing.assert_array_equal(found, [[0, 0]])


@given(st.integers(1, 99), st.integers(0, 1000))
def test_a_sum_uses_nothing_that_comes_later(
    calendar: tuple[Period, ...], known: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    demand = rng.poisson(30, (len(SERIES), 100)).astype(float)
    demand[rng.random(demand.shape) < 0.1] = np.nan
    demand[3, ::2] /= 20  # small enough to be filled in
    panel = Panel(series=SERIES, periods=calendar[:100], demand=demand)
    whole = summed_panel(panel, HIERARCHY, "total", most_missing=0.3).demand[:, :known]
    head = summed_panel(panel.head(known), HIERARCHY, "total", most_missing=0.3).demand
    np.testing.assert_array_equal(whole, head)
    assert calendar[1].start - calendar[0].start == timedelta(hours=12)
