"""How well a run went: halts, lost minutes, stock, orders; with intervals, and in pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.simulate.record import RunResult

DAYS_PER_MONTH = 30.4
_DAY = 1440
_WEEK = 7 * _DAY


@dataclass(frozen=True, kw_only=True, eq=False)
class Score:
    """One policy on one demand, after the warm-up. Means over replications where there are any.

    Attributes:
        lines: How many lines there are.
        line_months: Lines times days / 30.4.
        halts: Halts that began, or that went on from the warm-up.
        halts_per_line_month, low, high: With the 95 % interval of a bootstrap of line-weeks.
        lost_minutes: Starved minutes of all lines.
        cover_days: Average stock at the stock points over mean daily demand: each pair's cover
            weighted with its demand. What is on the road is not in it.
        in_transit_days: The same for what is on the road.
        warehouse_days: The same for what lies in the warehouses, without parts never short.
        orders: Order lines, one part on one departure.
        trips: Departures with something on board.
        fill_rate: Share of the demand that was served.
        block_halts, block_lost_minutes, block_line_months: Per line-week, for paired comparison.
    """

    policy: str
    parameters: Mapping[str, float] = field(default_factory=dict)
    lines: int
    line_months: float
    halts: float
    halts_per_line_month: float
    low: float
    high: float
    lost_minutes: float
    cover_days: float
    in_transit_days: float
    warehouse_days: float = 0.0
    orders: float
    trips: float
    fill_rate: float
    block_halts: FloatArray = field(repr=False)
    block_lost_minutes: FloatArray = field(repr=False)
    block_line_months: FloatArray = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """``policy`` minus ``against`` on the same demand, per line-month, with 95 % intervals."""

    policy: str
    against: str
    halts: float
    halts_low: float
    halts_high: float
    lost_minutes: float
    lost_minutes_low: float
    lost_minutes_high: float
    cover_days: float


def score(
    result: RunResult,
    policy: str,
    *,
    parameters: Mapping[str, float] | None = None,
    warm_up_shifts: int = 0,
    seed: int = 0,
) -> Score:
    """Score a run that recorded its slots.

    Args:
        result: Of a run to the end of its horizon.
        policy: Name for the table.
        parameters: For the table.
        warm_up_shifts: First shifts that do not count, the same for every policy.
        seed: Of the bootstrap.

    Raises:
        InvalidInput: The warm-up leaves nothing, or the slots were not recorded.
    """
    slots = result.model.slots
    if warm_up_shifts >= len(slots.shifts) or len(result.on_hand) != len(slots):
        raise InvalidInput("nothing to score: the warm-up is too long or no slots were recorded")
    first = int(np.argmax(slots.shift_of_slot >= warm_up_shifts))
    days = float(slots.edges[-1] - slots.edges[first]) / _DAY
    demand = float(result.demand[:, :, warm_up_shifts:].sum(axis=(1, 2)).mean())
    served = float(result.consumed[:, :, warm_up_shifts:].sum(axis=(1, 2)).mean())
    halts, lost, months = _blocks(result, warm_up_shifts, first)
    rates = _bootstrap(halts, months, seed)
    orders, trips = _orders(result, first)
    replications = len(result.consumed)
    return Score(
        policy=policy,
        parameters={} if parameters is None else dict(parameters),
        lines=len(result.model.lines),
        line_months=float(months.sum()) / replications,
        halts=float(halts.sum()) / replications,
        halts_per_line_month=float(halts.sum() / months.sum()),
        low=float(np.quantile(rates, 0.025)),
        high=float(np.quantile(rates, 0.975)),
        lost_minutes=float(lost.sum()) / replications,
        cover_days=_days(result, result.on_hand, first, demand / days),
        in_transit_days=_days(result, result.in_transit, first, demand / days),
        warehouse_days=_days(result, result.at_warehouse[..., None], first, demand / days),
        orders=orders,
        trips=trips,
        fill_rate=served / demand if demand else 1.0,
        block_halts=halts,
        block_lost_minutes=lost,
        block_line_months=months,
    )


def pooled(scores: Sequence[Score], *, seed: int = 0) -> Score:
    """One setting on several stretches of days, every line-month as good as any other.

    Counts are added up; cover and fill rate are means over line-months. Blocks follow each other,
    stretch by stretch.

    Args:
        scores: Of the same policy, parameters and lines, at least one.
        seed: Of the bootstrap.
    """
    if len(scores) == 1:
        return scores[0]
    halts, lost, months = (
        np.concatenate([getattr(each, name) for each in scores])
        for name in ("block_halts", "block_lost_minutes", "block_line_months")
    )
    rates = _bootstrap(halts, months, seed)
    weight = np.array([each.line_months for each in scores])

    def mean(name: str) -> float:
        return float(np.average([getattr(each, name) for each in scores], weights=weight))

    return replace(
        scores[0],
        line_months=float(weight.sum()),
        halts=sum(each.halts for each in scores),
        halts_per_line_month=sum(each.halts for each in scores) / float(weight.sum()),
        low=float(np.quantile(rates, 0.025)),
        high=float(np.quantile(rates, 0.975)),
        lost_minutes=sum(each.lost_minutes for each in scores),
        cover_days=mean("cover_days"),
        in_transit_days=mean("in_transit_days"),
        warehouse_days=mean("warehouse_days"),
        orders=sum(each.orders for each in scores),
        trips=sum(each.trips for each in scores),
        fill_rate=mean("fill_rate"),
        block_halts=halts,
        block_lost_minutes=lost,
        block_line_months=months,
    )


def paired_difference(policy: Score, against: Score, *, seed: int = 0) -> Difference:
    """Difference of two scores line-week by line-week; what both share cancels out.

    Args:
        policy: Minuend.
        against: Subtrahend, of the same model, demand and warm-up.
        seed: Of the bootstrap.
    """
    months = policy.block_line_months
    assert len(months) == len(against.block_line_months)
    halts = policy.block_halts - against.block_halts
    lost = policy.block_lost_minutes - against.block_lost_minutes
    halts_rates, lost_rates = _bootstrap(halts, months, seed), _bootstrap(lost, months, seed)
    return Difference(
        policy=policy.policy,
        against=against.policy,
        halts=float(halts.sum() / months.sum()),
        halts_low=float(np.quantile(halts_rates, 0.025)),
        halts_high=float(np.quantile(halts_rates, 0.975)),
        lost_minutes=float(lost.sum() / months.sum()),
        lost_minutes_low=float(np.quantile(lost_rates, 0.025)),
        lost_minutes_high=float(np.quantile(lost_rates, 0.975)),
        cover_days=policy.cover_days - against.cover_days,
    )


def _blocks(
    result: RunResult, warm_up: int, first: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Halts, starved minutes and line-months of each (replication, line, week), flat."""
    slots = result.model.slots
    begin, end = float(slots.edges[first]), float(slots.edges[-1])
    starts = np.array([slots.minutes(shift.start) for shift in slots.shifts[warm_up:]])
    week = (np.maximum(starts - begin, 0.0) // _WEEK).astype(np.int64)
    weeks = int(week.max()) + 1
    in_week = (week[:, None] == np.arange(weeks)).astype(np.float64)
    counted = result.halts[:, :, warm_up:].copy()
    counted[:, :, 0] += result.standing[:, :, warm_up]
    halts = counted @ in_week
    lost = result.starved_minutes[:, :, warm_up:] @ in_week
    opens = begin + _WEEK * np.arange(weeks)
    closes = np.minimum(np.append(opens[1:], end), end)
    months = np.broadcast_to((closes - opens) / _DAY / DAYS_PER_MONTH, halts.shape)
    return halts.ravel(), lost.ravel(), months.ravel()


def _bootstrap(total: FloatArray, months: FloatArray, seed: int, draws: int = 2000) -> FloatArray:
    """Rates of ``draws`` resamples of the blocks."""
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(total), size=(draws, len(total)))
    rates: FloatArray = total[chosen].sum(axis=1) / months[chosen].sum(axis=1)
    return rates


def _orders(result: RunResult, first: int) -> tuple[float, float]:
    """Order lines and trips decided from slot ``first`` on, mean over replications."""
    lines, trips = 0, set[tuple[str, object, int]]()
    for goods in result.dispatches:
        departure = goods.departure
        if departure.decide_slot >= first:
            lines += int((goods.quantities > 0).sum())
            loaded = np.flatnonzero(goods.quantities.any(axis=1)).tolist()
            trips |= {(departure.lane.lane_id, departure.departure_at, row) for row in loaded}
    count = len(result.consumed)
    return lines / count, len(trips) / count


def _days(result: RunResult, stock: IntArray | FloatArray, first: int, daily: float) -> float:
    """Average stock from slot ``first`` on, in days of the daily demand."""
    minutes = np.diff(result.model.slots.edges)[first:]
    total = stock[first:].sum(axis=2).mean(axis=1)
    return float((total @ minutes) / minutes.sum() / daily) if daily else 0.0
