import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.anomaly.event_scores import (
    LabelledEvent,
    count_alarms,
    judge_flags,
    score_events,
)
from supplynet.errors import InvalidInput


def event(series: int, first: int, end: int) -> LabelledEvent:
    return LabelledEvent(series=series, first=first, end=end)


def flags(periods: int, *places: int) -> np.ndarray:
    found = np.zeros((1, periods), dtype=bool)
    found[0, list(places)] = True
    return found


def test_an_alarm_is_quiet_for_its_stretch_and_then_rings_again() -> None:
    assert count_alarms(flags(20, 3, 4, 7), quiet=5) == 1
    assert count_alarms(flags(20, 3, 4, 8), quiet=5) == 2
    assert count_alarms(flags(20, *range(20)), quiet=5) == 4


def test_an_alarm_of_one_series_does_not_quiet_the_next() -> None:
    both = np.zeros((2, 4), dtype=bool)
    both[0, 3] = both[1, 0] = True
    assert count_alarms(both, quiet=10) == 2


@given(st.lists(st.integers(0, 39), max_size=20), st.integers(0, 39), st.integers(1, 9))
def test_a_further_flag_never_makes_fewer_alarms(places: list[int], more: int, quiet: int) -> None:
    before = count_alarms(flags(40, *places), quiet)
    assert before <= count_alarms(flags(40, *places, more), quiet) <= before + 1


def test_the_budget_sets_the_threshold() -> None:
    #                      false      event [4, 6)      false
    scores = np.array([[0.0, 9.0, 0.0, 0.0, 0.0, 5.0, 0.0, 7.0]])
    none = score_events(scores, [event(0, 4, 6)], false_alarms=1, quiet=1)
    assert (none.threshold, none.recall, none.false_alarms) == (9.0, 0.0, 1)
    found = score_events(scores, [event(0, 4, 6)], false_alarms=2, quiet=1)
    assert (found.threshold, found.recall, found.false_alarms) == (5.0, 1.0, 2)
    assert found.delays.tolist() == [1.0]


def test_scores_that_tie_are_flagged_together_or_not_at_all() -> None:
    scores = np.array([[1.0, 1.0, 1.0, 0.0]])
    found = score_events(scores, [event(0, 0, 1)], false_alarms=1, quiet=1)
    assert (found.threshold, found.recall, found.false_alarms) == (np.inf, 0.0, 0)


def test_what_was_not_judged_is_never_flagged() -> None:
    scores = np.array([[np.nan, np.nan, 1.0]])
    found = score_events(scores, [event(0, 0, 2)], false_alarms=5, quiet=1)
    assert (found.recall, found.false_alarms) == (0.0, 1)
    assert score_events(np.full((1, 3), np.nan), [], false_alarms=5, quiet=1).threshold == np.inf


def test_flagging_everything_uses_the_budget_up_and_finds_nothing() -> None:
    found = score_events(np.ones((2, 500)), [event(0, 4, 6)], false_alarms=20, quiet=10)
    assert found.recall == 0.0


def test_a_perfect_score_finds_all_at_once_without_a_false_alarm() -> None:
    events = [event(0, 4, 6), event(1, 0, 3), event(1, 90, 100)]
    scores = np.zeros((2, 100))
    for each in events:
        scores[each.series, each.first : each.end] = 1.0
    found = score_events(scores, events, false_alarms=0, quiet=7)
    assert (found.recall, found.delay(0.9), found.false_alarms) == (1.0, 0.0, 0)


@given(st.integers(0, 1000), st.integers(0, 9))
def test_a_monotone_transform_finds_the_same(seed: int, budget: int) -> None:
    scores = np.random.default_rng(seed).integers(-9, 9, (3, 40)).astype(float)
    events = [event(0, 4, 6), event(2, 10, 30)]
    one, other = (
        score_events(each, events, false_alarms=budget, quiet=3)
        for each in (scores, np.exp(scores))
    )
    assert (one.found.tolist(), one.false_alarms) == (other.found.tolist(), other.false_alarms)
    assert one.false_alarms <= budget


def test_shuffled_scores_find_about_what_chance_finds() -> None:
    rng = np.random.default_rng(0)
    events = [event(0, first, first + 10) for first in range(45, 20_000, 100)]
    scores = rng.permutation(20_000).astype(float)[None]
    found = score_events(scores, events, false_alarms=180, quiet=1)
    # 180 flags on 18,000 normal periods are 1 %; ten periods without one: 0.99^10.
    assert found.recall == pytest.approx(1 - 0.99**10, abs=0.05)


def test_delays_count_from_the_begin_of_the_event() -> None:
    events = [event(0, 0, 5), event(0, 10, 15), event(0, 20, 25), event(0, 30, 35)]
    found = judge_flags(flags(40, 0, 12, 24), events, quiet=1)
    assert (found.delay(0.5), found.delay(0.9), found.recall) == (2.0, 4.0, 0.75)
    assert (found.found_within(1), found.found_within(3)) == (0.25, 0.5)


def test_a_flag_within_the_grace_is_neither_false_nor_a_find() -> None:
    found = judge_flags(flags(20, 3, 9, 15), [event(0, 5, 8)], quiet=1, grace=2)
    assert (found.false_alarms, found.recall) == (1, 0.0)


def test_without_events_there_is_no_recall() -> None:
    found = judge_flags(flags(20, 3), [], quiet=1)
    assert np.isnan([found.recall, found.delay(0.5), found.found_within(3)]).all()


@pytest.mark.parametrize("wrong", [event(1, 0, 1), event(0, 3, 3), event(0, 19, 21)])
def test_an_event_outside_of_what_was_judged_is_refused(wrong: LabelledEvent) -> None:
    with pytest.raises(InvalidInput, match="outside of 1 series and 20 periods"):
        judge_flags(flags(20), [wrong], quiet=1)


def test_numbers_that_are_too_small_are_refused() -> None:
    for wrong in ({"false_alarms": -1, "quiet": 1}, {"false_alarms": 1, "quiet": 0}):
        with pytest.raises(InvalidInput, match="or more"):
            score_events(np.ones((1, 3)), [], **wrong)
    with pytest.raises(InvalidInput, match="0 or more"):
        judge_flags(flags(3), [], quiet=1, grace=-1)
