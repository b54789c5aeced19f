"""Incidents: alarms that belong together, told once.

Alarms of one series that are close and to the same side are one incident, which begins where the
series began to stray. Where most parts of a line stray together, it is one incident of the line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from supplynet.anomaly.calibrated import Scored
from supplynet.anomaly.incident import Incident, Kind
from supplynet.anomaly.kinds import Features, KindTree, Track, features_of, kind_of
from supplynet.anomaly.runs import BoolArray, Ints, Run, Seen, runs_of, seen_of
from supplynet.anomaly.wording import Facts, sentence_of
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel

GAP = 2
AROUND = 150
"""Periods before and after an incident that it is compared with."""
LEAST_PARTS = 3
"""Parts of a line that must be odd together for an incident of the line; more than half, too."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """An incident before it is told: runs that belong together, and what they look like.

    Attributes:
        rows: Rows of the panel whose runs these are.
        runs: One per row; of a whole line several. Columns count from the first judged period.
        track: Of the series, or the sum over the rows; the periods around, from ``begin`` on.
        begin: Column of the first period of ``track``.
        columns: All odd periods.
        features: Of ``track``.
    """

    rows: Ints
    runs: tuple[Run, ...]
    track: Track
    begin: int
    columns: Ints
    features: Features


def incidents_of(
    panel: Panel,
    scored: Scored,
    alarms: BoolArray,
    *,
    gap: int = GAP,
    tree: KindTree | None = None,
) -> list[Incident]:
    """The incidents behind alarms, the rarest first.

    Args:
        panel: What was judged; it may begin earlier than ``scored``, and both end together.
        scored: How odd its last periods are.
        alarms: Shape of ``scored``, see ``anomaly.alarms``.
        gap: Alarms of a series to the same side that are at most so many observed periods apart are
            one incident; those of the same shift may be two days apart (two weeks without shifts).
        tree: Tells the kinds that no rule tells; None = the one that comes with the package.
    """
    first = len(panel.periods) - scored.p_value.shape[1]
    incidents = [
        _told(panel, scored, each, first, kind_of(each.features, tree))
        for each in found_in(panel, scored, alarms, gap=gap)
    ]
    return sorted(incidents, key=lambda each: (each.p_value, -abs(each.size), each.start))


def found_in(panel: Panel, scored: Scored, alarms: BoolArray, *, gap: int = GAP) -> list[Found]:
    """What belongs together, with its features; see ``incidents_of``."""
    rows = np.flatnonzero(alarms.any(axis=1))
    if not len(rows):
        return []
    seen = seen_of(panel, scored, rows)
    lines = _rows_of_lines(panel)
    runs = runs_of(seen, alarms[rows], gap)
    together = _together(scored, lines, seen, runs, gap)
    return [_found(panel, scored, seen, rows, some, lines) for some in together]


def _together(
    scored: Scored, lines: dict[str, Ints], seen: Seen, runs: Sequence[Run], gap: int
) -> Iterator[tuple[Run, ...]]:
    """Runs of a line that begin together and are of most of its parts; others by themselves."""
    by_line: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for run in runs:
        by_line[seen.names[run.row][0], run.side].append(run)
    for (line, _), some in by_line.items():
        left = sorted(some, key=lambda run: run.first)
        while left:
            near = [run for run in left if run.first <= left[0].first + gap]
            parts = {run.row: run for run in reversed(near)}
            if len(parts) >= LEAST_PARTS and _most(scored, lines[line], near[0].first, parts):
                group = tuple(parts[row] for row in sorted(parts))
            else:
                group = (left[0],)
            yield group
            left = [run for run in left if run not in group]


def _most(scored: Scored, line: Ints, first: int, parts: dict[int, Run]) -> bool:
    """Whether these are more than half of the line's parts that were judged then."""
    last = max(run.first for run in parts.values())
    judged = np.isfinite(scored.p_value[line, first : last + 1]).any(axis=1).sum()
    return bool(2 * len(parts) > judged)


