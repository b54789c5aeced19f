"""The shapes that packages hand to each other without importing each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from supplynet.core.announcements import Announcements
from supplynet.core.sample_paths import FloatArray, IntArray, SamplePaths

Index = npt.NDArray[np.integer]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True, eq=False)
class SupplyTerms:
    """What limits each (stock point, part) pair. All arrays have shape (pair,), int32, in parts.

    Attributes:
        pairs: ``(stock_point_id, part_id)`` of each pair.
        container_size: Orders are whole containers, >= 1.
        minimum_order: Smallest order, >= 0.
        bin_maximum: Most that fits; a large number where there is no limit.
        criticality: Class A, B or C of each pair, from its supply rule; empty = all B.
    """

    pairs: tuple[tuple[str, str], ...]
    container_size: IntArray
    minimum_order: IntArray
    bin_maximum: IntArray
    criticality: tuple[str, ...] = ()

    def select(self, pairs: Index) -> SupplyTerms:
        """Of some of the pairs, in that order."""
        return SupplyTerms(
            pairs=tuple(self.pairs[pair] for pair in pairs),
            container_size=self.container_size[pairs],
            minimum_order=self.minimum_order[pairs],
            bin_maximum=self.bin_maximum[pairs],
            criticality=tuple(self.criticality[p] for p in pairs) if self.criticality else (),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class DecisionState:
    """Stock at the moment of a decision. Arrays have shape (replication, pair), int32, in parts.

    Attributes:
        now: The moment of the decision, aware.
        on_hand: Usable stock, >= 0.
        on_order: Released and not yet received, >= 0.
        due: The same by vehicle, in the order in which vehicles are expected at the stock point;
            shape (vehicle, replication, pair). It adds up to ``on_order``. None = nobody asked.
    """

    now: datetime
    on_hand: IntArray
    on_order: IntArray
    due: IntArray | None = None

    def select(self, pairs: Index) -> DecisionState:
        """Of some of the pairs, in that order."""
        return DecisionState(
            now=self.now,
            on_hand=self.on_hand[:, pairs],
            on_order=self.on_order[:, pairs],
            due=None if self.due is None else self.due[:, :, pairs],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Outlook:
    """What is known of demand at the moment of a decision.

    Attributes:
        window_demand: Demand of each pair from now until the order after this one can arrive
            (lead time plus review period), on joint paths; shape (path, pair), int32. Always the
            sum over a path, never a sum of quantiles.
        until_arrival: The part of it until this order can be used, same shape.
        until_due: The part of it until each vehicle of ``DecisionState.due`` can be used, shape
            (vehicle, path, pair).

    The last two are None where only the window is known; whoever needs them does without then.
    """

    window_demand: IntArray
    until_arrival: IntArray | None = None
    until_due: IntArray | None = None

    def select(self, pairs: Index) -> Outlook:
        """Of some of the pairs, in that order."""
        arrival, due = self.until_arrival, self.until_due
        return Outlook(
            window_demand=self.window_demand[:, pairs],
            until_arrival=None if arrival is None else arrival[:, pairs],
            until_due=None if due is None else due[:, :, pairs],
        )


class Policy(Protocol):
    """Decides how much to order for one departure."""

    @property
    def name(self) -> str:
        """Name in the registry."""

    def wanted(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Parts to order now, whole containers, shape (replication, pair), int32, >= 0.

        Supply may be short: what is granted is the rationing's business.
        """


@dataclass(frozen=True, kw_only=True, eq=False)
class Observed:
    """What has been seen of demand since the history that a forecaster is bound to.

    Attributes:
        series: ``(location_id, part_id)`` of each series; the location is the consuming line.
        period_starts, period_ends: Finished periods (shifts or days), aware, ascending.
        demand: Shape (series, period), float64; NaN = not observed (the line was starved).
        running: Consumed so far in the running period, shape (series,), float64; NaN where the
            line was starved in it; None between periods.
        announced: What people said of the rates of lines, before and after; None = nothing. What is
            forecast follows it; what was seen under it says what is usual.
    """

    series: tuple[tuple[str, str], ...]
    period_starts: tuple[datetime, ...]
    period_ends: tuple[datetime, ...]
    demand: FloatArray
    running: FloatArray | None = None
    announced: Announcements | None = None


class Forecaster(Protocol):
    """Hands out sample paths; a fitted model bound to its history and calendar."""

    def sample(
        self, observed: Observed, cutoff: datetime, *, steps: int, paths: int, seed: int
    ) -> SamplePaths:
        """Joint paths of demand after ``cutoff``, from the history and ``observed``.

        Step 0 is the rest of the running period when ``cutoff`` lies inside one.
        """


class Executor(Protocol):
    """Runs a pure function over independent pieces of work, in any order, and yields in order."""

    def map(self, function: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        """Results in the order of ``pieces``."""


class Progress(Protocol):
    """How long work tells where it is and learns that it should stop."""

    def progress(self, fraction: float, message: str = "") -> None:
        """``fraction`` of the work is done, 0 to 1; ``message`` says at what it is."""

    def check(self) -> None:
        """Call often.

        Raises:
            JobCancelled: Someone asked the work to stop.
        """
