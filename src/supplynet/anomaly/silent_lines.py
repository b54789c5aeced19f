"""Lines that report nothing of anything in a shift in which they should have used something.

A zero of one part may be as rare as many others, and a budget of alarms lets it pass. That all
parts of a line show it at once is no chance: the line stood still, or its counter is dead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from supplynet.anomaly.alarms import BoolArray
from supplynet.anomaly.calibrated import Scored
from supplynet.anomaly.incident import Incident, Kind
from supplynet.anomaly.runs import Ints
from supplynet.anomaly.wording import Facts, silence_of
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel

LEAST_EXPECTED = 20.0
"""Parts of all kinds that a line is expected to use in a shift from which on silence is odd."""


def silent_lines(
    reported: FloatArray,
    expected: FloatArray,
    series: Sequence[tuple[str, str]],
    least: float = LEAST_EXPECTED,
) -> BoolArray:
    """Where a line that should have used at least ``least`` parts reports none of any part.

    Args:
        reported: Parts, shape (series, shift); NaN = not observed.
        expected: Same shape; NaN = no opinion.
        series: (line, part) of each series.
        least: Parts of all kinds together that were observed.

    Returns:
        Shape (series, shift); parts of which none was expected are not in it.
    """
    usual = np.where(np.isnan(reported), 0.0, np.nan_to_num(expected))
    found = np.zeros(reported.shape, dtype=np.bool_)
    for rows in _rows_of_lines(series).values():
        dead = ~(reported[rows] > 0).any(axis=0) & (usual[rows].sum(axis=0) >= least)
        found[rows] = dead & (usual[rows] > 0)
    return found


def silences(panel: Panel, scored: Scored, silent: BoolArray) -> list[Incident]:
    """One incident of the line for each time that it fell silent, by line and time.

    Shifts of which nothing is known, or in which nothing was expected, do not end a silence.

    Args:
        panel: What was judged; it may begin earlier than ``scored``, and both end together.
        scored: Its last periods.
        silent: Shape of ``scored``; see ``silent_lines``.
    """
    near = panel.tail(silent.shape[1])
    return [
        _incident(near, scored, silent, rows, np.array(columns))
        for rows in _rows_of_lines(panel.series).values()
        for columns in _spells(silent[rows], near.demand[rows])
    ]


def _spells(silent: BoolArray, reported: FloatArray) -> Iterator[list[int]]:
    """Silent periods of one line, from one that it spoke in to the next."""
    spell: list[int] = []
    for column in range(silent.shape[1]):
        if silent[:, column].any():
            spell.append(column)
        elif spell and (reported[:, column] > 0).any():
            yield spell
            spell = []
    if spell:
        yield spell


def _incident(
    near: Panel, scored: Scored, silent: BoolArray, line: Ints, columns: Ints
) -> Incident:
    rows = line[silent[np.ix_(line, columns)].any(axis=1)]
    at = np.ix_(rows, columns)
    judged = scored.judged
    expected, low, high = (
        np.where(silent[at], each[at], 0.0).sum(axis=0)
        for each in (judged.expected, judged.low, judged.high)
    )
    seen = np.flatnonzero(np.isfinite(near.demand[line]).any(axis=0))
    p_values, scores = scored.p_value[at], scored.score[at]
    known = bool(np.isfinite(p_values).any())
    facts = Facts(
        kind=Kind.DEAD_SENSOR,
        location_id=near.series[rows[0]][0],
        parts=tuple(near.series[row][1] for row in rows.tolist()),
        periods=tuple(near.periods[column] for column in columns.tolist()),
        observed=np.zeros(len(columns)),
        expected=expected,
        low=low,
        high=high,
        p_value=float(np.nanmin(p_values)) if known else 1.0,
        ongoing=bool(columns[-1] >= seen[-1]),
    )
    return Incident(
        location_id=facts.location_id,
        parts=facts.parts,
        start=facts.periods[0].start,
        end=facts.periods[-1].end,
        periods=len(columns),
        kind=facts.kind,
        size=-float(expected.sum()),
        expected=float(expected.sum()),
        observed=0.0,
        ratio=0.0,
        p_value=facts.p_value,
        score=float(np.nanmax(scores)) if known else 0.0,
        ongoing=facts.ongoing,
        sentence=silence_of(facts),
    )


def _rows_of_lines(series: Sequence[tuple[str, str]]) -> dict[str, Ints]:
    found: dict[str, list[int]] = defaultdict(list)
    for row, (line, _) in enumerate(series):
        found[line].append(row)
    return {line: np.array(rows) for line, rows in found.items()}
