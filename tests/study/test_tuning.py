from __future__ import annotations

from datetime import date

import pytest

from supplynet.errors import InvalidInput
from supplynet.frames.panel import Panel, shift_periods
from supplynet.frames.synthetic import generate_demand
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.replenish.min_max import MinMax
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.simulate.outlook import PerfectOutlook
from supplynet.study.compare import PERFECT_FORESIGHT, Contender, compare
from supplynet.study.replay import Replay, make_replay, window_sums
from supplynet.study.tuning import Candidate, min_max_grid, order_up_to_grid, tune

WINDOWS = 14


@pytest.fixture(scope="module")
def panel() -> Panel:
    plant = tiny_plant()
    made = generate_demand(plant, start=date(2026, 1, 5), days=28, seed=4)
    calendar = plant.calendar_of(made.series[0][0])
    periods = shift_periods(calendar, made.periods[0].start, made.periods[-1].end)
    return Panel(series=made.series, periods=periods, demand=made.true_demand.astype(float))


@pytest.fixture(scope="module")
def past(panel: Panel) -> Replay:
    first, last = panel.periods[28], panel.periods[41]
    return make_replay(tiny_plant(), panel, start=first.start, end=last.end).with_ample_warehouse()


@pytest.fixture(scope="module")
def unseen(panel: Panel) -> Replay:
    first, last = panel.periods[42], panel.periods[55]
    return make_replay(tiny_plant(), panel, start=first.start, end=last.end, seed=1)


def grid(panel: Panel, past: Replay) -> tuple[Candidate, ...]:
    sums = window_sums(tiny_plant(), panel.head(28))
    return min_max_grid(past.model.pairs, sums, (4.0, 2.0, 0.0, -3.0), (0.5, 0.0))


def test_the_least_stock_that_reaches_the_target_is_chosen(panel: Panel, past: Replay) -> None:
    tuned = tune(past, grid(panel, past), target=0.0)
    assert tuned.reaches_target
    safe = [score for score in tuned.scores if score.halts == 0]
    assert 0 < len(safe) < len(tuned.scores)
    assert tuned.score.cover_days == min(score.cover_days for score in safe)
    assert tuned.score.parameters == tuned.best.parameters


def test_where_none_reaches_it_the_least_lost_time_is_chosen(panel: Panel, past: Replay) -> None:
    poor = [each for each in grid(panel, past) if each.parameters["z"] < 0]
    tuned = tune(past, poor, target=0.0)
    assert not tuned.reaches_target
    assert tuned.score.lost_minutes == min(score.lost_minutes for score in tuned.scores) > 0


def test_both_policies_have_as_many_candidates_and_start_with_the_most_careful() -> None:
    import numpy as np

    order_up_to = order_up_to_grid()
    min_max = min_max_grid((("R1", "bolt"),), np.array([[8.0], [12.0]]))
    assert len(order_up_to) == len(min_max) == 24
    levels = [each.policy.thresholds["R1", "bolt"] for each in min_max]  # type: ignore[attr-defined]
    assert levels[0] == max(levels)
    careful = order_up_to[0].parameters
    assert careful["alpha"] == max(each.parameters["alpha"] for each in order_up_to)


def test_an_empty_grid_is_refused(past: Replay) -> None:
    with pytest.raises(InvalidInput, match="nothing to tune"):
        tune(past, [])


def test_a_comparison_ends_with_a_bound_that_no_policy_beats(unseen: Replay) -> None:
    ample = unseen.with_ample_warehouse()
    pairs = ample.model.pairs
    contenders = [
        Contender(
            policy=MinMax(thresholds=dict.fromkeys(pairs, (level, level))), name=f"to {level}"
        )
        for level in (2000, 500)
    ]
    board = compare(ample, contenders)
    assert [score.policy for score in board.scores] == ["to 2000", "to 500", PERFECT_FORESIGHT]
    *others, bound = board.scores
    assert bound.halts == 0
    assert all(each.cover_days >= bound.cover_days for each in others if each.halts == 0)
    (difference,) = board.differences
    assert (difference.policy, difference.against) == ("to 500", "to 2000")


def test_contenders_meet_the_same_demand_and_transit(unseen: Replay) -> None:
    knows = Contender(policy=OrderUpTo(alpha=0.5), outlooks=PerfectOutlook())
    first, again = compare(unseen, [knows, knows], perfect_foresight=False).scores
    assert first.cover_days == again.cover_days
    assert first.block_lost_minutes.tolist() == again.block_lost_minutes.tolist()


def test_nothing_to_compare_is_refused(unseen: Replay) -> None:
    with pytest.raises(InvalidInput, match="nothing to compare"):
        compare(unseen, [])
