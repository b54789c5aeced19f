"""Supply, played over a made-up plant: lineside stock, orders, trucks, and lines that starve.

Every (line, part) has its own shelf under a reorder point. One loop goes over the periods; within
it everything is an array over series:

1. the stock at the start of the period is noted; a shelf whose position (on hand and on order) is
   not above its reorder point orders whole order quantities until it is;
2. what arrives in the period can be used in it;
3. a line runs as far as its scarcest part lasts, and uses the same share of what it wanted of
   every part; the rest of its time it is starved, and the demand of that time is lost. Other halts
   cost time in the same way.

Every random number has a key of its own (seed, purpose, line or series by name, start of the
period): lines by themselves do what they do in the whole plant, and a longer history begins with
the shorter one. Both hold from a history of seven days on, the first week of the thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.keyed import uniform
from supplynet.core.sample_paths import IntArray
from supplynet.frames.synthetic.clock import Clock, clock_of
from supplynet.frames.synthetic.demand import Generated
from supplynet.frames.synthetic.lineside import Lineside, Stock, line_keys, series_keys
from supplynet.frames.synthetic.scenario import SupplyShape

PERIODS_PER_MONTH = 60
SHORTEST_HALT_MINUTES = 10
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Played:
    """What became of the demand.

    Attributes:
        consumed: Parts, int32, shape (series, period).
        starved_minutes: int32, shape (line, period).
        missing: Place of the series that ran out first, -1 = nothing ran out, shape (line, period).
        stock: None when supply was not played.
    """

    consumed: IntArray
    starved_minutes: IntArray
    missing: IntArray
    stock: Stock | None


def play(made: Generated, shape: SupplyShape, *, seed: int) -> Played:
    """Serve the demand as far as stock and halts allow.

    Args:
        made: What lines want.
        shape: How parts reach them; without ``plays`` only the other halts cost anything.
        seed: Same seed, same result.

    Raises:
        InvalidInput: The lead times cannot be.
    """
    clock = clock_of(made)
    halted = _other_halts(made, shape, clock, seed)
    if shape.plays:
        shelves = Lineside(made, shape, clock, halted, seed)
        consumed, stock = shelves.run()
        return Played(
            consumed=consumed,
            starved_minutes=shelves.starved,
            missing=shelves.missing,
            stock=stock,
        )
    consumed = made.true_demand.copy()
    short = _cells_of(made, halted)
    lost = halted[made.line_of_series[short[0]], short[1]]
    served = 1 - lost / clock.running[made.line_of_series[short[0]], short[1]]
    spare = uniform(seed, "served", series_keys(made)[short[0]], clock.start[short[1]])
    consumed[short] = np.floor(consumed[short] * served + spare)
    nothing = np.full(halted.shape, -1, dtype=np.int32)
    return Played(consumed=consumed, starved_minutes=halted, missing=nothing, stock=None)


def _cells_of(made: Generated, halted: IntArray) -> tuple[Longs, Longs]:
    """Series and period of everything that a halted line uses."""
    line, period = np.nonzero(halted)
    first = np.searchsorted(made.line_of_series, np.arange(len(made.lines) + 1))
    parts = np.diff(first)[line]
    within = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    return np.repeat(first[line], parts) + within, np.repeat(period, parts)


def _other_halts(made: Generated, shape: SupplyShape, clock: Clock, seed: int) -> IntArray:
    """Minutes lost to other causes, exponential from 10 on, shape (line, period)."""
    lines = line_keys(made)[:, None]
    chance = uniform(seed, "halt", lines, clock.start)
    length = uniform(seed, "halt minutes", lines, clock.start)
    wanted = SHORTEST_HALT_MINUTES + np.floor(-np.log1p(-length) * shape.halt_mean_minutes)
    happens = chance < shape.halts_per_line_month / PERIODS_PER_MONTH
    return np.where(happens, np.minimum(wanted, clock.running), 0).astype(np.int32)
