"""What a decision may take, and what a shortage made of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Supply:
    """What a decision may take. Pairs without a limit have none.

    Attributes:
        available: Free stock of each warehouse part, shape (replication, source).
        source_of_pair: Index into ``available``, -1 = a supplier with enough; shape (pair,).
        trip_of_pair: Vehicle of each pair, shape (pair,).
        room_litres: Room of each vehicle, None = no limit.
        litres: Volume of one part, shape (pair,).
        minimum_litres: A vehicle with less on board does not pay; empty = no vehicle has a minimum.
        window_minutes: Working minutes from now until the order after this one can be used, shape
            (pair,); None = not known, a window counts as one minute.
        line_weight: What a minute without the part costs: the sum over the lines that draw from
            the pair, 1 for a line of usual priority; shape (pair,). None = 1.
    """

    available: IntArray
    source_of_pair: IntArray
    trip_of_pair: IntArray
    room_litres: tuple[float | None, ...]
    litres: FloatArray
    minimum_litres: tuple[float, ...] = ()
    window_minutes: FloatArray | None = None
    line_weight: FloatArray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Shared:
    """What of the wanted parts can go.

    Attributes:
        loaded: What fits the vehicles, shape (replication, pair).
        granted: What the warehouse can give of that, same shape.
        next_minutes: Weighted line-minutes that the first container which a pair did not get
            would have saved in expectation, same shape; 0 where nothing was refused, nothing is
            known of demand, or the rule does not ask.
    """

    loaded: IntArray
    granted: IntArray
    next_minutes: FloatArray
