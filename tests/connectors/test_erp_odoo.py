"""Odoo against recorded answers in the shape of version 17, on this machine."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from supplynet.connectors.erp import Threshold
from supplynet.connectors.erp_odoo import Odoo
from supplynet.connectors.erp_rpc import OdooRpc
from supplynet.connectors.erp_settings import ErpSettings
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.errors import ConnectorError, InvalidInput

RECORDED = Path(__file__).parent / "odoo"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
KEY = "s3cret-key"


class FakeOdoo(ThreadingHTTPServer):
    """Answers what was recorded, keeps what is created, and fails as it is told to.

    Attributes:
        asked: ``model.method`` of every call, in order.
        created: Values of what was created, by model.
        instead: What to answer next in place of the recorded: bytes, or an error's name; a
            callable is called with the true answer first.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.recorded = json.loads((RECORDED / "answers.json").read_text())
        self.errors = json.loads((RECORDED / "errors.json").read_text())
        self.asked: list[str] = []
        self.created: list[tuple[str, dict[str, Any]]] = []
        self.instead: list[Any] = []

    def answer(self, body: dict[str, Any]) -> bytes:
        params = body["params"]
        service, method, args = params["service"], params["method"], params["args"]
        if service == "object":
            assert args[:3] == ["plant", 2, KEY]
            name = f"{args[3]}.{args[4]}"
            result = self._records(name, args[5], args[6])
        else:
            name = f"{service}.{method}"
            result = self.recorded[name]
        self.asked.append(name)
        return json.dumps({"jsonrpc": "2.0", "id": body["id"], "result": result}).encode()

    def error(self, name: str, number: int) -> bytes:
        return json.dumps({"jsonrpc": "2.0", "id": number, "error": self.errors[name]}).encode()

    def _records(self, name: str, args: list[Any], said: dict[str, Any]) -> Any:
        model, _, method = name.rpartition(".")
        if method == "create":
            return self._create(model, args[0])
        if method != "search_read":
            return self.recorded[name]
        rows = [row for row in self.recorded.get(name, []) if all(_fits(row, t) for t in args[0])]
        wanted = said["fields"]
        return [{field: row.get(field, False) for field in wanted} for row in rows[: said["limit"]]]

    def _create(self, model: str, values: dict[str, Any]) -> int:
        number = int(self.recorded[f"{model}.create"])
        self.created.append((model, values))
        row = values | {"id": number, "name": f"NEW{number}", "state": "draft"}
        self.recorded.setdefault(f"{model}.search_read", []).append(row)
        return number


class _Handler(BaseHTTPRequestHandler):
    server: FakeOdoo

    def do_POST(self) -> None:
        assert self.path == "/jsonrpc"
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        special = self.server.instead.pop(0) if self.server.instead else None
        status, kind = 200, "application/json"
        if isinstance(special, str):
            answer = self.server.error(special, body["id"])
        elif isinstance(special, bytes):
            answer, status, kind = special, 502, "text/html"
        else:
            answer = self.server.answer(body)
            answer = answer if special is None else special(answer)
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    def log_message(self, *_said: object) -> None:
        """Tests are quiet."""


def _fits(row: dict[str, Any], term: list[Any]) -> bool:
    field, operator, value = term
    found = row.get(field)
    found = found[0] if isinstance(found, list) else found
    if field not in row or operator == "child_of":
        return True
    checks: dict[str, Callable[[], bool]] = {
        "=": lambda: found == value,
        "in": lambda: found in value,
        ">": lambda: found > value,
        "ilike": lambda: str(value).lower() in str(found or "").lower(),
    }
    return checks[operator]() if operator in checks else True


@pytest.fixture
def server() -> Iterator[FakeOdoo]:
    with FakeOdoo() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join(timeout=10)


