from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.errors import InvalidInput
from supplynet.frames.panel import Panel, Period, shift_periods
from supplynet.frames.synthetic import demo_plant, generate_history
from supplynet.frames.synthetic.defects import with_defects
from supplynet.frames.synthetic.effects import effects_frame
from supplynet.frames.synthetic.fault_shapes import PACKS, STRENGTHS
from supplynet.frames.synthetic.faults import APART, Fault, inject
from supplynet.frames.synthetic.recorded_faults import faults_of, recorded_panel
from supplynet.frames.synthetic.scenario import Defects

SIX = datetime(2025, 1, 6, 6, tzinfo=UTC)


def a_panel(demand: np.ndarray, shifts: tuple[str, ...] = ("day", "night")) -> Panel:
    hours = 24 / len(shifts)
    periods = []
    for number in range(demand.shape[1]):
        start = SIX + timedelta(hours=hours * number)
        end = start + timedelta(hours=hours)
        name = shifts[number % len(shifts)]
        periods.append(Period(start=start, end=end, shift=name, local_date=start.date()))
    names = tuple(("L1", f"P{row:03d}") for row in range(len(demand)))
    return Panel(series=names, periods=tuple(periods), demand=demand)


@pytest.fixture
def noisy() -> Panel:
    demand = np.random.default_rng(1).poisson(100, (60, 300)).astype(float)
    demand[0, :100] = np.nan
    return a_panel(demand)


def stretch(panel: Panel, fault: Fault) -> np.ndarray:
    return panel.demand[fault.series, fault.first : fault.end]


def only_kind(panel: Panel, kind: str) -> list[tuple[Fault, np.ndarray, np.ndarray]]:
    """Each fault with the amounts before and after."""
    odd, faults = inject(panel, seed=3, kinds=[kind])
    assert len(faults) >= 20
    return [(fault, stretch(panel, fault), stretch(odd, fault)) for fault in faults]


def test_nothing_changes_outside_the_faults(noisy: Panel) -> None:
    odd, faults = inject(noisy, seed=1, faults_per_series=2.5)
    inside = np.zeros(noisy.demand.shape, dtype=bool)
    for fault in faults:
        inside[fault.series, fault.first : fault.end] = True
    np.testing.assert_array_equal(odd.demand[~inside], noisy.demand[~inside])
    assert {fault.kind for fault in faults} == set(STRENGTHS)


def test_every_fault_changes_something(noisy: Panel) -> None:
    odd, faults = inject(noisy, seed=1, faults_per_series=2.5)
    for fault in faults:
        assert not np.array_equal(stretch(odd, fault), stretch(noisy, fault), equal_nan=True)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), many=st.floats(0, 6))
def test_faults_of_a_series_are_apart_and_begin_where_it_was_observed(
    seed: int, many: float
) -> None:
    demand = np.random.default_rng(2).poisson(30, (8, 200)).astype(float)
    demand[:, ::7] = np.nan
    panel = a_panel(demand)
    _, faults = inject(panel, seed=seed, faults_per_series=many)
    for fault in faults:
        assert np.isfinite(demand[fault.series, fault.first])
        assert 0 <= fault.first < fault.end <= 200
    for one, other in pairwise(faults):
        if one.series == other.series:
            assert other.first - one.end >= APART


def test_further_series_change_nothing_for_the_others(noisy: Panel) -> None:
    some = noisy.select(noisy.series[::3])
    whole, _ = inject(noisy, seed=5, faults_per_series=1.5)
    part, faults = inject(some, seed=5, faults_per_series=1.5)
    np.testing.assert_array_equal(part.demand, whole.demand[::3])
    again, same = inject(some, seed=5, faults_per_series=1.5)
    np.testing.assert_array_equal(again.demand, part.demand)
    assert same == faults


def test_another_seed_gives_other_faults(noisy: Panel) -> None:
    assert inject(noisy, seed=1)[1] != inject(noisy, seed=2)[1]


def test_whole_numbers_stay_whole_and_others_may_be_parts(noisy: Panel) -> None:
    odd, _ = inject(noisy, seed=1, faults_per_series=2)
    seen = odd.demand[np.isfinite(odd.demand)]
    np.testing.assert_array_equal(seen, seen.round())
    litres = replace(noisy, demand=noisy.demand + 0.25)
    odd, _ = inject(litres, seed=1, kinds=["level_shift"])
    seen = odd.demand[np.isfinite(odd.demand)]
    assert (seen % 1 != 0).mean() > 0.9


