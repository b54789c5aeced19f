"""Commands about orders: each is one transaction, and with a key it is done once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from supplynet.core.network import Plant
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.cycle import order_four_eyes, order_making, order_reversal, order_steps
from supplynet.cycle.order_limits import Limits
from supplynet.cycle.order_making import Wanted
from supplynet.errors import InvalidInput
from supplynet.storage import ReadTx, Store, WriteTx, requests

Check = Callable[[ReadTx], None]
"""Refuses a command in its own transaction: it was decided on what is no longer so."""
_MOMENTS = ("departure_at", "cutoff_at", "arrives_at", "created_at", "snoozed_until")


@dataclass(frozen=True, kw_only=True)
class Command:
    """Who says something, when, why, and under which idempotency key.

    Attributes:
        now: The plant's time, aware.
        key: 1 to 128 printable characters; the same key and content gets the same answer, and the
            books change once. None = no retry is recognised.
        check: Refuses what was decided on an older state; not asked when the key is known.
    """

    actor: str
    now: datetime
    reason: str = ""
    key: str | None = None
    check: Check | None = None

    def __post_init__(self) -> None:
        key = self.key
        if key is not None and not (0 < len(key) <= requests.LONGEST_KEY and key.isprintable()):
            raise InvalidInput(
                f"an idempotency key has 1 to {requests.LONGEST_KEY} printable characters, not "
                f"{len(key)} with others among them"
            )


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What has come of an order; see ``order_steps.receive``."""

    good: int
    short: int | None = None
    damaged: int = 0


def carry_out(
    store: Store,
    command: Command,
    content: Sequence[Any],
    step: Callable[[WriteTx], Sequence[Order]],
) -> tuple[Order, ...]:
    """Do ``step`` in one transaction, once under the command's key, and return its orders.

    Args:
        store: The books.
        command: Who, when, why, and the key.
        content: What is asked for, in words that JSON can hold: the same key with other content
            is refused.
        step: Changes orders.

    Raises:
        ConflictingContent: The key was used for something else.
    """
    with store.write(command.actor, command.now) as tx:
        asked = requests.content_hash([*content, command.reason])
        known = None if command.key is None else requests.recall(tx, command.key, asked)
        if known is not None:
            return tuple(_order(answer) for answer in known)
        if command.check is not None:
            command.check(tx)
        done = tuple(step(tx))
        if command.key is not None:
            requests.keep(tx, command.key, asked, [_answer(order) for order in done])
        return done


def release(
    store: Store,
    order_id: str,
    command: Command,
    *,
    quantity: int | None = None,
    limits: Limits | None = None,
) -> Order:
    """``order_four_eyes.release`` as a command; without ``limits`` one person is enough."""

    def step(tx: WriteTx) -> Order:
        return release_in(tx, order_id, command.reason, quantity=quantity, limits=limits)

    return _one(store, command, ("approve", order_id, quantity), step)


def release_in(
    tx: WriteTx, order_id: str, reason: str, *, quantity: int | None, limits: Limits | None
) -> Order:
    """``release`` within the caller's transaction."""
    if limits is None:
        return order_steps.approve(tx, order_id, quantity=quantity, reason=reason)
    return order_four_eyes.release(tx, order_id, limits, quantity=quantity, reason=reason)


def change(
    store: Store, order_id: str, command: Command, *, quantity: int, limits: Limits | None = None
) -> Order:
    """``order_four_eyes.revise`` as a command; without ``limits`` nobody's yes is asked for."""

    def step(tx: WriteTx) -> Order:
        if limits is None:
            return order_steps.change(tx, order_id, quantity, reason=command.reason)
        return order_four_eyes.revise(tx, order_id, quantity, limits, reason=command.reason)

    return _one(store, command, ("change", order_id, quantity), step)


def cancel(store: Store, order_id: str, command: Command) -> Order:
    """``order_steps.cancel`` as a command: a person's no stands against the next plan."""
    return _one(
        store,
        command,
        ("cancel", order_id),
        lambda tx: order_steps.cancel(tx, order_id, reason=command.reason),
    )


