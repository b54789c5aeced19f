import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.anomaly.affiliation import affiliation
from supplynet.errors import InvalidInput


def marked(periods: int, *stretches: tuple[int, int]) -> np.ndarray:
    flags = np.zeros(periods, dtype=bool)
    for first, end in stretches:
        flags[first:end] = True
    return flags


def test_the_example_of_the_paper() -> None:
    labels = marked(180, (0, 10), (50, 70), (170, 175))
    flagged = marked(180, (5, 6), (7, 10), (11, 12), (40, 60), (115, 130), (135, 140), (165, 170))
    found = affiliation(labels, flagged)
    # By zone, printed by the authors' program: the second is also in the paper (section 4.3).
    assert found.precision == pytest.approx(np.mean([0.9233333, 0.6722222, 0.3229167]), abs=1e-7)
    assert found.recall == pytest.approx(np.mean([0.9358333, 0.9444444, 0.9166667]), abs=1e-7)


# Printed by the authors' program, as shipped in vus 0.0.6, for the stretches that `drawn` makes.
@pytest.mark.parametrize(
    ("seed", "precision", "recall"),
    [
        (0, np.nan, 0.0),
        (1, 0.04109589041095896, 0.0273972602739726),
        (2, 0.6, 0.3043981481481482),
        (3, 0.3946476964769648, 0.33455660945498344),
        (4, 0.61875, 0.8125),
        (5, 0.4034277504105091, 0.5665024630541872),
        (6, 0.341982057751612, 0.489655172413793),
        (7, 0.5625177607274794, 0.5679338945723217),
    ],
)
def test_figures_are_those_of_the_authors(seed: int, precision: float, recall: float) -> None:
    found = affiliation(*drawn(seed))
    assert found.precision == pytest.approx(precision, abs=1e-12, nan_ok=True)
    assert found.recall == pytest.approx(recall, abs=1e-12)


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng, periods = np.random.default_rng(seed), 60 + seed * 5
    labels, flagged = marked(periods), marked(periods)
    for _ in range(1 + seed % 4):
        first = rng.integers(0, periods - 8)
        labels[first : first + rng.integers(1, 8)] = True
    for _ in range(seed):
        first = rng.integers(0, periods - 8)
        flagged[first : first + rng.integers(1, 6)] = True
    return labels, flagged


def test_a_far_flag_is_worth_the_share_of_the_zone_that_is_as_far() -> None:
    # Zone of 10, anomaly [0, 1), flag [8, 9): 7 to 8 away; on average 1.5 of 10 lie farther.
    found = affiliation(marked(10, (0, 1)), marked(10, (8, 9)))
    assert found.precision == pytest.approx(0.15)


@given(st.integers(0, 40), st.integers(1, 9))
def test_flagging_the_anomaly_and_nothing_else_gives_one(first: int, length: int) -> None:
    labels = marked(60, (first, first + length), (55, 57))
    found = affiliation(labels, labels)
    assert (found.precision, found.recall, found.f) == pytest.approx((1.0, 1.0, 1.0))


def test_flagging_everything_finds_all_at_the_precision_of_chance() -> None:
    found = affiliation(marked(1000, (500, 501)), marked(1000, (0, 1000)))
    assert found.recall == pytest.approx(1.0)
    assert found.precision == pytest.approx(0.5, abs=0.01)


def test_without_flags_nothing_is_found() -> None:
    found = affiliation(marked(20, (5, 7)), marked(20))
    assert np.isnan(found.precision)
    assert (found.recall, found.f) == (0.0, 0.0)


def test_without_anomalies_there_is_no_figure() -> None:
    found = affiliation(marked(20), marked(20, (5, 7)))
    assert np.isnan([found.precision, found.recall, found.f]).all()


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(InvalidInput, match="one of each per period"):
        affiliation(marked(20), marked(21))
