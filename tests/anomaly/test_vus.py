import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.anomaly.vus import period_of, vus_pr, vus_roc
from supplynet.errors import InvalidInput


def labelled(periods: int, *anomalies: tuple[int, int]) -> np.ndarray:
    labels = np.zeros(periods, dtype=bool)
    for first, end in anomalies:
        labels[first:end] = True
    return labels


def noisy(seed: int, labels: np.ndarray, *anomalies: tuple[int, int]) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(size=labels.size)
    for first, end in anomalies:
        scores[max(0, first - 2) : end + 3] += 1.0
    return scores


# Printed by TSB-AD 1.5 (RangeAUC_volume_opt). It samples 250 thresholds, so series of 250 periods
# agree exactly; the longer one was run with a threshold per period.
PUBLISHED = [
    (0, 250, [(60, 70), (80, 90), (200, 205)], 20, 0.87165082913751, 0.4891228996263243),
    (1, 250, [(0, 5), (240, 250)], 11, 0.8528871874032498, 0.273529616524762),
    (2, 250, [(100, 101)], 40, 0.9212298071689548, 0.2712761413626647),
    (3, 2000, [(300, 400), (420, 430), (1500, 1501)], 100, 0.8648488812803631, 0.2643200553777072),
]


@pytest.mark.parametrize(("seed", "periods", "anomalies", "buffer", "roc", "pr"), PUBLISHED)
def test_volumes_are_those_that_the_published_program_prints(
    seed: int, periods: int, anomalies: list[tuple[int, int]], buffer: int, roc: float, pr: float
) -> None:
    labels = labelled(periods, *anomalies)
    scores = noisy(seed, labels, *anomalies)
    assert vus_pr(labels, scores, buffer) == pytest.approx(pr, abs=1e-12)
    assert vus_roc(labels, scores, buffer) == pytest.approx(roc, abs=1e-12)


def test_ties_are_those_of_the_published_program() -> None:
    anomalies = [(30, 40), (45, 50), (120, 121)]
    labels = labelled(250, *anomalies)
    scores = np.round(noisy(4, labels, *anomalies))
    assert vus_pr(labels, scores, 7) == pytest.approx(0.24911403880379768, abs=1e-12)
    assert vus_roc(labels, scores, 7) == pytest.approx(0.8053871899317298, abs=1e-12)


def test_without_a_buffer_it_is_average_precision_of_found_ranges() -> None:
    # Falling: period 0 (odd), 1 (usual), 2 (odd). Recall 1/2 of the values x 1/2 of the ranges at
    # precision 1, then 1 at precision 2/3.
    labels = np.array([True, False, True, False])
    assert vus_pr(labels, np.array([4.0, 3.0, 2.0, 1.0]), 0) == pytest.approx(1 / 4 + 3 / 4 * 2 / 3)


def test_a_flag_beside_an_anomaly_is_worth_half_with_the_square_root() -> None:
    # Length 2 reaches one period to each side, worth sqrt(1 - 1/2). Lengths 0 and 1 reach none:
    # there the anomaly comes second, at precision 1/2. At length 2 the first flag has precision w
    # and recall w / (1 + w/2), the second the rest at precision (1 + w)/2.
    labels, scores = np.array([False, True, False, False]), np.array([3.0, 2.0, 1.0, 0.0])
    worth = np.sqrt(0.5)
    first = worth / (1 + worth / 2)
    of_two = first * worth + (1 - first) * (1 + worth) / 2
    assert vus_pr(labels, scores, 2) == pytest.approx((0.5 + 0.5 + of_two) / 3)


@given(st.integers(0, 40), st.integers(1, 9), st.integers(0, 30))
def test_a_perfect_score_gives_one(first: int, length: int, buffer: int) -> None:
    labels = labelled(60, (first, first + length))
    assert vus_pr(labels, labels.astype(float), buffer) == pytest.approx(1.0)


def test_one_score_for_all_gives_the_share_of_anomalies() -> None:
    assert vus_pr(labelled(50, (10, 15)), np.zeros(50), 0) == pytest.approx(0.1)


def test_shuffled_scores_give_about_the_share_of_anomalies() -> None:
    labels = labelled(4000, *[(k, k + 40) for k in range(50, 4000, 400)])
    rng = np.random.default_rng(0)
    found = [vus_pr(labels, rng.permutation(4000).astype(float), 0) for _ in range(10)]
    assert np.mean(found) == pytest.approx(0.1, abs=0.02)


@given(st.integers(0, 1000))
def test_a_monotone_transform_changes_nothing(seed: int) -> None:
    labels = labelled(80, (10, 14), (50, 60))
    scores = np.random.default_rng(seed).integers(-5, 5, 80).astype(float)
    assert vus_pr(labels, np.exp(scores), 9) == vus_pr(labels, scores, 9)


def test_what_was_not_judged_is_less_odd_than_all_else() -> None:
    labels = labelled(30, (10, 12), (20, 25))
    scores = np.arange(30.0)
    unjudged, least = scores.copy(), scores.copy()
    unjudged[[3, 11]], least[[3, 11]] = np.nan, -1e9
    assert vus_pr(labels, unjudged, 6) == vus_pr(labels, least, 6)


def test_without_anomalies_there_is_no_figure() -> None:
    assert np.isnan(vus_pr(labelled(9), np.zeros(9), 3))
    assert np.isnan(vus_roc(np.ones(9, dtype=bool), np.zeros(9), 3))


def test_wrong_shapes_and_lengths_are_refused() -> None:
    with pytest.raises(InvalidInput, match="one of each per period"):
        vus_pr(labelled(9), np.zeros(8), 3)
    with pytest.raises(InvalidInput, match="0 or more"):
        vus_pr(labelled(9, (1, 2)), np.zeros(9), -1)


# Printed by TSB-AD 1.5 (find_length_rank) for these series, drawn one after the other.
@pytest.mark.parametrize(("place", "published"), [(0, 24), (1, 95), (2, 21), (3, 9), (4, 125)])
def test_the_period_is_that_of_the_published_program(place: int, published: int) -> None:
    rng, period = np.random.default_rng(0), (24, 96, 7, 3, 350)[place]
    noise = [0.3 * rng.normal(size=3000) for _ in range(place + 1)][-1]
    assert period_of(np.sin(2 * np.pi * np.arange(3000) / period) + noise) == published


@pytest.mark.parametrize("values", [np.full(50, np.nan), np.ones(50), np.arange(3.0), np.empty(0)])
def test_a_series_without_a_period_gets_the_usual_one(values: np.ndarray) -> None:
    assert period_of(values) == 125