def snooze(store: Store, order_id: str, command: Command, *, until: datetime | None) -> Order:
    """``order_steps.snooze`` as a command."""
    return _one(
        store,
        command,
        ("snooze", order_id, until),
        lambda tx: order_steps.snooze(tx, order_id, until, reason=command.reason),
    )


def split(
    store: Store,
    plant: Plant,
    order_id: str,
    command: Command,
    *,
    quantity: int,
    departure_at: datetime,
    limits: Limits | None = None,
) -> tuple[Order, ...]:
    """``order_making.split`` as a command; what takes two people to release is not split before."""

    def step(tx: WriteTx) -> tuple[Order, ...]:
        if limits is not None:
            order_four_eyes.must_not_evade(tx, order_id, limits)
        return order_making.split(
            tx, plant, order_id, quantity, departure_at, reason=command.reason
        )

    return carry_out(store, command, ("split", order_id, quantity, departure_at), step)


def add(store: Store, plant: Plant, wanted: Wanted, command: Command) -> Order:
    """``order_making.add`` as a command."""
    content = [getattr(wanted, each.name) for each in fields(Wanted)]
    return _one(
        store,
        command,
        ("add", *content),
        lambda tx: order_making.add(tx, plant, wanted, reason=command.reason),
    )


def pick(store: Store, order_id: str, command: Command, *, quantity: int | None = None) -> Order:
    """``order_steps.pick`` as a command."""
    return _one(
        store,
        command,
        ("pick", order_id, quantity),
        lambda tx: order_steps.pick(tx, order_id, quantity=quantity, reason=command.reason),
    )


def ship(
    store: Store,
    plant: Plant,
    order_id: str,
    command: Command,
    *,
    quantity: int | None = None,
) -> Order:
    """``order_steps.ship`` as a command."""
    return _one(
        store,
        command,
        ("ship", order_id, quantity),
        lambda tx: order_steps.ship(tx, plant, order_id, quantity=quantity, reason=command.reason),
    )


def receive(store: Store, plant: Plant, order_id: str, receipt: Receipt, command: Command) -> Order:
    """``order_steps.receive`` as a command."""
    return _one(
        store,
        command,
        ("receive", order_id, receipt.good, receipt.short, receipt.damaged),
        lambda tx: receive_in(tx, plant, order_id, receipt, command.reason),
    )


def receive_in(tx: WriteTx, plant: Plant, order_id: str, receipt: Receipt, reason: str) -> Order:
    """``receive`` within the caller's transaction."""
    return order_steps.receive(
        tx,
        plant,
        order_id,
        receipt.good,
        short=receipt.short,
        damaged=receipt.damaged,
        reason=reason,
    )


def close(store: Store, plant: Plant, order_id: str, command: Command) -> Order:
    """``order_steps.close`` as a command."""
    return _one(
        store,
        command,
        ("close", order_id),
        lambda tx: order_steps.close(tx, plant, order_id, reason=command.reason),
    )


def reverse(store: Store, order_id: str, command: Command) -> Order:
    """``order_reversal.reverse`` as a command."""
    return _one(
        store,
        command,
        ("reverse", order_id),
        lambda tx: order_reversal.reverse(tx, order_id, reason=command.reason),
    )


def _one(
    store: Store, command: Command, content: Sequence[Any], step: Callable[[WriteTx], Order]
) -> Order:
    return carry_out(store, command, content, lambda tx: (step(tx),))[0]


def _answer(order: Order) -> dict[str, Any]:
    row = {each.name: getattr(order, each.name) for each in fields(Order)}
    return row | {"kind": order.kind.value, "state": order.state.value}


def _order(answer: dict[str, Any]) -> Order:
    moments = {
        name: None if answer[name] is None else datetime.fromisoformat(answer[name])
        for name in _MOMENTS
    }
    kinds = {"kind": OrderKind(answer["kind"]), "state": OrderState(answer["state"])}
    return Order(**answer | moments | kinds)
