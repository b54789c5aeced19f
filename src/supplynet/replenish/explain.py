"""Why an order has its size, or why there is none: the numbers, from the decision itself.

Nothing is decided a second time: every figure is read from the arrays that the decision was made
of. All of it is computed for all pairs at once; a row is made last.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from supplynet.core.protocols import Policy, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.decide import Decision
from supplynet.replenish.explain_flip import HasAlphas, HasLevels, flips
from supplynet.replenish.explain_risk import low_likely_high, order_risk
from supplynet.replenish.min_max import Levels, MinMax

BINDING = (
    "enough stock",
    "level",
    "pack rounding",
    "minimum order",
    "bin full",
    "truck full",
    "warehouse short",
    "minimum trip",
)
"""What can set the size of an order."""
RIVALS = 8
"""Of a shortage as many claims are told, those with the largest chance first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one stock point got of a part that was short.

    Attributes:
        stockout_with: Chance that it runs out with what it was granted.
        stockout_if_wanted: The same had it got all that it wanted.
    """

    stock_point_id: str
    wanted: int
    granted: int
    stockout_with: float
    stockout_if_wanted: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why one order has its size. Quantities in parts, chances from 0 to 1.

    The window lasts from now until the order after this one can be used. A stock-out is one
    between the arrival of this order and the end of the window.

    Attributes:
        due: Parts on each vehicle under way, the first to arrive in front.
        arrival_low, arrival_likely, arrival_high: 5, 50 and 95 % quantile of the demand until
            this order can be used; None = not known.
        window_low, window_likely, window_high: The same of the whole window.
        level: Order-up-to level; None for a policy without one.
        need: Level minus position, before containers, bins and shortage; None likewise.
        target: Chance of a stock-out that the policy allows; None = it has no such promise.
        available: Free stock at the warehouse before this decision; None = a supplier.
        truck_room_litres: Room of the vehicle when empty; None = no limit.
        stockout_before: Chance to run out before this order can be used: no order prevents it.
        stockout_unhelped: Chance to run out by the end of the window, before included, without
            this order.
        stockout_without, stockout_with: Chance without this order and with what is granted.
        stockout_one_pack_less, stockout_one_pack_more: With one container less (None where nothing
            is ordered) or more.
        short_without, short_with: Expected parts short in the window.
        one_more_pack_saves: Expected parts short that one more container would prevent.
        one_more_pack_saves_minutes: Weighted line-minutes that the first refused container would
            have saved; 0 where nothing was refused.
        simple_rule: Order of static min/max; None = no thresholds.
        binding: What set the size, one of ``BINDING``.
        rationing: Rule that shared a shortage; "" where nothing was short.
        claims: Who wanted the same part from the same short stock.
        flip_stock, flip_demand, flip_minutes: See ``explain_flip.Flips``; None = nothing would.
    """

    stock_point_id: str
    part_id: str
    on_hand: int
    on_order: int
    position: int
    window_low: int
    window_likely: int
    window_high: int
    level: int | None
    need: int | None
    container_size: int
    bin_room: int
    available: int | None
    wanted: int
    granted: int
    binding: str
    due: tuple[int, ...] = ()
    arrival_low: int | None = None
    arrival_likely: int | None = None
    arrival_high: int | None = None
    target: float | None = None
    truck_room_litres: float | None = None
    stockout_before: float = 0.0
    stockout_unhelped: float = 0.0
    stockout_without: float = 0.0
    stockout_with: float = 0.0
    stockout_one_pack_less: float | None = None
    stockout_one_pack_more: float = 0.0
    stockout_if_wanted: float = 0.0
    short_without: float = 0.0
    short_with: float = 0.0
    one_more_pack_saves: float = 0.0
    one_more_pack_saves_minutes: float = 0.0
    simple_rule: int | None = None
    rationing: str = ""
    claims: tuple[Claim, ...] = ()
    flip_stock: int | None = None
    flip_demand: float | None = None
    flip_minutes: int | None = None


Columns = dict[str, list[Any]]


