"""Examples of incidents whose kind is known, because their faults were put in on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from supplynet.anomaly.alarms import Alarms, BoolArray, Budget
from supplynet.anomaly.calibrated import DEFAULT, Calibrated, Scored
from supplynet.anomaly.detector import Judged
from supplynet.anomaly.incident import Kind
from supplynet.anomaly.incidents import Found, found_in
from supplynet.anomaly.kinds import Features
from supplynet.frames.panel import Panel, panel_from_frame, shift_periods
from supplynet.frames.synthetic import demo_plant, generate_history
from supplynet.frames.synthetic.faults import Fault, inject

LIVE_EVERY = 12
LIVE_PERIODS = 150
LIVE_RECENT = 6
"""Periods between two looks at what has just begun, looked at, and that count as just begun."""
_MARGIN = 1  # periods that an incident may begin before its fault
_NEW = {"level_shift": 14, "night_drift": 60}
_ALWAYS = 10**9
"""Periods after which the level that a kind leaves is no longer odd."""
_START, _DAYS = date(2025, 1, 1), 300


@dataclass(frozen=True, kw_only=True, eq=False)
class Example:
    """An incident whose fault is known."""

    features: Features
    kind: Kind


def made_panel(seed: int, *, shifts_per_day: int = 2, days: int = _DAYS) -> Panel:
    """What a made-up plant of eight lines uses; there are no faults in it."""
    plant = demo_plant(2, 2, "AB", seed=seed, shifts_per_day=shifts_per_day)
    demand = generate_history(plant, start=_START, days=days, seed=seed).demand
    first, last = demand["period_start"][0], demand["period_start"].sort()[-1]
    calendar = plant.calendar_of(demand["location_id"][0])
    return panel_from_frame(demand, shift_periods(calendar, first, last + timedelta(hours=1)))


def made_examples(
    panel: Panel,
    *,
    seed: int,
    model: str = DEFAULT,
    faults_per_series: float = 1.5,
    alarms: Alarms = Budget(),  # noqa: B008 - frozen
    live: bool = True,
) -> list[Example]:
    """Examples from faults that are put into a panel.

    Args:
        panel: Taken for the truth; a detector learns from it what is usual.
        seed: Of the faults.
        model: Name of the detector.
        faults_per_series: Mean number.
        alarms: Which values call somebody.
        live: Whether incidents are shown as they look while they begin, too.

    Raises:
        HistoryTooShort: For the detector.
    """
    first = len(panel.periods) // 4  # a detector needs some history to judge at all
    odd, faults = inject(
        panel, seed=seed, faults_per_series=faults_per_series, only=(first, len(panel.periods))
    )
    scored = Calibrated(model=model).fit(panel).score(odd)
    flagged = alarms.alarms(scored, odd.periods)
    found = examples_of(odd, faults, scored, flagged)
    ends = range(first + LIVE_EVERY, len(panel.periods), LIVE_EVERY) if live else ()
    for end in ends:
        found += live_examples(odd, faults, scored, flagged, end)
    return found


def recorded_examples(
    panel: Panel,
    faults: Sequence[Fault],
    *,
    model: str = DEFAULT,
    alarms: Alarms = Budget(),  # noqa: B008 - frozen
) -> list[Example]:
    """Examples from faults that a panel has already; the detector learns from the same panel.

    Raises:
        HistoryTooShort: For the detector.
    """
    scored = Calibrated(model=model).fit(panel).score(panel)
    return examples_of(panel, faults, scored, alarms.alarms(scored, panel.periods))


def live_examples(
    panel: Panel, faults: Sequence[Fault], scored: Scored, alarms: BoolArray, end: int
) -> list[Example]:
    """Examples as seen at the end of the first ``end`` periods: what was odd in the last few.

    Arguments as in ``examples_of``; ``scored`` covers all periods, each judged without later ones.
    """
    first = max(0, end - LIVE_PERIODS)
    some = slice(first, end)
    told, judged = scored, scored.judged
    cut = Scored(
        judged=Judged(
            strangeness=judged.strangeness[:, some],
            expected=judged.expected[:, some],
            low=judged.low[:, some],
            high=judged.high[:, some],
        ),
        p_value=told.p_value[:, some],
        score=told.score[:, some],
    )
    recent = alarms[:, some].copy()
    recent[~recent[:, -LIVE_RECENT:].any(axis=1)] = False
    begun = [fault for fault in faults if end - LIVE_RECENT <= fault.first < end]
    return examples_of(panel.head(end), begun, cut, recent)


def examples_of(
    panel: Panel, faults: Sequence[Fault], scored: Scored, alarms: BoolArray
) -> list[Example]:
    """The incidents behind alarms that are due to a fault, with its kind.

    An incident is due to the fault of its series that it begins in. What begins where a fault ends
    is the way back, and what belongs to no fault is none: both are left out.

    Args:
        panel: With the faults in it.
        faults: Columns of ``panel``.
        scored: Of its last periods.
        alarms: Shape of ``scored``.
    """
    first = len(panel.periods) - scored.p_value.shape[1]
    by_series: dict[int, list[Fault]] = {}
    for fault in faults:
        by_series.setdefault(fault.series, []).append(fault)
    found = []
    for each in found_in(panel, scored, alarms):
        if len(each.rows) == 1:
            behind = _behind(each, by_series.get(int(each.rows[0]), []), first)
            if behind is not None:
                found.append(Example(features=each.features, kind=Kind(behind.kind)))
    return found


def _behind(found: Found, faults: Iterable[Fault], first: int) -> Fault | None:
    """The latest of the faults that the incident begins in, while they are new.

    A value that is odd long after the level has changed is odd for another reason.
    """
    begin = first + int(found.columns[0])
    odd = set((first + found.columns).tolist())
    inside = [
        fault
        for fault in faults
        if fault.first - _MARGIN
        <= begin
        < min(fault.end, fault.first + _NEW.get(fault.kind, _ALWAYS))
        and not odd.isdisjoint(range(fault.first, fault.end))
    ]
    return max(inside, key=lambda fault: fault.first, default=None)
