"""Lines that report nothing of anything: found, told once per silence, never by a part alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from supplynet.anomaly.calibrated import Calibrated, CalibratedDetector
from supplynet.anomaly.incident import Kind
from supplynet.anomaly.silent_lines import silences, silent_lines
from supplynet.frames.panel import Panel

SERIES = (("A", "nut"), ("A", "rare"), ("B", "nut"), ("B", "bolt"))
EXPECTED = np.array([[20.0, 20], [0, 0], [20, 20], [20, 20]])
NEAR = 28


@pytest.fixture(scope="module")
def detector(panel: Panel) -> CalibratedDetector:
    return Calibrated(model="robust_seasonal").fit(panel.head(len(panel.periods) - NEAR))


def test_a_line_that_reports_nothing_of_anything_is_silent() -> None:
    reported = np.array([[0.0, 20], [0, 0], [0, 0], [20, 0]])
    found = silent_lines(reported, EXPECTED, SERIES, 20.0)
    assert found.tolist() == [[True, False], [False, False], [False, True], [False, True]]
    assert not silent_lines(reported, EXPECTED, SERIES, 41.0).any()


def test_what_was_not_observed_says_nothing_for_or_against_it() -> None:
    reported = np.array([[np.nan, 0.0], [np.nan, np.nan], [0, np.nan], [0, np.nan]])
    found = silent_lines(reported, EXPECTED, SERIES)
    assert found.tolist() == [[False, True], [False, False], [True, False], [True, False]]


def quiet(panel: Panel, line: str, *columns: int) -> Panel:
    """The panel in which a line reports nothing in these of the last periods."""
    demand = panel.demand.copy()
    rows = [index for index, name in enumerate(panel.series) if name[0] == line]
    demand[np.ix_(rows, [len(panel.periods) - NEAR + column for column in columns])] = 0.0
    return replace(panel, demand=demand)


def test_each_silence_is_one_incident_of_the_line(
    panel: Panel, detector: CalibratedDetector
) -> None:
    given = quiet(panel, "SR1.ST1.L0", 3, 4, 9, NEAR - 1)
    scored = detector.score(given, NEAR)
    silent = silent_lines(given.tail(NEAR).demand, scored.judged.expected, given.series)
    found = silences(given, scored, silent)
    near = given.periods[-NEAR:]
    assert [(each.start, each.end, each.periods) for each in found] == [
        (near[3].start, near[4].end, 2),
        (near[9].start, near[9].end, 1),
        (near[-1].start, near[-1].end, 1),
    ]
    assert {(each.location_id, each.kind, each.ratio) for each in found} == {
        ("SR1.ST1.L0", Kind.DEAD_SENSOR, 0.0)
    }
    assert [each.ongoing for each in found] == [False, False, True]
    first, last = found[0], found[-1]
    assert first.parts == ("P-0", "P-1", "P-2")
    assert first.size == -first.expected < -200
    assert first.sentence.startswith(
        "Line SR1.ST1.L0 reported nothing of any of its 3 parts from the "
    )
    assert "a shift expected. Check whether it stood still" in first.sentence
    assert last.sentence.startswith("Line SR1.ST1.L0 has reported nothing of any of its 3 parts in")
    assert last.end - last.start == timedelta(hours=12)


def test_usual_shifts_are_not_silent(panel: Panel, detector: CalibratedDetector) -> None:
    scored = detector.score(panel, NEAR)
    silent = silent_lines(panel.tail(NEAR).demand, scored.judged.expected, panel.series)
    assert silences(panel, scored, silent) == []
