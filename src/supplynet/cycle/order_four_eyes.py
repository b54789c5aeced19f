"""Orders that take two people: the first one's yes is kept, the second one's releases.

A person is one however he comes in: by password, by badge or by one of his tokens. All users of
the command line are one person together, for whoever is on the machine can be any of them.
"""

from __future__ import annotations

from supplynet.core.orders import Order, OrderState
from supplynet.cycle.order_limits import Limits
from supplynet.cycle.order_steps import approve, change, in_time, with_quantity
from supplynet.errors import InvalidInput
from supplynet.storage import WriteTx, approvals, orders

CONFIRMED = "order_confirmed"
"""In the audit log: the first of two has said yes."""


def person_of(actor: str) -> str:
    """Whose hand an actor is: ``ana`` for her token ``ana/plc-7``, ``cli`` for ``cli:ana``."""
    who = actor.partition("/")[0]
    return "cli" if who.startswith("cli:") else who


def release(
    tx: WriteTx, order_id: str, limits: Limits, *, quantity: int | None = None, reason: str = ""
) -> Order:
    """Approve an order or, as the first of two, note that one would; it stays proposed then.

    Both have to mean the same quantity: who says another one changes the order and is the first.

    Raises:
        NotFound, OrderStateError, InvalidInput, InsufficientStock: As ``order_steps.approve``.
    """
    order = orders.get(tx, order_id)
    wanted = with_quantity(order, quantity)
    if not limits.takes_two(wanted):
        return approve(tx, order_id, quantity=quantity, reason=reason)
    order.advance(OrderState.APPROVED)  # only a proposal
    in_time(order, tx.now)
    known = approvals.of_order(tx, order_id)
    same = [each for each in known if each.quantity == wanted.quantity == order.quantity]
    if any(person_of(each.actor) != person_of(tx.actor) for each in same):
        approvals.add(tx, order_id, wanted.quantity, reason=reason)
        return approve(tx, order_id, quantity=quantity, reason=reason)
    if same:
        return order
    if wanted.quantity != order.quantity:
        order = change(tx, order_id, wanted.quantity, reason=reason)
    approvals.forget(tx, order_id)
    approvals.add(tx, order_id, wanted.quantity, reason=reason)
    tx.note(CONFIRMED, order_id, after={"quantity": wanted.quantity, "of": 2}, reason=reason)
    tx.change("order", order_id)
    return order


def revise(tx: WriteTx, order_id: str, quantity: int, limits: Limits, *, reason: str = "") -> Order:
    """Another quantity: what was said to the old one no longer counts.

    Raises:
        InvalidInput: It was released already, and more of it would take two people.
        NotFound, OrderStateError, InsufficientStock: As ``order_steps.change``.
    """
    order = orders.get(tx, order_id)
    after = with_quantity(order, quantity)
    more = order.state is OrderState.APPROVED and quantity > order.quantity
    if more and limits.takes_two(after):
        raise InvalidInput(
            f"order {order_id} is released; {quantity:,} of it would be worth more than "
            f"{limits.four_eyes:,.2f} and take two people: cancel it and add another"
        )
    done = change(tx, order_id, quantity, reason=reason)
    if done != order and order.state is OrderState.PROPOSED:
        approvals.forget(tx, order_id)
    return done


def must_not_evade(tx: WriteTx, order_id: str, limits: Limits) -> None:
    """Halves of what takes two people must not be released by one.

    Raises:
        InvalidInput: The order is to be released first, and then split.
    """
    order = orders.get(tx, order_id)
    if order.state is OrderState.PROPOSED and limits.takes_two(order):
        raise InvalidInput(f"order {order_id} takes two people to release; split it when they have")
