"""Who finds odd records among those that lines report: a detector, or a bound that knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from supplynet.anomaly.alarms import Alarms
from supplynet.anomaly.calibrated import CalibratedDetector
from supplynet.anomaly.silent_lines import silent_lines
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel, Period


class Finder(Protocol):
    """Finds odd records among those of a whole horizon, each as it was known when it was made."""

    def odd(self, reported: FloatArray, used: FloatArray) -> FloatArray:
        """Parts beyond what was expected, NaN = nothing odd; all arrays are (series, shift).

        Args:
            reported: By lines that never halt and that nobody corrects.
            used: By the same, which only a bound may look at.
        """


class DetectorFinder:
    """A detector that sees what is reported. It judges once what all rules of a world meet.

    Args:
        detector: Fitted on the history.
        alarms: What is odd enough.
        history: Before the horizon.
        ahead: Periods of the horizon.
        series: Rows of what is reported.
        silent: Parts that a line is expected to use in a shift from which on it is odd that it
            reports none of any part; None = values are judged one by one only.
    """

    def __init__(
        self,
        detector: CalibratedDetector,
        alarms: Alarms,
        history: Panel,
        ahead: tuple[Period, ...],
        series: Sequence[tuple[str, str]],
        *,
        silent: float | None = None,
    ) -> None:
        self._detector, self._alarms, self._history = detector, alarms, history
        self._ahead, self._series, self._silent = ahead, series, silent
        row = {name: i for i, name in enumerate(history.series)}
        self._rows = [row[name] for name in series]
        self._known: dict[bytes, FloatArray] = {}

    def odd(self, reported: FloatArray, used: FloatArray) -> FloatArray:  # noqa: ARG002
        """What alarms, by how much it is off."""
        key = reported.tobytes()
        if key not in self._known:
            self._known[key] = self._judge(reported)
        return self._known[key]

    def _judge(self, reported: FloatArray) -> FloatArray:
        new = np.full((len(self._history.series), len(self._ahead)), np.nan)
        new[self._rows] = reported
        panel = replace(
            self._history,
            periods=self._history.periods + self._ahead,
            demand=np.concatenate([self._history.demand, new], axis=1),
        )
        scored = self._detector.score(panel, len(self._ahead))
        alarms = self._alarms.alarms(scored, self._ahead)[self._rows]
        expected = scored.judged.expected[self._rows]
        if self._silent is not None:
            alarms |= silent_lines(reported, expected, self._series, self._silent)
        return np.where(alarms, reported - expected, np.nan)


class TruthFinder:
    """Knows what is wrong and what is not: a bound, not a detector."""

    def odd(self, reported: FloatArray, used: FloatArray) -> FloatArray:
        """Every wrong record that makes a difference, and nothing else."""
        return np.where(reported != used, reported - used, np.nan)
