import numpy as np
import pytest

from supplynet.forecast.dependence import Dependence, fit_dependence
from supplynet.forecast.paths import path_scores

SERIES = tuple((f"L{line}", f"p{part}") for line in range(6) for part in range(5))
STRONG = Dependence(
    plant=0.2, line=0.3, plant_persistence=0.8, line_persistence=0.5, own_persistence=0.1
)


def test_the_strengths_that_made_the_scores_are_found_again() -> None:
    scores = path_scores(SERIES, STRONG, steps=6, paths=3000, seed=1)
    found = fit_dependence(scores, SERIES)
    assert found.plant == pytest.approx(0.2, abs=0.03)
    assert found.line == pytest.approx(0.3, abs=0.03)
    assert found.plant_persistence == pytest.approx(0.8, abs=0.08)
    assert found.line_persistence == pytest.approx(0.5, abs=0.08)
    assert found.own_persistence == pytest.approx(0.1, abs=0.05)


def test_gaps_do_not_bias_the_estimate() -> None:
    scores = path_scores(SERIES, STRONG, steps=6, paths=2000, seed=1)
    scores[np.random.default_rng(0).random(scores.shape) < 0.3] = np.nan
    assert fit_dependence(scores, SERIES).line == pytest.approx(0.3, abs=0.03)


def test_independent_scores_share_nothing() -> None:
    scores = np.random.default_rng(0).standard_normal((500, len(SERIES), 4))
    found = fit_dependence(scores, SERIES)
    assert found.plant + found.line < 0.02


def test_too_few_scores_leave_the_default() -> None:
    assert fit_dependence(np.zeros((1, 2, 3)), SERIES[:2]) == Dependence()


def test_what_is_carried_starts_at_one_and_fades() -> None:
    carried = STRONG.carried(3)
    # 0.2 * 0.8 + 0.3 * 0.5 + 0.5 * 0.1 = 0.36
    np.testing.assert_allclose(carried[:2], [1.0, 0.36])
    assert carried[2] < carried[1]
