"""From probability to alarm."""

from datetime import date

import numpy as np
import pytest

from supplynet.anomaly.alarms import Budget, FalseDiscoveryRate
from supplynet.anomaly.calibrated import Scored
from supplynet.anomaly.detector import Judged
from supplynet.anomaly.tails import score_of
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.panel import Period, daily_periods

WEEK = daily_periods(date(2026, 1, 5), date(2026, 1, 12))


def scored(p: FloatArray) -> Scored:
    nothing = np.full(p.shape, np.nan)
    judged = Judged(strangeness=-np.log(p), expected=nothing, low=nothing, high=nothing)
    return Scored(judged=judged, p_value=p, score=score_of(p))


def test_the_budget_is_spent_on_normal_values_of_the_whole_plant() -> None:
    p = np.random.default_rng(1).uniform(size=(10_000, len(WEEK)))
    flags = Budget(alarms_per_week=35).alarms(scored(p), WEEK)
    assert 10 <= flags.sum() <= 45  # a Poisson number around 26.7


def test_twice_as_many_shifts_a_day_make_each_value_half_as_likely_to_alarm() -> None:
    halves = tuple(
        Period(start=a, end=b, shift=name, local_date=each.local_date)
        for each in WEEK
        for a, b, name in (
            (each.start, each.start + (each.end - each.start) / 2, "day"),
            (each.start + (each.end - each.start) / 2, each.end, "night"),
        )
    )
    budget = Budget(alarms_per_week=7)
    assert budget.limit(10_000, halves) == pytest.approx(budget.limit(10_000, WEEK) / 2)


def test_the_budget_is_kept_in_19_weeks_of_20() -> None:
    for allowed in (1.0, 5.0, 35.0):
        budget = Budget(alarms_per_week=allowed)
        weeks = np.random.default_rng(4).poisson(budget.expected_per_week, size=100_000)
        assert (weeks <= allowed).mean() == pytest.approx(0.95, abs=0.01)


def test_however_large_the_budget_nothing_common_alarms() -> None:
    assert Budget(alarms_per_week=1e6).limit(3, WEEK) == 1e-3


def test_what_was_not_judged_never_alarms() -> None:
    p = np.array([[np.nan, 1e-9]])
    assert Budget().alarms(scored(p), WEEK[:2]).tolist() == [[False, True]]
    assert FalseDiscoveryRate().alarms(scored(p), WEEK[:2]).tolist() == [[False, True]]


def test_benjamini_and_hochberg_as_in_their_example() -> None:
    # Benjamini and Hochberg 1995, section 3.2: 15 p-values, four are rejected at 0.05.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
    p += [0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
    flags = FalseDiscoveryRate(rate=0.05).alarms(scored(np.array(p)[:, None]), WEEK[:1])
    assert flags[:, 0].tolist() == [True] * 4 + [False] * 11


def test_of_many_alarms_at_most_the_asked_share_is_false() -> None:
    rng = np.random.default_rng(2)
    p = rng.uniform(size=(5_000, 7))
    p[:100] = 1e-6
    flags = FalseDiscoveryRate(rate=0.1).alarms(scored(p), WEEK)
    assert flags[:100].all()
    assert flags[100:].sum() / flags.sum() < 0.15


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan")])
def test_a_budget_that_cannot_be_is_refused(wrong: float) -> None:
    with pytest.raises(InvalidInput, match="alarms_per_week"):
        Budget(alarms_per_week=wrong)


@pytest.mark.parametrize("wrong", [0.0, 1.0, 2.0])
def test_a_rate_that_is_no_share_is_refused(wrong: float) -> None:
    with pytest.raises(InvalidInput, match="false_discovery_rate"):
        FalseDiscoveryRate(rate=wrong)
