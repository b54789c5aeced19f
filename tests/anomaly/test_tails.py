"""From strangeness to probability."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.anomaly.tails import SMALLEST, Tail, fit_tail, score_of


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_a_p_value_is_the_share_of_normal_values_that_are_as_odd(
    rng: np.random.Generator,
) -> None:
    tail = fit_tail(rng.exponential(size=50_000))
    assert tail is not None
    fresh = tail.p_values(rng.exponential(size=400_000))
    for level in (0.5, 0.1, 0.01, 1e-3):
        assert (fresh <= level).mean() == pytest.approx(level, rel=0.25)


def test_faults_in_the_history_do_not_become_the_tail(rng: np.random.Generator) -> None:
    clean = rng.exponential(size=20_000)
    spoilt = np.concatenate([clean, rng.uniform(30, 60, size=400)])  # two in a hundred
    alone, beside = fit_tail(clean), fit_tail(spoilt)
    assert alone is not None
    assert beside is not None
    assert beside.threshold(1e-3) == pytest.approx(alone.threshold(1e-3), rel=0.15)
    assert beside.p_values(np.array([30.0]))[0] < 1e-6


def test_a_value_that_most_have_is_nothing_odd(rng: np.random.Generator) -> None:
    values = np.where(rng.random(20_000) < 0.97, 0.0, 1 + rng.exponential(size=20_000))
    tail = fit_tail(values)
    assert tail is not None
    p = tail.p_values(np.array([0.0, 1.0, 3.0]))
    assert p[0] == 1.0
    assert 0.01 < p[1] <= 0.031  # three in a hundred are at least as odd
    assert 1e-3 < p[2] < 0.01  # 4 in 1,000


def test_the_threshold_is_what_the_p_value_turns_back(rng: np.random.Generator) -> None:
    tail = fit_tail(rng.exponential(size=5_000))
    assert tail is not None
    for level in (0.3, 0.02, 1e-3, 1e-5):
        assert tail.p_values(np.array([tail.threshold(level)]))[0] == pytest.approx(level, rel=0.02)


@pytest.mark.parametrize("values", [np.full(100, 3.0), np.full(50, np.nan), np.arange(5.0)])
def test_what_does_not_vary_or_is_too_little_has_no_tail(
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> None:
    assert fit_tail(values) is None


@given(st.lists(st.floats(0, 1e6), min_size=25, max_size=60).filter(lambda v: len(set(v)) > 1))
def test_p_values_fall_as_strangeness_grows_and_stay_probabilities(values: list[float]) -> None:
    tail = fit_tail(np.array(values))
    if tail is None:
        return
    p = tail.p_values(np.append(np.sort(values), [1e9, np.nan]))
    assert np.isnan(p[-1])
    assert (np.diff(p[:-1]) <= 1e-9).all()
    assert ((p[:-1] >= SMALLEST) & (p[:-1] <= 1)).all()


def test_a_tail_survives_json(rng: np.random.Generator) -> None:
    tail = fit_tail(rng.normal(size=3_000) ** 2)
    assert tail is not None
    again = Tail.of_dict(tail.as_dict())
    probe = np.linspace(0, 30, 50)
    np.testing.assert_array_equal(again.p_values(probe), tail.p_values(probe))


def test_a_score_of_a_half_is_one_in_a_thousand_and_of_1_one_in_a_million() -> None:
    p = np.array([1.0, 1e-3, 1e-6, 1e-9])
    np.testing.assert_allclose(score_of(p), [0.0, 0.5, 1.0, 1.0])
