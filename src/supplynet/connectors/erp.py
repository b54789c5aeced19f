"""An ERP as SupplyNet sees it: what is pulled from it and pushed to it, whatever its make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from supplynet.core.events import Event
from supplynet.core.ids import check_id
from supplynet.core.orders import Order
from supplynet.errors import InvalidId


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpStock:
    """What the ERP believes is on hand: its book, which nobody counted.

    Attributes:
        on_hand: In the part's unit; below 0 where the ERP says so.
        as_of: When it was asked, aware.
    """

    location_id: str
    part_id: str
    on_hand: int
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpOrder:
    """One line of an order that the ERP made, or of ours as the ERP has it.

    Attributes:
        erp_id: The ERP's number of the order.
        our_ids: Our orders that it carries; none where the ERP made it itself.
        from_location: A supplier, or the stock point that it comes from.
        quantity: In the part's unit, > 0.
        ordered_at, due_at: When it was ordered and is expected, aware; ``due_at`` may be None.
    """

    erp_id: str
    from_location: str
    to_location: str
    part_id: str
    quantity: int
    ordered_at: datetime
    due_at: datetime | None = None
    our_ids: tuple[str, ...] = ()

    @property
    def own_id(self) -> str:
        """Our id of an order that the ERP made: its number and the part, as far as that fits."""
        return own_order_id(self.erp_id, self.part_id)


def own_order_id(erp_id: str, part_id: str) -> str:
    """See ``ErpOrder.own_id``."""
    made = f"erp.{erp_id}.{part_id}"
    if is_id(made):
        return made
    return f"erp.{sha256(made.encode()).hexdigest()[:32]}"


def is_id(text: str) -> bool:
    """Whether a text can be an id of ours."""
    try:
        check_id(text)
    except InvalidId:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Reorder point and order-up-to level of one part at one place, in the part's unit."""

    location_id: str
    part_id: str
    reorder_point: int
    order_up_to_level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What came of pushing one thing.

    Attributes:
        what: Our order id, or ``location/part``.
        erp_id: The ERP's own number of it; None where it was only tried (dry run).
        done: ``created``, ``updated``, or ``there`` when nothing had to be done.
    """

    what: str
    done: str
    erp_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the ERP answers, and as what.

    Attributes:
        system: Name and version.
        lacking: What is in our map and not in the ERP, or the other way round; sentences.
    """

    system: str
    lacking: tuple[str, ...] = ()


class Erp(Protocol):
    """One ERP. Every call may raise ``ConnectorError`` (ask again later) or ``InvalidInput``.

    Attributes:
        left_out: What could not be taken or told so far, one sentence each.
    """

    left_out: list[str]

    def health(self) -> Health:
        """Sign in and see whether the mapped places are there."""

    def pull_stock(self) -> list[ErpStock]:
        """What the ERP has on hand at the mapped places, now."""

    def pull_receipts(self, since: datetime) -> list[Event]:
        """What was received at the mapped places since then, as events; twice gives the same."""

    def pull_orders(self, since: datetime) -> list[ErpOrder]:
        """Orders for the mapped places that are under way and were changed since then."""

    def push_order(self, order: Order) -> Pushed:
        """Make an order of ours one of the ERP; a second time finds it there."""

    def push_min_max(self, rows: Sequence[Threshold]) -> list[Pushed]:
        """Set the ERP's own reorder rules; those that are right already are left alone."""
