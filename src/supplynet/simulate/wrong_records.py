"""Lines that report something else than they use, and lines that really use more for a while.

A wrong report is wrong everywhere at once: in the consumption that forecasts and detectors see,
and in the stock that the books have. The consumption stays wrong until somebody corrects the
record, the stock until then or until the next count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.ids import series_id
from supplynet.core.keyed import name_key, uniform
from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.frames.synthetic.ranges import between, check_ranges
from supplynet.simulate.hooks import BoolArray, Disruptions
from supplynet.simulate.model import PlantModel
from supplynet.simulate.twin import SlotReport

_DAY = 1440.0
_WEEK_DAYS = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongRecords:
    """What lines report wrongly. Rates are mean numbers in a week of work; 0 = never.

    Attributes:
        spikes_per_part_week, spike_factor: A typing mistake in the report of one part of a line
            at the end of a shift, and what it multiplies.
        doubles_per_line_week: The report of a shift, of all parts of a line, is booked twice when
            the shift ends.
        unit_jumps_per_part_week: One part is reported in containers for pieces: each use counts
            as a container of it, for a whole shift.
        dead_per_line_week, dead_shifts: The counter of a line reports nothing of any part, for up
            to so many shifts, while the line goes on using.
        counted_days: Days from count to count of each pair.
    """

    spikes_per_part_week: float = between(0.0, 0, 7)
    spike_factor: float = between(8.0, 1, 1000)
    doubles_per_line_week: float = between(0.0, 0, 7)
    unit_jumps_per_part_week: float = between(0.0, 0, 7)
    dead_per_line_week: float = between(0.0, 0, 7)
    dead_shifts: int = between(3, 1, 100)
    counted_days: int = between(7, 1, 3650)

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surges:
    """Lines that really use more of everything for some shifts, and report it rightly.

    Attributes:
        per_line_week: Mean number of surges of a line in a week of work.
        least, most: Between them lies the factor on the use, evenly spread.
        shifts: Each lasts 1 to so many shifts.
    """

    per_line_week: float = between(0.0, 0, 7)
    least: float = between(2.0, 1, 100)
    most: float = between(3.0, 1, 100)
    shifts: int = between(3, 1, 100)

    def __post_init__(self) -> None:
        check_ranges(self)


def surged(demand: IntArray, model: PlantModel, surges: Surges, seed: int) -> IntArray:
    """Demand with real surges, rounded to whole parts, shape (series, shift) like ``demand``."""
    factors = np.ones((len(model.lines), len(model.shifts)))
    for line, first, last in _spells(model, "surge", surges.per_line_week, surges.shifts, seed):
        size = float(uniform(seed, "surge size", name_key(model.lines[line]), first))
        factors[line, first:last] = surges.least + size * (surges.most - surges.least)
    return np.rint(demand * factors[model.line_of_series]).astype(np.int32)


class WrongReports(Disruptions):
    """Reports and books of one run of one replication; make a new one for every twin.

    Hand it to the twin as its trouble, and what each step reports to ``saw``. Books know of it one
    slot later.

    Attributes:
        factors: Reported over used, shape (series, shift); 1 = right.
        counted: Pairs that were counted when the slot began, shape (pair,).
        booked: Stock as the books have it, below 0 where they say so, shape (pair,).

    Args:
        model: Of the twin.
        wrong: What is reported wrongly.
        seed: The same seed brings the same mistakes, whatever the policy.
    """

    def __init__(self, model: PlantModel, wrong: WrongRecords, seed: int) -> None:
        self._model, self._wrong = model, wrong
        self.factors, self._at_end = _factors(model, wrong, seed)
        shape = len(model.series), len(model.shifts)
        self._used = np.zeros(shape, dtype=np.int64)
        self._unbooked = np.zeros(shape, dtype=np.int64)
        names = [abs(name_key(series_id(*pair))) % wrong.counted_days for pair in model.pairs]
        self._offset = np.array(names)
        self._day = int(model.slots.edges[0] // _DAY)
        self.counted: BoolArray = np.zeros(len(model.pairs), dtype=np.bool_)
        self.booked = np.zeros(len(model.pairs), dtype=np.int64)

    def book(self, slot: int, on_hand: IntArray) -> IntArray:
        """Stock as the books have it; below 0 where more is booked out than there was.

        The first call of a day counts the pairs whose turn it is: ``counted`` says which.
        """
        today = int(self._model.slots.edges[slot] // _DAY)
        self.counted = np.zeros(len(self._offset), dtype=np.bool_)
        if today != self._day:
            self._day = today
            self.counted = (today + self._offset) % self._wrong.counted_days == 0
            self._unbooked[self.counted[self._model.pair_of_series]] = 0
        self.booked = on_hand[0] + self.book_error
        return np.asarray(self.booked[None, :], dtype=np.int32)

    @property
    def book_error(self) -> npt.NDArray[np.int64]:
        """Booked stock minus stock, shape (pair,)."""
        error = np.zeros(len(self._model.pairs), dtype=np.int64)
        np.add.at(error, self._model.pair_of_series, self._unbooked.sum(axis=1))
        return error

    def saw(self, report: SlotReport) -> None:
        """What the lines really used in a slot, and what was reported of it."""
        shift = int(self._model.slots.shift_of_slot[report.slot])
        if shift < 0:
            return
        used = self._used[:, shift]
        before = self._difference(used, shift, ended=False)
        used += report.drawn[0]
        ended = report.end >= self._model.shifts[shift].end
        self._unbooked[:, shift] -= self._difference(used, shift, ended=ended) - before

    def reported(self, observed: Observed) -> Observed:
        """What the lines reported, in place of what they used; NaN stays NaN."""
        count = observed.demand.shape[1]
        demand = np.rint(observed.demand * self.factors[:, :count])
        running = observed.running
        if running is not None:
            at_once = np.where(self._at_end[:, count], 1.0, self.factors[:, count])
            running = np.rint(running * at_once)
        return Observed(
            series=observed.series,
            period_starts=observed.period_starts,
            period_ends=observed.period_ends,
            demand=demand,
            running=running,
        )

    def correct(self, series: int, shift: int) -> None:
        """Somebody puts a finished record right: consumption, and stock where nobody counted it."""
        self.factors[series, shift] = 1.0
        self._unbooked[series, shift] = 0

    def _difference(
        self, used: npt.NDArray[np.int64], shift: int, *, ended: bool
    ) -> npt.NDArray[np.int64]:
        """Reported minus used so far in a shift, shape (series,)."""
        factors = self.factors[:, shift]
        told = np.where(self._at_end[:, shift] & (not ended), 1.0, factors)
        return np.rint(used * (told - 1.0)).astype(np.int64)


def _factors(model: PlantModel, wrong: WrongRecords, seed: int) -> tuple[FloatArray, BoolArray]:
    """Reported over used, and whether it is told at the end, each shape (series, shift)."""
    shape = len(model.series), len(model.shifts)
    factors, at_end = np.ones(shape), np.zeros(shape, dtype=np.bool_)
    per_week = _shifts_per_week(model)
    parts = np.array([name_key(series_id(*each)) for each in model.series])[:, None]
    lines = np.array([name_key(each) for each in model.lines])[model.line_of_series][:, None]
    shifts = np.arange(shape[1])[None, :]

    def some(what: str, keys: npt.NDArray[np.int64], rate: float) -> BoolArray:
        return np.asarray(uniform(seed, what, keys, shifts) < rate / per_week)

    jumps = some("unit jump", parts, wrong.unit_jumps_per_part_week)
    packs = model.terms.container_size[model.pair_of_series].astype(np.float64)
    factors = np.where(jumps, packs[:, None], factors)
    doubles = some("double booking", lines, wrong.doubles_per_line_week)
    spikes = some("spike", parts, wrong.spikes_per_part_week)
    factors = np.where(doubles, 2.0, factors)
    factors = np.where(spikes, wrong.spike_factor, factors)
    at_end = doubles | spikes
    for line, first, last in _spells(
        model, "dead counter", wrong.dead_per_line_week, wrong.dead_shifts, seed
    ):
        rows = np.flatnonzero(model.line_of_series == line)
        factors[rows, first:last], at_end[rows, first:last] = 0.0, False
    return factors, at_end


def _spells(
    model: PlantModel, what: str, rate: float, longest: int, seed: int
) -> list[tuple[int, int, int]]:
    """(line, first shift, shift after the last) of what befalls whole lines."""
    shifts = np.arange(len(model.shifts))
    found = []
    for line, name in enumerate(model.lines):
        begins = uniform(seed, what, name_key(name), shifts) < rate / _shifts_per_week(model)
        for first in np.flatnonzero(begins).tolist():
            share = float(uniform(seed, f"length of {what}", name_key(name), first))
            found.append((line, first, first + 1 + int(share * longest)))
    return found


def _shifts_per_week(model: PlantModel) -> float:
    days = float(model.slots.edges[-1] - model.slots.edges[0]) / _DAY
    return max(len(model.shifts) / days * _WEEK_DAYS, 1.0)