def rpc_of(server: FakeOdoo, **said: Any) -> OdooRpc:
    settings = {
        "system": "odoo",
        "url": f"http://127.0.0.1:{server.server_port}",
        "private_host": True,
        "database": "plant",
        "user": "robot",
        "key_env": "ODOO_KEY",
        "locations": {"WH1": "WH/Stock", "SR1": "WH/Showroom 1"},
        "suppliers": {"ACME": "Azure Interior"},
        "parts": {"nut": "N-1"},
    }
    made = ErpSettings(**settings | said)
    return OdooRpc(made, KEY, sleep=lambda _seconds: None, rng=random.Random(1))


@pytest.fixture
def odoo(server: FakeOdoo) -> Odoo:
    return Odoo(rpc_of(server), now=lambda: NOON)


def order(kind: OrderKind = OrderKind.PURCHASE, order_id: str = "ours-7") -> Order:
    bought = kind is OrderKind.PURCHASE
    return Order(
        order_id=order_id,
        kind=kind,
        part_id="bolt",
        from_location="ACME" if bought else "WH1",
        to_location="WH1" if bought else "SR1",
        lane_id="ACME" if bought else "WH1-SR1",
        departure_at=NOON,
        cutoff_at=NOON,
        arrives_at=NOON + timedelta(days=2),
        quantity=200,
        state=OrderState.APPROVED,
        policy="min_max",
        created_at=NOON,
    )


def test_a_check_signs_in_and_finds_the_mapped_places(odoo: Odoo) -> None:
    health = odoo.health()
    assert (health.system, health.lacking) == ("Odoo 17.0", ())


def test_a_check_names_what_is_not_there(server: FakeOdoo) -> None:
    made = Odoo(rpc_of(server, locations={"WH9": "WH/Attic"}), now=lambda: NOON)
    assert made.health().lacking == ("location WH9: Odoo has no 'WH/Attic'",)
    with pytest.raises(InvalidInput, match="has no location 'WH/Attic'"):
        made.pull_stock()


def test_stock_is_added_up_below_a_place_and_fractions_are_left_out(odoo: Odoo) -> None:
    found = {(row.location_id, row.part_id): row.on_hand for row in odoo.pull_stock()}
    assert found == {("SR1", "nut"): -3, ("WH1", "bolt"): 100}  # 70.1 and 29.9 in floats
    assert len(odoo.left_out) == 2
    assert "Desk (id 4) has no internal reference" in odoo.left_out[0]
    assert "WH1/nut) has the quantity 2.5" in odoo.left_out[1]


def test_receipts_carry_supplier_and_order_and_foreign_units_are_left_out(odoo: Odoo) -> None:
    first, second = odoo.pull_receipts(NOON - timedelta(days=1))
    assert (first.key, first.location_id, first.part_id, first.quantity) == (
        "odoo/move-501",
        "WH1",
        "bolt",
        95,
    )
    assert first.occurred_at == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert first.data == {"supplier_id": "ACME", "order_id": "ours-1"}
    assert second.data == {"supplier_id": "supplier", "order_id": "erp.P00013.nut"}
    assert odoo.left_out == [
        "[bolt] Bolt (id 502) is in Dozens, which is not the product's own unit"
    ]


def test_orders_are_those_for_our_places_that_are_not_all_there(odoo: Odoo) -> None:
    ours, theirs = odoo.pull_orders(NOON - timedelta(days=7))
    assert (ours.erp_id, ours.our_ids, ours.quantity, ours.to_location) == (
        "P00012",
        ("ours-1",),
        200,
        "WH1",
    )
    assert (theirs.erp_id, theirs.our_ids, theirs.part_id) == ("P00013", (), "nut")
    assert theirs.due_at == datetime(2026, 1, 6, 12, tzinfo=UTC)


def test_pages_are_put_together(server: FakeOdoo, odoo: Odoo) -> None:
    whole = odoo.pull_stock()
    server.asked.clear()
    paged = Odoo(rpc_of(server, page_rows=2), now=lambda: NOON).pull_stock()
    assert paged == whole
    assert server.asked.count("stock.quant.search_read") == 3


