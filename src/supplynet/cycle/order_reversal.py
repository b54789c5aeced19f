"""Undoing an order: counter movements take back all that was posted for it, in one transaction."""

from __future__ import annotations

from dataclasses import replace

from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Movement
from supplynet.core.ledger import reverse as counter_movement
from supplynet.core.orders import Order, OrderState
from supplynet.cycle.counts import CountedStock
from supplynet.cycle.order_steps import SOURCE, tell
from supplynet.storage import WriteTx, ledger, orders


def reverse(tx: WriteTx, order_id: str, *, reason: str) -> Order:
    """Undo an order that was shipped, received or closed: it never happened.

    Each movement of its goods is met by one the other way, at the same moment; a count after that
    moment stays right, for it saw what really lay there.

    Raises:
        NotFound: There is no such order.
        OrderStateError: Nothing has left: cancel it. Or it is over already.
    """
    order = orders.get(tx, order_id)
    after = order.advance(OrderState.REVERSED)
    posted = ledger.movements_of_order(tx, order_id)
    undone = {move.reverses for move in posted}
    to_undo = [
        move
        for move in posted
        if move.reverses is None and move.movement_id not in undone and _is_for(order, move)
    ]
    counters = [
        counter_movement(
            move,
            movement_id=f"{move.movement_id}~undone",
            recorded_at=tx.now,
            actor=tx.actor,
            reason=reason,
        )
        for move in to_undo
    ]
    ledger.append_movements(tx, _beside_counts(tx, order, counters))
    orders.revise(tx, order, after, "order_reversed", reason=reason)
    return tell(tx, after)


def _is_for(order: Order, move: Movement) -> bool:
    """Whether a movement that names the order is one of its goods."""
    places = {move.from_location, move.to_location}
    return move.part_id == order.part_id and order.to_location in places


def _beside_counts(tx: WriteTx, order: Order, counters: list[Movement]) -> list[Movement]:
    """With what counts since then ask for: a reversal is a fact that the books learn late."""
    if not counters:
        return []
    learnt = Event(
        source=SOURCE,
        event_id=f"{order.order_id}.reverse",
        type=EventType.RETURNED,
        occurred_at=min(move.occurred_at for move in counters),
        location_id=order.to_location,
        part_id=order.part_id,
    )
    posted = CountedStock(tx, [learnt]).post(learnt, counters)
    return [replace(move, reverses=None) if move.order_id is None else move for move in posted]
