"""Finished shifts -> what is odd in them: the end of the history, as the detector needs it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from supplynet.anomaly.alarms import BoolArray, Budget
from supplynet.anomaly.calibrated import CalibratedDetector, Scored
from supplynet.anomaly.incident import Incident
from supplynet.anomaly.incidents import incidents_of
from supplynet.anomaly.silent_lines import silences
from supplynet.core.announcements import Announcements
from supplynet.core.network import Plant
from supplynet.cycle.incident_rows import Finding, finding
from supplynet.cycle.silence import unexplained_silence
from supplynet.forecast.announced import panel_at_usual_rate
from supplynet.frames.inputs import FeatureInputs
from supplynet.frames.panel import Panel, Period, panel_from_frame, shift_periods
from supplynet.storage.history import read_demand

JUDGED = 42
"""Last finished shifts that are looked at each time; kinds are told from what is around a value."""
_NOTHING = Panel(series=(), periods=(), demand=np.empty((0, 0)))
_FARTHEST = timedelta(days=3 * 365)
Beside = Callable[[Sequence[Period]], FeatureInputs | None]


def nothing_beside(_periods: Sequence[Period]) -> FeatureInputs | None:
    """No tables beside demand."""
    return None


@dataclass(frozen=True, kw_only=True)
class Watcher:
    """What watches.

    Attributes:
        open: Gives the detector and its version; asked only when there is something to score.
        alarms_per_week: For the whole plant; 0 = nothing is watched, and open alerts are closed.
        beside: Tables beside demand for some periods, see ``frames.panel.Panel.inputs``.
        warning: Why what was opened last is not what should watch, for people; "" = it is.
    """

    open: Callable[[], tuple[CalibratedDetector, str]]
    alarms_per_week: float
    beside: Beside = nothing_beside
    warning: Callable[[], str] = str


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is odd from ``judged_from`` on; that is None where no shift has finished."""

    findings: tuple[Finding, ...] = ()
    judged_from: datetime | None = None


def last_shift_end(plant: Plant, now: datetime) -> datetime | None:
    """End of the newest finished shift; None where there is none in the last month."""
    ends = [period.end for period in _shifts(plant, now - timedelta(days=31), now)]
    return ends[-1] if ends else None


def judge_shifts(
    history: Path,
    plant: Plant,
    watcher: Watcher,
    now: datetime,
    announced: Announcements | None = None,
) -> Judgement:
    """Score the last finished shifts of all series that the plant has.

    What was ``announced`` of a line explains that it used more or less: it is judged as if it had
    run at its usual rate, and not at all where it was announced to stand still.

    Raises:
        SupplyNetError: There is no detector, or the history cannot be read.
    """
    detector, version = watcher.open()
    panel = recent_panel(
        history, plant, detector.context + JUDGED, until=now, beside=watcher.beside
    )
    if not panel.series:
        return Judgement()
    panel = panel_at_usual_rate(panel, announced)
    judged = min(JUDGED, len(panel.periods))
    scored = detector.score(panel, judged)
    near = panel.periods[-judged:]
    alarms = Budget(alarms_per_week=watcher.alarms_per_week).alarms(scored, near)
    found = _incidents(history, panel, scored, alarms)
    return Judgement(
        findings=tuple(finding(each, panel, scored, version) for each in found),
        judged_from=near[0].start,
    )


def _incidents(history: Path, panel: Panel, scored: Scored, alarms: BoolArray) -> list[Incident]:
    """What the alarms are of, and lines that are silent: what these say is not said twice."""
    silent = unexplained_silence(history, panel, scored)
    demand = panel.demand.copy()
    demand[:, -silent.shape[1] :][silent] = np.nan
    spoken = replace(panel, demand=demand)
    return [*silences(panel, scored, silent), *incidents_of(spoken, scored, alarms & ~silent)]


def recent_panel(
    history: Path,
    plant: Plant,
    count: int,
    *,
    until: datetime,
    beside: Beside = nothing_beside,
    lines: Collection[str] | None = None,
) -> Panel:
    """The last ``count`` finished shifts, or those that the history has; reads only their months.

    Args:
        history: The workspace's ``history`` folder.
        plant: Its lines share their shifts; series that it has no more are left out.
        count: Shifts.
        until: Shifts that end later are not finished, aware.
        beside: Gives the panel's inputs.
        lines: Series of these alone; None = all.
    """
    periods = _last_shifts(plant, until, count)
    if not periods:
        return _NOTHING
    wanted = [line.location_id for line in plant.lines]
    if lines is not None:
        wanted = [line for line in wanted if line in lines]
    frame = read_demand(history, periods[0].start, until)
    frame = frame.filter(pl.col("location_id").is_in(wanted))
    first = frame["period_start"].min()
    if not isinstance(first, datetime):
        return _NOTHING
    known = tuple(period for period in periods if period.start >= first)
    panel = panel_from_frame(frame, known)
    return replace(panel, inputs=beside(known))


def _last_shifts(plant: Plant, until: datetime, count: int) -> tuple[Period, ...]:
    back = timedelta(days=max(7, count))  # one shift a day, or fewer where days are closed
    while True:
        found = _shifts(plant, until - back, until)
        if len(found) >= count or back > _FARTHEST:
            return found[-count:]
        back *= 2


def _shifts(plant: Plant, start: datetime, until: datetime) -> tuple[Period, ...]:
    if not plant.lines:
        return ()
    calendar = plant.calendar_of(plant.lines[0].location_id)
    return tuple(each for each in shift_periods(calendar, start, until) if each.end <= until)
