from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.errors import MissingExtra, NotFound
from supplynet.forecast import registry
from supplynet.forecast.model import Sized
from supplynet.forecast.tuning_spaces import SPACES, Choice, Integer, Real, grid, space_of
from supplynet.frames.panel import Panel


@pytest.mark.parametrize("model", sorted(SPACES))
def test_the_default_of_every_model_is_a_point_of_its_space(model: str, panel: Panel) -> None:
    try:
        default = registry.estimator(model)
    except MissingExtra as error:
        pytest.skip(str(error))
    if isinstance(default, Sized):
        default = default.sized(panel)
    for name, dimension in SPACES[model].items():
        value = getattr(default, name)
        if isinstance(dimension, Choice):
            assert value in dimension.values, name
        else:
            assert dimension.low <= value <= dimension.high, name
            assert isinstance(value, int if isinstance(dimension, Integer) else float), name


@pytest.mark.parametrize("model", sorted(SPACES))
def test_the_ends_of_every_space_are_settings_that_the_model_takes(model: str) -> None:
    try:
        registry.settings_of(model)
    except MissingExtra as error:
        pytest.skip(str(error))
    for place in (0, -1):
        ends = {name: each.spread(2)[place] for name, each in SPACES[model].items()}
        registry.estimator(model, **ends)


def test_a_model_without_a_space_is_refused() -> None:
    with pytest.raises(NotFound, match="no model to tune 'crystal_ball'; choose one of adida"):
        space_of("crystal_ball")


def test_a_dimension_is_spread_from_end_to_end() -> None:
    assert Integer(low=1, high=9).spread(3) == (1, 5, 9)
    assert Integer(low=1, high=100, logarithmic=True).spread(3) == (1, 10, 100)
    assert Real(low=0.0, high=1.0).spread(5) == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert Real(low=0.01, high=1.0, logarithmic=True).spread(3) == pytest.approx((0.01, 0.1, 1.0))
    assert Choice(("a", "b", "c")).spread(2) == ("a", "b", "c")
    assert Integer(low=1, high=2).spread(5) == (1, 2)
    assert Real(low=0.5, high=0.5).spread(3) == (0.5,)


@given(st.integers(1, 50), st.integers(0, 100), st.integers(1, 7), st.booleans())
def test_what_is_spread_rises_within_the_limits(
    low: int, width: int, points: int, logarithmic: bool
) -> None:
    values = Integer(low=low, high=low + width, logarithmic=logarithmic).spread(points)
    assert values[0] == low
    assert values[-1] <= low + width
    assert len(values) <= points
    assert all(a < b for a, b in pairwise(values))


def test_a_grid_has_every_combination_once() -> None:
    found = grid({"n": Integer(low=1, high=3), "c": Choice(("a", "b"))})
    assert found == [{"n": n, "c": c} for n in (1, 2, 3) for c in ("a", "b")]
