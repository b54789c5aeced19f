"""What automation holds back of an order while the record behind it waits for an answer.

The rule is ``anomaly.holding.release_by_books``: while the books are not below 0 the record may be
right, and all of an order goes. Below 0 it cannot be right, and what an order would bring a second
time waits for a person. People who approve by hand are never held.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from supplynet.anomaly.holding import excess_left, excess_ordered, holds, release_by_books
from supplynet.core.ledger import Account
from supplynet.core.network import Plant
from supplynet.core.orders import RELEASED, Order, OrderState
from supplynet.errors import NotFound
from supplynet.storage import ReadTx, WriteTx, anomalies, orders
from supplynet.storage.anomalies import Anomaly, AnomalyState, Held
from supplynet.storage.tables import balances


@dataclass(frozen=True, kw_only=True)
class Share:
    """How much of an order goes now, and the anomalies that are behind it.

    Attributes:
        quantity: Parts, 0 to what was ordered.
        on_hand: What the books say lies at the stock point; may be below 0.
        why: For people; "" where all of it goes.
    """

    quantity: int
    rows: tuple[Anomaly, ...] = ()
    on_hand: int = 0
    why: str = ""


def share_of(tx: ReadTx, order: Order, plant: Plant) -> Share:
    """How much of an order automation may release now.

    Args:
        tx: The books.
        order: A proposal. What a person has set goes as it is.
        plant: Says which lines its stock point feeds, and how large containers are.
    """
    rows = tuple(row for row in anomalies.open_ones(tx) if _is_behind(row, order, plant))
    excess = sum(row.excess(order.part_id) for row in rows)
    if order.by_person or not excess > 0:
        return Share(quantity=order.quantity)
    rule = plant.supply_rule.get((order.to_location, order.part_id))
    container = 1 if rule is None else max(rule.container_size, 1)
    on_hand = _booked(tx, order)
    quantity = release_by_books(order.quantity, excess, on_hand, container)
    told = _why(order, order.quantity - quantity, rows, on_hand)
    return Share(quantity=quantity, rows=rows, on_hand=on_hand, why=told)


def _why(order: Order, back: int, rows: Sequence[Anomaly], on_hand: int) -> str:
    if not back:
        return ""
    used = "; ".join(
        f"{row.observed:,.0f} used where {row.expected:,.0f} was expected" for row in rows
    )
    more = f"more than there was: the books say {on_hand:,}"
    return f"{back:,} of {order.quantity:,} held back: {used}, {more}; {_ASK}"


def note_share(tx: WriteTx, order: Order, share: Share, released: int) -> None:
    """Keep with the anomalies what went of an order, so that no part of it is held twice.

    Args:
        tx: The transaction of the release.
        order: As it was proposed.
        share: From ``share_of``.
        released: What really went, 0 to the order's quantity.
    """
    quantity, part = order.quantity, order.part_id
    rest = sum(row.excess(part) for row in share.rows)
    left = _left(rest, share.on_hand, quantity, released)
    for seen in share.rows:
        row = anomalies.get(tx, seen.anomaly_id)
        if row.state is not AnomalyState.OPEN:
            continue
        kept = row.excess(part) * (left / rest if rest else 1.0)
        held = Held(order_id=order.order_id, part_id=part, quantity=quantity, released=released)
        others = tuple(each for each in row.held if each.order_id != order.order_id)
        after = replace(row, held=(*others, held) if released < quantity else others)
        if kept < row.excess(part):
            after = replace(after, ordered={**row.ordered, part: row.sizes[part] - kept})
        anomalies.revise(tx, after)


def explained(order: Order, share: Share) -> Order:
    """The order whose explanation says what is held back, and why."""
    back = {
        "quantity": order.quantity - share.quantity,
        "of": order.quantity,
        "anomalies": [row.anomaly_id for row in share.rows],
    }
    why = f"{order.explanation.get('why', '')} {share.why}.".strip()
    return replace(order, explanation={**order.explanation, "held_back": back, "why": why})


def followed(tx: ReadTx, row: Anomaly, counted: Collection[str] = ()) -> Anomaly:
    """The anomaly after what became of the orders that it holds.

    What a person has released in spite of it was ordered; what went or is over waits no more.

    Args:
        tx: The books.
        row: The anomaly.
        counted: Parts whose stock was counted after its end: the books are right again, and
            nothing of them would come twice.
    """
    if row.state is not AnomalyState.OPEN:
        return row
    held: list[Held] = []
    ordered = dict(row.ordered)
    for each in row.held:
        order = _order(tx, each.order_id)
        if order is None or order.state is OrderState.CANCELLED:
            continue
        if order.state is OrderState.PROPOSED or order.quantity <= each.released:
            held.append(each)
        elif order.state in RELEASED:
            left = row.excess(each.part_id)
            went = min(order.quantity, each.quantity)
            rest = _left(left, _booked(tx, order), each.quantity, went)
            if rest < left:
                ordered[each.part_id] = row.sizes[each.part_id] - rest
    ordered |= {part: row.sizes[part] for part in counted if row.excess(part) > 0}
    return replace(row, held=tuple(held), ordered=ordered)


def what_is_held(row: Anomaly) -> str:
    """For the alert of an anomaly; "" where nothing is held."""
    if not row.held:
        return ""
    parts = [
        f"{each.quantity - each.released:,} of {each.quantity:,} of {each.part_id}"
        for each in row.held[-_MOST_NAMED:]
    ]
    return f" Held back: {', '.join(parts)}; {_ASK}."


def to_top_up(tx: ReadTx, row: Anomaly, now: datetime) -> list[Held]:
    """Orders of which a part was released, and whose rest can still go with it."""
    found = []
    for each in row.held:
        order = _order(tx, each.order_id)
        if order is None or order.state is not OrderState.APPROVED or not each.released:
            continue
        if order.quantity == each.released and order.cutoff_at >= now:
            found.append(each)
    return found


_ASK = "answer the anomaly, or release it by hand"
_MOST_NAMED = 3


def _is_behind(row: Anomaly, order: Order, plant: Plant) -> bool:
    """Whether an anomaly may be what an order was made of."""
    fed = plant.stock_point_of_line.get(row.location_id) == order.to_location
    size = row.sizes.get(order.part_id, 0.0)
    return fed and holds(row.kind, size, periods=row.periods)


def _left(excess: float, on_hand: int, quantity: int, released: int) -> float:
    """What of an excess would still come twice after so much of an order went."""
    if not released:
        return excess
    again = excess_ordered(on_hand, excess)
    return excess - (again - excess_left(again, quantity, released))


def _booked(tx: ReadTx, order: Order) -> int:
    """Stock where an order goes to, by the books; may be below 0."""
    query = select(balances.c.quantity).where(
        balances.c.part_id == order.part_id,
        balances.c.location_id == order.to_location,
        balances.c.account == Account.ON_HAND.value,
    )
    return int(tx.connection.scalar(query) or 0)


def _order(tx: ReadTx, order_id: str) -> Order | None:
    try:
        return orders.get(tx, order_id)
    except NotFound:
        return None
