import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.forecast.path_counts import counts_at, multiplied
from supplynet.forecast.path_scores import code_of_score, score_of_code
from supplynet.forecast.quantiles import QUANTILES, at_scores

SERIES = (("L1", "bolt"), ("L1", "nut"), ("L2", "bolt"))


@given(st.integers(0, 2**32 - 1), st.sampled_from([QUANTILES, (0.1, 0.5, 0.9), (0.5,)]))
def test_the_table_gives_what_the_formula_gives(seed: int, levels: tuple[float, ...]) -> None:
    rng = np.random.default_rng(seed)
    values = np.sort(rng.gamma(0.5, 40, (3, 2, len(levels))), axis=-1)
    codes = code_of_score(rng.normal(0, 1.5, (3, 2, 40)))
    scores = np.moveaxis(score_of_code()[codes], -1, 0)
    slow = np.moveaxis(at_scores(values, levels, scores), 0, -1)
    np.testing.assert_array_equal(counts_at(values, levels, codes), np.rint(slow))


def test_every_score_there_is_gives_a_count() -> None:
    values = np.array([0.0, 0, 1, 2, 3, 5, 8, 20, 1e6])[None, None]
    counts = counts_at(values, QUANTILES, np.arange(65536, dtype=np.uint16)[None, None])[0, 0]
    assert (np.diff(counts.astype(np.int64)) >= 0).all()
    assert (counts >= 0).all()


def test_more_than_a_count_can_hold_stays_the_most() -> None:
    values = np.full((1, 1, 9), 5e9)
    assert counts_at(values, QUANTILES, np.zeros((1, 1, 1), dtype=np.uint16))[0, 0, 0] == 2**31 - 1


def counts(demand: int, paths: int = 20_000) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return np.full((1, 3, paths), demand, dtype=np.int32)


def test_a_factor_keeps_the_mean_of_small_counts() -> None:
    made = multiplied(counts(3), np.array([[1.1, 0.5, 2.0]]), SERIES, seed=1)
    assert made.mean(axis=-1)[0] == pytest.approx([3.3, 1.5, 6.0], abs=0.02)
    assert [sorted(set(row)) for row in made[0].tolist()] == [[3, 4], [1, 2], [6]]


def test_a_factor_of_one_changes_nothing_and_none_stays_none() -> None:
    factors = np.array([[1.0, 0.0, 1.9]])
    assert (multiplied(counts(7), factors, SERIES, seed=1)[0, 0] == 7).all()
    assert (multiplied(counts(7), factors, SERIES, seed=1)[0, 1] == 0).all()
    assert (multiplied(counts(0), factors, SERIES, seed=1)[0, 2] == 0).all()


def test_rounding_is_keyed_by_series_and_seed() -> None:
    factors = np.full((1, 3), 1.5)
    whole = multiplied(counts(5, 50), factors, SERIES, seed=1)
    alone = multiplied(counts(5, 20)[:, :1], factors[:, :1], SERIES[2:], seed=1)
    np.testing.assert_array_equal(alone[0, 0], whole[0, 2, :20])
    assert (multiplied(counts(5, 50), factors, SERIES, seed=2) != whole).any()
    assert (whole[0, 0] != whole[0, 1]).any()