def test_a_purchase_is_made_once(server: FakeOdoo, odoo: Odoo) -> None:
    assert odoo.push_order(order()).done == "created"
    assert odoo.push_order(order()).done == "there"
    ((model, values),) = server.created
    assert model == "purchase.order"
    assert (values["origin"], values["partner_id"], values["picking_type_id"]) == ("ours-7", 11, 1)
    assert values["order_line"] == [
        [0, 0, {"product_id": 101, "product_qty": 200, "date_planned": "2026-01-07 12:00:00"}]
    ]


def test_a_transfer_becomes_an_internal_picking(server: FakeOdoo, odoo: Odoo) -> None:
    assert odoo.push_order(order(OrderKind.TRANSFER)).done == "created"
    ((model, values),) = server.created
    assert (model, values["picking_type_id"]) == ("stock.picking", 5)
    assert (values["location_id"], values["location_dest_id"]) == (8, 31)
    ((_, _, line),) = values["move_ids"]
    assert (line["product_uom"], line["product_uom_qty"], line["name"]) == (1, 200, "bolt")


def test_an_order_whose_answer_was_lost_is_found_and_not_made_again(
    server: FakeOdoo, odoo: Odoo
) -> None:
    odoo.health()
    odoo.pull_stock()  # all look-ups but those of the order itself are known now
    with pytest.raises(ConnectorError):
        lost_answer(server, odoo)
    assert len(server.created) == 1
    assert odoo.push_order(order()).done == "there"
    assert len(server.created) == 1


def lost_answer(server: FakeOdoo, odoo: Odoo) -> None:
    """Odoo makes the order, and what comes back is the error page of a proxy."""

    class Lost(list[Any]):
        def pop(self, _index: Any = 0) -> Any:
            def spoil(answer: bytes) -> bytes:
                created = server.asked[-1].endswith(".create")
                return b"<html>504 Gateway Time-out</html>" if created else answer

            return spoil

        def __bool__(self) -> bool:
            return True

    server.instead = Lost()
    try:
        odoo.push_order(order())
    finally:
        server.instead = []


def test_an_order_that_was_cancelled_or_doubled_over_there_is_refused(
    server: FakeOdoo, odoo: Odoo
) -> None:
    rows = server.recorded["purchase.order.search_read"]
    row = {"name": "P1", "origin": "ours-7, ours-8", "state": "cancel"}
    rows.append(row | {"id": 41})
    with pytest.raises(InvalidInput, match="was cancelled in Odoo"):
        odoo.push_order(order())
    rows += [row | {"id": 42, "state": "draft"}, row | {"id": 43, "state": "draft"}]
    with pytest.raises(InvalidInput, match="is there 2 times"):
        odoo.push_order(order())
    assert odoo.push_order(order(order_id="ours")).done == "created"  # not part of another's id


def test_orders_are_confirmed_where_that_is_wanted(server: FakeOdoo) -> None:
    made = Odoo(rpc_of(server, confirm=True), now=lambda: NOON)
    made.push_order(order())
    assert server.asked[-1] == "purchase.order.button_confirm"


def test_a_dry_run_changes_nothing(server: FakeOdoo) -> None:
    made = Odoo(rpc_of(server, confirm=True), now=lambda: NOON, dry_run=True)
    assert made.push_order(order()).erp_id is None
    assert [each.done for each in made.push_min_max([threshold(300)])] == ["updated"]
    assert server.created == []
    changing = {"write", "create", "button_confirm"}
    assert not changing & {name.rpartition(".")[2] for name in server.asked}


def threshold(reorder_point: int, part: str = "bolt", place: str = "WH1") -> Threshold:
    return Threshold(
        location_id=place, part_id=part, reorder_point=reorder_point, order_up_to_level=1000
    )


