"""Runs of odd values: where a series strays to one side, from the first odd value to the last.

An alarm comes when a detector is sure, which may be some periods after something began. A run
therefore takes in the neighbours of its alarms that stray to the same side by half of what is usual
or more. Vectorised over all values; what is done run by run needs but a few of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.anomaly.calibrated import Scored
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel, Period

BoolArray = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int_]
STUCK = 2
"""Side of a run that repeats one value: too high for one shift, maybe, and too low for another."""
_HALF_WAY = 0.5  # of the way from the expected to the end of the band
_BESIDE_PEAK = 0.25  # of how far the first alarm strays; less is the usual noise beside a spike
_DAY = 1_440.0  # minutes
_MOST = 1e3  # half bands; beyond, one is as far as another
_SPREADS = 3.0  # of a band that the detector does not give
_MAD = 1.4826  # standard deviations of normal values in a median absolute deviation
_REPEAT_DIGITS = 5.0  # one value again and again must be rarer than one in 100,000
_LEAST_OF_EXPECTED = 0.25  # a value below may be packs, of which many are alike


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What was judged of some series: the last periods of a panel. Arrays (series, period).

    Attributes:
        names: ``(location_id, part_id)`` of each series.
        periods: Those that were judged.
        slots: Number of each period's shift; see ``slots_of``.
        observed: Parts; NaN = not observed.
        expected, low, high: As the detector says, else from the usual value of the same shift.
        p_value, score: See ``calibrated.Scored``.
    """

    names: tuple[tuple[str, str], ...]
    periods: tuple[Period, ...]
    slots: Ints
    observed: FloatArray
    expected: FloatArray
    low: FloatArray
    high: FloatArray
    p_value: FloatArray
    score: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """Odd values of one series that belong together.

    Attributes:
        row: The series.
        side: 1 = too high, -1 = too low, 0 = neither, ``STUCK``.
        columns: Its odd periods, ascending.
        repeats: Digits of the odds against so many equal values in a row; 0 where there are none.
    """

    row: int
    side: int
    columns: Ints
    repeats: float

    @property
    def first(self) -> int:
        """Its first odd period."""
        return int(self.columns[0])

    @property
    def last(self) -> int:
        """Its last odd period."""
        return int(self.columns[-1])


def seen_of(panel: Panel, scored: Scored, rows: Ints) -> Seen:
    """What was judged of ``rows``; the periods of ``scored`` are the last ones of ``panel``."""
    count = scored.p_value.shape[1]
    first = len(panel.periods) - count
    observed = panel.demand[rows, first:]
    expected, low, high = (
        each[rows] for each in (scored.judged.expected, scored.judged.low, scored.judged.high)
    )
    slots = slots_of(panel.periods)
    if np.isnan(expected).any() or np.isnan(low).any() or np.isnan(high).any():
        middle, spread = _usual(panel.demand[rows], slots)
        middle, spread = middle[:, slots[first:]], spread[:, slots[first:]]
        expected = np.where(np.isnan(expected), middle, expected)
        low = np.where(np.isnan(low), np.maximum(expected - spread, 0.0), low)
        high = np.where(np.isnan(high), expected + spread, high)
    return Seen(
        names=tuple(panel.series[row] for row in rows),
        periods=panel.periods[first:],
        slots=slots[first:],
        observed=observed,
        expected=expected,
        low=low,
        high=high,
        p_value=scored.p_value[rows],
        score=scored.score[rows],
    )


def slots_of(periods: Sequence[Period]) -> Ints:
    """Number of each period's shift; where there is but one or none, of its weekday or hour."""
    names = sorted({period.shift for period in periods})
    if len(names) < 2 and min((period.minutes for period in periods), default=_DAY) < _DAY / 2:
        times = [period.start.hour * 60 + period.start.minute for period in periods]
        return np.unique(times, return_inverse=True)[1].astype(int)
    if len(names) < 2:
        return np.array([period.local_date.weekday() for period in periods], dtype=int)
    place = {name: number for number, name in enumerate(names)}
    return np.array([place[period.shift] for period in periods], dtype=int)


def runs_of(seen: Seen, alarms: BoolArray, gap: int) -> list[Run]:
    """Runs with an alarm, by series and time.

    Args:
        seen: Series that have alarms; others cost time and give nothing.
        alarms: Shape (series, period).
        gap: Runs to the same side that are at most so many observed periods apart are one; those
            whose ends are of the same shift may be two days apart (two weeks without shifts).
    """
    rows, columns = np.nonzero(np.isfinite(seen.observed) & np.isfinite(seen.expected))
    if not len(rows):
        return []
    cells = _Cells.of(seen, alarms, rows, columns)
    return _joined(cells, seen.slots, gap)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Cells:
    """Observed values, series after series in order of time; arrays of shape (cell,).

    Attributes:
        far: How far each strays, in half bands.
        repeats: Digits of the odds against the run of equal values that it is in.
        odd: Whether it strays far enough to be part of a run.
    """

    row: Ints
    column: Ints
    side: Ints
    far: FloatArray
    repeats: FloatArray
    alarm: BoolArray
    odd: BoolArray

    @classmethod
    def of(cls, seen: Seen, alarms: BoolArray, rows: Ints, columns: Ints) -> _Cells:
        value, expected = seen.observed[rows, columns], seen.expected[rows, columns]
        over = value - expected
        band = np.where(
            over > 0, seen.high[rows, columns] - expected, expected - seen.low[rows, columns]
        )
        far = np.minimum(np.abs(over) / np.maximum(band, 1e-9), _MOST)
        alarm = alarms[rows, columns]
        repeats = _repeats(rows, value, expected, alarm)
        stuck = repeats >= _REPEAT_DIGITS
        return cls(
            row=rows,
            column=columns,
            side=np.where(stuck, STUCK, np.sign(over)).astype(int),
            far=far,
            repeats=repeats,
            alarm=alarm,
            odd=alarm | stuck | (far >= _HALF_WAY),
        )


