from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from supplynet.anomaly.calibrated import Scored
from supplynet.anomaly.detector import Judged
from supplynet.anomaly.incident import Incident, Kind
from supplynet.anomaly.incidents import incidents_of
from supplynet.frames.panel import Panel, Period

LEVEL = 100.0
MANY = 120


@pytest.fixture
def calm(calendar: tuple[Period, ...]) -> Panel:
    """Three parts of L1 and one of L2; each period uses 97 to 103."""
    demand = (LEVEL - 3 + np.arange(4 * MANY).reshape(4, MANY) * 5 % 7).astype(np.float64)
    series = (("L1", "A"), ("L1", "B"), ("L1", "C"), ("L2", "A"))
    return Panel(series=series, periods=calendar[:MANY], demand=demand)


def changed(panel: Panel, row: int, columns: list[int] | slice, value: float) -> Panel:
    demand = panel.demand.copy()
    demand[row, columns] = value
    return replace(panel, demand=demand)


def scored(panel: Panel) -> Scored:
    """100 is expected, 90 to 110 is usual; every 5 parts away make it ten times as rare."""
    away = np.abs(panel.demand - LEVEL)
    p = np.maximum(10.0 ** (-away / 5), 1e-12)
    same = np.full(panel.demand.shape, LEVEL)
    judged = Judged(strangeness=away, expected=same, low=same - 10, high=same + 10)
    return Scored(judged=judged, p_value=p, score=np.clip(away / 30, 0, 1))


def told(panel: Panel, gap: int = 2) -> list[Incident]:
    found = scored(panel)
    return incidents_of(panel, found, np.nan_to_num(found.p_value, nan=1.0) <= 1e-3, gap=gap)


def spans(panel: Panel, incidents: list[Incident]) -> list[tuple[int, int]]:
    """First period and end of each, as columns, by time."""
    found = [
        (panel.period_starts.index(each.start), panel.period_ends.index(each.end) + 1)
        for each in incidents
    ]
    return sorted(found)


def test_without_alarms_there_is_no_incident(calm: Panel) -> None:
    assert told(calm) == []


def test_one_odd_value_is_one_incident_with_its_figures(calm: Panel) -> None:
    panel = changed(calm, 3, [50], 400)
    (found,) = told(panel)
    assert (found.location_id, found.parts) == ("L2", ("A",))
    assert (found.start, found.end) == (panel.periods[50].start, panel.periods[50].end)
    assert (found.periods, found.observed, found.expected, found.size) == (1, 400, 100, 300)
    assert (found.ratio, found.p_value, found.score) == (4, 1e-12, 1)
    assert not found.ongoing
    assert found.kind is Kind.SPIKE
    assert found.sentence.startswith("A at L2: 400 used in the day shift of 31 Jan, 90 to 110 exp")


def test_alarms_that_are_close_are_one_incident_and_others_are_not(calm: Panel) -> None:
    panel = changed(calm, 3, [50, 51, 54, 70], 400)
    assert spans(panel, told(panel, gap=2)) == [(50, 52), (54, 55), (70, 71)]
    assert spans(panel, told(panel, gap=3)) == [(50, 55), (70, 71)]


def test_alarms_of_the_same_shift_may_be_two_days_apart(calm: Panel) -> None:
    nights = changed(calm, 3, [51, 53, 57, 63], 400)
    assert spans(nights, told(nights, gap=1)) == [(51, 58), (63, 64)]
    assert [each.periods for each in told(nights, gap=1)] == [3, 1]


def test_periods_that_were_not_observed_do_not_part_an_incident(calm: Panel) -> None:
    panel = changed(changed(calm, 3, [50, 54], 400), 3, slice(51, 54), np.nan)
    (found,) = told(panel, gap=1)
    assert spans(panel, [found]) == [(50, 55)]
    assert (found.periods, found.observed, found.expected) == (2, 800, 200)


def test_too_much_and_too_little_are_two_incidents(calm: Panel) -> None:
    panel = changed(changed(calm, 3, [50], 400), 3, [51], 20)
    assert {(each.kind, each.size) for each in told(panel)} == {
        (Kind.SPIKE, 300.0), (Kind.DROP, -80.0),
    }  # fmt: skip


def test_a_level_shift_begins_where_it_began_not_where_the_alarm_came(calm: Panel) -> None:
    panel = changed(calm, 3, slice(100, MANY), 109)
    found = scored(panel)
    alarms = np.zeros(panel.demand.shape, dtype=bool)
    alarms[3, 104] = True  # sure after four shifts
    (incident,) = incidents_of(panel, found, alarms)
    assert spans(panel, [incident]) == [(100, MANY)]
    assert incident.ongoing
    assert (incident.periods, incident.size) == (20, 180)