def _found(
    panel: Panel,
    scored: Scored,
    seen: Seen,
    rows: Ints,
    runs: tuple[Run, ...],
    lines: dict[str, Ints],
) -> Found:
    mine = np.array([run.row for run in runs])
    columns = runs[0].columns
    if len(runs) > 1:
        columns = np.unique(np.concatenate([run.columns for run in runs]))
    begin = max(0, int(columns[0]) - AROUND)
    track = _track(seen, mine, slice(begin, int(columns[-1]) + 1 + AROUND))
    run = replace(runs[0], columns=columns - begin)
    line = lines[seen.names[runs[0].row][0]]
    others = line[~np.isin(line, rows[mine])] if len(runs) > 1 else line[line != rows[mine[0]]]
    features = features_of(track, run, _together_with(panel, scored, others, columns))
    return Found(
        rows=rows[mine], runs=runs, track=track, begin=begin, columns=columns, features=features
    )


def _track(seen: Seen, rows: Ints, some: slice) -> Track:
    """Some periods of one series, or the sum over several."""
    known = np.isfinite(seen.observed[rows, some])
    observed, expected, low, high = (
        _sum(each[rows, some], known)
        for each in (seen.observed, seen.expected, seen.low, seen.high)
    )
    return Track(observed=observed, expected=expected, low=low, high=high, slots=seen.slots[some])


def _sum(rows: FloatArray, known: BoolArray) -> FloatArray:
    """Sum over series of what is known; NaN where nothing is."""
    found: FloatArray = np.where(known.any(axis=0), np.where(known, rows, 0.0).sum(axis=0), np.nan)
    return found


def _together_with(panel: Panel, scored: Scored, rows: Ints, columns: Ints) -> float:
    """Log of observed over expected of a line's other parts in these periods; 0 for too few."""
    if len(rows) < LEAST_PARTS:
        return 0.0
    first = len(panel.periods) - scored.p_value.shape[1]
    at = np.ix_(rows, columns)
    expected, observed = scored.judged.expected[at], panel.demand[:, first:][at]
    known = np.isfinite(expected) & np.isfinite(observed)
    wanted = np.where(known, expected, 0.0).sum(axis=1)
    used = np.where(known, observed, 0.0).sum(axis=1)
    ratios = np.log((used + 0.5) / (wanted + 0.5))[wanted > 0]
    return float(np.median(ratios)) if len(ratios) >= LEAST_PARTS else 0.0


def _rows_of_lines(panel: Panel) -> dict[str, Ints]:
    found: dict[str, list[int]] = defaultdict(list)
    for row, (line, _) in enumerate(panel.series):
        found[line].append(row)
    return {line: np.array(rows) for line, rows in found.items()}


def _told(panel: Panel, scored: Scored, found: Found, first: int, kind: Kind) -> Incident:
    """The incident with its figures and its sentence."""
    names = [panel.series[row] for row in found.rows]
    odd, at = found.columns, found.columns - found.begin
    expected = float(found.track.expected[at].sum())
    observed = float(found.track.observed[at].sum())
    p_values = np.concatenate([scored.p_value[row, run.columns] for row, run in _pairs(found)])
    scores = np.concatenate([scored.score[row, run.columns] for row, run in _pairs(found)])
    judged = np.flatnonzero(np.isfinite(scored.p_value[found.rows]).any(axis=0))
    ratio = observed / expected if expected > 0 else (np.inf if observed > 0 else 1.0)
    p_value = float(np.nanmin(p_values)) if np.isfinite(p_values).any() else 1.0
    facts = Facts(
        kind=kind,
        location_id=names[0][0],
        parts=tuple(part for _, part in names),
        periods=tuple(panel.periods[first + column] for column in odd.tolist()),
        observed=found.track.observed[at],
        expected=found.track.expected[at],
        low=found.track.low[at],
        high=found.track.high[at],
        p_value=p_value,
        ongoing=bool(len(judged) and odd[-1] >= judged[-1]),
    )
    return Incident(
        location_id=facts.location_id,
        parts=facts.parts,
        start=facts.periods[0].start,
        end=facts.periods[-1].end,
        periods=len(odd),
        kind=kind,
        size=observed - expected,
        expected=expected,
        observed=observed,
        ratio=float(ratio),
        p_value=p_value,
        score=float(np.nanmax(scores)) if np.isfinite(scores).any() else 0.0,
        ongoing=facts.ongoing,
        sentence=sentence_of(facts),
    )


def _pairs(found: Found) -> Iterator[tuple[int, Run]]:
    return zip(found.rows.tolist(), found.runs, strict=True)