def explain(
    decision: Decision, replication: int = 0, thresholds: Levels | None = None
) -> tuple[Explanation, ...]:
    """The numbers behind a decision, one entry per pair, orders of 0 included.

    Args:
        decision: Of ``decide``.
        replication: Which of its replications.
        thresholds: Static min/max of pairs, for what the simple rule would have ordered.
    """
    levels = _levels(decision, replication)
    binding = _binding(decision, levels, replication)
    columns = {
        **_state(decision, levels, replication),
        **_use(decision),
        **_limits(decision, binding, replication),
        **_chances(decision, replication),
        **_changes(decision, levels, binding, replication),
        "simple_rule": _simple_rule(decision, thresholds or {}, replication),
    }
    columns["claims"] = _claims(decision, columns, replication)
    names = tuple(columns)
    return tuple(
        Explanation(**dict(zip(names, row, strict=True)))
        for row in zip(*columns.values(), strict=True)
    )


def _levels(decision: Decision, replication: int) -> IntArray | None:
    if not isinstance(decision.policy, HasLevels):
        return None
    every = decision.policy.levels(decision.state, decision.outlook, decision.terms)
    found: IntArray = every[min(replication, len(every) - 1)]
    return found


def _state(decision: Decision, levels: IntArray | None, at: int) -> Columns:
    state, terms = decision.state, decision.terms
    position = state.on_hand[at] + state.on_order[at]
    due = () if state.due is None else tuple(state.due[:, at])
    nothing = [None] * len(terms.pairs)
    return {
        "stock_point_id": [place for place, _ in terms.pairs],
        "part_id": [part for _, part in terms.pairs],
        "on_hand": state.on_hand[at].tolist(),
        "on_order": state.on_order[at].tolist(),
        "position": position.tolist(),
        "due": [tuple(row) for row in np.stack(due, axis=1).tolist()]
        if due
        else [()] * len(terms.pairs),
        "level": nothing if levels is None else levels.tolist(),
        "need": nothing if levels is None else np.maximum(levels - position, 0).tolist(),
        "container_size": terms.container_size.tolist(),
        "bin_room": np.maximum(terms.bin_maximum - position, 0).tolist(),
        "wanted": decision.wanted[at].tolist(),
        "granted": decision.granted[at].tolist(),
        "target": _targets(decision.policy, terms),
    }


def _targets(policy: Policy, terms: SupplyTerms) -> list[Any]:
    """The chance of a stock-out that a policy allows each pair, where it says so."""
    if not isinstance(policy, HasAlphas):
        return [None] * len(terms.pairs)
    alphas = policy.alphas(terms).tolist()
    return [None if math.isnan(alpha) else round(1.0 - alpha, 9) for alpha in alphas]


def _use(decision: Decision) -> Columns:
    outlook, pairs = decision.outlook, len(decision.terms.pairs)
    window = low_likely_high(outlook.window_demand).tolist()
    if outlook.until_arrival is None:
        arrival: list[list[Any]] = [[None] * pairs] * 3
    else:
        arrival = low_likely_high(outlook.until_arrival).tolist()
    names = ("low", "likely", "high")
    return {f"window_{name}": row for name, row in zip(names, window, strict=True)} | {
        f"arrival_{name}": row for name, row in zip(names, arrival, strict=True)
    }


def _limits(decision: Decision, binding: list[str], at: int) -> Columns:
    supply, source = decision.supply, decision.supply.source_of_pair
    free = np.maximum(supply.available[at], 0)
    known = free[source] if len(free) else np.zeros(len(source), dtype=np.int32)
    room = [supply.room_litres[trip] for trip in supply.trip_of_pair.tolist()]
    return {
        "available": _where(source >= 0, known),
        "truck_room_litres": room,
        "binding": binding,
        "rationing": [
            decision.rationing if rule in {"warehouse short", "truck full"} else ""
            for rule in binding
        ],
        "one_more_pack_saves_minutes": np.round(decision.next_minutes[at], 3).tolist(),
    }


