from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

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
from supplynet.study.tuning import most_halts, search, tune


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


def test_every_policy_may_try_as_many_settings(past: Replay, windows: Past) -> None:
    """A made-up score: nothing ever halts, and stock is the sum of the parameters."""
    (example,) = past.play_all(candidates(windows, 1.0)[:1])

    def play(settings: Sequence[Candidate]) -> list[Score]:
        return [
            replace(example, halts=0.0, cover_days=sum(each.parameters.values()))
            for each in settings
        ]

    found = search(list(FAMILIES), windows, play, target=1.0)
    assert {len(each.scores) for each in found.values()} == {24}
    assert found["no_stockout"].best.parameters == {"alpha": 0.95, "spread": 1.0}
    longer = search(["no_stockout", "min_max"], windows, play, target=1.0, further=6)
    assert max(len(each.scores) for each in longer.values()) <= 24 + 6
    for name, tuned in longer.items():
        assert len(tuned.scores) > 24
        assert tuned.score.cover_days <= found[name].score.cover_days


def test_a_descent_finds_what_the_grid_has_not(past: Replay, windows: Past) -> None:
    """Parts of class A need 0.999 though the rest is served best by 0.99."""
    (example,) = past.play_all(candidates(windows, 1.0)[:1])

    def play(settings: Sequence[Candidate]) -> list[Score]:
        scores = []
        for each in settings:
            rest = each.parameters["alpha"]
            critical = each.parameters.get("alpha_a", rest)
            halts = 0.0 if critical >= 0.999 and rest >= 0.99 else 99.0
            stock = rest + each.parameters["spread"] + critical / 10
            scores.append(replace(example, halts=halts, cover_days=stock))
        return scores

    best = search(["no_stockout"], windows, play, target=0.0, further=12)["no_stockout"].best
    assert best.parameters["alpha"] == 0.999  # one step from the grid's best keeps the promise
    longer = search(["no_stockout"], windows, play, target=0.0, further=40)["no_stockout"].best
    assert longer.parameters["spread"] == 1.0


def test_an_empty_grid_and_an_unknown_policy_are_refused(past: Replay, windows: Past) -> None:
    with pytest.raises(InvalidInput, match="nothing to tune"):
        tune(past, [])
    with pytest.raises(InvalidInput, match="no policy 'hope'"):
        search(["hope"], windows, past.play_all, target=1.0)


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
