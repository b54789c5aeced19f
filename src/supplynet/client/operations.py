"""Every operation of the API, by its operation id.

Made by ``python -m supplynet.client.generate``: do not edit.
"""

# ruff: noqa: A002  # a field is called as it is, also where it is called type

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from supplynet.client import models
from supplynet.client.feed import StreamEvent
from supplynet.client.files import File
from supplynet.client.paging import walked
from supplynet.client.request import path_to
from supplynet.client.transport import Transport

Account = Literal[
    "supplier", "on_hand", "blocked", "in_transit", "consumed", "scrapped", "lost", "adjustment"
]
AnomalyState = Literal["open", "over", "real", "wrong_record", "dismissed"]
DeliveryState = Literal["waiting", "sent", "dead"]
EventType = Literal[
    "consumed",
    "counter",
    "counted",
    "shipped",
    "received",
    "scrapped",
    "returned",
    "line_starved",
    "line_stopped",
    "line_resumed",
    "rate_changed",
    "plan_changed",
]
JobState = Literal["queued", "running", "done", "failed", "cancelled"]
LetterState = Literal["waiting", "replayed", "dropped"]
OrderKind = Literal["transfer", "purchase"]
OrderState = Literal[
    "proposed", "approved", "picked", "shipped", "received", "closed", "cancelled", "reversed"
]
Screen = Literal["control-room", "flow"]


