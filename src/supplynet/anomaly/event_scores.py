"""Which labelled events a detector finds, and how soon, when it may cry wolf only so often.

An event counts as found once, at its first flag; nothing is "point-adjusted": a flag inside an
event never makes the rest of it right (Kim, Choi, Choi, Lee and Yoon, AAAI 2022, show that a random
score looks excellent under that).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from supplynet.anomaly.vus import BoolArray
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledEvent:
    """Something odd that is known to have happened.

    Attributes:
        series: Row of the series.
        first: First odd period.
        end: First period after it; > ``first``.
    """

    series: int
    first: int
    end: int


@dataclass(frozen=True, kw_only=True, eq=False)
class EventScores:
    """What was found.

    Attributes:
        threshold: Values with at least this strangeness were flagged; infinite = none.
        found: Whether each event was, shape (event,).
        delays: Periods from the begin of each event to its first flag, 0 = at once; NaN = missed.
        false_alarms: Alarms outside of events.
    """

    threshold: float
    found: BoolArray
    delays: FloatArray
    false_alarms: int

    @cached_property
    def recall(self) -> float:
        """Share of the events that were found; NaN without events."""
        return float(self.found.mean()) if self.found.size else float("nan")

    def delay(self, share: float) -> float:
        """Periods within which this share of the found events was found; NaN = none was."""
        told = self.delays[self.found]
        return float(np.quantile(told, share, method="inverted_cdf")) if told.size else float("nan")

    def found_within(self, periods: int) -> float:
        """Share of all events that were found in their first ``periods`` periods."""
        return float((self.delays < periods).mean()) if self.found.size else float("nan")


def score_events(
    strangeness: FloatArray,
    events: Sequence[LabelledEvent],
    *,
    false_alarms: int,
    quiet: int,
    grace: int = 0,
) -> EventScores:
    """Events found at the lowest threshold with at most ``false_alarms`` false alarms in all.

    An alarm rings at a flag, and not again for the same series in the ``quiet`` periods from there
    on; what is flagged outside of events rings false. The number of alarms can only grow as the
    threshold falls, so one threshold uses the budget up, and a detector that flags everything rings
    once every ``quiet`` periods.

    Args:
        strangeness: The higher the odder, shape (series, period); NaN is never flagged.
        events: What is known to be odd. They may overlap.
        false_alarms: False alarms allowed over all series and periods together, >= 0.
        quiet: Periods that one alarm stands for, >= 1.
        grace: Periods beside an event in which a flag is neither false nor a find.

    Raises:
        InvalidInput: An event lies outside of the periods or is empty, or a number is too small.
    """
    normal = _normal(strangeness.shape, events, grace)
    if false_alarms < 0:
        raise InvalidInput(f"{false_alarms} false alarms are allowed; give 0 or more")
    thresholds = np.unique(strangeness[~np.isnan(strangeness)])
    low, high = 0, thresholds.size  # The answer's place; at the end, nothing is flagged.
    while low < high:
        middle = (low + high) // 2
        flagged = (strangeness >= thresholds[middle]) & normal
        if count_alarms(flagged, quiet) <= false_alarms:
            high = middle
        else:
            low = middle + 1
    threshold = float(thresholds[low]) if low < thresholds.size else float("inf")
    return judge_flags(
        strangeness >= threshold, events, quiet=quiet, grace=grace, threshold=threshold
    )


def judge_flags(
    flagged: BoolArray,
    events: Sequence[LabelledEvent],
    *,
    quiet: int,
    grace: int = 0,
    threshold: float = float("nan"),
) -> EventScores:
    """Events found by flags, shape (series, period), however these were made.

    Raises:
        InvalidInput: See ``score_events``.
    """
    normal = _normal(flagged.shape, events, grace)
    delays = np.full(len(events), np.nan)
    for place, event in enumerate(events):
        told = np.flatnonzero(flagged[event.series, event.first : event.end])
        if told.size:
            delays[place] = told[0]
    return EventScores(
        threshold=threshold,
        found=~np.isnan(delays),
        delays=delays,
        false_alarms=count_alarms(flagged & normal, quiet),
    )


def count_alarms(flagged: BoolArray, quiet: int) -> int:
    """How often flags ring, when a ring stands for the ``quiet`` periods from it on.

    This is the smallest number of stretches of that length that hold all flags.

    Args:
        flagged: Shape (series, period).
        quiet: >= 1.

    Raises:
        InvalidInput: ``quiet`` is below 1.
    """
    if quiet < 1:
        raise InvalidInput(f"an alarm stands for {quiet} periods; give 1 or more")
    series, period = np.nonzero(flagged)
    places = series * (flagged.shape[1] + quiet) + period  # No stretch reaches the next series.
    following = np.searchsorted(places, places + quiet).tolist()
    alarms = place = 0
    while place < len(following):
        place = following[place]
        alarms += 1
    return alarms


def _normal(shape: tuple[int, ...], events: Sequence[LabelledEvent], grace: int) -> BoolArray:
    """Where a flag is false, shape (series, period)."""
    if len(shape) != 2 or grace < 0:
        raise InvalidInput(f"shape {shape}, grace {grace}: give (series, period) and 0 or more")
    normal = np.ones(shape, dtype=bool)
    for event in events:
        if not (0 <= event.series < shape[0] and 0 <= event.first < event.end <= shape[1]):
            raise InvalidInput(
                f"{event} is empty or lies outside of {shape[0]} series and {shape[1]} periods; "
                "count from the first period that was judged"
            )
        normal[event.series, max(0, event.first - grace) : event.end + grace] = False
    return normal
