"""Odd records of one simulated plant: who asks, who answers, and what orders do meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from supplynet.core.protocols import Forecaster, Observed
from supplynet.core.sample_paths import FloatArray, IntArray, SamplePaths
from supplynet.simulate.hooks import BoolArray
from supplynet.simulate.model import PlantModel
from supplynet.simulate.wrong_records import WrongReports


@dataclass(kw_only=True, eq=False)
class Question:
    """An odd record that waits for an answer.

    Attributes:
        series, shift: The record.
        answer_at: When a person answers.
        left: Parts beyond what was expected that the books still believe and that have not been
            ordered; below 0 = too few. 0 once the stock was counted.
    """

    series: int
    shift: int
    answer_at: datetime
    left: float


class Desk:
    """Open questions of one run.

    Args:
        model: Of the twin.
        reports: What lines report; an answer corrects what is wrong.
        odd: Of a ``Finder``; None = nobody asks. Shifts in which a line was starved are not judged.
        answer: Time until a person answers.
    """

    def __init__(
        self, model: PlantModel, reports: WrongReports, odd: FloatArray | None, answer: timedelta
    ) -> None:
        self._model, self._reports, self._odd, self._answer = model, reports, odd, answer
        self.open: list[Question] = []
        self.asked = self.rightly = 0

    def judge(self, observed: Observed, now: datetime) -> None:
        """Ask about what is odd in the shift that has just ended."""
        if self._odd is None:
            return
        shift = observed.demand.shape[1] - 1
        odd = np.where(np.isnan(observed.demand[:, shift]), np.nan, self._odd[:, shift])
        for series in np.flatnonzero(~np.isnan(odd)).tolist():
            self.asked += 1
            self.rightly += bool(self._reports.factors[series, shift] != 1.0)
            self.open.append(
                Question(
                    series=series,
                    shift=shift,
                    answer_at=now + self._answer,
                    left=float(odd[series]),
                )
            )

    def answer(self, now: datetime) -> None:
        """Close what a person has answered by now; wrong records are put right."""
        for each in [each for each in self.open if each.answer_at <= now]:
            self._reports.correct(each.series, each.shift)
            self.open.remove(each)

    def settle(self, counted: BoolArray) -> None:
        """A count puts stock right, so nothing of the pair waits on account of it any more."""
        for each in self.open:
            if counted[self._model.pair_of_series[each.series]]:
                each.left = 0.0

    def excess(self, pairs: IntArray) -> FloatArray:
        """Parts that the books may believe wrongly to be gone, shape (pair,)."""
        return self._sums(1.0)[pairs]

    def missing(self, pairs: IntArray) -> FloatArray:
        """Parts that may be gone though the books do not know it, shape (pair,)."""
        return self._sums(-1.0)[pairs]

    def sent(self, pair: int, quantity: float) -> None:
        """So much of an excess was ordered all the same: it cuts no order again."""
        mine = [
            each
            for each in self.open
            if each.left > 0 and self._model.pair_of_series[each.series] == pair
        ]
        before = sum(each.left for each in mine)
        for each in mine:
            each.left *= max(0.0, 1.0 - quantity / before)

    def seen(self, observed: Observed, *, unseen: bool) -> Observed:
        """What a forecast is shown: what is reported, odd records left out if ``unseen``."""
        shown = self._reports.reported(observed)
        if not unseen or not self.open:
            return shown
        demand = shown.demand.copy()
        for each in self.open:
            if each.shift < demand.shape[1]:
                demand[each.series, each.shift] = np.nan
        return replace(shown, demand=demand)

    def _sums(self, sign: float) -> FloatArray:
        total = np.zeros(len(self._model.pairs))
        for each in self.open:
            total[self._model.pair_of_series[each.series]] += max(0.0, sign * each.left)
        return total


class Remembering:
    """A forecaster that keeps what it has made: rules that saw the same are told the same."""

    def __init__(self, inner: Forecaster) -> None:
        self._inner = inner
        self._made: dict[tuple[object, ...], SamplePaths] = {}

    def sample(
        self, observed: Observed, cutoff: datetime, *, steps: int, paths: int, seed: int
    ) -> SamplePaths:
        """See ``core.protocols.Forecaster``."""
        running = b"" if observed.running is None else observed.running.tobytes()
        key = cutoff, steps, paths, seed, observed.demand.tobytes(), running
        if key not in self._made:
            self._made[key] = self._inner.sample(
                observed, cutoff, steps=steps, paths=paths, seed=seed
            )
        return self._made[key]


@dataclass(frozen=True, kw_only=True, eq=False)
class DeskForecaster:
    """A forecaster that sees reports, not what was used."""

    inner: Forecaster
    desk: Desk
    unseen: bool

    def sample(
        self, observed: Observed, cutoff: datetime, *, steps: int, paths: int, seed: int
    ) -> SamplePaths:
        """See ``core.protocols.Forecaster``."""
        shown = self.desk.seen(observed, unseen=self.unseen)
        return self.inner.sample(shown, cutoff, steps=steps, paths=paths, seed=seed)
