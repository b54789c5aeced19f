"""The double-entry ledger: parts leave one account and enter another, and never vanish.

All balances of a part sum to zero. A fact is always posted, so ``on_hand`` may go negative; a
mistake is undone by a second movement. Nothing here knows a database: see ``storage.ledger``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from supplynet.errors import LedgerError


class Account(StrEnum):
    """Where parts can be, from the books' point of view."""

    SUPPLIER = "supplier"
    ON_HAND = "on_hand"
    BLOCKED = "blocked"
    IN_TRANSIT = "in_transit"
    CONSUMED = "consumed"
    SCRAPPED = "scrapped"
    LOST = "lost"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One posting: ``quantity`` of one part from one account to another.

    Attributes:
        movement_id: Made by the sender, so that a retry is the same movement.
        quantity: In the part's unit, > 0.
        occurred_at, recorded_at: When it happened, and when the books learned it; aware.
        shift_id: The shift it is counted to; None outside any calendar.
        reason: Why, in a word or a sentence.
        actor: The person or machine that caused it.
        event_id: ``source/event_id`` of the event behind it.
        reverses: The movement that this one undoes.
    """

    movement_id: str
    part_id: str
    quantity: int
    from_location: str
    from_account: Account
    to_location: str
    to_account: Account
    occurred_at: datetime
    recorded_at: datetime
    reason: str
    actor: str
    shift_id: str | None = None
    event_id: str | None = None
    order_id: str | None = None
    reverses: str | None = None
    lot_id: str | None = None
    container_id: str | None = None

    def __post_init__(self) -> None:
        if self.quantity <= 0:
            raise LedgerError(
                f"movement {self.movement_id} moves {self.quantity} of {self.part_id}; "
                "a movement moves more than 0, swap from and to instead of a negative number"
            )
        if (self.from_location, self.from_account) == (self.to_location, self.to_account):
            raise LedgerError(
                f"movement {self.movement_id} moves from {self.from_location} "
                f"{self.from_account} to itself; name two different accounts"
            )


Balances = Counter[tuple[str, str, Account]]
"""Quantity by (part, location, account)."""


def post(balances: Balances, movements: Iterable[Movement]) -> Balances:
    """New balances after ``movements``; the argument is left as it is."""
    after: Balances = Counter(balances)
    for move in movements:
        after[move.part_id, move.from_location, move.from_account] -= move.quantity
        after[move.part_id, move.to_location, move.to_account] += move.quantity
    return after


def reverse(
    movement: Movement, *, movement_id: str, recorded_at: datetime, actor: str, reason: str
) -> Movement:
    """The movement that undoes ``movement``: same parts, same moment, the other way."""
    return replace(
        movement,
        movement_id=movement_id,
        from_location=movement.to_location,
        from_account=movement.to_account,
        to_location=movement.from_location,
        to_account=movement.from_account,
        recorded_at=recorded_at,
        actor=actor,
        reason=reason,
        event_id=None,
        reverses=movement.movement_id,
    )