def test_thresholds_are_written_where_they_differ(server: FakeOdoo, odoo: Odoo) -> None:
    rows = [threshold(500), threshold(20, "nut"), threshold(20, "screw"), threshold(1, place="X")]
    done = odoo.push_min_max(rows)
    # Odoo orders below 501, which is at 500 or less.
    assert [(each.what, each.done) for each in done] == [
        ("WH1/bolt", "there"),
        ("WH1/nut", "created"),
    ]
    ((model, values),) = server.created
    assert model == "stock.warehouse.orderpoint"
    assert (values["product_min_qty"], values["product_max_qty"], values["warehouse_id"]) == (
        21,
        1000,
        1,
    )
    assert len(odoo.left_out) == 2
    assert [each.done for each in odoo.push_min_max([threshold(400)])] == ["updated"]


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("access", "does not allow 'robot': You are not allowed to access 'Quants'"),
        ("database", "has no database 'plant'"),
        ("user", "refuses: You cannot create"),
    ],
)
def test_what_odoo_refuses_is_not_asked_again(
    server: FakeOdoo, odoo: Odoo, error: str, says: str
) -> None:
    server.instead = [error]
    with pytest.raises(InvalidInput, match="Odoo") as raised:
        odoo.pull_stock()
    assert says in str(raised.value)
    assert "Traceback" not in str(raised.value)
    assert server.asked == []


def test_a_wrong_key_is_said_and_not_shown(server: FakeOdoo, odoo: Odoo) -> None:
    server.recorded["common.authenticate"] = False
    with pytest.raises(InvalidInput, match="no user 'robot' with this key") as raised:
        odoo.pull_stock()
    assert KEY not in str(raised.value)
    assert KEY not in repr(rpc_of(server))


@pytest.mark.parametrize("trouble", ["busy", b"<html><body>502 Bad Gateway</body></html>", b""])
def test_a_question_is_asked_again_after_trouble_and_given_up_at_last(
    server: FakeOdoo, odoo: Odoo, trouble: str | bytes
) -> None:
    server.instead = [trouble, trouble]
    assert odoo.pull_stock()
    server.instead = [trouble] * 3
    with pytest.raises(ConnectorError):
        odoo.pull_stock()


def test_a_change_is_not_tried_again(server: FakeOdoo) -> None:
    rpc = rpc_of(server)
    rpc.sign_in()
    server.instead = ["busy"]
    with pytest.raises(ConnectorError, match="SerializationFailure"):
        rpc.change("purchase.order", "create", [{"origin": "x"}])
    assert server.created == []


def test_a_server_that_does_not_answer_in_time_is_given_up(server: FakeOdoo) -> None:
    held = threading.Event()

    def slow(answer: bytes) -> bytes:
        held.wait(10)
        return answer

    server.instead = [slow] * 3
    try:
        with pytest.raises(ConnectorError, match=r"nothing came for|longer than"):
            Odoo(rpc_of(server, timeout_seconds=0.05), now=lambda: NOON).health()
    finally:
        held.set()


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda answer: answer[: len(answer) // 2],
        lambda _answer: b'{"jsonrpc": "2.0", "id": 99999, "result": []}',
        lambda _answer: b"[]",
        lambda answer: answer.replace(b'"quantity"', b'"qty"'),
        lambda answer: answer.replace(b'"id": 2,', b'"id": 1,'),
        lambda answer: answer.replace(b'[101, "[bolt] Bolt"]', b"false"),
        lambda answer: answer.replace(b"70.1", b"NaN"),
        lambda answer: answer.replace(b"70.1", b'"many"'),
    ],
)
def test_an_answer_that_cannot_be_is_an_error_of_the_other_side(
    server: FakeOdoo, odoo: Odoo, spoiled: Callable[[bytes], bytes]
) -> None:
    odoo.health()

    def at_quants(answer: bytes) -> bytes:
        return spoiled(answer) if server.asked[-1] == "stock.quant.search_read" else answer

    server.instead = [at_quants] * 50
    with pytest.raises(ConnectorError):
        odoo.pull_stock()


def test_no_other_host_is_asked(server: FakeOdoo) -> None:
    closed = Odoo(rpc_of(server, private_host=False), now=lambda: NOON)
    with pytest.raises(InvalidInput, match="must be asked by https"):
        closed.health()
    assert server.asked == []