def test_only_the_columns_asked_for_change(noisy: Panel) -> None:
    odd, faults = inject(noisy, seed=1, faults_per_series=2, only=(200, 260))
    assert faults
    assert all(200 <= fault.first < fault.end <= 260 for fault in faults)
    np.testing.assert_array_equal(odd.demand[:, :200], noisy.demand[:, :200])
    np.testing.assert_array_equal(odd.demand[:, 260:], noisy.demand[:, 260:])


def test_quiet_series_get_no_faults() -> None:
    quiet = a_panel(np.tile([1.0, 0.0, 0.0, 2.0], (30, 50)))
    odd, faults = inject(quiet, seed=1, faults_per_series=3)
    assert faults == []
    np.testing.assert_array_equal(odd.demand, quiet.demand)


def test_an_unobserved_series_gets_no_faults() -> None:
    assert inject(a_panel(np.full((5, 100), np.nan)), seed=1, faults_per_series=3)[1] == []


def test_a_panel_that_is_too_short_gets_what_fits() -> None:
    short = a_panel(np.full((40, 3), 50.0))
    kinds = {fault.kind for fault in inject(short, seed=1)[1]}
    assert kinds <= {"spike", "drop", "double_booking"}
    assert inject(a_panel(np.empty((3, 0))), seed=1)[1] == []


def test_a_spike_is_one_value_several_times_too_high(noisy: Panel) -> None:
    for fault, true, shown in only_kind(noisy, "spike"):
        assert shown.tolist() == [round(true[0] * fault.factor)]
        assert 1.5 <= fault.factor <= 8


def test_a_drop_is_one_or_two_values_too_low(noisy: Panel) -> None:
    found = only_kind(noisy, "drop")
    assert {len(shown) for _, _, shown in found} == {1, 2}
    assert all((shown <= 0.6 * true + 0.5).all() for _, true, shown in found)


def test_a_level_shift_lasts_ten_periods_at_least_and_half_go_on(noisy: Panel) -> None:
    found = only_kind(noisy, "level_shift")
    assert all(len(shown) >= 10 for _, _, shown in found)
    assert 0.2 < np.mean([fault.end == 300 for fault, _, _ in found]) < 0.9
    sizes = [max(fault.factor, 1 / fault.factor) for fault, _, _ in found]
    assert min(sizes) >= 1.3
    assert max(sizes) <= 2
    assert {fault.factor > 1 for fault, _, _ in found} == {True, False}


def test_a_dead_sensor_shows_nothing_but_0(noisy: Panel) -> None:
    for _, true, shown in only_kind(noisy, "dead_sensor"):
        assert len(shown) >= 6
        assert (shown == 0).all()
        assert true.mean() > 50


def test_a_stuck_sensor_repeats_the_last_value(noisy: Panel) -> None:
    for fault, _, shown in only_kind(noisy, "stuck_sensor"):
        assert set(shown) == {noisy.demand[fault.series, fault.first]}


def test_a_double_booking_is_twice_the_value_and_the_next_may_be_missing(noisy: Panel) -> None:
    found = only_kind(noisy, "double_booking")
    assert all(shown[0] == 2 * true[0] for _, true, shown in found)
    assert {len(shown) for _, _, shown in found} == {1, 2}
    assert all(np.isnan(shown[1:]).all() for _, _, shown in found)


def test_a_unit_jump_is_by_a_pack_and_leaves_something_to_see(noisy: Panel) -> None:
    found = only_kind(noisy, "unit_jump")
    for fault, true, shown in found:
        assert round(max(fault.factor, 1 / fault.factor)) in PACKS
        np.testing.assert_array_equal(shown, np.rint(true * fault.factor))
        assert shown.mean() >= 1.5
    assert {fault.factor > 1 for fault, _, _ in found} == {True, False}


def test_a_drift_changes_one_shift_little_by_little(noisy: Panel) -> None:
    for fault, true, shown in only_kind(noisy, "night_drift"):
        share = shown / true
        np.testing.assert_allclose(share[1::2], 1)
        assert abs(share[0] - 1) < 0.1
        assert share[-1 - (len(share) - 1) % 2] == pytest.approx(fault.factor, abs=0.02)


