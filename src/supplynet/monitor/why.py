"""The one sentence behind a decision: what a planner reads at three in the morning.

Clock times are the plant's own. Every figure in it is also a field of the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from supplynet.replenish.explain import Explanation

RELEASED = "released"
DISMISSED = "dismissed"
_LIMITED = {"warehouse short", "truck full", "bin full"}
_SOON = timedelta(days=6)
WORTH_SAYING = 0.01
"""A chance below this is not mentioned where no order can change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """When things happen around one decision; all aware.

    Attributes:
        now: The moment of the decision.
        arrival: When this order can usually be used; None = not told.
        next_arrival: When the order after this one can usually be used: the end of the window.
        due: When each vehicle under way can usually be used, as ``Explanation.due`` has them.
        runs_out: When the part likely runs out with released orders only; None = not in the grid.
        zone: Of the plant.
    """

    now: datetime
    arrival: datetime | None
    next_arrival: datetime
    due: Sequence[datetime]
    runs_out: datetime | None
    zone: ZoneInfo

    def clock(self, moment: datetime) -> str:
        """``Tue 03:10``, with the date where the weekday is not enough."""
        local = moment.astimezone(self.zone)
        far = abs(moment - self.now) > _SOON
        return f"{local:%a %d %b %H:%M}" if far else f"{local:%a %H:%M}"


def sentence(row: Explanation, moments: Moments, outcome: str = "") -> str:
    """Why this order, or why none.

    Args:
        row: The numbers.
        moments: Their clock times.
        outcome: ``released`` or ``dismissed`` where a person was faster than the plan.
    """
    if outcome == RELEASED:
        return f"Nothing new: an order for this departure is released. {_facts(row, moments)}."
    if outcome == DISMISSED:
        return (
            f"Nothing ordered: a person cancelled the order for this departure, {row.granted:,} "
            f"were wanted. {_unhelped(row, moments)}; {_facts(row, moments)}."
        )
    return _of_order(row, moments) if row.granted > 0 else _of_nothing(row, moments)


def _of_order(row: Explanation, moments: Moments) -> str:
    there = "" if moments.arrival is None else f", {moments.clock(moments.arrival)}"
    text = (
        f"Chance that {row.stock_point_id} runs out of {row.part_id} between this delivery{there}, "
        f"and the next, {moments.clock(moments.next_arrival)}: {chance(row.stockout_without)} "
        f"without this order, {chance(row.stockout_with)} with it; {_facts(row, moments)}."
    )
    if row.stockout_before >= WORTH_SAYING:
        text = (
            f"Nothing ordered now prevents that it runs out before that delivery: "
            f"{chance(row.stockout_before)}{_likely(moments)}. {text}"
        )
    if row.binding in _LIMITED:
        text += f" {row.binding.capitalize()}: {row.granted:,} of {row.wanted:,} wanted."
    elif row.granted > row.wanted:
        text += f" {row.granted:,} instead of {row.wanted:,} fill the vehicle up to its minimum."
    return text


def _of_nothing(row: Explanation, moments: Moments) -> str:
    if row.binding in {"enough stock", "level"}:
        return _enough(row, moments)
    room = f"has room for {row.bin_room:,}, a container holds {row.container_size:,}"
    why = {
        "bin full": f"the bin {room if row.container_size else 'is full'}",
        "warehouse short": f"the warehouse has none for the {row.wanted:,} wanted",
        "truck full": f"the vehicle is full before the {row.wanted:,} wanted",
        "minimum trip": f"{row.wanted:,} are wanted, and wait for a vehicle that is worth its trip",
    }.get(row.binding, row.binding)
    return f"Nothing sent: {why}. {_unhelped(row, moments)}; {_facts(row, moments)}."


def _enough(row: Explanation, moments: Moments) -> str:
    if row.window_high == 0:
        until = moments.clock(moments.next_arrival)
        return f"Nothing ordered: no use is expected until {until}; {_stock(row, moments)}."
    allowed = "" if row.target is None else f", {chance(row.target)} is allowed"
    text = (
        f"Nothing ordered: {_stock(row, moments)} cover the use until "
        f"{moments.clock(moments.next_arrival)} of {_use(row)}; the chance to run out by then is "
        f"{chance(row.stockout_unhelped)}{allowed}."
    )
    if row.flip_stock is not None and row.flip_stock < 0:
        text += f" With {-row.flip_stock:,} fewer an order follows."
    return text


def _unhelped(row: Explanation, moments: Moments) -> str:
    return (
        f"Chance that {row.stock_point_id} runs out of {row.part_id} before "
        f"{moments.clock(moments.next_arrival)}: {chance(row.stockout_unhelped)}"
        f"{_likely(moments)}"
    )


def _likely(moments: Moments) -> str:
    if moments.runs_out is None or moments.runs_out > moments.next_arrival:
        return ""
    return f" (likely {moments.clock(moments.runs_out)})"


def _facts(row: Explanation, moments: Moments) -> str:
    return f"{_stock(row, moments)}; use until then {_use(row)}"


def _use(row: Explanation) -> str:
    return f"{row.window_likely:,} ({row.window_low:,} to {row.window_high:,})"


def _stock(row: Explanation, moments: Moments) -> str:
    text = f"{row.on_hand:,} on hand"
    coming = [
        (quantity, moment)
        for quantity, moment in zip(row.due, moments.due, strict=False)
        if quantity > 0
    ]
    if len(coming) == 1 and coming[0][0] == row.on_order:
        return f"{text} and {row.on_order:,} due {moments.clock(coming[0][1])}"
    if row.on_order:
        first = f" from {moments.clock(coming[0][1])} on" if coming else ""
        return f"{text} and {row.on_order:,} on the way{first}"
    return text


def chance(value: float) -> str:
    """``11%``, ``0.3%``, ``<0.01%``: two digits that mean something; paths show no 0."""
    if value < 0.0001:
        return "<0.01%"
    if value >= 0.995:
        return "over 99%"
    if value >= 0.0995:
        return f"{value:.0%}"
    return f"{value:.1%}" if value >= 0.000995 else f"{value:.2%}"