def _chances(decision: Decision, at: int) -> Columns:
    risk = order_risk(decision, at)
    saves = np.maximum(risk.short_with - risk.short_one_pack_more, 0.0)
    less = risk.one_pack_less
    return {
        "stockout_before": np.round(risk.before, 6).tolist(),
        "stockout_unhelped": np.round(risk.unhelped, 6).tolist(),
        "stockout_without": np.round(risk.without, 6).tolist(),
        "stockout_with": np.round(risk.with_order, 6).tolist(),
        "stockout_one_pack_less": _where(~np.isnan(less), np.round(less, 6)),
        "stockout_one_pack_more": np.round(risk.one_pack_more, 6).tolist(),
        "stockout_if_wanted": np.round(risk.if_wanted, 6).tolist(),
        "short_without": np.round(risk.short_without, 3).tolist(),
        "short_with": np.round(risk.short_with, 3).tolist(),
        "one_more_pack_saves": np.round(saves, 3).tolist(),
    }


def _changes(decision: Decision, levels: IntArray | None, binding: list[str], at: int) -> Columns:
    target = np.isin(binding, ("enough stock", "level", "pack rounding", "minimum order"))
    found = flips(decision, levels, target, at)
    return {
        "flip_stock": [None if np.isnan(each) else int(each) for each in found.stock.tolist()],
        "flip_demand": _where(~np.isnan(found.demand), np.round(found.demand, 4)),
        "flip_minutes": [
            None if np.isnan(each) else round(each) for each in found.minutes.tolist()
        ],
    }


def _simple_rule(decision: Decision, thresholds: Levels, at: int) -> list[Any]:
    terms, state = decision.terms, decision.state
    known = np.array([pair in thresholds for pair in terms.pairs], dtype=np.bool_)
    if not known.any():
        return [None] * len(known)
    rule = MinMax(thresholds={pair: thresholds.get(pair, (0, 0)) for pair in terms.pairs})
    return _where(known, rule.wanted(state, decision.outlook, terms)[at])


def _claims(decision: Decision, columns: Mapping[str, list[Any]], at: int) -> list[Any]:
    """Of pairs that the warehouse could not give enough: all who wanted the same stock."""
    source = decision.supply.source_of_pair
    found: list[tuple[Claim, ...]] = [()] * len(source)
    short = [pair for pair, rule in enumerate(columns["binding"]) if rule == "warehouse short"]
    names = tuple(Claim.__dataclass_fields__)
    for each in sorted({int(source[pair]) for pair in short}):
        pairs = np.flatnonzero((source == each) & (decision.wanted[at] > 0)).tolist()
        rivals = [Claim(**{name: columns[name][pair] for name in names}) for pair in pairs]
        ranked = tuple(sorted(rivals, key=_most_at_risk)[:RIVALS])
        for pair in pairs:
            found[pair] = ranked
    return found


def _most_at_risk(claim: Claim) -> tuple[float, str]:
    return -claim.stockout_with, claim.stock_point_id


def _where(known: npt.NDArray[np.bool_], values: IntArray | FloatArray) -> list[Any]:
    """The values as plain numbers, None where they are not known."""
    pairs = zip(known.tolist(), values.tolist(), strict=True)
    return [value if there else None for there, value in pairs]


def _binding(decision: Decision, levels: IntArray | None, at: int) -> list[str]:
    wanted = decision.wanted[at]
    if levels is None:
        rule = np.where(wanted > 0, "level", "enough stock")
    else:
        rule = _rule_of_size(decision, levels, at)
    return [limit or own for limit, own in zip(decision.limits(at), rule.tolist(), strict=True)]


def _rule_of_size(decision: Decision, levels: IntArray, at: int) -> npt.NDArray[np.str_]:
    """What set the size of what the policy wanted."""
    terms, wanted = decision.terms, decision.wanted[at]
    position = decision.state.on_hand[at] + decision.state.on_order[at]
    need = np.maximum(levels - position, 0)
    room = terms.bin_maximum - position
    packs = -(-need // terms.container_size) * terms.container_size
    full = room < np.maximum(need, np.maximum(terms.container_size, terms.minimum_order))
    return np.select(
        [(wanted < need) & full, (wanted == 0), (wanted == need), wanted > packs],
        ["bin full", "enough stock", "level", "minimum order"],
        default="pack rounding",
    )
