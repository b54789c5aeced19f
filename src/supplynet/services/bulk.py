"""Many orders or alerts at once: each by itself, or all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, TypeVar

from supplynet.cycle import order_steps
from supplynet.cycle.order_commands import release_in
from supplynet.errors import InvalidInput, StoreError, SupplyNetError
from supplynet.services import alerts, history, orders
from supplynet.services.books import Books
from supplynet.services.order_limits import limits_of, with_approvals
from supplynet.services.orders import Said
from supplynet.storage import WriteTx, requests

Row = dict[str, Any]
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class OrderItem:
    """What is to be done with one order.

    Attributes:
        quantity: Of an approval; None = as proposed.
        until: Of a snooze.
        said: Who, why, and the check of this order; the key is that of the whole call.
    """

    subject: str
    action: Literal["approve", "cancel", "snooze"]
    said: Said
    quantity: int | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if (self.until is None) is (self.action == "snooze"):
            raise InvalidInput("a snooze needs `until`, and nothing else has it")
        if self.quantity is not None and self.action != "approve":
            raise InvalidInput(f"to {self.action} an order takes no quantity")

    def words(self) -> list[Any]:
        """What is asked for, in words that JSON can hold."""
        return [self.action, self.subject, self.quantity, self.until, self.said.reason]

    def alone(self, books: Books, key: str | None) -> Row:
        """Do it in a transaction of its own, once under ``key``."""
        said = replace(self.said, key=key)
        if self.action == "approve":
            return orders.approve(books, self.subject, said, quantity=self.quantity)
        if self.action == "cancel":
            return orders.cancel(books, self.subject, said)
        assert self.until is not None
        return orders.snooze(books, self.subject, said, until=self.until)

    def prepare(self, books: Books) -> None:
        """Refuse what is another site's to say."""
        orders.deciding(books, self.subject, self.said)

    def together(self, books: Books, tx: WriteTx) -> Row:
        """Do it within the transaction of all."""
        why, order_id = self.said.reason, self.subject
        if self.said.check is not None:
            self.said.check(tx)
        if self.action == "approve":
            limits = limits_of(books)
            order = release_in(tx, order_id, why, quantity=self.quantity, limits=limits)
        elif self.action == "cancel":
            order = order_steps.cancel(tx, order_id, reason=why)
        else:
            assert self.until is not None
            order = order_steps.snooze(tx, order_id, self.until, reason=why)
        return orders.as_row(order, self.said.within)

    def told(self, books: Books, row: Row) -> Row:
        """The row with what else people see of an order."""
        return with_approvals(books, [row])[0]


@dataclass(frozen=True, kw_only=True)
class AlertItem:
    """What is to be done with one alert; ``said`` as of ``OrderItem``."""

    step: alerts.Step
    said: Said

    @property
    def subject(self) -> str:
        """The alert."""
        return self.step.alert_id

    def words(self) -> list[Any]:
        """What is asked for, in words that JSON can hold."""
        step = self.step
        return [step.action, step.alert_id, step.minutes, step.until, self.said.reason]

    def alone(self, books: Books, key: str | None) -> Row:
        """Do it in a transaction of its own, once under ``key``."""
        return alerts.answer(books, self.step, replace(self.said, key=key))

    def prepare(self, books: Books) -> None:
        """Refuse what nobody of these sites can see."""
        alerts.get_alert(books, self.subject, self.said.within)

    def together(self, books: Books, tx: WriteTx) -> Row:
        """Do it within the transaction of all."""
        del books
        if self.said.check is not None:
            self.said.check(tx)
        return self.step.take(tx, self.said.reason, self.said.within)

    def told(self, books: Books, row: Row) -> Row:
        """The row: nothing is to be added."""
        del books
        return row


Item = OrderItem | AlertItem


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one item: its row, or the error; neither when another item stopped it."""

    subject: str
    row: Row | None = None
    error: SupplyNetError | None = None


def each(books: Books, items: Sequence[Item], key: str | None = None) -> list[Outcome]:
    """Do each by itself: what cannot be done stops none of the others.

    Args:
        books: The workspace.
        items: No order or alert twice.
        key: The same call again does again only what failed.

    Raises:
        InvalidInput: An order or alert is there twice.
        StoreError: The books cannot be written; those before it are done.
    """
    _check(items)
    return [_tried(books, item, _part(key, at)) for at, item in enumerate(items)]


def all_or_none(
    books: Books, items: Sequence[Item], actor: str, key: str | None = None
) -> list[Outcome]:
    """Do all in one transaction, or nothing: the first that cannot be done undoes the others.

    Args:
        books: The workspace.
        items: No order or alert twice.
        actor: Who asks.
        key: The same call again is not done again.

    Raises:
        InvalidInput: An order or alert is there twice.
        ConflictingContent: The key was used for something else.
        StoreError: The books cannot be written.
    """
    _check(items)

    def do(tx: WriteTx) -> Row:
        return {"rows": [_or_stop(item, lambda it: it.together(books, tx)) for item in items]}

    try:
        for item in items:
            _or_stop(item, lambda it: it.prepare(books))
        words = [item.words() for item in items]
        with books.store.write(actor, history.as_of(books)) as tx:
            found = requests.once(tx, key, ["all or none", words], lambda: do(tx))
    except _Stopped as stopped:
        return [
            Outcome(subject=item.subject, error=stopped.error if item is stopped.item else None)
            for item in items
        ]
    return [
        Outcome(subject=item.subject, row=item.told(books, row))
        for item, row in zip(items, found["rows"], strict=True)
    ]


class _Stopped(Exception):
    """An item cannot be done, and so none is."""

    def __init__(self, item: Item, error: SupplyNetError) -> None:
        super().__init__(item.subject)
        self.item, self.error = item, error


def _or_stop(item: Item, do: Callable[[Item], Result]) -> Result:
    try:
        return do(item)
    except StoreError:
        raise
    except SupplyNetError as error:
        raise _Stopped(item, error) from error


def _tried(books: Books, item: Item, key: str | None) -> Outcome:
    try:
        return Outcome(subject=item.subject, row=item.alone(books, key))
    except StoreError:
        raise
    except SupplyNetError as error:
        return Outcome(subject=item.subject, error=error)


def _part(key: str | None, at: int) -> str | None:
    return None if key is None else sha256(f"{key}#{at}".encode()).hexdigest()


def _check(items: Sequence[Item]) -> None:
    names = [item.subject for item in items]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInput(f"{twice[0]} is there twice; name each once")
