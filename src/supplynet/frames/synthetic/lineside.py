"""The shelves at the lines while time goes on: stock, orders, trucks, and what runs out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from supplynet.core.keyed import name_key, uniform
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.frames.synthetic.clock import Clock
from supplynet.frames.synthetic.demand import Generated
from supplynet.frames.synthetic.scenario import SupplyShape
from supplynet.frames.synthetic.thresholds import lead_time, thresholds

PERIODS_AT_ONCE = 64  # turned on the side together: rows of arrays are faster than columns
Longs = npt.NDArray[np.int64]
PROMISED = 0.9
"""Share of the regular lead times that are within what was promised."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Orders:
    """Orders in order of time; one array per column.

    Attributes:
        period, series: Where it was placed.
        quantity: Parts.
        due, received: Minutes since 1970; ``received`` is -1 while the order is open.
        arrival: Period of its receipt, ``len(periods)`` while it is open.
        late: Periods by which the truck was late.
    """

    period: Longs
    series: Longs
    quantity: Longs
    due: Longs
    received: Longs
    arrival: Longs
    late: Longs


@dataclass(frozen=True, kw_only=True, eq=False)
class Stock:
    """Stock at the start of each period, before orders and receipts of that period.

    Attributes:
        on_hand, on_order, reorder_point: Parts, int32, shape (series, period).
        orders: Every order that was placed.
    """

    on_hand: IntArray
    on_order: IntArray
    reorder_point: IntArray
    orders: Orders


def line_keys(made: Generated) -> Longs:
    """Random key of every line, by its name."""
    return np.array([name_key(line) for line in made.lines], dtype=np.int64)


def series_keys(made: Generated) -> Longs:
    """Random key of every series, by its names."""
    return np.array([name_key(f"{line}/{part}") for line, part in made.series], dtype=np.int64)


@dataclass
class _Book:
    """Orders as they are placed: one array per period and column."""

    columns: list[tuple[npt.NDArray[np.integer], ...]] = field(default_factory=list)

    def orders(self) -> Orders:
        empty = tuple(np.empty(0, dtype=np.int64) for _ in range(7))
        columns = [np.concatenate(each) for each in zip(empty, *self.columns, strict=True)]
        names = ("period", "series", "quantity", "due", "received", "arrival", "late")
        return Orders(**dict(zip(names, columns, strict=True)))