class Operations(Transport):
    """What a server can be asked."""

    def get_control_room(self) -> models.ControlRoom:
        """Everything the first screen shows, as of one change number."""
        return self._ask(models.ControlRoom, "GET", "/control-room")

    def get_automation(self) -> models.Automation:
        """Whether orders leave by themselves."""
        return self._ask(models.Automation, "GET", "/automation")

    def set_automation(
        self,
        *,
        paused: bool,
        reason: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.Automation:
        """Pause or resume automatic releases; plans and proposals go on. Audited.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.Automation,
            "POST",
            "/automation",
            body={"paused": paused, "reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def get_health(self) -> models.Health:
        """200 when the books can be read, else 503; ``read_only`` when they cannot be written."""
        return self._ask(models.Health, "GET", "/health")

    def get_flow(self) -> models.Flow:
        """Units planned and moved in the running shift: shipped, on the road, received, used."""
        return self._ask(models.Flow, "GET", "/flow")

    def stream_changes(
        self, *, show: Sequence[Screen] | None = None, last_event_id: int | None = None
    ) -> Iterator[StreamEvent]:
        """Changes as server-sent events; the event id is the change number.

        `change` says what kinds of figures moved: fetch what you show. `tick` comes every three
        seconds and says that the connection lives, with the plant's clock. Resumes after `Last-
        Event-ID`; `gap` says that what was missed cannot be told: take a new snapshot. Ends within
        seconds when the session or token does, or when its owner may do something else.

        Screens asked for by `show` need not be fetched: `show` events tell them, first the `whole`,
        then the `fields` that are other than before, at most twice a second.

        - `show`: Screens to tell.
        """
        return self._events(
            "GET", "/stream", query={"show": show}, headers={"last-event-id": last_event_id}
        )

    def list_alerts(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        state: Literal["open", "resolved"] | None = None,
    ) -> models.Page[models.AlertRow]:
        """Open alerts, the most severe first, all on one page; or those that are over.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        - `state`: By default open.
        """
        return self._ask(
            models.Page[models.AlertRow],
            "GET",
            "/alerts",
            query={"limit": limit, "cursor": cursor, "state": state},
        )

    def get_alert(self, alert_id: str) -> models.AlertRow:
        """One alert, open or over."""
        return self._ask(models.AlertRow, "GET", path_to("/alerts/{}", alert_id))

    def acknowledge_alert(
        self,
        alert_id: str,
        *,
        reason: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.AlertRow:
        """Look after an alert: nobody else is asked; it stays open until its cause is gone.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.AlertRow,
            "POST",
            path_to("/alerts/{}/acknowledge", alert_id),
            body={"reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def snooze_alert(
        self,
        alert_id: str,
        *,
        minutes: int | None = None,
        until: datetime | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.AlertRow:
        """Be told again later, a week at most; sooner if it gets worse.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.AlertRow,
            "POST",
            path_to("/alerts/{}/snooze", alert_id),
            body={"minutes": minutes, "until": until, "reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def resolve_alert(
        self,
        alert_id: str,
        *,
        reason: str,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.AlertRow:
        """Close an alert whose cause nobody watches.

        409 for all others: they close by themselves when their cause is gone.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.AlertRow,
            "POST",
            path_to("/alerts/{}/resolve", alert_id),
            body={"reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def list_stock(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        location_id: str | None = None,
        part_id: str | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> models.Page[models.StockRow]:
        """Stock by the ledger, with what is under way and how long it lasts; or as it was.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        - `as_of`: Stock of this moment instead of now.
        - `known_at`: As the books knew it then: what they learned later is left out.
        """
        return self._ask(
            models.Page[models.StockRow],
            "GET",
            "/stock",
            query={
                "limit": limit,
                "cursor": cursor,
                "location_id": location_id,
                "part_id": part_id,
                "as_of": as_of,
                "known_at": known_at,
            },
        )

    def report_stock(
        self,
        what: Literal["count", "scrap", "return", "transfer"],
        *,
        location_id: str,
        part_id: str,
        quantity: int | None = None,
        packs: int | None = None,
        to_location: str | None = None,
        received: bool | None = None,
        reason: str | None = None,
        occurred_at: datetime | None = None,
        key: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.StockReported:
        """Report a count, scrap, a return or a transfer by hand, as a scanner would.

        A transfer goes through in_transit: it leaves one place and enters the other. The key of the
        body and an `Idempotency-Key` are the same thing: one of them is enough.

        - `quantity`: In the part's unit; or give packs.
        - `packs`: In containers of the supply rule.
        - `to_location`: Of a transfer or return.
        - `received`: False leaves a transfer under way until it is received. By default True.
        - `occurred_at`: With time zone; null = now.
        - `key`: The same report under the same key is done once.
        """
        return self._ask(
            models.StockReported,
            "POST",
            path_to("/stock/{}", what),
            body={
                "location_id": location_id,
                "part_id": part_id,
                "quantity": quantity,
                "packs": packs,
                "to_location": to_location,
                "received": received,
                "reason": reason,
                "occurred_at": occurred_at,
                "key": key,
            },
            keyed=True,
            key=idempotency_key,
        )

    def list_movements(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        location_id: str | None = None,
        part_id: str | None = None,
        order_id: str | None = None,
        account: Account | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> models.Page[models.MovementRow]:
        """Movements of the ledger, the last posted first.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        - `location_id`: From or to this place.
        - `account`: From or to this account.
        - `until`: Before this moment.
        """
        return self._ask(
            models.Page[models.MovementRow],
            "GET",
            "/movements",
            query={
                "limit": limit,
                "cursor": cursor,
                "location_id": location_id,
                "part_id": part_id,
                "order_id": order_id,
                "account": account,
                "since": since,
                "until": until,
            },
        )

    def undo_movement(
        self, *, movement_id: str, reason: str, idempotency_key: str | None = None
    ) -> models.MovementRow:
        """Undo a mis-scan by a second movement, once.

        409: it was undone before, undoes another one, or belongs to a count or an order.
        """
        return self._ask(
            models.MovementRow,
            "POST",
            "/movements/undo",
            body={"movement_id": movement_id, "reason": reason},
            keyed=True,
            key=idempotency_key,
        )

    def verify_books(self) -> models.Proof:
        """Prove the books from their ledger; takes seconds per million movements."""
        return self._ask(models.Proof, "GET", "/verify")

    def get_part(self, location_id: str, part_id: str) -> models.PartPage:
        """Use, forecast, projected stock, orders, supply and forecast quality of a part at a place.

        The place is a stock point, a line (whose stock lies at its stock point) or a warehouse.
        404: there is no such place or part, or nothing there uses it.
        """
        return self._ask(models.PartPage, "GET", path_to("/parts/{}/{}", location_id, part_id))

    def list_shipments(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> models.Page[models.ShipmentRow]:
        """Departures with open orders, the earliest first.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        """
        return self._ask(
            models.Page[models.ShipmentRow],
            "GET",
            "/shipments",
            query={"limit": limit, "cursor": cursor},
        )

    def list_picking(self) -> models.Page[models.PickingTask]:
        """What is still to be picked.

        By cut-off, in route order, what halts a line soonest first.
        """
        return self._ask(models.Page[models.PickingTask], "GET", "/picking")

    def get_shipment(self, shipment_id: str) -> models.ShipmentDetail:
        """One departure with its orders, in route order.

        - `shipment_id`: LANE@DEPARTURE.
        """
        return self._ask(models.ShipmentDetail, "GET", path_to("/shipments/{}", shipment_id))

    def pick_shipment(
        self,
        shipment_id: str,
        *,
        quantities: Mapping[str, int] | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Orders:
        """Pick all approved orders of a departure, in one transaction or not at all.

        - `shipment_id`: LANE@DEPARTURE.
        """
        return self._ask(
            models.Orders,
            "POST",
            path_to("/shipments/{}/pick", shipment_id),
            body={"quantities": quantities, "reason": reason},
            keyed=True,
            key=idempotency_key,
        )

    def ship_shipment(
        self,
        shipment_id: str,
        *,
        quantities: Mapping[str, int] | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Orders:
        """Let a departure leave with its orders, in one transaction or not at all.

        - `shipment_id`: LANE@DEPARTURE.
        """
        return self._ask(
            models.Orders,
            "POST",
            path_to("/shipments/{}/ship", shipment_id),
            body={"quantities": quantities, "reason": reason},
            keyed=True,
            key=idempotency_key,
        )

    def receive_shipment(
        self,
        shipment_id: str,
        *,
        receipts: Mapping[str, models.LineIn] | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Orders:
        """Take in a departure, in one transaction or not at all; what is not named came whole.

        - `shipment_id`: LANE@DEPARTURE.
        """
        return self._ask(
            models.Orders,
            "POST",
            path_to("/shipments/{}/receive", shipment_id),
            body={"receipts": receipts, "reason": reason},
            keyed=True,
            key=idempotency_key,
        )

    def list_diary(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        location_id: str | None = None,
        part_id: str | None = None,
    ) -> models.Page[models.DiaryRow]:
        """What was proposed and what was done instead, the newest first; scored afterwards.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        """
        return self._ask(
            models.Page[models.DiaryRow],
            "GET",
            "/diary",
            query={
                "limit": limit,
                "cursor": cursor,
                "location_id": location_id,
                "part_id": part_id,
            },
        )

    def sum_diary(self) -> models.Page[models.DiarySum]:
        """By actor and action: how many, who was right, halts, and stock against the proposals."""
        return self._ask(models.Page[models.DiarySum], "GET", "/diary/summary")

    def get_plan(self) -> models.PlanDocument:
        """The last plan: halt risk of every line for the next 14 shifts."""
        return self._ask(models.PlanDocument, "GET", "/plan")

    def make_plan(
        self, *, seed: int | None = None, idempotency_key: str | None = None
    ) -> models.PlanMade:
        """Plan now. Twice in a row changes nothing: proposals have a natural key.

        Takes seconds, and waits for a plan that somebody else asked for. 409 when a plant, a model
        or stock is missing, and when the books kept moving.

        - `seed`: Start of the random paths; null = settings.
        """
        return self._ask(
            models.PlanMade, "POST", "/plan", body={"seed": seed}, keyed=True, key=idempotency_key
        )

    def list_forecasts(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        location_id: str | None = None,
        part_id: str | None = None,
    ) -> models.Page[models.ForecastRow]:
        """Quantiles of the forecast behind the last plan; every page is of the first one's plan.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        """
        return self._ask(
            models.Page[models.ForecastRow],
            "GET",
            "/forecasts",
            query={
                "limit": limit,
                "cursor": cursor,
                "location_id": location_id,
                "part_id": part_id,
            },
        )

    def get_network(self) -> models.Network:
        """Locations, parts, requirements, lanes and supply rules, with the `ETag` of the plant."""
        return self._ask(models.Network, "GET", "/network")

    def change_network(
        self,
        table: Literal["parts", "lanes", "supply_rules"],
        *,
        rows: Sequence[Mapping[str, str]],
        reason: str,
        dry_run: bool | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.PlantChanged:
        """Change cells of rows of one table, checked with the whole plant; all of it or nothing.

        With mistakes nothing is written, and all of them are told. The next plan goes by it; a live
        demo plays the plant as it was until it is started again.

        - `rows`: The key of a row and its changed cells.
        - `dry_run`: Check everything, write nothing. By default False.
        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.PlantChanged,
            "PUT",
            path_to("/network/{}", table),
            body={"rows": rows, "reason": reason, "dry_run": dry_run},
            if_match=if_match,
        )

    def decide_orders(
        self,
        *,
        items: Sequence[models.OrderDecision],
        all_or_nothing: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.OrderOutcomes:
        """Approve, cancel or snooze up to 200 orders; the answer says what became of each.

        Each by itself, so that one that cannot be done stops none of the others; or all of them or
        none. With an `Idempotency-Key`, what was done is not done again.

        - `all_or_nothing`: The first that cannot be done undoes the others. By default False.
        """
        return self._ask(
            models.OrderOutcomes,
            "POST",
            "/orders/bulk",
            body={"items": items, "all_or_nothing": all_or_nothing},
            keyed=True,
            key=idempotency_key,
        )

    def handle_alerts(
        self,
        *,
        items: Sequence[models.AlertHandling],
        all_or_nothing: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.AlertOutcomes:
        """Acknowledge, snooze or resolve up to 200 alerts, as `/orders/bulk` does with orders.

        - `all_or_nothing`: The first that cannot be done undoes the others. By default False.
        """
        return self._ask(
            models.AlertOutcomes,
            "POST",
            "/alerts/bulk",
            body={"items": items, "all_or_nothing": all_or_nothing},
            keyed=True,
            key=idempotency_key,
        )

    def list_orders(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        state: OrderState | None = None,
        kind: OrderKind | None = None,
        part_id: str | None = None,
        to_location: str | None = None,
        lane_id: str | None = None,
        departing_from: datetime | None = None,
        due: bool | None = None,
    ) -> models.Page[models.ListedOrder]:
        """Orders, the earliest departure first. `due`: only proposals that wait for an answer now.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        - `departing_from`: Only what departs then or later.
        - `due`: Only proposals that can still be released, not snoozed. By default False.
        """
        return self._ask(
            models.Page[models.ListedOrder],
            "GET",
            "/orders",
            query={
                "limit": limit,
                "cursor": cursor,
                "state": state,
                "kind": kind,
                "part_id": part_id,
                "to_location": to_location,
                "lane_id": lane_id,
                "departing_from": departing_from,
                "due": due,
            },
        )

    def add_order(
        self,
        *,
        kind: Literal["transfer", "purchase"],
        part_id: str,
        to_location: str,
        quantity: int,
        lane_id: str | None = None,
        departure_at: datetime | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.OrderRow:
        """Add a proposal by hand; plans leave it alone.

        409 when an open order for the part goes with that departure already: change that one.

        - `lane_id`: Null = the usual one of the supply rule.
        - `departure_at`: Null = the next one.
        """
        return self._ask(
            models.OrderRow,
            "POST",
            "/orders",
            body={
                "kind": kind,
                "part_id": part_id,
                "to_location": to_location,
                "quantity": quantity,
                "lane_id": lane_id,
                "departure_at": departure_at,
                "reason": reason,
            },
            keyed=True,
            key=idempotency_key,
        )

    def get_order(self, order_id: str) -> models.OrderRow:
        """One order with its explanation."""
        return self._ask(models.OrderRow, "GET", path_to("/orders/{}", order_id))

    def approve_order(
        self,
        order_id: str,
        *,
        quantity: int | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.OrderRow:
        """Release a proposal; its parts are reserved at the source.

        What is worth more than `four_eyes_cost` takes two people: after the first it is still
        `proposed`, and `approvals` says who that was.

        Refused with 409 when they are not there, and when the order is no proposal any more: of two
        who approve, the second is told.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.OrderRow,
            "POST",
            path_to("/orders/{}/approve", order_id),
            body={"quantity": quantity, "reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def change_order(
        self,
        order_id: str,
        *,
        quantity: int,
        reason: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.OrderRow:
        """Another quantity for what nobody has picked yet; plans leave it alone from then on.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.OrderRow,
            "POST",
            path_to("/orders/{}/change", order_id),
            body={"quantity": quantity, "reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def snooze_order(
        self,
        order_id: str,
        *,
        until: datetime | None,
        reason: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.OrderRow:
        """Set a proposal aside: until then it is neither due nor released by automation.

        With `until` null it is put back among what waits.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.OrderRow,
            "POST",
            path_to("/orders/{}/snooze", order_id),
            body={"until": until, "reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def split_order(
        self,
        order_id: str,
        *,
        quantity: int,
        departure_at: datetime,
        reason: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.Orders:
        """Let a part go with another departure of the lane: what is left, and the new order.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.Orders,
            "POST",
            path_to("/orders/{}/split", order_id),
            body={"quantity": quantity, "departure_at": departure_at, "reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def cancel_order(
        self,
        order_id: str,
        *,
        reason: str,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.OrderRow:
        """Cancel or reject an order that has not left; its reservation is given back.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.OrderRow,
            "POST",
            path_to("/orders/{}/cancel", order_id),
            body={"reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def pick_order(
        self,
        order_id: str,
        *,
        quantity: int | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.OrderRow:
        """Take the parts of a transfer from their shelf.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.OrderRow,
            "POST",
            path_to("/orders/{}/pick", order_id),
            body={"quantity": quantity, "reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def ship_order(
        self,
        order_id: str,
        *,
        quantity: int | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.OrderRow:
        """Let it leave, all or less; what stays behind is free again.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.OrderRow,
            "POST",
            path_to("/orders/{}/ship", order_id),
            body={"quantity": quantity, "reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def receive_order(
        self,
        order_id: str,
        *,
        good: int,
        short: int | None = None,
        damaged: int | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.OrderRow:
        """Take in what has come: a transfer closes with it, the rest of a purchase stays open.

        - `short`: Will not come. Null: of a transfer all that is missing, of a purchase none.
        - `damaged`: By default 0.
        - `reason`: Needed for what is damaged or said to be short
        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.OrderRow,
            "POST",
            path_to("/orders/{}/receive", order_id),
            body={"good": good, "short": short, "damaged": damaged, "reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def close_order(
        self,
        order_id: str,
        *,
        reason: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.OrderRow:
        """End a received order, or a purchase whose rest will not come.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.OrderRow,
            "POST",
            path_to("/orders/{}/close", order_id),
            body={"reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def reverse_order(
        self,
        order_id: str,
        *,
        reason: str,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.OrderRow:
        """Undo an order that has left: counter movements take back all that was posted for it.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.OrderRow,
            "POST",
            path_to("/orders/{}/reverse", order_id),
            body={"reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def train_model(
        self,
        *,
        warehouse_id: str,
        sku_id: str,
        import_id: str | None = None,
        model: str | None = None,
        warm_start: bool | None = None,
        promote: Literal["always", "if_better", "never"] | None = None,
        seed: int | None = None,
        idempotency_key: str | None = None,
    ) -> models.JobRow:
        """Train a model of one series alone: a job. The model serves that series from then on.

        - `import_id`: A file of `POST /imports` to judge; null = the workspace's history.
        - `model`: Null = the setting `model`.
        - `warm_start`: Go on from the one that serves. By default False.
        - `promote`: By default always.
        """
        return self._ask(
            models.JobRow,
            "POST",
            "/models/train",
            body={
                "import_id": import_id,
                "model": model,
                "warm_start": warm_start,
                "promote": promote,
                "seed": seed,
                "warehouse_id": warehouse_id,
                "sku_id": sku_id,
            },
            keyed=True,
            key=idempotency_key,
        )

    def retrain_all_models(
        self,
        *,
        import_id: str | None = None,
        model: str | None = None,
        warm_start: bool | None = None,
        promote: Literal["always", "if_better", "never"] | None = None,
        seed: int | None = None,
        individual: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.JobRow:
        """Train one model on all series, or one for each: a job; its result is by model key.

        - `import_id`: A file of `POST /imports` to judge; null = the workspace's history.
        - `model`: Null = the setting `model`.
        - `warm_start`: Go on from the one that serves. By default False.
        - `promote`: By default always.
        - `individual`: A model for every series instead. By default False.
        """
        return self._ask(
            models.JobRow,
            "POST",
            "/models/retrain-all",
            body={
                "import_id": import_id,
                "model": model,
                "warm_start": warm_start,
                "promote": promote,
                "seed": seed,
                "individual": individual,
            },
            keyed=True,
            key=idempotency_key,
        )

    def get_model_performance(self) -> models.Performance:
        """How the models that serve did on days that they had not seen."""
        return self._ask(models.Performance, "GET", "/models/performance")

    def get_forecast(
        self, warehouse_id: str, sku_id: str, *, horizon: int | None = None
    ) -> models.SeriesForecast:
        """The days after the history that the series' model was trained on, with intervals.

        - `horizon`: Days ahead. By default 7.
        """
        return self._ask(
            models.SeriesForecast,
            "GET",
            path_to("/forecast/{}/{}", warehouse_id, sku_id),
            query={"horizon": horizon},
        )

    def forecast_demand(
        self,
        *,
        location_id: str | None = None,
        part_id: str | None = None,
        horizon: int | None = None,
        level: str | None = None,
    ) -> models.DemandForecast:
        """Demand ahead of where the plant stands, by the model that plans, with its quantiles.

        422 where it has more than 20,000 rows: name a location or a part, or let a job do it.

        - `horizon`: Periods ahead. By default 14.
        - `level`: Sums of this level of the plant.
        """
        return self._ask(
            models.DemandForecast,
            "GET",
            "/forecast",
            query={
                "location_id": location_id,
                "part_id": part_id,
                "horizon": horizon,
                "level": level,
            },
        )

    def detect_anomalies(
        self,
        *,
        warehouse_id: str,
        sku_id: str,
        import_id: str | None = None,
        model: Literal[
            "ensemble", "forecast_residual", "lstm_reconstruction", "robust_seasonal", "sub_pca"
        ]
        | None = None,
        days: int | None = None,
        hindsight: bool | None = None,
        seed: int | None = None,
        idempotency_key: str | None = None,
    ) -> models.JobRow:
        """Say what is odd in the last days of one series: a job.

        A detector of all series is trained first where none serves this one.

        - `import_id`: A file of `POST /imports` to judge; null = the workspace's history.
        - `model`: Null = the default.
        - `days`: By default 28.
        - `hindsight`: Judge days by those after them, too. By default False.
        """
        return self._ask(
            models.JobRow,
            "POST",
            "/anomalies/detect",
            body={
                "warehouse_id": warehouse_id,
                "sku_id": sku_id,
                "import_id": import_id,
                "model": model,
                "days": days,
                "hindsight": hindsight,
                "seed": seed,
            },
            keyed=True,
            key=idempotency_key,
        )

    def list_changes(
        self,
        *,
        after: int | None = None,
        kind: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> models.Changes:
        """What changed after a number: one who has seen it all never meets a new one below it.

        `/stream` says the same as it happens, without the ids.

        - `after`: `next_cursor` of the page before. By default 0.
        - `kind`: Only these.
        - `limit`: By default 200.
        """
        return self._ask(
            models.Changes, "GET", "/changes", query={"after": after, "kind": kind, "limit": limit}
        )

    def upload_import(
        self,
        file: Path | bytes,
        *,
        name: str,
        kind: Literal[
            "demand",
            "consumption",
            "stock",
            "plan",
            "deliveries",
            "erp_stock",
            "erp_orders",
            "erp_receipts",
        ]
        | None = None,
        profile: str | None = None,
        save_profile: str | None = None,
        map: Sequence[str] | None = None,
        constant: Sequence[str] | None = None,
        where: Sequence[str] | None = None,
        lead_time_days: float | None = None,
        container_size: int | None = None,
        duplicates: Literal["error", "sum", "drop"] | None = None,
        brackets: Literal["error", "negative", "positive"] | None = None,
        negatives: Literal["error", "return"] | None = None,
        fractions: Literal["error", "round"] | None = None,
        date_order: Literal["dmy", "mdy"] | None = None,
        clean_ids: bool | None = None,
        gaps: Literal["zero", "missing"] | None = None,
        thousands: Literal[",", ".", " ", "'"] | None = None,
        time_zone: str | None = None,
        on_error: Literal["stop", "skip"] | None = None,
        content_type: str = "application/octet-stream",
        idempotency_key: str | None = None,
    ) -> models.ImportRow:
        """Send a file and have every cell of it looked at; nothing is taken.

        Columns and layout are recognised. 422: the file cannot be read at all. Mistakes in its
        cells are told of, and what would be new, changed or left out. Stock needs `stock.report`
        too, and files of an ERP (`erp_`) `erp.exchange`.

        - `name`: Its kind is its end.
        - `kind`: Null = as recognised, else demand. `erp_`: files of an ERP.
        - `profile`: A layout, or `none`.
        - `save_profile`: Remember under this name how it was read.
        - `map`: `ours=theirs`, one each.
        - `constant`: `ours=value` for all rows.
        - `where`: `theirs=value,value`: only these rows.
        - `lead_time_days`: Of new locations.
        - `container_size`: By default 1.
        - `file`: The file, sent a piece at a time; or its bytes.
        """
        return self._ask(
            models.ImportRow,
            "POST",
            "/imports",
            query={
                "name": name,
                "kind": kind,
                "profile": profile,
                "save_profile": save_profile,
                "map": map,
                "constant": constant,
                "where": where,
                "lead_time_days": lead_time_days,
                "container_size": container_size,
                "duplicates": duplicates,
                "brackets": brackets,
                "negatives": negatives,
                "fractions": fractions,
                "date_order": date_order,
                "clean_ids": clean_ids,
                "gaps": gaps,
                "thousands": thousands,
                "time_zone": time_zone,
                "on_error": on_error,
            },
            file=file,
            content_type=content_type,
            keyed=True,
            key=idempotency_key,
        )

    def list_imports(self) -> models.Page[models.ImportRow]:
        """Files that were sent within the last day, the newest first."""
        return self._ask(models.Page[models.ImportRow], "GET", "/imports")

    def list_import_profiles(self) -> models.Page[models.ProfileRow]:
        """Layouts of files that are recognised: the workspace's own first."""
        return self._ask(models.Page[models.ProfileRow], "GET", "/imports/profiles")

    def get_import(self, import_id: str) -> models.ImportRow:
        """One file, what was found in it, and how far it is taken in.

        - `import_id`: Of an upload.
        """
        return self._ask(models.ImportRow, "GET", path_to("/imports/{}", import_id))

    def drop_import(self, import_id: str) -> models.Removed:
        """Delete a file that was sent; what was taken of it stays.

        - `import_id`: Of an upload.
        """
        return self._ask(models.Removed, "DELETE", path_to("/imports/{}", import_id))

    def get_import_problems(self, import_id: str) -> File:
        """Every mistake of a file, as CSV.

        - `import_id`: Of an upload.
        """
        return self._file("GET", path_to("/imports/{}/problems", import_id))

    def get_import_quality(self, import_id: str) -> models.Quality:
        """How far a file of consumption could be trusted.

        - `import_id`: Of an upload.
        """
        return self._ask(models.Quality, "GET", path_to("/imports/{}/quality", import_id))

    def get_import_exploration(self, import_id: str) -> File:
        """A file of consumption from all sides, as one page to read, print or save.

        - `import_id`: Of an upload.
        """
        return self._file("GET", path_to("/imports/{}/exploration", import_id))

    def take_import(self, import_id: str) -> models.JobRow:
        """Take a file in, all or nothing: a job with the same id. Asked for twice it is one job.

        422 where nothing in it can be taken.

        - `import_id`: Of an upload.
        """
        return self._ask(models.JobRow, "POST", path_to("/imports/{}/take", import_id))

    def export_history(self, *, start: datetime | None = None, end: datetime | None = None) -> File:
        """The history of consumption, as CSV, by line, part and shift.

        - `start`: From this moment on.
        - `end`: Before this moment.
        """
        return self._file("GET", "/exports/history", query={"start": start, "end": end})

    def export_table(
        self,
        table: Literal["stock", "orders", "movements", "forecasts"],
        *,
        location_id: str | None = None,
        part_id: str | None = None,
    ) -> File:
        """Stock, orders, movements or the forecast of the last plan, as CSV.

        Text that a spreadsheet would run as a formula has an apostrophe before it.

        - `location_id`: Of orders: where they go.
        """
        return self._file(
            "GET",
            path_to("/exports/{}", table),
            query={"location_id": location_id, "part_id": part_id},
        )

    def check_erp(self) -> models.ErpHealth:
        """Sign in to the ERP of `erp.toml` and see whether its places are there.

        422: `erp.toml` is wrong or not there. 503: it does not answer.
        """
        return self._ask(models.ErpHealth, "GET", "/erp/check")

    def export_erp(
        self,
        kind: Literal["stock", "orders", "receipts", "shipments", "min_max", "kanban"],
        *,
        since: datetime | None = None,
    ) -> File:
        """A CSV file for an ERP: stock, open orders, receipts, shipments, tuned thresholds, cards.

        - `since`: Of receipts and shipments: what the books learnt from then on.
        """
        return self._file("GET", path_to("/erp/export/{}", kind), query={"since": since})

    def get_erp_template(self, kind: Literal["stock", "orders", "receipts", "events"]) -> File:
        """A CSV file to fill in.

        With headings and example rows; `events` is for the drop folder.
        """
        return self._file("GET", path_to("/erp/templates/{}", kind))

    def list_signals(self) -> models.Page[models.SignalRow]:
        """Signals that the workspace has, and up to when."""
        return self._ask(models.Page[models.SignalRow], "GET", "/signals")

    def list_signal_providers(self) -> models.Page[models.ProviderRow]:
        """Providers, what they have, and whether they can be asked."""
        return self._ask(models.Page[models.ProviderRow], "GET", "/signals/providers")

    def explain_decision(
        self, location_id: str, part_id: str, *, at: datetime | None = None
    ) -> models.ExplainedDecision:
        """Why a part was ordered at a stock point, or why not, in a sentence and in numbers.

        404: nothing was decided for it yet; what was never counted is not planned.

        - `at`: As it was decided then; null = the newest.
        """
        return self._ask(
            models.ExplainedDecision,
            "GET",
            path_to("/why/{}/{}", location_id, part_id),
            query={"at": at},
        )

    def get_session(self) -> models.SessionRow:
        """Who I am and what is open to me.

        401 when nobody is signed in; with `setup: true` when there are no users at all yet.
        """
        return self._ask(models.SessionRow, "GET", "/session")

    def sign_in(self, *, name: str, password: str) -> models.SessionRow:
        """Sign in with name and password; the answer sets the cookie.

        401 says neither whether there is such a user nor what was wrong; 429 after too many
        failures.
        """
        return self._ask(
            models.SessionRow, "POST", "/session", body={"name": name, "password": password}
        )

    def sign_out(self) -> models.Ended:
        """Sign out here."""
        return self._ask(models.Ended, "DELETE", "/session")

    def sign_in_by_badge(self, *, badge: str) -> models.SessionRow:
        """Sign in with a badge.

        For the work of line leaders and pickers; 15 minutes idle, 8 hours.
        """
        return self._ask(models.SessionRow, "POST", "/session/badge", body={"badge": badge})

    def end_my_sessions(self) -> models.Ended:
        """Sign out everywhere, here too."""
        return self._ask(models.Ended, "POST", "/session/end-all")

    def change_my_password(self, *, current: str, new: str) -> models.SessionRow:
        """Choose another password; every session ends, and a new one begins here."""
        return self._ask(
            models.SessionRow, "POST", "/session/password", body={"current": current, "new": new}
        )

    def list_users(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> models.Page[models.UserRow]:
        """Users by name: those whom you may change.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        """
        return self._ask(
            models.Page[models.UserRow], "GET", "/users", query={"limit": limit, "cursor": cursor}
        )

    def add_user(
        self,
        *,
        name: str,
        grants: Sequence[models.GrantBody],
        display_name: str | None = None,
        contact: str | None = None,
        password: str | None = None,
        must_change_password: bool | None = None,
    ) -> models.UserRow:
        """Add a user.

        403 when the roles or sites are more than your own, 409 when the name is taken.

        - `name`: To sign in with, and for the audit log; stays for ever.
        - `password`: Null = none: a badge, or tokens only.
        - `must_change_password`: By default True.
        """
        return self._ask(
            models.UserRow,
            "POST",
            "/users",
            body={
                "name": name,
                "grants": grants,
                "display_name": display_name,
                "contact": contact,
                "password": password,
                "must_change_password": must_change_password,
            },
        )

    def get_user(self, name: str) -> models.UserRow:
        """One user, with the `ETag` that a change is made from."""
        return self._ask(models.UserRow, "GET", path_to("/users/{}", name))

    def change_user(
        self,
        name: str,
        *,
        display_name: str | None = None,
        contact: str | None = None,
        grants: Sequence[models.GrantBody] | None = None,
        state: Literal["active", "disabled"] | None = None,
        reason: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.UserRow:
        """Change, disable or enable a user; other roles and being disabled end the user's sessions.

        403 for more than your own rights, 409 for the last administrator of the whole plant.

        - `contact`: "" takes it away.
        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.UserRow,
            "PATCH",
            path_to("/users/{}", name),
            body={
                "display_name": display_name,
                "contact": contact,
                "grants": grants,
                "state": state,
                "reason": reason,
            },
            if_match=if_match,
        )

    def reset_password(
        self,
        name: str,
        *,
        password: str | None = None,
        must_change_password: bool | None = None,
        reason: str | None = None,
    ) -> models.MadePassword:
        """Give somebody another password; it is to be changed at the next sign-in.

        - `password`: Null = one is made and shown once.
        - `must_change_password`: By default True.
        """
        return self._ask(
            models.MadePassword,
            "POST",
            path_to("/users/{}/password", name),
            body={
                "password": password,
                "must_change_password": must_change_password,
                "reason": reason,
            },
        )

    def give_badge(self, name: str, *, reason: str | None = None) -> models.MadeBadge:
        """Make a badge for a line leader or picker; the one before opens nothing any more."""
        return self._ask(
            models.MadeBadge, "POST", path_to("/users/{}/badge", name), body={"reason": reason}
        )

    def take_badge(self, name: str, *, reason: str | None = None) -> models.UserRow:
        """Make somebody's badge worthless, and end the sessions that it opened."""
        return self._ask(
            models.UserRow, "DELETE", path_to("/users/{}/badge", name), body={"reason": reason}
        )

    def end_sessions(self, name: str, *, reason: str | None = None) -> models.Ended:
        """Sign somebody out everywhere; tokens stay good."""
        return self._ask(
            models.Ended, "POST", path_to("/users/{}/end-sessions", name), body={"reason": reason}
        )

    def get_access(self) -> models.AccessTable:
        """The table of roles and permissions, as it is enforced."""
        return self._ask(models.AccessTable, "GET", "/access")

    def list_tokens(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> models.Page[models.TokenRow]:
        """Your tokens, the oldest first; an administrator sees those of all users.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        """
        return self._ask(
            models.Page[models.TokenRow], "GET", "/tokens", query={"limit": limit, "cursor": cursor}
        )

    def add_token(
        self,
        *,
        name: str,
        scopes: Sequence[str],
        sites: Sequence[str] | None = None,
        expires_in_days: int | None = 365,
        owner: str | None = None,
    ) -> models.MadeTokenRow:
        """Make a token; its secret is shown this once.

        It never opens more than its owner may, now and later. 403 for more than that, 409 when the
        owner has a good token of this name.

        - `scopes`: Permissions, as `GET /access` lists them; the owner must have each.
        - `sites`: Null = those of its owner.
        - `expires_in_days`: By default 365.
        - `owner`: A user's name; null = who asks.
        """
        return self._ask(
            models.MadeTokenRow,
            "POST",
            "/tokens",
            body={
                "name": name,
                "scopes": scopes,
                "sites": sites,
                "expires_in_days": expires_in_days,
                "owner": owner,
            },
            nulls=("expires_in_days",),
        )

    def revoke_token(self, token_id: str, *, reason: str | None = None) -> models.TokenRow:
        """Make a token worthless, for good and at once."""
        return self._ask(
            models.TokenRow, "DELETE", path_to("/tokens/{}", token_id), body={"reason": reason}
        )

    def get_what_changed(
        self, *, since: datetime | None = None, limit: int | None = None
    ) -> models.ChangesSince:
        """Changes of plan, stock, deliveries and forecast, and the parts affected, the worst first.

        - `since`: Null = 24 hours of plant time; at most 31 days back.
        - `limit`: Most parts; the worst are told. By default 20.
        """
        return self._ask(
            models.ChangesSince, "GET", "/changes-since", query={"since": since, "limit": limit}
        )

    def list_anomalies(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        location_id: str | None = None,
        part_id: str | None = None,
        state: AnomalyState | None = None,
        since: datetime | None = None,
    ) -> models.Page[models.AnomalyRow]:
        """Odd consumption, the last seen first.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        - `since`: Those that ended after this moment.
        """
        return self._ask(
            models.Page[models.AnomalyRow],
            "GET",
            "/anomalies",
            query={
                "limit": limit,
                "cursor": cursor,
                "location_id": location_id,
                "part_id": part_id,
                "state": state,
                "since": since,
            },
        )

    def get_anomaly(self, anomaly_id: str) -> models.AnomalyDetail:
        """One anomaly with what was used and expected around it, shift by shift."""
        return self._ask(models.AnomalyDetail, "GET", path_to("/anomalies/{}", anomaly_id))

    def answer_anomaly(
        self,
        anomaly_id: str,
        *,
        state: Literal["real", "wrong_record", "dismissed"],
        note: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.AnomalyRow:
        """Say what it is; nothing is held back for it from then on.

        `real` lets the rest of orders go that wait for their vehicle. `wrong_record` keeps its
        demand from the models; the booking itself is to be taken back, see `next_step`.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.AnomalyRow,
            "POST",
            path_to("/anomalies/{}/answer", anomaly_id),
            body={"state": state, "note": note},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def list_deliveries(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        state: DeliveryState | None = None,
        channel: str | None = None,
    ) -> models.Page[models.DeliveryRow]:
        """Deliveries of outgoing messages, the newest first.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        """
        return self._ask(
            models.Page[models.DeliveryRow],
            "GET",
            "/outbox",
            query={"limit": limit, "cursor": cursor, "state": state, "channel": channel},
        )

    def get_message(self, message_id: str) -> models.MessageRow:
        """One message with its deliveries and every try."""
        return self._ask(models.MessageRow, "GET", path_to("/outbox/{}", message_id))

    def replay_message(
        self, message_id: str, *, channel: str | None = None, idempotency_key: str | None = None
    ) -> models.Page[models.DeliveryRow]:
        """Send a sent or dead message once more, under the same id, so that receivers can skip it.

        409 while it still waits to be sent.

        - `channel`: Only on this channel; null = on all.
        """
        return self._ask(
            models.Page[models.DeliveryRow],
            "POST",
            path_to("/outbox/{}/replay", message_id),
            body={"channel": channel},
            keyed=True,
            key=idempotency_key,
        )

    def list_channels(self) -> models.Page[models.ChannelRow]:
        """The channels of `notify.toml`, in its order.

        422: it is wrong.
        """
        return self._ask(models.Page[models.ChannelRow], "GET", "/channels")

    def run_channel_test(self, name: str) -> models.ChannelTest:
        """Send a test message over a channel of `notify.toml` now, and say what became of it.

        422: `notify.toml` is wrong, or a secret that it names is not there.
        """
        return self._ask(models.ChannelTest, "POST", path_to("/channels/{}/test", name))

    def get_timetable(self, *, start: datetime, end: datetime) -> models.Timetable:
        """Departures of some days, empty ones too, and what left before and is still on the road.

        - `end`: Before this moment; at most 8 days after `start`.
        """
        return self._ask(models.Timetable, "GET", "/timetable", query={"start": start, "end": end})

    def ask_what_if(
        self,
        *,
        rate: Mapping[str, float] | None = None,
        line: Mapping[str, Literal["on", "off"]] | None = None,
        lead_time: Mapping[str, int] | None = None,
        departures: Mapping[str, str] | None = None,
        truck: Mapping[str, float] | None = None,
        stock: Mapping[str, int] | None = None,
        shift: Mapping[str, str] | None = None,
        days: int | None = None,
        futures: int | None = None,
        seed: int | None = None,
        idempotency_key: str | None = None,
    ) -> models.WhatIfAnswer | models.JobRow:
        """Play a changed plant beside the plant as it is. Writes nothing.

        What takes seconds is answered at once; what takes longer becomes a job (202), named in
        ``Location``, whose result is the answer.

        - `rate`: Factor by line.
        - `lead_time`: Minutes by lane.
        - `departures`: `06:00,14:00` by lane.
        - `truck`: Litres of one trip by lane.
        - `stock`: Parts by `PLACE/PART`.
        - `shift`: `06:00-14:00` or `off` by shift.
        - `days`: By default 14.
        - `futures`: By default 100.
        """
        found: models.WhatIfAnswer | models.JobRow = self._either(
            {200: models.WhatIfAnswer, 202: models.JobRow},
            "POST",
            "/what-if",
            body={
                "rate": rate,
                "line": line,
                "lead_time": lead_time,
                "departures": departures,
                "truck": truck,
                "stock": stock,
                "shift": shift,
                "days": days,
                "futures": futures,
                "seed": seed,
            },
            keyed=True,
            key=idempotency_key,
        )
        return found

    def list_decisions(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        location_id: str | None = None,
        part_id: str | None = None,
    ) -> models.Page[models.DecisionRow]:
        """Decisions, the newest first: also those that ordered nothing.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        """
        return self._ask(
            models.Page[models.DecisionRow],
            "GET",
            "/decisions",
            query={
                "limit": limit,
                "cursor": cursor,
                "location_id": location_id,
                "part_id": part_id,
            },
        )

    def get_decision(self, decision_id: str) -> models.DecisionRow:
        """One decision with its full numbers."""
        return self._ask(models.DecisionRow, "GET", path_to("/decisions/{}", decision_id))

    def take_in_events(
        self, *, events: Sequence[models.EventBody], idempotency_key: str | None = None
    ) -> models.TakenIn:
        """Take a batch in, all or nothing; send it again if the answer is lost.

        An event that is there already is skipped. With an `Idempotency-Key` the same request gets
        the same answer. 409: a key was used before with other content. 422: an event that cannot
        be, such as one at a place that does not exist. 403: one at a place that is not the
        sender's.
        """
        return self._ask(
            models.TakenIn,
            "POST",
            "/events",
            body={"events": events},
            keyed=True,
            key=idempotency_key,
        )

    def take_in_event(
        self,
        *,
        source: str,
        event_id: str,
        type: EventType,
        occurred_at: datetime,
        location_id: str,
        part_id: str | None = None,
        quantity: int | None = None,
        data: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> models.TakenIn:
        """Take one event in, as `/events` takes a batch.

        - `schema`: Version of this shape.
        - `data`: What else the type needs.
        """
        return self._ask(
            models.TakenIn,
            "POST",
            "/event",
            body={
                "schema": 1,
                "source": source,
                "event_id": event_id,
                "type": type,
                "occurred_at": occurred_at,
                "location_id": location_id,
                "part_id": part_id,
                "quantity": quantity,
                "data": data,
            },
            keyed=True,
            key=idempotency_key,
        )

    def list_dead_letters(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        state: LetterState | None = None,
    ) -> models.Page[models.DeadLetterRow]:
        """What came in by MQTT or as a file and could not be taken, oldest first.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        - `state`: By default waiting.
        """
        return self._ask(
            models.Page[models.DeadLetterRow],
            "GET",
            "/dead-letters",
            query={"limit": limit, "cursor": cursor, "state": state},
        )

    def replay_dead_letter(
        self, seq: int, *, event: models.EventBody | None = None, idempotency_key: str | None = None
    ) -> models.ReplayedRow:
        """Try a letter again, with a corrected event if given; `reason` says why it was not taken.

        - `event`: The event as it should have been; null = as it came.
        """
        return self._ask(
            models.ReplayedRow,
            "POST",
            path_to("/dead-letters/{}/replay", seq),
            body={"event": event},
            keyed=True,
            key=idempotency_key,
        )

    def replay_dead_letters(
        self, *, idempotency_key: str | None = None
    ) -> models.Page[models.ReplayedRow]:
        """Try every waiting letter once.

        Oldest first: after a plant file was mended, for example.
        """
        return self._ask(
            models.Page[models.ReplayedRow],
            "POST",
            "/dead-letters/replay",
            keyed=True,
            key=idempotency_key,
        )

    def drop_dead_letter(
        self, seq: int, *, reason: str, idempotency_key: str | None = None
    ) -> models.DeadLetterRow:
        """Say that a letter is worth nothing: it is kept and no longer waits."""
        return self._ask(
            models.DeadLetterRow,
            "POST",
            path_to("/dead-letters/{}/drop", seq),
            body={"reason": reason},
            keyed=True,
            key=idempotency_key,
        )

    def get_quality(self) -> models.Quality:
        """How far the history can be trusted, and what to do about it."""
        return self._ask(models.Quality, "GET", "/quality")

    def get_exploration(self) -> File:
        """The history from all sides, as one page to read, print or save."""
        return self._file("GET", "/exploration")

    def get_template(
        self,
        kind: Literal["demand", "consumption", "stock", "plan", "deliveries"],
        form: Literal["csv", "xlsx"],
    ) -> File:
        """A file to fill in and import: headings, two examples and, in xlsx, instructions."""
        return self._file("GET", path_to("/templates/{}/{}", kind, form))

    def list_models(self) -> models.Page[models.ModelRow]:
        """All versions, the newest first, each checked byte by byte."""
        return self._ask(models.Page[models.ModelRow], "GET", "/models")

    def get_model(self, version: str) -> models.ModelDetail:
        """One version, and who made it champion or challenger, when and why.

        The `ETag` is of the aliases: of who is champion and challenger.
        """
        return self._ask(models.ModelDetail, "GET", path_to("/models/{}", version))

    def remove_model(self, version: str) -> models.Removed:
        """Delete the files of a version that is neither champion nor challenger."""
        return self._ask(models.Removed, "DELETE", path_to("/models/{}", version))

    def promote_model(
        self,
        version: str,
        *,
        alias: Literal["champion", "challenger"] | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.ModelRow:
        """Make a version champion (it plans from the next plan on) or challenger.

        Refused with 409 when its files are damaged.

        - `alias`: By default champion.
        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.ModelRow,
            "POST",
            path_to("/models/{}/promote", version),
            body={"alias": alias, "reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def roll_back_model(
        self,
        *,
        reason: str | None = None,
        idempotency_key: str | None = None,
        if_match: BaseModel | str | None = None,
    ) -> models.ModelRow:
        """Make the champion before the present one champion again; twice goes back two.

        - `if_match`: the row that this is decided on; refused where it has changed.
        """
        return self._ask(
            models.ModelRow,
            "POST",
            "/models/rollback",
            body={"reason": reason},
            keyed=True,
            key=idempotency_key,
            if_match=if_match,
        )

    def export_model(
        self, version: str, *, int8: bool | None = None, idempotency_key: str | None = None
    ) -> models.JobRow:
        """Write a version as ONNX and serve it from there: a job. The model itself stays.

        - `int8`: 8-bit weights where that costs <= 1 %. By default False.
        """
        return self._ask(
            models.JobRow,
            "POST",
            path_to("/models/{}/export", version),
            body={"int8": int8},
            keyed=True,
            key=idempotency_key,
        )

    def prune_models(
        self, *, keep: int, reason: str | None = None, idempotency_key: str | None = None
    ) -> models.Removed:
        """Delete old versions; champion, challenger and the champion before always stay.

        - `keep`: How many of the newest stay.
        """
        return self._ask(
            models.Removed,
            "POST",
            "/models/prune",
            body={"keep": keep, "reason": reason},
            keyed=True,
            key=idempotency_key,
        )

    def list_jobs(
        self, *, limit: int | None = None, cursor: str | None = None, state: JobState | None = None
    ) -> models.Page[models.JobRow]:
        """Jobs, the newest first. Params and result are there for whom the kind of job is open.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        """
        return self._ask(
            models.Page[models.JobRow],
            "GET",
            "/jobs",
            query={"limit": limit, "cursor": cursor, "state": state},
        )

    def submit_job(
        self,
        body: models.TrainJob
        | models.CompareJob
        | models.SimulateJob
        | models.WhatIfJob
        | models.TrainDetectorJob
        | models.BacktestJob
        | models.TuneJob
        | models.DetectJob
        | models.TriggersJob
        | models.ForecastJob
        | models.TrainSeriesJob
        | models.RetrainAllJob
        | models.DetectSeriesJob
        | models.ExportModelJob
        | models.GenerateJob
        | models.RebuildHistoryJob
        | models.VerifyJob
        | models.SignalsFetchJob
        | models.ErpPullJob
        | models.ErpPushJob,
        *,
        idempotency_key: str | None = None,
    ) -> models.JobRow:
        """Queue a job; ask for it by the id in the answer, also named in ``Location``."""
        return self._ask(models.JobRow, "POST", "/jobs", body=body, keyed=True, key=idempotency_key)

    def get_job(self, job_id: str) -> models.JobRow:
        """One job with its progress and, when it is done, its result."""
        return self._ask(models.JobRow, "GET", path_to("/jobs/{}", job_id))

    def cancel_job(self, job_id: str) -> models.JobRow:
        """Ask a job to stop: a queued one is cancelled at once, a finished one stays as it is."""
        return self._ask(models.JobRow, "POST", path_to("/jobs/{}/cancel", job_id))

    def list_keys(self) -> models.Page[models.KeyRow]:
        """Every key, the oldest first, and what needs it."""
        return self._ask(models.Page[models.KeyRow], "GET", "/keys")

    def begin_sealing(self) -> models.ResealedRow:
        """Make the first key to seal with, and seal what is there. Keep a copy of the key file."""
        return self._ask(models.ResealedRow, "POST", "/keys")

    def rotate_keys(self, *, reason: str | None = None) -> models.ResealedRow:
        """Make new keys, retire those before, and sign and seal everything anew."""
        return self._ask(models.ResealedRow, "POST", "/keys/rotate", body={"reason": reason})

    def reseal_keys(self) -> models.ResealedRow:
        """Sign and seal with the active keys what was with others: the end of what was killed."""
        return self._ask(models.ResealedRow, "POST", "/keys/reseal")

    def seal_secret(self, *, secret: str, channel: str | None = None) -> models.SealedSecret:
        """Seal a secret for a settings file; it is kept nowhere.

        - `channel`: Of `notify.toml`; left out: the key of `erp.toml`.
        """
        return self._ask(
            models.SealedSecret, "POST", "/keys/seal", body={"secret": secret, "channel": channel}
        )

    def adopt_model(self, version: str, *, reason: str) -> models.Adopted:
        """Check the sums of a version that was brought from elsewhere, and sign it."""
        return self._ask(
            models.Adopted, "POST", path_to("/models/{}/adopt", version), body={"reason": reason}
        )

    def list_audit(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        actor: str | None = None,
        action: str | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> models.Page[models.AuditRow]:
        """Entries, the newest first. Reading them is itself noted.

        - `limit`: Rows of one page. By default 200.
        - `cursor`: `next_cursor` of the page before.
        - `actor`: Exactly: `ana`, `ana/plc-7`, `cli:ana`.
        - `action`: Such as `order_approved`, `read`.
        - `subject`: An id, as the entry has it.
        - `until`: Not included.
        """
        return self._ask(
            models.Page[models.AuditRow],
            "GET",
            "/audit",
            query={
                "limit": limit,
                "cursor": cursor,
                "actor": actor,
                "action": action,
                "subject": subject,
                "since": since,
                "until": until,
            },
        )

    def verify_audit(self) -> models.AuditVerdict:
        """Prove every row by the one before it and the whole by its anchors: it reads every row."""
        return self._ask(models.AuditVerdict, "POST", "/audit/verify")

    def anchor_audit(self) -> models.AnchorMade:
        """Sign the head and keep it outside the database; a server does so by itself too."""
        return self._ask(models.AnchorMade, "POST", "/audit/anchor")

    def list_backups(self) -> models.Page[models.BackupRow]:
        """The scheduled backups, the newest first."""
        return self._ask(models.Page[models.BackupRow], "GET", "/backups")

    def make_backup(self, *, idempotency_key: str | None = None) -> models.JobRow:
        """Back up now: a job. What retention no longer wants is deleted after it."""
        return self._ask(models.JobRow, "POST", "/backups", keyed=True, key=idempotency_key)

    def verify_backup(
        self, name: str, *, deep: bool | None = None, idempotency_key: str | None = None
    ) -> models.JobRow:
        """Check every byte of a backup and its signature: a job.

        - `deep`: Bring its books up beside, prove them, and undo that (SQLite). By default False.
        """
        return self._ask(
            models.JobRow,
            "POST",
            path_to("/backups/{}/verify", name),
            body={"deep": deep},
            keyed=True,
            key=idempotency_key,
        )

    def get_readiness(self) -> models.Ready:
        """200 when requests are welcome, else 503 with the reasons: for load balancers.

        The books can be read, the last write went through, the schema is the newest, the threads
        that plan and take in are alive, the disk has room, and nobody has told the server to stop.
        """
        return self._ask(models.Ready, "GET", "/ready")

    def get_metrics(self) -> File:
        """Metrics for Prometheus, in its text format; numbers of the books are at most 5 s old."""
        return self._file("GET", "/metrics")

    def get_checks(self) -> models.Checks:
        """The checklist: what is ready, what is still to do, what is broken, and the next step."""
        return self._ask(models.Checks, "GET", "/checks")


class Each:
    """The lists of the API, row by row over all their pages."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def list_alerts(
        self, *, limit: int | None = None, state: Literal["open", "resolved"] | None = None
    ) -> Iterator[models.AlertRow]:
        """Every row of ``Operations.list_alerts``."""
        return walked(
            lambda cursor: self._operations.list_alerts(cursor=cursor, limit=limit, state=state)
        )

    def list_stock(
        self,
        *,
        limit: int | None = None,
        location_id: str | None = None,
        part_id: str | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Iterator[models.StockRow]:
        """Every row of ``Operations.list_stock``."""
        return walked(
            lambda cursor: self._operations.list_stock(
                cursor=cursor,
                limit=limit,
                location_id=location_id,
                part_id=part_id,
                as_of=as_of,
                known_at=known_at,
            )
        )

    def list_movements(
        self,
        *,
        limit: int | None = None,
        location_id: str | None = None,
        part_id: str | None = None,
        order_id: str | None = None,
        account: Account | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[models.MovementRow]:
        """Every row of ``Operations.list_movements``."""
        return walked(
            lambda cursor: self._operations.list_movements(
                cursor=cursor,
                limit=limit,
                location_id=location_id,
                part_id=part_id,
                order_id=order_id,
                account=account,
                since=since,
                until=until,
            )
        )

    def list_shipments(self, *, limit: int | None = None) -> Iterator[models.ShipmentRow]:
        """Every row of ``Operations.list_shipments``."""
        return walked(lambda cursor: self._operations.list_shipments(cursor=cursor, limit=limit))

    def list_diary(
        self,
        *,
        limit: int | None = None,
        location_id: str | None = None,
        part_id: str | None = None,
    ) -> Iterator[models.DiaryRow]:
        """Every row of ``Operations.list_diary``."""
        return walked(
            lambda cursor: self._operations.list_diary(
                cursor=cursor, limit=limit, location_id=location_id, part_id=part_id
            )
        )

    def list_forecasts(
        self,
        *,
        limit: int | None = None,
        location_id: str | None = None,
        part_id: str | None = None,
    ) -> Iterator[models.ForecastRow]:
        """Every row of ``Operations.list_forecasts``."""
        return walked(
            lambda cursor: self._operations.list_forecasts(
                cursor=cursor, limit=limit, location_id=location_id, part_id=part_id
            )
        )

    def list_orders(
        self,
        *,
        limit: int | None = None,
        state: OrderState | None = None,
        kind: OrderKind | None = None,
        part_id: str | None = None,
        to_location: str | None = None,
        lane_id: str | None = None,
        departing_from: datetime | None = None,
        due: bool | None = None,
    ) -> Iterator[models.ListedOrder]:
        """Every row of ``Operations.list_orders``."""
        return walked(
            lambda cursor: self._operations.list_orders(
                cursor=cursor,
                limit=limit,
                state=state,
                kind=kind,
                part_id=part_id,
                to_location=to_location,
                lane_id=lane_id,
                departing_from=departing_from,
                due=due,
            )
        )

    def list_users(self, *, limit: int | None = None) -> Iterator[models.UserRow]:
        """Every row of ``Operations.list_users``."""
        return walked(lambda cursor: self._operations.list_users(cursor=cursor, limit=limit))

    def list_tokens(self, *, limit: int | None = None) -> Iterator[models.TokenRow]:
        """Every row of ``Operations.list_tokens``."""
        return walked(lambda cursor: self._operations.list_tokens(cursor=cursor, limit=limit))

    def list_anomalies(
        self,
        *,
        limit: int | None = None,
        location_id: str | None = None,
        part_id: str | None = None,
        state: AnomalyState | None = None,
        since: datetime | None = None,
    ) -> Iterator[models.AnomalyRow]:
        """Every row of ``Operations.list_anomalies``."""
        return walked(
            lambda cursor: self._operations.list_anomalies(
                cursor=cursor,
                limit=limit,
                location_id=location_id,
                part_id=part_id,
                state=state,
                since=since,
            )
        )

    def list_deliveries(
        self,
        *,
        limit: int | None = None,
        state: DeliveryState | None = None,
        channel: str | None = None,
    ) -> Iterator[models.DeliveryRow]:
        """Every row of ``Operations.list_deliveries``."""
        return walked(
            lambda cursor: self._operations.list_deliveries(
                cursor=cursor, limit=limit, state=state, channel=channel
            )
        )

    def list_decisions(
        self,
        *,
        limit: int | None = None,
        location_id: str | None = None,
        part_id: str | None = None,
    ) -> Iterator[models.DecisionRow]:
        """Every row of ``Operations.list_decisions``."""
        return walked(
            lambda cursor: self._operations.list_decisions(
                cursor=cursor, limit=limit, location_id=location_id, part_id=part_id
            )
        )

    def list_dead_letters(
        self, *, limit: int | None = None, state: LetterState | None = None
    ) -> Iterator[models.DeadLetterRow]:
        """Every row of ``Operations.list_dead_letters``."""
        return walked(
            lambda cursor: self._operations.list_dead_letters(
                cursor=cursor, limit=limit, state=state
            )
        )

    def list_jobs(
        self, *, limit: int | None = None, state: JobState | None = None
    ) -> Iterator[models.JobRow]:
        """Every row of ``Operations.list_jobs``."""
        return walked(
            lambda cursor: self._operations.list_jobs(cursor=cursor, limit=limit, state=state)
        )

    def list_audit(
        self,
        *,
        limit: int | None = None,
        actor: str | None = None,
        action: str | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[models.AuditRow]:
        """Every row of ``Operations.list_audit``."""
        return walked(
            lambda cursor: self._operations.list_audit(
                cursor=cursor,
                limit=limit,
                actor=actor,
                action=action,
                subject=subject,
                since=since,
                until=until,
            )
        )