def test_small_noise_beside_a_spike_does_not_belong_to_it(calm: Panel) -> None:
    panel = changed(changed(calm, 3, [50], 400), 3, [48, 49, 51], 106)
    assert spans(panel, told(panel)) == [(50, 51)]


def test_most_parts_of_a_line_at_the_same_time_are_one_incident(calm: Panel) -> None:
    panel = calm
    for row, first in enumerate((60, 61, 60)):
        panel = changed(panel, row, slice(first, 64), 0)
    panel = changed(panel, 3, [60], 0)
    line, single = sorted(told(panel), key=lambda each: -len(each.parts))
    assert (line.location_id, line.parts) == ("L1", ("A", "B", "C"))
    assert spans(panel, [line]) == [(60, 64)]
    assert (line.periods, line.kind) == (4, Kind.DEAD_SENSOR)
    assert line.observed == panel.demand[:3, 60:64].sum()
    assert line.sentence.startswith("3 parts at L1 (A, B, C) showed 0 from")
    assert (single.location_id, single.parts) == ("L2", ("A",))


def test_two_parts_or_other_times_or_sides_are_incidents_of_their_own(calm: Panel) -> None:
    two = changed(changed(calm, 0, [60], 400), 1, [60], 400)
    assert [each.parts for each in told(two)] == [("A",), ("B",)]
    later = changed(two, 2, [80], 400)
    assert sorted(each.parts for each in told(later)) == [("A",), ("B",), ("C",)]
    other_side = changed(two, 2, [60], 10)
    assert sorted(each.parts for each in told(other_side)) == [("A",), ("B",), ("C",)]


def test_a_stuck_value_is_one_incident_though_it_is_on_neither_side(calm: Panel) -> None:
    panel = changed(calm, 3, slice(70, 90), 101)
    found = scored(panel)
    alarms = np.zeros(panel.demand.shape, dtype=bool)
    alarms[3, 80] = True
    (incident,) = incidents_of(panel, found, alarms)
    assert incident.kind is Kind.STUCK_SENSOR
    assert spans(panel, [incident]) == [(70, 90)]


def test_the_rarest_comes_first(calm: Panel) -> None:
    panel = changed(changed(changed(calm, 0, [20], 120), 1, [40], 130), 3, [80], 125)
    found = told(panel)
    assert [each.observed for each in found] == [130, 125, 120]
    assert [each.p_value for each in found] == sorted(each.p_value for each in found)


def test_only_the_last_periods_may_be_judged(calm: Panel) -> None:
    panel = changed(calm, 3, [110, MANY - 1], 400)
    whole = scored(panel)
    some = Scored(
        judged=whole.judged.tail(20), p_value=whole.p_value[:, -20:], score=whole.score[:, -20:]
    )
    found = incidents_of(panel, some, some.p_value <= 1e-3)
    assert spans(panel, found) == [(110, 111), (MANY - 1, MANY)]
    assert [each.ongoing for each in sorted(found, key=lambda each: each.start)] == [False, True]


def test_a_detector_without_an_opinion_is_helped_by_the_usual_value_of_the_shift(
    calm: Panel,
) -> None:
    panel = replace(calm, demand=calm.demand + np.where(np.arange(MANY) % 2, 100.0, 0.0))
    panel = changed(panel, 3, [51], 10)
    nothing = np.full(panel.demand.shape, np.nan)
    judged = Judged(strangeness=nothing, expected=nothing, low=nothing, high=nothing)
    alarms = np.zeros(panel.demand.shape, dtype=bool)
    alarms[3, 51] = True
    p = np.full(panel.demand.shape, 0.5)
    (found,) = incidents_of(panel, Scored(judged=judged, p_value=p, score=1 - p), alarms)
    assert found.expected == np.median(panel.demand[3, 1::2])
    assert found.kind is Kind.DROP


def test_where_nothing_was_expected_the_ratio_is_infinite(calm: Panel) -> None:
    quiet = replace(calm, demand=np.zeros(calm.demand.shape))
    panel = changed(quiet, 0, [30], 7)
    found = scored(panel)
    none = np.zeros(panel.demand.shape)
    judged = replace(found.judged, expected=none, low=none, high=none)
    (incident,) = incidents_of(panel, replace(found, judged=judged), panel.demand > 0)
    assert (incident.ratio, incident.size) == (np.inf, 7)
    assert "none expected" in incident.sentence


def test_alarms_everywhere_end(calm: Panel) -> None:
    found = incidents_of(calm, scored(calm), np.ones(calm.demand.shape, dtype=bool))
    assert sum(len(each.parts) * each.periods for each in found) >= MANY
    assert all(each.start >= datetime(2025, 1, 6, tzinfo=UTC) for each in found)
