"""What somebody with fewer rights finds out or brings about by a way round."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.testclient import TestClient

from supplynet.api import stream
from supplynet.api.admission import Access
from supplynet.api.clock import SmoothClock
from supplynet.api.identity import Identity, session_of
from supplynet.connectors.event_body import EventBody
from supplynet.errors import NotAllowed, StoreError
from supplynet.security.access import OPERATIONS
from supplynet.security.credentials import fingerprint
from supplynet.services import intake, refusals
from supplynet.services.books import Books, plant_of
from supplynet.services.recognition import principal_of
from supplynet.services.refusals import RefusalLog
from supplynet.storage import audit, jobs, sessions, users

API = "/api/v1"
CSV = {"content-type": "text/csv"}
STOCK = b"location_id,part_id,on_hand\nWH1,P-001,900\n"
Client = Callable[..., TestClient]


def submit(books: Books, job_id: str, kind: str) -> None:
    with books.store.write("ana", books.wall_clock()) as tx:
        jobs.submit(tx, job_id, kind, {"secret": "of the board"})


@pytest.mark.parametrize(
    ("kind", "seen"), [("what_if", False), ("erp_push", False), ("train", True)]
)
def test_a_job_tells_what_it_was_for_to_those_who_may_ask_for_such(
    client: Client, books: Books, kind: str, seen: bool
) -> None:
    submit(books, "job-1", kind)
    cleo = client("cleo")
    one = cleo.get(f"{API}/jobs/job-1").json()
    (listed,) = cleo.get(f"{API}/jobs").json()["items"]
    assert (one["kind"], one["state"]) == (kind, "queued")
    assert one["params"] == listed["params"] == ({"secret": "of the board"} if seen else {})
    assert client("ana").get(f"{API}/jobs/job-1").json()["params"]


def test_who_brings_in_data_posts_no_stock_and_no_orders_of_an_erp(client: Client) -> None:
    cleo, ana = client("cleo"), client("ana")
    for kind in ("stock", "erp_stock", "erp_orders", "erp_receipts"):
        assert send(cleo, kind).status_code == 403
    path = f"{API}/imports/{send(ana, 'stock').json()['import_id']}/take"
    assert cleo.post(path).status_code == 403
    assert ana.post(path).status_code == 202


def send(browser: TestClient, kind: str) -> Any:
    params = {"name": "stock.csv", "kind": kind}
    return browser.post(f"{API}/imports", content=STOCK, params=params, headers=CSV)


def test_the_key_of_a_person_is_no_key_of_her_machine(app: FastAPI) -> None:
    books: Books = app.state.books
    with books.store.read() as tx:
        ana = users.get(tx, "ana")
    person, machine = principal_of(ana, "password"), principal_of(ana, "token", machine="plc-7")
    access = partial(Access, books, OPERATIONS["add_order"], sites=None)
    assert access(who=person).key("plc-7/1") != access(who=machine).key("1")
    assert access(who=person).key("1") == "ana:1"


def test_nobody_of_a_site_reports_in_the_name_of_a_machine_of_another(books: Books) -> None:
    plant = plant_of(books)
    assert plant is not None
    within = frozenset({"SR1"})

    def report(source: str) -> None:
        body: dict[str, Any] = {
            "schema": 1,
            "event_id": "4711",
            "source": source,
            "type": "counted",
            "occurred_at": books.now().isoformat(),
            "location_id": "SR1",
            "part_id": "P-001",
            "quantity": 3,
        }
        intake.take_in(books, [EventBody(**body).event()], actor="dan", within=within)

    for source in ("SR1-plc", "scanner-3"):
        report(source)
    with pytest.raises(NotAllowed, match="SR2 is at none of your sites"):
        report("SR2-plc")


def opened_stream(app: FastAPI, browser: TestClient, meanwhile: Callable[[], object]) -> list[str]:
    """What a stream of a browser says before and after something; it has ended then."""
    cookies = "; ".join(f"{each.name}={each.value}" for each in browser.cookies.jar)
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": f"{API}/stream",
        "query_string": b"",
        "headers": [(b"cookie", cookies.encode())],
        "client": ("127.0.0.1", 5),
        "app": app,
    }
    request = Request(scope)
    identify = app.state.identify

    async def listen() -> list[str]:
        feed = stream.ChangeFeed(app.state.books, SmoothClock())
        async with feed.running():
            who = identify(request)
            events = stream._events(feed, feed.seq, [], partial(identify.still, request, who))
            first = [await anext(events) for _ in range(2)]
            assert all("event: tick" in each for each in first)
            meanwhile()
            async with asyncio.timeout(10):
                return [each async for each in events]

    return asyncio.run(listen())


@pytest.mark.parametrize("by", ["signing out", "being disabled", "another role", "trouble"])
def test_a_stream_ends_with_what_it_was_opened_by(
    app: FastAPI, client: Client, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setattr(stream, "TICK_SECONDS", 0.05)
    browser, ana = client("cleo"), client("ana")
    roles = {"grants": [{"role": "viewer", "sites": ["SR1"]}]}

    def trouble() -> None:
        def still(*_said: object) -> bool:
            raise StoreError("the database does not answer")

        monkeypatch.setattr("supplynet.api.identity.still_opens", still)

    meanwhile: dict[str, Callable[[], object]] = {
        "signing out": lambda: browser.delete(f"{API}/session"),
        "being disabled": lambda: ana.patch(f"{API}/users/cleo", json={"state": "disabled"}),
        "another role": lambda: ana.patch(f"{API}/users/cleo", json=roles),
        "trouble": trouble,
    }
    said = opened_stream(app, browser, meanwhile[by])
    assert len(said) <= 3  # what was on its way


def test_a_stream_that_is_open_keeps_no_session_alive(
    app: FastAPI, client: Client, books: Books
) -> None:
    browser = client("cleo")
    scope = {"type": "http", "method": "GET", "scheme": "http", "path": "/", "query_string": b""}
    cookies = "; ".join(f"{each.name}={each.value}" for each in browser.cookies.jar)
    request = Request({**scope, "headers": [(b"cookie", cookies.encode())], "client": ("::1", 5)})
    who = app.state.identify(request)
    key = fingerprint(session_of(request))
    with books.store.read() as tx:
        before = sessions.find(tx, key)
    assert before is not None
    late = replace(books, wall_clock=lambda: before.seen_at + sessions.IDLE["password"] * 0.9)
    assert Identity(late).still(request, who)
    with books.store.read() as tx:
        assert sessions.find(tx, key) == before
    over = replace(books, wall_clock=lambda: before.seen_at + sessions.IDLE["password"])
    assert not Identity(over).still(request, who)


def test_what_is_refused_is_counted_for_the_audit_log(
    app: FastAPI, client: Client, books: Books
) -> None:
    counted = app.state.refusals = RefusalLog()
    stranger = client(headers={"authorization": "Bearer sn_" + "a" * 43})
    cleo = client("cleo")
    for _ in range(3):
        assert stranger.get(f"{API}/stock").status_code == 401
        assert cleo.get(f"{API}/users").status_code == 403
    assert send(cleo, "erp_stock").status_code == 403
    del cleo.headers["x-csrf-token"]
    assert cleo.post(f"{API}/session/end-all").status_code == 403
    assert client().get(f"{API}/session").status_code == 401  # a page that has not signed in yet
    with books.store.read() as tx:
        last, _ = audit.head(tx)
    assert counted.flush(books) == 0  # not yet a minute
    assert counted.flush(books, at_once=True) == 4
    with books.store.read() as tx:
        rows = audit.entries(tx, after_seq=last)
    assert {(row.actor, row.subject, *row.after.items()) for row in rows} == {
        ("nobody", "list_stock", ("count", 3), ("status", 401)),
        ("cleo", "list_users", ("count", 3), ("status", 403)),
        ("cleo", "upload_import", ("count", 1), ("status", 403)),
        ("nobody", "end_my_sessions", ("count", 1), ("status", 403)),
    }
    assert {row.action for row in rows} == {"refused"}
    assert {row.origin for row in rows} == {"http testclient"}


def test_a_flood_of_refusals_is_a_hundred_rows_a_minute(books: Books) -> None:
    now = 0.0
    log = RefusalLog(monotonic=lambda: now)
    for number in range(3 * refusals.MOST_ROWS):
        log.add(
            refusals.Refusal(
                actor="nobody", origin=f"http 10.0.0.{number}", operation="get_order", status=401
            )
        )
    assert log.flush(books) == 0
    now = refusals.EVERY_SECONDS
    assert log.flush(books) == refusals.MOST_ROWS + 1
    assert log.flush(books, at_once=True) == 0
    with books.store.read() as tx:
        (rest,) = audit.entries(tx, subject="(more)")
    assert (rest.actor, rest.after) == ("nobody", {"status": 401, "count": 2 * refusals.MOST_ROWS})
