from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from supplynet.errors import InvalidInput
from supplynet.frames.panel import Panel, shift_periods
from supplynet.frames.synthetic import generate_demand
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.replenish.min_max import MinMax
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.simulate.outlook import PerfectOutlook
from supplynet.simulate.scorecard import Score
from supplynet.study.compare import PERFECT_FORESIGHT, Contender, compare
from supplynet.study.families import FAMILIES, Candidate, Past
from supplynet.study.replay import Replay, make_replay, past_of
from supplynet.study.tuning import can_prove, chosen, most_halts, tune


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


@pytest.fixture(scope="module")
def windows(panel: Panel) -> Past:
    return past_of(tiny_plant(), panel.head(28))


def candidates(windows: Past, *safety_factors: float) -> tuple[Candidate, ...]:
    make = FAMILIES["min_max"].candidate
    return tuple(
        make({"z": z, "extra_cover": extra}, windows) for z in safety_factors for extra in (0.5, 0)
    )


def test_the_least_stock_that_keeps_the_promise_is_chosen(past: Replay, windows: Past) -> None:
    tuned = tune(past, candidates(windows, 4.0, 2.0, 0.0, -3.0), target=0.0)
    assert tuned.reaches_target
    safe = [score for score in tuned.scores if score.halts == 0]
    assert 0 < len(safe) < len(tuned.scores)
    assert tuned.score.cover_days == min(score.cover_days for score in safe)
    assert tuned.score.parameters == tuned.best.parameters


def test_where_none_keeps_it_the_least_lost_time_is_chosen(past: Replay, windows: Past) -> None:
    tuned = tune(past, candidates(windows, -3.0), target=0.0)
    assert not tuned.reaches_target
    assert tuned.score.lost_minutes == min(score.lost_minutes for score in tuned.scores) > 0


def test_few_halts_prove_little() -> None:
    """With probability 20 % a Poisson count of mean 1.61 is 0, of mean 2.99 at most 1."""
    assert most_halts(line_months=1.60, target=1.0) == 0
    assert most_halts(line_months=2.98, target=1.0) == 0
    assert most_halts(line_months=3.00, target=1.0) == 1
    assert most_halts(line_months=1000, target=0.1) == 91
    assert most_halts(line_months=0.1, target=0.02) == 0


def test_side_by_side_is_one_after_the_other(past: Replay, windows: Past) -> None:
    both = candidates(windows, 1.0, -1.0)
    for together, each in zip(past.play_all(both), both, strict=True):
        alone = past.play(each.policy)
        assert (together.halts, together.lost_minutes) == (alone.halts, alone.lost_minutes)
        assert (together.cover_days, together.trips) == (alone.cover_days, alone.trips)


def test_an_empty_grid_is_refused(past: Replay) -> None:
    with pytest.raises(InvalidInput, match="nothing to tune"):
        tune(past, [])


def made_up(halts: float, cover_days: float, lost_minutes: float = 0.0) -> Score:
    """On 50 line-months: at 0.02 a month one halt is expected, and none proves nothing."""
    nothing = np.zeros(1)
    return Score(
        policy="made up",
        lines=1,
        line_months=50.0,
        halts=halts,
        halts_per_line_month=halts / 50.0,
        low=0.0,
        high=1.0,
        lost_minutes=lost_minutes,
        cover_days=cover_days,
        in_transit_days=0.0,
        orders=0.0,
        trips=0.0,
        fill_rate=1.0,
        block_halts=nothing,
        block_lost_minutes=nothing,
        block_line_months=nothing,
    )


def test_days_that_prove_nothing_leave_the_choice_to_the_futures(windows: Past) -> None:
    """No halt but with the least stock; futures foretell 0.05 a month of the next setting."""
    settings = candidates(windows, 3.0, 2.0)
    days = [made_up(0, 3.0), made_up(0, 2.0), made_up(0, 1.5), made_up(40, 1.0)]
    futures = [made_up(1, 3.0), made_up(20, 2.0), made_up(200, 1.5), made_up(800, 1.0)]
    assert not can_prove(50.0, 0.02)
    assert chosen(settings, days, 0.02).best is settings[2]
    assert chosen(settings, days, 0.02, futures).best is settings[1]


def test_where_no_setting_is_careful_enough_lost_time_in_futures_counts_too(windows: Past) -> None:
    settings = candidates(windows, 3.0)
    days = [made_up(5, 1.0, 60.0), made_up(5, 1.0, 60.0)]
    futures = [made_up(50, 1.0, 900.0), made_up(50, 1.0, 800.0)]
    assert chosen(settings, days, 0.02, futures).best is settings[1]


def test_enough_days_prove_a_promise_by_no_halt_at_all() -> None:
    """Of a mean of 1.61 halts none is seen with a chance of 20 %."""
    assert can_prove(81.0, 0.02)
    assert not can_prove(80.0, 0.02)


def test_a_comparison_ends_with_a_bound_that_no_policy_beats(unseen: Replay) -> None:
    ample = unseen.with_ample_warehouse()
    pairs = ample.model.pairs
    contenders = [
        Contender(
            policy=MinMax(thresholds=dict.fromkeys(pairs, (level, level))), name=f"to {level}"
        )
        for level in (2000, 500)
    ]
    board = compare(ample, contenders, bound=True)
    assert [score.policy for score in board.scores] == ["to 2000", "to 500", PERFECT_FORESIGHT]
    *others, perfect = board.scores
    assert perfect.halts == 0
    assert all(each.cover_days >= perfect.cover_days for each in others if each.halts == 0)
    assert board.bound is not None
    assert board.bound.cover_days <= perfect.cover_days
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