class Lineside:
    """The shelves of all lines while time goes on. Arrays are over series unless said."""

    def __init__(
        self, made: Generated, shape: SupplyShape, clock: Clock, halted: IntArray, seed: int
    ) -> None:
        self.made, self.shape, self.clock, self.seed = made, shape, clock, seed
        self.halted = halted
        self.lead = lead_time(shape)
        self.late = _late_trucks(made, shape, clock, seed)
        self.keys = series_keys(made)
        self.plan = thresholds(made, shape)
        first = self.plan.day_of_period[made.works.argmax(axis=1)][made.line_of_series]
        all_series = np.arange(len(made.series))
        point = self.plan.reorder_point[first, all_series]
        room = self.plan.order_quantity[first, all_series]
        self.on_hand = (
            point + 1 + np.floor(uniform(seed, "opening stock", self.keys) * room)
        ).astype(np.int32)
        self.on_order = np.zeros_like(self.on_hand)
        self.received = np.zeros((len(made.periods) + 1, len(made.series)), dtype=np.int32)
        self.starved = np.zeros(halted.shape, dtype=np.int32)
        self.missing = np.full(halted.shape, -1, dtype=np.int32)
        self.book = _Book()

    def run(self) -> tuple[IntArray, Stock]:
        """Play all periods: what was consumed, shape (series, period), and the stock."""
        shape = self.made.true_demand.shape
        consumed, on_hand, on_order = (np.empty(shape, dtype=np.int32) for _ in range(3))
        for first in range(0, shape[1], PERIODS_AT_ONCE):
            some = slice(first, first + PERIODS_AT_ONCE)
            wanted = self.made.true_demand[:, some].T.copy(order="C")
            noted = [np.empty_like(wanted) for _ in range(2)]
            for row, period in enumerate(range(first, first + len(wanted))):
                noted[0][row], noted[1][row] = self.on_hand, self.on_order
                self._order(period)
                self._receive(period)
                wanted[row] = self._serve(period, wanted[row])
            on_hand[:, some], on_order[:, some] = noted[0].T, noted[1].T
            consumed[:, some] = wanted.T
        stock = Stock(
            on_hand=on_hand,
            on_order=on_order,
            reorder_point=np.ascontiguousarray(
                self.plan.reorder_point.T[:, self.plan.day_of_period]
            ),
            orders=self.book.orders(),
        )
        return consumed, stock

    def _order(self, period: int) -> None:
        """Order for every shelf of a working line that is not above its reorder point."""
        day = self.plan.day_of_period[period]
        point = self.plan.reorder_point[day]
        low = self.on_hand + self.on_order <= point
        if not self.made.works[:, period].all():
            low &= self.made.works[self.made.line_of_series, period]
        who = np.flatnonzero(low)
        if not who.size:
            return
        batch = self.plan.order_quantity[day, who]
        lacks = point[who] + 1 - self.on_hand[who] - self.on_order[who]
        quantity = -(-lacks // batch) * batch
        self.on_order[who] += quantity
        self._send(period, who, quantity)

    def _send(self, period: int, who: Longs, quantity: IntArray) -> None:
        """Put what was ordered on its way, and note the orders."""
        line = self.made.line_of_series[who]
        start, length = self.clock.start[period], self.clock.minutes[period]
        factor = np.where(self.clock.is_last_shift(line, period), self.shape.night_factor, 1.0)
        takes = self.lead.at(uniform(self.seed, "lead time", self.keys[who], start)) * factor
        late = self.late[line, period]
        ready = start + np.ceil((takes + late) * length).astype(np.int64)
        arrival, received = self.clock.unloaded(line, ready)
        self.received[arrival, who] += quantity
        promised = self.lead.at(np.array(PROMISED)) * factor * length
        due = start + np.ceil(promised).astype(np.int64)
        when = np.full(len(who), period)
        self.book.columns.append((when, who, quantity, due, received, arrival, late))

    def _receive(self, period: int) -> None:
        came = self.received[period]
        self.on_hand += came
        self.on_order -= came

    def _serve(self, period: int, wanted: IntArray) -> IntArray:
        """What is used of ``wanted``; takes it from the shelves."""
        used = wanted
        short = np.flatnonzero(wanted > self.on_hand)
        if short.size or self.halted[:, period].any():
            share = self._share(period, wanted, short)
            some = np.flatnonzero(share[self.made.line_of_series] < 1)
            spare = uniform(self.seed, "served", self.keys[some], self.clock.start[period])
            part = np.floor(wanted[some] * share[self.made.line_of_series[some]] + spare)
            used = wanted.copy()
            used[some] = np.minimum(part, self.on_hand[some])
        self.on_hand -= used
        return used

    def _share(self, period: int, wanted: IntArray, short: Longs) -> FloatArray:
        """Share of the period's demand that each line can serve, shape (line,)."""
        running = np.maximum(self.clock.running[:, period], 1)
        share: FloatArray = 1 - self.halted[:, period] / running
        line, ratio = self.made.line_of_series[short], self.on_hand[short] / wanted[short]
        scarcest_first = np.lexsort((ratio, line))
        lines, first = np.unique(line[scarcest_first], return_index=True)
        which = scarcest_first[first]
        binds = ratio[which] < share[lines]
        lines, which = lines[binds], which[binds]
        share[lines] = ratio[which]
        self.missing[lines, period] = short[which]
        lost = np.ceil((1 - share) * running - 1e-9)
        self.starved[:, period] = np.minimum(lost, self.clock.running[:, period])
        return share


def _late_trucks(made: Generated, shape: SupplyShape, clock: Clock, seed: int) -> IntArray:
    """Periods by which what a line orders in a period comes late, geometric, (line, period)."""
    draw = uniform(seed, "late truck", line_keys(made)[:, None], clock.start)
    within = draw / shape.late_share if shape.late_share > 0 else np.ones_like(draw)
    on_time = 1 - 1 / max(shape.late_periods, 1.0)
    further = np.log(within) / np.log(on_time) if on_time > 0 else np.zeros_like(draw)
    late: IntArray = np.where(within < 1, 1 + np.floor(further), 0).astype(np.int32)
    return late
