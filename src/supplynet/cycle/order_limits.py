"""What an order may be worth: two people for much, and a daily cap for automation.

The worth of an order is its quantity times ``unit_cost``. A part whose cost nobody knows counts as
worth more than any limit: a limit that a missing number switches off is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import fsum, inf
from typing import Any

from supplynet.config import Settings
from supplynet.core.network import Plant
from supplynet.core.orders import Order, OrderState
from supplynet.storage import ReadTx, Store, WriteTx, alerts, approvals, audit, orders
from supplynet.storage.alerts import AlertCause, Severity

DAY = timedelta(hours=24)
CAP, FOUR_EYES = "automation_cap", "four_eyes"
KINDS = (CAP, FOUR_EYES)
"""Kinds of alerts, and why an order waits."""
WAITS = "order_waits"
"""In the audit log: automation leaves an order to people."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Settings about what orders are worth, in the currency of ``unit_cost``.

    Attributes:
        plant: Knows what a part costs.
        per_day: Most that automation releases within 24 hours; None = no cap.
        four_eyes: What is worth more takes two people; None = nothing does.
    """

    plant: Plant
    per_day: float | None = None
    four_eyes: float | None = None

    def worth(self, part_id: str, quantity: int) -> float:
        """Of so many of a part; infinite where nobody knows what it costs."""
        part = self.plant.part_by_id.get(part_id)
        return part.unit_cost * quantity if part is not None and part.unit_cost > 0 else inf

    def people_for(self, part_id: str, quantity: int) -> int:
        """How many people it takes to release so many of a part."""
        much = self.four_eyes is not None and self.worth(part_id, quantity) > self.four_eyes
        return 2 if much else 1

    def takes_two(self, order: Order) -> bool:
        """Whether two people have to release it."""
        return self.people_for(order.part_id, order.quantity) > 1


@dataclass(frozen=True, kw_only=True)
class Wait:
    """An order that automation leaves to people.

    Attributes:
        kind: One of ``KINDS``.
        worth: Of what would have been released; infinite where nobody knows.
        limit: What it would go beyond.
    """

    order: Order
    kind: str
    worth: float
    limit: float

    @property
    def why(self) -> str:
        """For people, as a sentence."""
        worth = "of unknown cost (unit_cost)" if self.worth == inf else f"worth {self.worth:,.2f}"
        if self.kind == FOUR_EYES:
            return f"Takes two people: {worth}, and one alone may release {self.limit:,.2f}."
        return f"Waits for a person: {worth}, beyond the {self.limit:,.2f} of automation in a day."


def limits_of(plant: Plant, settings: Settings) -> Limits:
    """As they are set."""
    per_day, four_eyes = settings.auto_spend_per_day, settings.four_eyes_cost
    return Limits(plant=plant, per_day=per_day, four_eyes=four_eyes)


def expected_lost_minutes(order: Order) -> float:
    """What is lost without it, as its explanation says; 0 where that says nothing."""
    said = order.explanation.get("expected_lost_minutes")
    return float(said) if isinstance(said, int | float) else 0.0


def why_wait(tx: WriteTx, order: Order, quantity: int | None, limits: Limits) -> Wait | None:
    """Why automation may not release an order now, or so many of it; None = it may."""
    if limits.takes_two(order):
        worth = limits.worth(order.part_id, order.quantity)
        return Wait(order=order, kind=FOUR_EYES, worth=worth, limit=limits.four_eyes or 0.0)
    if limits.per_day is None:
        return None
    worth = limits.worth(order.part_id, order.quantity if quantity is None else quantity)
    released = approvals.parts_of(tx, tx.actor, tx.now - DAY)
    spent = fsum(limits.worth(part, parts) for part, parts in released.items())
    if spent + worth <= limits.per_day:
        return None
    return Wait(order=order, kind=CAP, worth=worth, limit=limits.per_day)


def note_release(tx: WriteTx, order: Order) -> None:
    """Count what automation has released, as long as it matters."""
    approvals.forget_before(tx, tx.actor, tx.now - 2 * DAY)
    approvals.add(tx, order.order_id, order.quantity)


def tell_waits(
    store: Store,
    limits: Limits,
    waits: Sequence[Wait],
    others: Iterable[Order],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Say in each order why it waits, and in one alert of a kind that some do.

    A plan writes explanations anew, so this is said again after each, and audited once.

    Args:
        store: The books.
        limits: Of automation.
        waits: What was left to people at this turn.
        others: Proposals that were not due at this turn: some may wait from an earlier one.
        actor: Who is automation.
        now: The plant's time.
    """
    with store.read() as tx:
        causes = list(_causes(limits, waits, others))
        open_ones = [each for each in alerts.open_alerts(tx) if each.kind in KINDS]
        same = _messages(causes) == _messages(open_ones)
        silent = [wait for wait in waits if _said(wait.order) != _note(wait)]
        fresh = {wait.order.order_id for wait in silent if not _is_known(tx, wait)}
    if same and not silent:
        return
    with store.write(actor, now, audited=bool(fresh) or not same) as tx:
        for wait in silent:
            _explain(tx, wait, noted=wait.order.order_id in fresh)
        if not same:
            alerts.set_open_alerts(tx, causes, kinds=KINDS)


def _messages(causes: Iterable[AlertCause]) -> set[tuple[str, str]]:
    return {(each.kind, each.message) for each in causes}


def _explain(tx: WriteTx, wait: Wait, *, noted: bool) -> None:
    order = orders.get(tx, wait.order.order_id)
    if order.state is not OrderState.PROPOSED:
        return
    before = _said(order)
    why = str(order.explanation.get("why", "")).removesuffix(str(before.get("why", "")))
    told = {**order.explanation, "waits": _note(wait), "why": f"{why.strip()} {wait.why}".strip()}
    approvals.explain(tx, order.order_id, told)
    if noted:
        tx.note(WAITS, order.order_id, after=_note(wait))


def _said(order: Order) -> dict[str, Any]:
    said = order.explanation.get("waits")
    return said if isinstance(said, dict) else {}


def _note(wait: Wait) -> dict[str, Any]:
    return {"for": wait.kind, "limit": wait.limit, "why": wait.why}


def _is_known(tx: ReadTx, wait: Wait) -> bool:
    noted = audit.entries(tx, subject=wait.order.order_id)
    return any((row.action, row.after) == (WAITS, _note(wait)) for row in noted)


def _causes(limits: Limits, waits: Sequence[Wait], others: Iterable[Order]) -> Iterator[AlertCause]:
    still = {kind: [wait.order for wait in waits if wait.kind == kind] for kind in KINDS}
    for order in others:
        if _said(order).get("for") in KINDS:
            still[_said(order)["for"]].append(order)
    if still[CAP] and limits.per_day is not None:
        yield _cause(CAP, f"Automation has reached its cap of {limits.per_day:,.2f}", still[CAP])
    if still[FOUR_EYES] and limits.four_eyes is not None:
        what = f"Orders worth more than {limits.four_eyes:,.2f} take two people"
        yield _cause(FOUR_EYES, what, still[FOUR_EYES])


def _cause(kind: str, what: str, waiting: Collection[Order]) -> AlertCause:
    first = min(waiting, key=lambda order: (-expected_lost_minutes(order), order.cutoff_at))
    count = f"{len(waiting):,} order{'s wait' if len(waiting) > 1 else ' waits'}"
    which = f"{first.part_id} to {first.to_location} first"
    message = f"{what}: {count} for approval, {which}."
    return AlertCause(severity=Severity.WARNING, kind=kind, message=message)
