"""Orders that wait for a person: what it costs, what it saves, and who asks whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from supplynet.anomaly.alarms import Budget
from supplynet.anomaly.calibrated import Calibrated
from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import FloatArray, SamplePaths
from supplynet.forecast.guarded import mean_of_recent_shifts
from supplynet.frames.panel import Panel, shift_periods
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.replenish.no_stockout import NoStockout
from supplynet.simulate.model import plant_series
from supplynet.simulate.wrong_records import Surges, WrongRecords, WrongReports
from supplynet.study.holding import Bench, Played, overstock, play
from supplynet.study.holding_desk import Desk, Remembering
from supplynet.study.holding_finders import DetectorFinder, TruthFinder
from supplynet.study.holding_rules import (
    ASK,
    AT_RISK,
    IMPOSSIBLE,
    MISSING,
    RULES,
    TRUST,
    UNSEEN,
    WHOLE,
    Rule,
    World,
    worlds,
)
from supplynet.study.replay import make_replay

START = datetime(2026, 1, 5, 5, tzinfo=UTC)  # 06:00 in Berlin
HISTORY, DAYS = 28, 10
CALM = World(name="calm")
SPIKES = World(name="spikes", wrong=WrongRecords(spikes_per_part_week=1.0, counted_days=30))
DEAD = World(
    name="dead", wrong=WrongRecords(dead_per_line_week=1.0, dead_shifts=1, counted_days=30)
)
SURGING = World(name="surging", surges=Surges(per_line_week=1.5, least=1.4, most=1.7, shifts=2))


class Suspicious:
    """Takes every shift that uses much for odd, whether the record is right or not."""

    def odd(self, reported: FloatArray, used: FloatArray) -> FloatArray:  # noqa: ARG002
        return np.where(reported > 30, reported - 24, np.nan)


@pytest.fixture(scope="module")
def history() -> Panel:
    """Four weeks and ten days after them, 20 to 28 parts in every shift."""
    plant = tiny_plant()
    series, calendar = plant_series(plant), plant.calendar_of(plant.lines[0].location_id)
    periods = shift_periods(calendar, START, START + timedelta(days=HISTORY + DAYS))
    demand = np.random.default_rng(1).integers(20, 29, (len(series), len(periods)))
    return Panel(series=series, periods=periods, demand=demand.astype(float))


@pytest.fixture(scope="module")
def bench(history: Panel) -> Bench:
    """People answer after a day, while two vehicles leave."""
    plant = tiny_plant()
    calendar = plant.calendar_of(plant.lines[0].location_id)
    known = history.head(2 * HISTORY)
    later = shift_periods(calendar, START, START + timedelta(days=HISTORY + DAYS + 30))
    replay = make_replay(
        plant,
        history,
        start=START + timedelta(days=HISTORY),
        end=history.period_ends[-1],
        history=known,
    )
    return Bench(
        replay=replay.with_ample_warehouse(),
        forecaster=Remembering(mean_of_recent_shifts(known, later)),
        policy=NoStockout(alpha=0.99),
        finder=TruthFinder(),
        paths=40,
        answer=timedelta(hours=24),
    )


def _mean(bench: Bench, world: World, rule: Rule) -> tuple[float, Played]:
    """Parts too many in the mean of all slots, and what was played."""
    played = play(bench, world, rule)
    return float(overstock(played, play(bench, replace(world, wrong=_RIGHT), TRUST)).mean()), played


_RIGHT = WrongRecords(counted_days=30)


def test_where_nothing_is_odd_all_rules_are_the_same(bench: Bench) -> None:
    stock = [play(bench, CALM, rule).on_hand for rule in RULES]
    assert all(np.array_equal(each, stock[0]) for each in stock)


def test_after_typing_mistakes_asking_saves_stock_and_holding_saves_more(bench: Bench) -> None:
    trust, _ = _mean(bench, SPIKES, TRUST)
    ask, asked = _mean(bench, SPIKES, ASK)
    held, played = _mean(bench, SPIKES, IMPOSSIBLE)
    assert asked.asked == asked.rightly == asked.wrong > 0
    assert 0 <= held < 0.7 * ask < 0.5 * trust
    assert played.score.halts <= asked.score.halts


def test_the_books_alone_would_call_every_impossible_excess_needed(bench: Bench) -> None:
    by_books, _ = _mean(bench, SPIKES, AT_RISK)
    held, _ = _mean(bench, SPIKES, IMPOSSIBLE)
    assert held < by_books


def test_a_real_surge_that_looks_odd_is_not_ignored(bench: Bench) -> None:
    suspicious = replace(bench, finder=Suspicious())
    trusted = play(suspicious, SURGING, TRUST).score
    for rule in (ASK, AT_RISK, IMPOSSIBLE):
        played = play(suspicious, SURGING, rule)
        assert played.asked > played.rightly == 0
        assert played.score.lost_minutes <= trusted.lost_minutes
    assert play(suspicious, SURGING, WHOLE).score.lost_minutes > trusted.lost_minutes


def test_use_that_dead_counters_miss_counts_as_used(bench: Bench) -> None:
    unseen, counted = play(bench, DEAD, UNSEEN), play(bench, DEAD, MISSING)
    assert unseen.score.lost_minutes > 0
    assert counted.score.lost_minutes < unseen.score.lost_minutes


def test_books_are_counted_alike_in_all_worlds() -> None:
    wrong = WrongRecords(spikes_per_part_week=1.0, dead_per_line_week=2.0, counted_days=5)
    every = worlds(wrong, Surges(per_line_week=1))
    assert len({world.name for world in every}) == len(every)
    assert {world.wrong.counted_days for world in every} == {5}
    assert [world.wrong.spikes_per_part_week for world in every] == [0, 1, 0, 1, 0, 1]
    assert [world.wrong.dead_per_line_week for world in every] == [0, 0, 2, 2, 0, 2]
    assert [world.surges.per_line_week for world in every] == [0, 0, 0, 0, 1, 1]


def _desk(bench: Bench, odd: FloatArray) -> tuple[Desk, WrongReports, Observed]:
    model = bench.replay.model
    reports = WrongReports(model, SPIKES.wrong, 1)
    reports.factors[:] = 1.0
    reports.factors[0, 0] = 8.0
    observed = Observed(
        series=model.series,
        period_starts=tuple(shift.start for shift in model.shifts[:1]),
        period_ends=tuple(shift.end for shift in model.shifts[:1]),
        demand=np.full((len(model.series), 1), 24.0),
    )
    return Desk(model, reports, odd, timedelta(hours=8)), reports, observed


def test_a_question_is_open_until_a_person_answers(bench: Bench) -> None:
    model = bench.replay.model
    odd = np.full((len(model.series), len(model.shifts)), np.nan)
    odd[0, 0], odd[1, 0] = 168.0, -20.0
    desk, reports, observed = _desk(bench, odd)
    now = model.shifts[0].end
    desk.judge(observed, now)
    every = np.arange(len(model.pairs), dtype=np.int32)
    first, second = model.pair_of_series[:2]
    assert (desk.excess(every)[first], desk.missing(every)[second]) == (168.0, 20.0)
    assert (desk.asked, desk.rightly) == (2, 1)
    shown = desk.seen(observed, unseen=True).demand
    assert np.isnan(shown[:2, 0]).all()
    assert not np.isnan(shown[2:]).any()
    assert desk.seen(observed, unseen=False).demand[0, 0] == 8 * 24
    desk.answer(now + timedelta(hours=7))
    assert len(desk.open) == 2
    desk.answer(now + timedelta(hours=8))
    assert not desk.open
    assert reports.factors[0, 0] == 1.0
    assert desk.seen(observed, unseen=True).demand[0, 0] == 24


def test_what_was_counted_or_ordered_holds_nothing_any_more(bench: Bench) -> None:
    model = bench.replay.model
    odd = np.full((len(model.series), len(model.shifts)), np.nan)
    odd[0, 0] = 100.0
    desk, _, observed = _desk(bench, odd)
    desk.judge(observed, model.shifts[0].end)
    pair = int(model.pair_of_series[0])
    one = np.array([pair], dtype=np.int32)
    desk.sent(pair, 30.0)
    assert desk.excess(one)[0] == pytest.approx(70.0)
    desk.sent(pair, 500.0)
    assert desk.excess(one)[0] == 0.0
    desk.judge(observed, model.shifts[0].end)
    assert desk.excess(one)[0] == 100.0
    desk.settle(np.arange(len(model.pairs)) == pair)
    assert desk.excess(one)[0] == 0.0


def test_a_shift_in_which_the_line_was_starved_is_not_judged(bench: Bench) -> None:
    model = bench.replay.model
    desk, _, observed = _desk(bench, np.full((len(model.series), len(model.shifts)), 5.0))
    starved = replace(observed, demand=np.full_like(observed.demand, np.nan))
    desk.judge(starved, model.shifts[0].end)
    assert not desk.open


def test_a_detector_finds_a_spike_among_what_is_reported(bench: Bench, history: Panel) -> None:
    known, ahead = history.head(2 * HISTORY), history.periods[2 * HISTORY :]
    detector = Calibrated(model="robust_seasonal").fit(known)
    finder = DetectorFinder(detector, Budget(), known, ahead, bench.replay.model.series)
    used = bench.replay.demand.astype(float)
    reported = used.copy()
    reported[2, 5] *= 8
    odd = finder.odd(reported, used)
    assert odd[2, 5] == pytest.approx(reported[2, 5] - 24, abs=5)
    assert np.isnan(odd).mean() > 0.95


def test_rules_that_saw_the_same_are_told_the_same_once(bench: Bench) -> None:
    class Counting:
        asked = 0

        def sample(
            self, observed: Observed, cutoff: datetime, *, steps: int, paths: int, seed: int
        ) -> SamplePaths:
            self.asked += 1
            return bench.forecaster.sample(observed, cutoff, steps=steps, paths=paths, seed=seed)

    model, inner = bench.replay.model, Counting()
    _, _, seen = _desk(bench, np.full((len(model.series), len(model.shifts)), np.nan))
    remembering, now = Remembering(inner), model.shifts[0].end
    first = remembering.sample(seen, now, steps=2, paths=40, seed=1)
    again = remembering.sample(seen, now, steps=2, paths=40, seed=1)
    assert first is again
    other = replace(seen, demand=seen.demand + 1)
    remembering.sample(other, now, steps=2, paths=40, seed=1)
    assert inner.asked == 2
