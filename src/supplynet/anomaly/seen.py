"""What a fitted detector saw in a panel: odds, alarms, incidents, the kind of each odd value."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.anomaly.alarms import Alarms, BoolArray
from supplynet.anomaly.calibrated import Scored
from supplynet.anomaly.incident import Incident
from supplynet.anomaly.incidents import incidents_of
from supplynet.anomaly.readings import LEAST_OBSERVED
from supplynet.anomaly.scorers import Scorer
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.panel import Panel, Period
from supplynet.frames.time_grid import TimeGrid

Series = tuple[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What was seen in the last periods of a panel.

    Attributes:
        panel: All that could be looked at, with what came before.
        scored: Of the last periods, arrays of shape (series, period).
        alarms: Which of these values are odd enough to call somebody, same shape.
        incidents: The oddest first.
    """

    panel: Panel
    scored: Scored
    alarms: BoolArray
    incidents: tuple[Incident, ...]

    @property
    def periods(self) -> tuple[Period, ...]:
        """Those that were judged."""
        return self.panel.periods[len(self.panel.periods) - self.alarms.shape[1] :]

    @property
    def demand(self) -> FloatArray:
        """What was judged, shape (series, period)."""
        return self.panel.demand[:, len(self.panel.periods) - self.alarms.shape[1] :]

    def kinds(self) -> npt.NDArray[np.object_]:
        """Kind of each value that alarms, None elsewhere; shape (series, period)."""
        found = np.full(self.alarms.shape, None, dtype=object)
        starts = [period.start for period in self.periods]
        row_of = {name: row for row, name in enumerate(self.panel.series)}
        for incident in self.incidents:
            span = slice(bisect_left(starts, incident.start), bisect_left(starts, incident.end))
            for part in incident.parts:
                found[row_of[incident.location_id, part], span] = incident.kind.value
        found[~self.alarms] = None
        return found

    def cells(self) -> pl.DataFrame:
        """A row per series and judged period: keys, ``score`` to ``p_value``; NaN is null."""
        series, count = self.panel.series, len(self.periods)
        judged, flat = self.scored.judged, np.arange(len(series) * count)
        starts = pl.Series([p.start for p in self.periods], dtype=pl.Datetime("us", "UTC"))
        names = [pl.Series([name[i] for name in series], dtype=pl.String) for i in range(2)]
        columns: dict[str, Any] = {
            "location_id": names[0].gather(flat // max(count, 1)),
            "part_id": names[1].gather(flat // max(count, 1)),
            "period_start": starts.gather(flat % max(count, 1)),
            "score": self.scored.score.ravel(),
            "is_anomaly": self.alarms.ravel(),
            "kind": pl.Series(self.kinds().ravel().tolist(), dtype=pl.String),
            "expected": judged.expected.ravel(),
            "low": judged.low.ravel(),
            "high": judged.high.ravel(),
            "p_value": self.scored.p_value.ravel(),
        }
        return pl.DataFrame(columns).with_columns(pl.selectors.float().fill_nan(None))


def see(
    scorer: Scorer,
    alarms: Alarms,
    panel: Panel,
    last: int | None = None,
    *,
    hindsight: bool = False,
    unusable: Collection[Series] = (),
    constant: Collection[Series] = (),
) -> Seen:
    """Judge the last periods of a panel, and say what of it is worth a person's time.

    Args:
        scorer: Judges.
        alarms: From which odds on.
        panel: With what came before.
        last: How many periods at the end; None = all.
        hindsight: See ``detector.FittedDetector.judge``.
        unusable: Series of which nothing may be said.
        constant: Series that never had but one value: as long as they keep it, nothing is odd.
    """
    scored = scorer.score(panel, last, hindsight=hindsight)
    seen = panel.demand[:, len(panel.periods) - scored.score.shape[1] :]
    scored = _without(scored, np.array([name in unusable for name in panel.series], dtype=bool))
    scored = _as_ever(scored, seen, [name in constant for name in panel.series])
    flagged = alarms.alarms(scored, panel.periods[len(panel.periods) - seen.shape[1] :])
    found = incidents_of(panel, scored, flagged)
    ordered = sorted(found, key=lambda each: (each.p_value, -abs(each.size), each.start))
    return Seen(panel=panel, scored=scored, alarms=flagged, incidents=tuple(ordered))


def constants(panel: Panel) -> frozenset[Series]:
    """Series that have but one value, as often as a series is learnt from; of fewer who knows."""
    low, high = (
        np.nan_to_num(bound(panel.demand, axis=1, initial=limit, where=~np.isnan(panel.demand)))
        for bound, limit in ((np.min, np.inf), (np.max, -np.inf))
    )
    same = (low == high) & ((~np.isnan(panel.demand)).sum(axis=1) >= LEAST_OBSERVED)
    return frozenset(name for name, alike in zip(panel.series, same.tolist(), strict=True) if alike)


def joined(history: Panel, own: Panel, grid: TimeGrid) -> Panel:
    """A panel as the continuation of a history, or alone where it does not go on from it.

    Where both have a value that of the panel counts. Of the history only lines that the panel has
    too are kept: a part is judged beside the others of its line.

    Args:
        history: The end of it.
        own: What is to be judged; it has periods.
        grid: Of both.

    Raises:
        InvalidInput: Their periods do not begin at the same times.
    """
    span = history.periods[-1].end - history.periods[0].start
    if not history.periods[0].start < own.periods[0].start <= history.periods[-1].end + span:
        return replace(own, inputs=history.inputs)
    periods = grid.over(history.periods[0].start, own.periods[-1].start)
    starts = {period.start for period in periods}
    if off := [start for start in own.period_starts if start not in starts]:
        raise InvalidInput(
            f"{len(off)} periods, the first at {off[0].isoformat()}, begin at other times than "
            f"those of the history from {history.periods[0].start.isoformat()} on"
        )
    lines = {name[0] for name in own.series}
    known = [name for name in history.series if name[0] in lines]
    series = tuple(sorted({*own.series, *known}))
    demand = np.full((len(series), len(periods)), np.nan)
    row_of = {name: row for row, name in enumerate(series)}
    column_of = {period.start: column for column, period in enumerate(periods)}
    for part in (history, own):
        rows = [row_of[name] for name in part.series if name in row_of]
        shown = [name in row_of for name in part.series]
        within = [start in column_of for start in part.period_starts]
        columns = [column_of[start] for start in part.period_starts if start in column_of]
        values, place = part.demand[np.ix_(shown, within)], np.ix_(rows, columns)
        demand[place] = np.where(np.isnan(values), demand[place], values)
    return Panel(series=series, periods=periods, demand=demand, inputs=history.inputs)


def _without(scored: Scored, rows: BoolArray) -> Scored:
    """Nothing said of some series."""
    gone = rows[:, None]
    judged = scored.judged
    return Scored(
        judged=replace(
            judged,
            **{
                name: np.where(gone, np.nan, getattr(judged, name))
                for name in ("strangeness", "expected", "low", "high")
            },
        ),
        p_value=np.where(gone, np.nan, scored.p_value),
        score=np.where(gone, np.nan, scored.score),
    )


def _as_ever(scored: Scored, seen: FloatArray, constant: Sequence[bool]) -> Scored:
    """Series that are always the same are as usual wherever they were observed."""
    same = np.array(constant, dtype=bool)[:, None] & ~np.isnan(seen)
    judged = scored.judged
    calm = {
        name: np.where(same, seen, getattr(judged, name)) for name in ("expected", "low", "high")
    }
    return Scored(
        judged=replace(judged, strangeness=np.where(same, 0.0, judged.strangeness), **calm),
        p_value=np.where(same, 1.0, scored.p_value),
        score=np.where(same, 0.0, scored.score),
    )
