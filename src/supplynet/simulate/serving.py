"""One slot of production: who draws what, and who halts for what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.simulate.indexing import GroupSum
from supplynet.simulate.model import PlantModel

BoolArray = npt.NDArray[np.bool_]
_Index = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Served:
    """What one slot brought.

    Attributes:
        drawn: Parts drawn, shape (replication, series).
        idle: Share of the slot in which a line was starved, shape (replication, line).
        begun: Whether a halt began, shape (replication, line).
        blame: Share of the slot lost for want of this part, shape (replication, series); where
            several parts are missing they share it equally.
    """

    drawn: IntArray
    idle: FloatArray
    begun: BoolArray
    blame: npt.NDArray[np.float32]


class Serving:
    """Serves the lines of a plant from shared stock, vectorised over replications.

    In a slot a running line builds the fraction ``f = min over its parts of stock / demand`` (at
    most 1) and draws ``floor(f * demand)`` of each; the blocking part is exhausted, and the line
    halts. A halted line draws nothing until every missing part is in stock again. A line that
    builds short draws of each part what is there, first what it owes, and counts as halted for as
    long as it owes any. Lines of one stock point draw in order of their rank.
    """

    def __init__(self, model: PlantModel) -> None:
        self._pair_sum = GroupSum(model.pair_of_series, len(model.pairs))
        self._line_of_series = model.line_of_series
        self._pair_of_series = model.pair_of_series
        self._valid = model.series_of_line >= 0
        self._series = np.where(self._valid, model.series_of_line, 0)
        self._pairs = model.pair_of_series[self._series]
        self._short = model.builds_short
        self._stands = ~model.builds_short[model.line_of_series]
        self._any_short = bool(model.builds_short.any())
        ranks = range(int(model.rank_of_line.max()) + 1)
        self._by_rank = [np.flatnonzero(model.rank_of_line == rank) for rank in ranks]

    def pair_demand(self, demand: IntArray) -> IntArray:
        """Demand of each pair, shape (replication, pair)."""
        return self._pair_sum(demand)

    def serve(
        self,
        on_hand: IntArray,
        demand: IntArray,
        halted: BoolArray,
        missing: BoolArray,
        *,
        extra: IntArray | None = None,
        active: BoolArray | None = None,
    ) -> Served:
        """Serve one slot; ``on_hand``, ``halted`` and ``missing`` are changed in place.

        Args:
            on_hand: Shape (replication, pair).
            demand: Shape (replication or 1, series); 0 where the line is not active.
            halted: Shape (replication, line).
            missing: Parts that halted lines wait for, shape (replication, series).
            extra: Parts that lines want on top, from a ``Backlog``; None = none.
            active: Lines that work in this slot, shape (replication or 1, line); None = all.
        """
        replications, lines = halted.shape
        wish = demand if extra is None else demand + extra
        total = self._pair_sum(wish)
        short = total > on_hand
        idle = np.zeros((replications, lines))
        begun = np.zeros((replications, lines), dtype=bool)
        blame = np.zeros(missing.shape, dtype=np.float32)
        if not halted.any() and not short.any():
            on_hand -= total
            drawn = np.broadcast_to(wish, missing.shape)
            return Served(drawn=drawn, idle=idle, begun=begun, blame=blame)
        # A running line that only draws from pairs with enough for all is served whatever its
        # rank; only the others, usually few, go through the queue.
        contested = halted | (short[:, self._pairs] & self._valid).any(axis=2)
        if active is not None:
            contested &= active
        drawn = np.where(contested[:, self._line_of_series], np.int32(0), wish)
        # Stock only falls within a slot, so who waits now waits through, whatever the rank.
        waiting = missing & self._stands if self._any_short else missing
        if active is not None:
            waiting = waiting & active[:, self._line_of_series]
        contested &= ~self._keep_waiting(on_hand, waiting, idle, blame)
        on_hand -= self._pair_sum(drawn)
        plan = _Slot(on_hand, demand, wish, halted, missing, drawn, idle, begun, blame)
        for lines_of_rank in self._by_rank:
            row, column = np.nonzero(contested[:, lines_of_rank])
            if len(row):
                self._serve_lines(plan, row, lines_of_rank[column])
        return Served(drawn=drawn, idle=idle, begun=begun, blame=blame)

    def _keep_waiting(
        self,
        on_hand: IntArray,
        missing: BoolArray,
        idle: FloatArray,
        blame: npt.NDArray[np.float32],
    ) -> BoolArray:
        """Halted lines for which a missing part is out of stock, shape (replication, line)."""
        row, series = np.nonzero(missing)
        lacks = on_hand[row, self._pair_of_series[series]] <= 0
        row, series = row[lacks], series[lacks]
        replications, lines = idle.shape
        line = row * lines + self._line_of_series[series]
        count = np.bincount(line, minlength=replications * lines).reshape(idle.shape)
        waiting = count > 0
        idle[waiting] = 1.0
        blame[row, series] = 1.0 / count[row, self._line_of_series[series]]
        return np.asarray(waiting)

    def _serve_lines(self, slot: _Slot, row: _Index, line: _Index) -> None:
        """Serve one line per stock point in some replications; arrays are (case, part)."""
        valid, series, rows = self._valid[line], self._series[line], row[:, None]
        pairs = self._pairs[line]
        stock = slot.on_hand[rows, pairs].astype(np.int64)
        wish = np.where(valid, slot.wish[rows % len(slot.wish), series], 0).astype(np.int64)
        short = self._short[line]
        lacking = slot.missing[rows, series] & valid & (stock <= 0)
        was_halted = slot.halted[row, line]
        waits = was_halted & lacking.any(axis=1) & ~short
        ratio = np.where(wish > 0, stock / np.maximum(wish, 1), np.inf)
        block = ratio.argmin(axis=1)
        each = np.arange(len(row))
        # f as a fraction of whole numbers, so that the blocking part is exhausted exactly.
        top, bottom = stock[each, block], wish[each, block]
        enough = ratio[each, block] >= 1.0
        top, bottom = np.where(enough, 1, top), np.where(enough, 1, bottom)
        top = np.where(waits, 0, top)
        bottom = np.where(waits, 1, bottom)
        draw = wish * top[:, None] // bottom[:, None]
        starved = top < bottom
        exhausted = (wish > 0) & (stock * bottom[:, None] == wish * top[:, None])
        absent = np.where(waits[:, None], lacking, exhausted) & starved[:, None] & valid
        idle, begun = 1.0 - top / bottom, starved & (~was_halted | (top > 0))
        if self._any_short and short.any():
            plan = np.where(valid, slot.demand[rows % len(slot.demand), series], 0)
            got = np.minimum(wish, stock)
            lacks = _owing_share(wish - got, plan)
            draw = np.where(short[:, None], got, draw)
            absent = np.where(short[:, None], wish > got, absent)
            starved = np.where(short, absent.any(axis=1), starved)
            idle = np.where(short, lacks, idle)
            begun = np.where(short, starved & ~was_halted, begun)
        slot.begun[row, line] = begun
        slot.halted[row, line] = starved
        slot.idle[row, line] = idle
        case, place = np.nonzero(valid)
        at = (row[case], series[case, place])
        slot.on_hand[row[case], pairs[case, place]] -= draw[case, place].astype(np.int32)
        slot.drawn[at] = draw[case, place]
        keeps = np.where(waits[:, None], slot.missing[rows, series], absent)
        slot.missing[at] = keeps[case, place]
        count = np.maximum(absent.sum(axis=1), 1)
        share = absent * (idle / count)[:, None]
        slot.blame[at] = share[case, place]


def _owing_share(owing: npt.NDArray[np.int64], plan: npt.NDArray[np.int64]) -> FloatArray:
    """Share of the slot in which a line builds short, (case,), from parts owed and wanted in it.

    A part that the slot needs was there for what could be drawn of it; one that it does not need
    and that is still owed was missing throughout.
    """
    part = np.where(plan > 0, np.minimum(owing, plan) / np.maximum(plan, 1), owing > 0)
    longest: FloatArray = part.max(axis=1)
    return longest


@dataclass(frozen=True, slots=True, eq=False)
class _Slot:
    """The arrays of one slot that lines of one rank after the other change."""

    on_hand: IntArray
    demand: IntArray
    wish: IntArray
    halted: BoolArray
    missing: BoolArray
    drawn: IntArray
    idle: FloatArray
    begun: BoolArray
    blame: npt.NDArray[np.float32]
