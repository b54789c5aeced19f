import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from supplynet.forecast.dependence import Dependence
from supplynet.forecast.path_scores import (
    PathScores,
    cache_runs,
    code_of_score,
    score_of_code,
    shocks,
)
from supplynet.forecast.paths import path_scores

NONE = Dependence(plant=0, line=0, plant_persistence=0, line_persistence=0, own_persistence=0)
SERIES = tuple((f"L{line}", f"p{part}") for line in range(10) for part in range(3))


@pytest.fixture(scope="module")
def drawn() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """A million shocks: 5 steps, 50 names, 4,000 paths."""
    return shocks(1, "own", [f"name {i}" for i in range(50)], steps=5, paths=4000)


def test_shocks_have_the_moments_of_the_normal_distribution(
    drawn: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> None:
    wide = drawn.astype(float)
    assert wide.mean() == pytest.approx(0, abs=0.004)  # 4 standard errors
    assert wide.var() == pytest.approx(1, abs=0.006)
    assert (wide**3).mean() == pytest.approx(0, abs=0.016)
    assert (wide**4).mean() == pytest.approx(3, abs=0.04)


@pytest.mark.parametrize("level", [0.001, 0.05, 0.5, 0.95, 0.999, 0.9999])
def test_as_many_shocks_lie_below_a_level_as_should(
    level: float, drawn: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> None:
    below = (drawn < norm.ppf(level)).mean()
    error = np.sqrt(level * (1 - level) / drawn.size) + 1 / 65536  # half a slice at the edge
    assert below == pytest.approx(level, abs=4 * error)


def test_shocks_of_neighbouring_keys_are_independent(
    drawn: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> None:
    """Paths 0 to 3 share a word: its four parts must know nothing of each other either."""
    wide = drawn.astype(float)
    pairs = [(wide[..., lag:], wide[..., :-lag]) for lag in (1, 2, 3, 4, 5)] + [
        (wide[1:], wide[:-1]),
        (wide[:, 1:], wide[:, :-1]),
    ]
    for left, right in pairs:
        assert abs((left * right).mean()) < 0.005
        assert (left**2 * right**2).mean() == pytest.approx(1, abs=0.02)


def test_seeds_and_purposes_make_independent_shocks() -> None:
    one, seed, purpose = (
        shocks(*key, ["a", "b"], steps=10, paths=4000).astype(float).ravel()
        for key in ((1, "own"), (2, "own"), (1, "line"))
    )
    for other in (seed, purpose):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.015


def test_scores_have_variance_one_at_every_step_whatever_is_carried_on() -> None:
    strong = Dependence(
        plant=0.3, line=0.3, plant_persistence=0.8, line_persistence=0.6, own_persistence=0.4
    )
    scores = path_scores(SERIES, strong, steps=5, paths=4000, seed=5)
    np.testing.assert_allclose(scores.var(axis=(0, 1)), 1, atol=0.06)
    along = [np.corrcoef(scores[:, 0, 0], scores[:, 0, step])[0, 1] for step in range(5)]
    np.testing.assert_allclose(along, strong.carried(5), atol=0.06)


def test_without_dependence_series_paths_and_steps_are_independent() -> None:
    scores = path_scores(SERIES, NONE, steps=4, paths=4000, seed=5)
    between = np.corrcoef(scores.reshape(4000, -1).T) - np.eye(120)
    assert np.abs(between).max() < 0.08  # 5 standard errors over 7,140 pairs
    assert np.sqrt((between**2).sum() / (120 * 119)) == pytest.approx(1 / np.sqrt(4000), rel=0.1)


def test_codes_and_scores_belong_together() -> None:
    scores = score_of_code()
    np.testing.assert_array_equal(code_of_score(scores), np.arange(65536))
    assert (scores[0], scores[32768], scores[65535]) == (-8, 0, 8 - 1 / 4096)


@given(st.floats(-20, 20))
def test_a_code_stands_for_the_nearest_score(score: float) -> None:
    found = score_of_code()[code_of_score(np.array([score]))[0]]
    inside = min(max(score, -8.0), 8 - 1 / 4096)
    assert abs(found - inside) <= 0.5 / 4096


def test_one_number_is_what_the_key_says_for_ever() -> None:
    """Paths are rebuilt from their seed: other numbers would be other decisions."""
    made = PathScores(dependence=Dependence(), steps=2, paths=5, seed=7).codes([("L1", "bolt")])
    assert made.tolist() == [
        [[33679, 31890, 31778, 32003, 25584]],
        [[36668, 32535, 39977, 30746, 28423]],
    ]


@given(st.integers(0, 50), st.integers(0, 10**7))
def test_runs_cover_all_series_once_and_in_order(series: int, cells: int) -> None:
    runs = list(cache_runs(series, cells))
    assert [i for run in runs for i in range(series)[run]] == list(range(series))