def test_without_shifts_one_weekday_drifts() -> None:
    daily = a_panel(np.random.default_rng(1).poisson(500, (20, 400)).astype(float), ("",))
    odd, faults = inject(daily, seed=1, kinds=["night_drift"])
    assert faults
    for fault in faults:
        changed = np.flatnonzero(odd.demand[fault.series] != daily.demand[fault.series])
        assert {daily.periods[column].local_date.weekday() for column in changed} == {
            daily.periods[fault.first].local_date.weekday()
        }


def test_strengths_may_be_chosen(noisy: Panel) -> None:
    _, faults = inject(noisy, seed=1, kinds=["level_shift"], strengths={"level_shift": (1.1, 1.2)})
    assert faults
    assert all(1.1 <= max(each.factor, 1 / each.factor) <= 1.2 for each in faults)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kinds": ["spikes"]}, "spikes"),
        ({"kinds": []}, "none"),
        ({"strengths": {"spike": (3.0, 2.0)}}, "from 3.0 to 2.0"),
        ({"strengths": {"unit_jump": (2.0, 3.0)}}, "unit_jump"),
        ({"strengths": {"level_shift": (0.0, 2.0)}}, "level_shift"),
        ({"faults_per_series": -1.0}, "-1.0"),
        ({"only": (10, 301)}, "301"),
    ],
)
def test_what_cannot_be_is_refused(noisy: Panel, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        inject(noisy, seed=1, **wrong)  # type: ignore[arg-type]


def test_the_truth_of_an_export_becomes_faults_of_its_panel() -> None:
    plant = demo_plant(showrooms=1, stations=1, parts=12)
    history = generate_history(plant, start=date(2025, 1, 1), days=120, seed=1)
    defects = Defects(outliers=0.004, duplicates=0.004, dead_series=0.4, unit_jump_series=0.4)
    raw = with_defects(history, defects, plant=plant, seed=1)
    starts = history.demand["period_start"].unique().sort()
    calendar = plant.calendar_of(history.demand["location_id"][0])
    panel = recorded_panel(
        raw.frame, shift_periods(calendar, starts[0], starts[-1] + timedelta(hours=1))
    )
    clean = dict(zip(history.demand.select("location_id", "part_id", "period_start").rows(),
                     history.demand["consumed"], strict=True))  # fmt: skip
    faults = faults_of(raw.effects, panel)
    assert {each.kind for each in faults} == {
        "spike", "double_booking", "dead_sensor", "unit_jump",
    }  # fmt: skip
    assert len(faults) == raw.effects.filter(pl.col("kind") != "missing_rows").height
    for each in faults:
        for column in range(each.first, each.end):
            shown = panel.demand[each.series, column]
            if np.isfinite(shown):
                true = clean[*panel.series[each.series], panel.period_starts[column]]
                assert shown == pytest.approx(true * each.factor, abs=0.51)


def test_what_really_happened_is_no_fault() -> None:
    panel = a_panel(np.full((1, 20), 50.0))
    at = panel.period_starts
    happened = [
        (kind, "L1", "P000", at[3], at[9], 1.5, None)
        for kind in ("campaign", "holiday", "stop", "halt", "ramp_up", "nulls", "negative")
    ]
    shifts = [
        ("level_shift", "L1", "P000", at[4], None, 1.5, "lasting"),
        ("level_shift", "L1", "P000", at[12], None, 0.7, "lasting"),
        ("outlier", "L1", "P999", at[1], None, 8.0, "50"),
        ("outlier", "L1", "P000", at[2], None, 0.1, "500"),
    ]
    found = faults_of(effects_frame([*happened, *shifts]), panel)
    assert [(each.kind, each.first, each.end, each.factor) for each in found] == [
        ("drop", 2, 3, 0.1),
        ("level_shift", 4, 12, 1.5),
        ("level_shift", 12, 20, 0.7),
    ]


def test_a_miscount_is_two_periods_of_which_one_has_what_the_other_lacks() -> None:
    demand = np.full((1, 20), 50.0)
    demand[0, 5:7] = 75, 25
    panel = a_panel(demand)
    row = ("miscount", "L1", "P000", panel.period_starts[5], None, 25.0, "2025-01-09T06:00:00Z")
    assert panel.period_starts[6].isoformat().startswith("2025-01-09T06:00")
    (found,) = faults_of(effects_frame([row]), panel)
    assert (found.kind, found.first, found.end) == ("double_booking", 5, 7)
    assert found.factor == 1.5
