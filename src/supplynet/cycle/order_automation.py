"""What automation does with proposals: which it may release by itself, and how much of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from supplynet.config import Settings
from supplynet.core.network import Plant
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.cycle.order_commands import Command, carry_out
from supplynet.cycle.order_holding import Share, explained, note_share, share_of
from supplynet.cycle.order_limits import (
    Limits,
    Wait,
    expected_lost_minutes,
    note_release,
    tell_waits,
    why_wait,
)
from supplynet.cycle.order_steps import approve
from supplynet.cycle.watching import tell as tell_anomalies
from supplynet.errors import InsufficientStock, InvalidInput, OrderStateError
from supplynet.storage import Store, WriteTx, anomalies, orders
from supplynet.storage.anomalies import Anomaly


def may_release(order: Order, plant: Plant, settings: Settings) -> bool:
    """Whether automation may release an order without asking.

    The supply rule of its part decides where it names a mode, else ``automation_mode`` does:
    ``suggest`` never, ``auto`` always, ``auto_below`` up to ``auto_limit_containers`` and, where it
    is set, ``auto_limit_cost``. A part whose cost nobody knows is not below a limit of cost.
    """
    rule = plant.supply_rule.get((order.to_location, order.part_id))
    mode: str = settings.automation_mode
    if rule is not None and rule.automation is not None:
        mode = rule.automation
    if mode != "auto_below":
        return mode == "auto"
    containers = -(-order.quantity // _container(order, plant))
    return containers <= settings.auto_limit_containers and _below_cost(order, plant, settings)


def _container(order: Order, plant: Plant) -> int:
    """Parts that come together: a container of a transfer, the multiple of a purchase."""
    place = (order.to_location, order.part_id)
    bought = plant.purchase_rule.get(place) if order.kind is OrderKind.PURCHASE else None
    if bought is not None:
        return bought.multiple
    rule = plant.supply_rule.get(place)
    return 1 if rule is None else rule.container_size


def _below_cost(order: Order, plant: Plant, settings: Settings) -> bool:
    limit, part = settings.auto_limit_cost, plant.part_by_id.get(order.part_id)
    if limit is None:
        return True
    return part is not None and 0 < part.unit_cost * order.quantity <= limit


def _always(_order: Order) -> bool:
    return True


def release_due(
    store: Store,
    plant: Plant,
    *,
    actor: str,
    now: datetime,
    until: datetime,
    may: Callable[[Order], bool] = _always,
    hold: bool = False,
    limits: Limits | None = None,
) -> tuple[list[Order], list[Order]]:
    """Approve every proposal whose cut-off lies in ``[now, until]``: what automation does.

    What a person has snoozed is left alone. Where the source has less than an order wants, whole
    containers of what is there go. Where an anomaly is behind an order, so much of it goes as is
    safe, and the rest waits for a person: see ``order_holding``. What is worth more than the
    limits waits too, and an alert says so: see ``order_limits``. Under a cap the worst risk goes
    first, and what still fits goes before what does not.

    Args:
        store: The books.
        plant: For the containers of its supply rules.
        actor: Who asks for it.
        now: The first cut-off that is due.
        until: The last one.
        may: Which orders automation may release at all; see ``order_automation.may_release``.
        hold: Whether what an odd record would bring a second time waits; see ``order_holding``.
        limits: What may be released without asking; None = anything.

    Returns:
        Orders that were released, and those that were not because the parts are not there.
    """
    with store.read() as tx:
        waiting = orders.list_orders(tx, states=[OrderState.PROPOSED])
    by = _By(store=store, plant=plant, hold=hold, limits=limits, actor=actor, now=now)
    due = [each for each in waiting if _is_due(each, now, until) and may(each)]
    done: list[Order] = []
    refused: list[Order] = []
    for order in due if limits is None or limits.per_day is None else sorted(due, key=_worst_first):
        try:
            released = _release_what_is_safe(by, order)
            done += [] if released is None else [released]
        except InsufficientStock:
            refused.append(order)
        except (OrderStateError, InvalidInput):
            continue  # a person was faster
    if limits is not None:
        others = [order for order in waiting if order not in due and order.cutoff_at >= now]
        tell_waits(store, limits, by.waits, others, actor=actor, now=now)
    return done, refused


@dataclass(frozen=True, kw_only=True)
class _By:
    """Who releases, when, and what has to wait."""

    store: Store
    plant: Plant
    hold: bool
    limits: Limits | None
    actor: str
    now: datetime
    waits: list[Wait] = field(default_factory=list)

    def says(self, reason: str) -> Command:
        return Command(actor=self.actor, now=self.now, reason=reason)


def _is_due(order: Order, now: datetime, until: datetime) -> bool:
    return now <= order.cutoff_at <= until and not order.is_snoozed(now)


def _worst_first(order: Order) -> tuple[float, datetime, str]:
    return (-expected_lost_minutes(order), order.cutoff_at, order.order_id)


def _release_what_is_safe(by: _By, order: Order) -> Order | None:
    """Release an order, or what of it need not wait for an answer; None = all of it waits."""
    store, plant = by.store, by.plant
    share = Share(quantity=order.quantity)
    if by.hold:
        with store.read() as tx:  # anew for each: one release may use up what holds the next
            share = share_of(tx, order, plant)
    if share.quantity:
        return _release_what_is_there(by, order, share)
    with store.read() as tx:
        rows = [anomalies.get(tx, row.anomaly_id) for row in share.rows]
    if not all(_is_told(row, order) for row in rows):
        with store.write(by.actor, by.now) as tx:
            note_share(tx, order, share, 0)
            tell_anomalies(tx)
    return None


def _is_told(row: Anomaly, order: Order) -> bool:
    """Whether the anomaly says that it holds the order, as it is proposed now."""
    told = (order.order_id, order.quantity)
    return any((each.order_id, each.quantity) == told for each in row.held)


def _release_what_is_there(by: _By, order: Order, share: Share) -> Order | None:
    try:
        quantity = share.quantity if share.why else None
        return _release(by, order, share, quantity, by.says(_said("", share)))
    except InsufficientStock as short:
        rule = by.plant.supply_rule.get((order.to_location, order.part_id))
        container = 1 if rule is None else rule.container_size
        less = short.free // container * container
        if less <= 0:
            raise
        reason = _said(f"{order.quantity:,} were wanted, {short.free:,} are free", share)
        return _release(by, order, share, less, by.says(reason))


def _said(why: str, share: Share) -> str:
    return "; ".join(each for each in ("automatic", why, share.why) if each)


def _release(
    by: _By, order: Order, share: Share, quantity: int | None, said: Command
) -> Order | None:
    """Approve an order; what is held back of it is kept with it and with the anomalies.

    What it is worth is looked at in the same transaction: nothing is released between the two.
    """
    waits: list[Wait] = []

    def step(tx: WriteTx) -> tuple[Order, ...]:
        before = orders.get(tx, order.order_id)
        wait = None if by.limits is None else why_wait(tx, before, quantity, by.limits)
        if wait is not None:
            waits.append(wait)
            return ()
        if share.why:
            orders.revise(tx, before, explained(before, share), "order_held", reason=share.why)
        done = approve(tx, order.order_id, quantity=quantity, reason=said.reason)
        if share.rows:
            note_share(tx, order, share, min(done.quantity, order.quantity))
            tell_anomalies(tx)
        if by.limits is not None:
            note_release(tx, done)
        return (done,)

    released = carry_out(by.store, said, ("approve", order.order_id, quantity), step)
    by.waits.extend(waits)
    return released[0] if released else None
