import numpy as np
import pytest

from supplynet.frames.cleaning.pace import LinePeriods, pace


def periods(shown: list[float], noise: list[float], carried: float = 0.6) -> LinePeriods:
    return LinePeriods(
        line=np.zeros(len(shown), dtype=np.int64),
        shown=np.array(shown),
        noise=np.array(noise),
        variance=np.array([0.04]),
        carried=carried,
    )


def slowly(given: LinePeriods, place: int) -> tuple[float, float]:
    """The same by conditioning one big normal distribution."""
    count = len(given.shown)
    apart = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    covariance = given.variance[0] * given.carried**apart
    seen = np.flatnonzero(np.isfinite(given.noise))
    inverse = np.linalg.inv(covariance[np.ix_(seen, seen)] + np.diag(given.noise[seen]))
    weight = covariance[place, seen] @ inverse
    spread = covariance[place, place] - weight @ covariance[seen, place]
    return 1 + float(weight @ given.shown[seen]), float(spread)


def test_two_short_filters_equal_one_big_normal_distribution() -> None:
    rng = np.random.default_rng(1)
    noise = rng.uniform(0.001, 0.05, 9)
    noise[[2, 4]] = np.inf
    given = periods(list(rng.normal(0, 0.2, 9)), list(noise))
    mean, variance = pace(given, np.arange(9))
    for place in range(9):
        assert (mean[place], variance[place]) == pytest.approx(slowly(given, place))


def test_nothing_seen_is_the_usual_pace_with_all_its_variance() -> None:
    mean, variance = pace(periods([0.0] * 3, [np.inf] * 3), np.array([1]))
    assert (mean[0], variance[0]) == pytest.approx((1, 0.04))


def test_other_lines_say_nothing() -> None:
    given = LinePeriods(
        line=np.array([0, 1, 2]),
        shown=np.array([0.9, 0.0, 0.9]),
        noise=np.array([0.001, np.inf, 0.001]),
        variance=np.full(3, 0.04),
        carried=0.9,
    )
    assert pace(given, np.array([1]))[0][0] == pytest.approx(1)


def test_a_pace_is_never_0_or_less() -> None:
    assert pace(periods([-5.0], [1e-6]), np.array([0]))[0][0] == 0.05