def _repeats(rows: Ints, value: FloatArray, expected: FloatArray, alarm: BoolArray) -> FloatArray:
    """Digits of the odds against each value's run of equal ones; 0 where no alarm is in the run."""
    fresh = np.ones(len(rows), dtype=bool)
    fresh[1:] = (rows[1:] != rows[:-1]) | (value[1:] != value[:-1])
    run = np.cumsum(fresh) - 1
    length, alarms = np.bincount(run), np.bincount(run, weights=alarm)
    again = np.bincount(rows, weights=~fresh & (value > 0), minlength=rows[-1] + 1)
    share = (again + 1) / (np.bincount(rows, minlength=rows[-1] + 1) + 2)
    digits = -(length[run] - 1) * np.log10(share[rows])
    counts = (value > 0) & (alarms[run] > 0)
    packs = np.bincount(run, weights=value) < _LEAST_OF_EXPECTED * np.bincount(run, expected)
    return np.where(counts & ~packs[run], digits, 0.0)


def _joined(cells: _Cells, slots: Ints, gap: int) -> list[Run]:
    """Runs of odd cells with an alarm; those that are close and to the same side are one."""
    odd = np.flatnonzero(cells.odd)
    if not len(odd):
        return []
    row, side = cells.row[odd], cells.side[odd]
    fresh = np.ones(len(odd), dtype=bool)
    fresh[1:] = (np.diff(odd) > 1) | (row[1:] != row[:-1]) | (side[1:] != side[:-1])
    run = np.cumsum(fresh) - 1
    kept = np.bincount(run, weights=cells.alarm[odd]) > 0
    firsts = odd[fresh][kept]
    lasts = odd[np.append(np.flatnonzero(fresh)[1:], len(odd)) - 1][kept]
    order = np.lexsort((firsts, cells.side[firsts], cells.row[firsts]))
    firsts, lasts = firsts[order], lasts[order]
    away = firsts[1:] - lasts[:-1]
    slot = slots[cells.column]
    near = (slot[firsts[1:]] == slot[lasts[:-1]]) & (away <= 2 * len(np.unique(slots)))
    same = (cells.row[firsts[1:]] == cells.row[firsts[:-1]]) & (
        cells.side[firsts[1:]] == cells.side[firsts[:-1]]
    )
    starts = np.append(True, ~(same & ((away <= gap) | near)))
    ends = np.append(np.flatnonzero(starts)[1:], len(starts)) - 1
    pairs = zip(firsts[starts].tolist(), lasts[ends].tolist(), strict=True)
    return sorted(
        (_run(cells, first, last) for first, last in pairs), key=lambda run: (run.row, run.first)
    )


def _run(cells: _Cells, first: int, last: int) -> Run:
    """The odd cells from ``first`` to ``last``, without mere noise at both ends."""
    side = int(cells.side[first])
    some = np.arange(first, last + 1)
    some = some[cells.odd[some] & (cells.side[some] == side)]
    alarm = np.flatnonzero(cells.alarm[some])
    if side != STUCK:
        least = _BESIDE_PEAK * cells.far[some[alarm]].min()
        strays = cells.far[some] >= least
        strays[alarm] = True
        noise_before = np.flatnonzero(~strays[: alarm[0]])
        noise_after = np.flatnonzero(~strays[alarm[-1] :])
        begin = noise_before[-1] + 1 if len(noise_before) else 0
        end = alarm[-1] + noise_after[0] if len(noise_after) else len(some)
        some = some[begin:end]
    repeats = float(cells.repeats[some].max()) if side == STUCK else 0.0
    return Run(row=int(cells.row[first]), side=side, columns=cells.column[some], repeats=repeats)


def _usual(demand: FloatArray, slots: Ints) -> tuple[FloatArray, FloatArray]:
    """Median and half a band of each shift, shape (series, slot); NaN where it was never seen."""
    shape = (len(demand), int(slots.max()) + 1)
    middle, spread = np.full(shape, np.nan), np.full(shape, np.nan)
    for slot in np.unique(slots):
        mine = demand[:, slots == slot]
        seen = np.isfinite(mine).any(axis=1)
        middle[seen, slot] = np.nanmedian(mine[seen], axis=1)
        away = np.abs(mine[seen] - middle[seen, slot, None])
        spread[seen, slot] = _SPREADS * _MAD * np.nanmedian(away, axis=1)
    return middle, spread
