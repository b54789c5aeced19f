from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from supplynet.forecast.refill_scores import (
    METRICS,
    Judgements,
    block_draws,
    confusion,
    figures,
    interval,
    quantity_figures,
    reliability,
    resampled,
)


def judgements(due: list[int], rank: list[float], bar: float = 0.5) -> Judgements:
    said = np.array(rank, dtype=float)
    return Judgements(
        due=np.array(due) > 0,
        triggered=said >= bar,
        probability=said,
        rank=said,
        block=np.arange(len(due), dtype=np.int64) // 4,
    )


def test_the_four_counts() -> None:
    judged = judgements([1, 1, 1, 0, 0], [0.9, 0.8, 0.1, 0.7, 0.2])
    assert confusion(judged) == {"tp": 2, "fp": 1, "fn": 1, "tn": 1}
    found = figures(judged)
    assert found["precision"] == found["recall"] == found["f1"] == pytest.approx(2 / 3)
    assert found["accuracy"] == pytest.approx(3 / 5)
    assert found["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)


@settings(max_examples=10)  # scikit-learn checks its arguments for long
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])),
        min_size=4,
        max_size=40,
    ).filter(lambda rows: 0 < sum(due for due, _ in rows) < len(rows))
)
def test_all_figures_are_those_of_scikit_learn(rows: list[tuple[int, float]]) -> None:
    due, rank = ([row[place] for row in rows] for place in (0, 1))
    found = figures(judgements([int(d) for d in due], rank))
    said = np.array(rank) >= 0.5
    wanted = {
        "precision": sklearn_metrics.precision_score(due, said, zero_division=np.nan),
        "recall": sklearn_metrics.recall_score(due, said),
        "f1": sklearn_metrics.f1_score(due, said),
        "accuracy": sklearn_metrics.accuracy_score(due, said),
        "balanced_accuracy": sklearn_metrics.balanced_accuracy_score(due, said),
        "roc_auc": sklearn_metrics.roc_auc_score(due, rank),
        "average_precision": sklearn_metrics.average_precision_score(due, rank),
        "brier": sklearn_metrics.brier_score_loss(due, rank),
    }
    assert tuple(found) == METRICS
    assert found == pytest.approx(wanted, nan_ok=True)


def test_what_is_not_defined_is_not_a_number() -> None:
    never_due = figures(judgements([0, 0, 0], [0.1, 0.2, 0.3]))
    assert np.isnan([never_due[name] for name in ("precision", "recall", "f1", "roc_auc")]).all()
    assert never_due["accuracy"] == 1
    assert never_due["balanced_accuracy"] == 1  # of the one kind that is there
    nothing = judgements([], [])
    assert np.isnan(list(figures(nothing).values())).all()


def test_drawing_every_block_once_gives_the_figures() -> None:
    rng = np.random.default_rng(0)
    judged = judgements(rng.integers(0, 2, 40).tolist(), rng.random(40).tolist())
    once = {name: float(values[0]) for name, values in resampled(judged, np.ones((1, 10))).items()}
    assert once == pytest.approx(figures(judged))


def test_drawing_a_block_twice_is_having_its_rows_twice() -> None:
    judged = judgements([1, 0, 1, 0, 1, 1, 0, 0], [0.9, 0.6, 0.3, 0.1, 0.8, 0.2, 0.7, 0.4])
    twice = resampled(judged, np.array([[2.0, 0.0]]))
    first = judged.at(judged.block == 0)
    for name, value in figures(first).items():
        assert float(twice[name][0]) == pytest.approx(value)


def test_blocks_that_agree_inside_make_wider_intervals_than_rows_would() -> None:
    rng = np.random.default_rng(1)
    right = np.repeat(rng.random(20) < 0.6, 50)  # whole blocks are right or wrong
    judged = Judgements(
        due=np.ones(1000, dtype=bool),
        triggered=right,
        probability=right.astype(float),
        rank=right.astype(float),
        block=np.repeat(np.arange(20), 50).astype(np.int64),
    )
    drawn = resampled(judged, block_draws(20, 400, np.random.default_rng(2)))
    low, high = interval(drawn["recall"])
    assert low < right.mean() < high
    assert high - low > 0.25  # 1,000 independent rows would give 0.06


def test_draws_keep_the_number_of_blocks_and_repeat_with_the_seed() -> None:
    draws = [block_draws(7, 50, np.random.default_rng(4)) for _ in range(2)]
    assert (draws[0].sum(axis=1) == 7).all()
    assert (draws[0] == draws[1]).all()


def test_reliability_tells_what_came_of_each_tenth() -> None:
    judged = judgements([1, 0, 0, 0, 1], [1.0, 0.12, 0.18, 0.14, 0.97])
    low, high = reliability(judged)
    assert [low[key] for key in ("rows", "from", "due")] == pytest.approx([3, 0.1, 0])
    assert [high[key] for key in ("rows", "to", "due")] == pytest.approx([2, 1, 1])


def test_quantities_are_compared_with_what_was_required() -> None:
    ordered = np.array([10.0, 0.0, 30.0, 5.0, 8.0])
    required = np.array([10.0, 20.0, 20.0, 0.0, np.nan])
    due = np.array([True, True, True, False, True])
    found = quantity_figures(ordered, required, due)
    assert found == {
        "rows": 4,
        "mae": pytest.approx((0 + 20 + 10 + 5) / 4),
        "bias": pytest.approx((0 - 20 + 10 + 5) / 4),
        "relative_mae": pytest.approx(35 / 50),
        "short": pytest.approx(1 / 3),
    }
    nothing = quantity_figures(np.array([np.nan]), np.array([1.0]), np.array([True]))
    assert nothing["rows"] == 0
    assert np.isnan(nothing["mae"])
