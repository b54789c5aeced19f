"""Orders and their life: proposed -> approved -> picked -> shipped -> received -> closed.

What has not left may be cancelled; what has left may only be reversed: counter movements undo all
that was posted for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from supplynet.errors import InvalidInput, OrderStateError


class OrderKind(StrEnum):
    """A transfer moves parts between our own places; a purchase brings them from a supplier."""

    TRANSFER = "transfer"
    PURCHASE = "purchase"


class OrderState(StrEnum):
    """Where an order is in its life."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    PICKED = "picked"
    SHIPPED = "shipped"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    REVERSED = "reversed"


NEXT_STATES: dict[OrderState, frozenset[OrderState]] = {
    OrderState.PROPOSED: frozenset({OrderState.APPROVED, OrderState.CANCELLED}),
    OrderState.APPROVED: frozenset({OrderState.PICKED, OrderState.SHIPPED, OrderState.CANCELLED}),
    OrderState.PICKED: frozenset({OrderState.SHIPPED, OrderState.CANCELLED}),
    OrderState.SHIPPED: frozenset({OrderState.RECEIVED, OrderState.REVERSED}),
    OrderState.RECEIVED: frozenset({OrderState.CLOSED, OrderState.REVERSED}),
    OrderState.CLOSED: frozenset({OrderState.REVERSED}),
    OrderState.CANCELLED: frozenset(),
    OrderState.REVERSED: frozenset(),
}
RELEASED = (OrderState.APPROVED, OrderState.PICKED, OrderState.SHIPPED)
"""States in which an order is under way: counted in ``on_order``."""
BY_HAND = "by hand"
"""``policy`` of an order that a person thought of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One part on one lane and one departure (or one purchase on one date).

    Attributes:
        lane_id: The lane of a transfer, the supplier of a purchase.
        departure_at: Departure of the vehicle; for a purchase the order's date at 00:00 UTC.
        cutoff_at: Last moment at which it can still be released.
        arrives_at: Expected moment at which the parts can be used.
        quantity: Ordered, in the part's unit, > 0.
        received: Good parts received so far, >= 0.
        short, damaged: Parts that did not come or came broken, >= 0.
        proposed_quantity: What the policy proposed, >= 0, where a person said otherwise; 0 where it
            proposed nothing. None = nobody changed the proposal, and the next plan may.
        snoozed_until: Until when a proposal is set aside: neither shown as due nor released.
        policy, model_version: What proposed it; attributes, not part of the key.
        explanation: Why, as numbers (JSON); stored with the order and never recomputed.
    """

    order_id: str
    kind: OrderKind
    part_id: str
    from_location: str
    to_location: str
    lane_id: str
    departure_at: datetime
    cutoff_at: datetime
    arrives_at: datetime
    quantity: int
    state: OrderState
    policy: str
    created_at: datetime
    received: int = 0
    short: int = 0
    damaged: int = 0
    proposed_quantity: int | None = None
    snoozed_until: datetime | None = None
    model_version: str | None = None
    explanation: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.quantity <= 0:
            raise InvalidInput(
                f"order {self.order_id} is for {self.quantity} of {self.part_id}; "
                "an order is for 1 or more, cancel it instead"
            )

    @property
    def outstanding(self) -> int:
        """Parts that are still to come, >= 0; 0 unless the order is under way."""
        return max(self.quantity - self.accounted, 0) if self.state in RELEASED else 0

    @property
    def accounted(self) -> int:
        """Parts of which it is known what became of them: come, broken or missing."""
        return self.received + self.short + self.damaged

    @property
    def by_person(self) -> bool:
        """Whether a person set its quantity: the next plan leaves that alone."""
        return self.proposed_quantity is not None

    def is_snoozed(self, now: datetime) -> bool:
        """Whether it is a proposal that somebody set aside until later than ``now``."""
        asleep = self.snoozed_until is not None and self.snoozed_until > now
        return asleep and self.state is OrderState.PROPOSED

    @property
    def key(self) -> tuple[str, str, str, datetime]:
        """What makes it one order, however often the plan is made: part, from, to, departure."""
        return (self.part_id, self.from_location, self.to_location, self.departure_at)

    def advance(self, state: OrderState) -> Order:
        """The same order in its next state.

        Raises:
            OrderStateError: The step is not in ``NEXT_STATES``.
        """
        if state not in NEXT_STATES[self.state]:
            raise OrderStateError(self.order_id, self.state, state)
        return replace(self, state=state)
