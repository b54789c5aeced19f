"""The books at one moment, as a decision sees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import gcd
from pathlib import Path

import numpy as np

from supplynet.core.network import LocationKind, Plant
from supplynet.core.orders import Order, OrderState
from supplynet.core.protocols import Observed
from supplynet.core.sample_paths import IntArray
from supplynet.core.shifts import Shift
from supplynet.cycle.demand import observe
from supplynet.cycle.standstill import standstills
from supplynet.cycle.underway import MOST, underway
from supplynet.errors import InvalidInput
from supplynet.simulate.model import PlantModel, compile_plant, plant_series
from supplynet.simulate.state import PlantState
from supplynet.storage import ReadTx, Store, audit, changes, events, ledger, orders
from supplynet.storage.alerts import AlertCause

GRID_SHIFTS = 14
SLOT_MINUTES = 60
DAY_MINUTES = 24 * 60
WITHDRAWN = "the newest plan does not want it"
MISSED = "its cut-off passed before anyone approved it"
NEVER_LEFT = "no shipment was posted and its reservation expired"
OURS = frozenset({WITHDRAWN, MISSED, NEVER_LEFT})
"""Reasons of cancellations that are no decision of a person."""
OrderKey = tuple[str, str, str, datetime]


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """The books at one moment, as the decision sees them.

    Attributes:
        seq: Newest change that is in it.
        model: The plant compiled for the horizon from ``now`` on.
        state: Stock, what is released and under way, halted lines.
        open_orders: Proposals and released orders.
        dismissed: Keys of orders to come that a person has said no to.
        below_zero: Book stock below 0, by (location, part).
        unknown_stock: (stock point, part) whose stock, there or at the warehouse it comes from,
            nobody ever counted or received: they are not planned, for unknown is not 0.
        late: Orders on the road for longer than ever expected.
        troubles: Deliveries that do not go as ordered.
    """

    now: datetime
    seq: int
    model: PlantModel
    state: PlantState
    observed: Observed
    open_orders: tuple[Order, ...]
    dismissed: frozenset[OrderKey]
    below_zero: dict[tuple[str, str], int]
    unknown_stock: tuple[tuple[str, str], ...]
    late: tuple[Order, ...]
    troubles: tuple[AlertCause, ...]


def take_snapshot(
    store: Store,
    history: Path,
    plant: Plant,
    *,
    since: datetime,
    now: datetime,
    lines: Collection[str] | None = None,
    unseen: bool = False,
) -> Snapshot:
    """Read everything that a decision needs, from one consistent state of the books.

    Args:
        store: The books.
        history: The workspace's ``history`` folder.
        plant: Its lines share their shifts.
        since: End of the history that the forecaster is bound to.
        now: The moment of the decision.
        lines: The model has these alone; what was observed is of all lines. None = all.
        unseen: Whether odd values that wait for an answer count as not observed.

    Raises:
        InvalidInput: No stock is known at all, or the twin cannot do the plant.
    """
    shifts = _grid_shifts(plant, now)
    with store.read() as tx:
        held = ledger.on_hand(tx)
        series, unknown = _known_series(plant, events.places_with_stock(tx))
        wanted = series
        if lines is not None:
            wanted = tuple(each for each in series if each[0] in lines)
        model = compile_plant(
            plant, wanted, start=now, end=shifts[-1].end, slot_minutes=slot_minutes(shifts)
        )
        open_orders = orders.list_orders(tx, states=orders.OPEN)
        coming = underway(tx, plant, open_orders, now)
        return Snapshot(
            now=now,
            seq=changes.latest_seq(tx),
            model=model,
            state=PlantState(
                on_hand=_amounts(held, model.pairs),
                source_on_hand=_amounts(held, model.sources, coming.gone),
                inbound=tuple(coming.inbound),
                purchases=tuple(
                    each
                    for each in coming.purchases
                    if (each.warehouse_id, each.part_id) in model.source_index
                ),
                halted=standstills(tx, plant, now, now).waiting,
            ),
            observed=observe(tx, history, plant, series, since=since, now=now, unseen=unseen),
            open_orders=tuple(open_orders),
            dismissed=_dismissed(tx, now),
            below_zero={place: quantity for place, quantity in held.items() if quantity < 0},
            unknown_stock=unknown,
            late=tuple(coming.late),
            troubles=tuple(coming.causes),
        )


def _grid_shifts(plant: Plant, now: datetime) -> list[Shift]:
    if not plant.lines:
        raise InvalidInput("the plant has no lines: add them to locations.csv")
    calendar = plant.calendar_of(plant.lines[0].location_id)
    shifts = calendar.next_shifts(now, GRID_SHIFTS)
    if not shifts:
        raise InvalidInput(f"calendar {calendar.calendar_id} has no shifts after {now:%Y-%m-%d}")
    return shifts


def _known_series(
    plant: Plant, known: Collection[tuple[str, str]]
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Series whose stock is known, at the stock point and its warehouse, and pairs without."""
    found, unknown = [], set()
    for line, part in plant_series(plant):
        pair = (plant.stock_point_of(line), part)
        if pair in known and (_warehouse(plant, pair) or pair) in known:
            found.append((line, part))
        else:
            unknown.add(pair)
    if not found:
        raise InvalidInput(
            "no stock is known, and unknown is not 0: count it, or "
            "supplynet import STOCK.csv --kind stock"
        )
    return tuple(found), tuple(sorted(unknown))


def _warehouse(plant: Plant, pair: tuple[str, str]) -> tuple[str, str] | None:
    """Where the parts of a (stock point, part) come from; None = a supplier."""
    rule = plant.supply_rule.get(pair)
    lane = None if rule is None or not rule.lane_ids else plant.lane_by_id.get(rule.lane_ids[0])
    if lane is None or plant.location(lane.from_location).kind is LocationKind.SUPPLIER:
        return None
    return lane.from_location, pair[1]


def slot_minutes(shifts: Sequence[Shift]) -> int:
    """Hours where that divides all shifts, else the most that does; whole days for daily data."""
    if all(shift.minutes == DAY_MINUTES for shift in shifts):
        return DAY_MINUTES  # its rows know no hours
    common = gcd(*(shift.minutes for shift in shifts))
    return next(each for each in range(min(SLOT_MINUTES, common), 0, -1) if common % each == 0)


def _dismissed(tx: ReadTx, now: datetime) -> frozenset[OrderKey]:
    """Orders to come that a person cancelled; the plan itself withdraws with its own reason."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    # From the start of the day on: that is the date of a purchase.
    cancelled = orders.list_orders(tx, states=[OrderState.CANCELLED], departing_from=today)
    return frozenset(
        order.key
        for order in cancelled
        for entry in audit.entries(tx, subject=order.order_id)
        if entry.action == "order_cancelled" and entry.reason not in OURS
    )


def _amounts(
    held: Mapping[tuple[str, str], int],
    places: Iterable[tuple[str, str]],
    gone: Counter[tuple[str, str]] | None = None,
) -> IntArray:
    """Decisions count on no more than is there: what facts made negative counts as 0."""
    gone = gone or Counter()
    there = [held.get(place, 0) - gone[place] for place in places]
    return np.clip(there, 0, MOST).astype(np.int32)
