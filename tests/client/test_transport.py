"""What the client sends, sends again, and makes of the answers; the server is a function."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from supplynet import errors
from supplynet.client import Client, Conflict, Patience, Refused, StillRunning, Unreachable

TOKEN = "sn_" + "a" * 43
OK = {"status": "ok", "change": 7, "version": "1"}
PAUSED = {"mode": "auto", "paused": True}
JOB: dict[str, Any] = {
    "job_id": "j1",
    "kind": "verify",
    "params": {},
    "state": "queued",
    "progress": 0.0,
    "message": "",
    "result": None,
    "error": None,
    "cancel_requested": False,
    "submitted_by": "ana",
    "created_at": "2026-01-05T04:00:00Z",
    "started_at": None,
    "finished_at": None,
}


class Server:
    """Answers one after the other; the last of them for ever. An exception is a lost connection."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers, self.asked, self.bodies = list(answers), list[httpx2.Request](), list[bytes]()
        self.slept: list[float] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        self.bodies.append(request.read())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **more: Any) -> Client:
        patience = Patience(sleep=self.slept.append, spread=lambda: 1.0)
        settings = {"token": TOKEN, "patience": patience, **more}
        return Client("https://plant:8321/", connection=httpx2.MockTransport(self), **settings)


def said(status: int, body: Any, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, json=body, headers=named)


def problem(status: int, **headers: str) -> httpx2.Response:
    return said(status, {"status": status, "detail": "no", "request_id": "r1"}, **headers)


def lost() -> Exception:
    return httpx2.ReadError("connection reset")


def test_a_read_is_asked_again_while_the_server_is_busy_and_waits_as_it_says() -> None:
    server = Server(problem(503), problem(429, retry_after="9"), said(200, OK))
    assert server.client().get_health().change == 7
    assert [request.url.path for request in server.asked] == ["/api/v1/health"] * 3
    assert server.slept == [0.25, 9.0]


@pytest.mark.parametrize("failure", [lost, lambda: problem(503)], ids=["lost", "busy"])
def test_a_write_with_a_key_is_sent_again_under_the_same_key(
    failure: Callable[[], httpx2.Response | Exception],
) -> None:
    server = Server(failure(), said(200, PAUSED))
    assert server.client().set_automation(paused=True).paused
    keys = {request.headers["idempotency-key"] for request in server.asked}
    assert len(server.asked) == 2
    assert len(keys) == 1
    server.client().set_automation(paused=True)
    assert server.asked[2].headers["idempotency-key"] not in keys


@pytest.mark.parametrize("failure", [lost, lambda: problem(503)], ids=["lost", "busy"])
def test_a_write_without_a_key_is_sent_once(
    failure: Callable[[], httpx2.Response | Exception],
) -> None:
    server = Server(failure(), said(200, {"ended": 1}))
    with pytest.raises(errors.ConnectorError):
        server.client().end_sessions("ana")
    assert len(server.asked) == 1


def test_trying_ends() -> None:
    server = Server(lost())
    with pytest.raises(Unreachable, match="no answer to GET /health: connection reset"):
        server.client().get_health()
    assert server.slept == [0.25, 0.5, 1.0]


def test_a_wait_that_is_too_long_is_the_callers() -> None:
    server = Server(problem(429, retry_after="3600"))
    with pytest.raises(errors.TooManyRequests) as raised:
        server.client().get_health()
    assert raised.value.retry_after_seconds == 3600
    assert server.slept == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.InvalidInput),
        (401, errors.NotSignedIn),
        (403, errors.NotAllowed),
        (404, errors.NotFound),
        (409, Conflict),
        (412, errors.VersionMoved),
        (413, errors.InvalidInput),
        (422, errors.InvalidInput),
        (500, Refused),
    ],
)
def test_a_problem_is_an_error_of_the_tree(status: int, kind: type[Exception]) -> None:
    wrong = [{"where": "path.order_id", "wrong": "too long"}]
    body = {"status": status, "detail": "that is wrong", "request_id": "r1", "errors": wrong}
    server = Server(said(status, body))
    with pytest.raises(kind) as raised:
        server.client().get_order("o1")
    assert isinstance(raised.value, Refused)
    assert str(raised.value) == f"that is wrong ({status} to GET /orders/o1, request r1)"
    assert (raised.value.status, raised.value.detail) == (status, "that is wrong")
    assert raised.value.mistakes == [("path.order_id", "too long")]


def test_what_is_no_problem_body_is_told_of_too() -> None:
    server = Server(httpx2.Response(500, text="<h1>proxy</h1>"))
    with pytest.raises(Refused, match=r"<h1>proxy</h1> \(500 to GET /health\)"):
        server.client().get_health()


def test_an_answer_of_something_else_is_no_row() -> None:
    with pytest.raises(errors.ConnectorError, match="is this SupplyNet"):
        Server(said(200, {"hello": 1})).client().get_health()


def test_a_redirect_is_not_followed_for_the_token_would_go_along() -> None:
    server = Server(httpx2.Response(307, headers={"location": "https://elsewhere/"}))
    with pytest.raises(Refused):
        server.client().get_health()
    assert len(server.asked) == 1


def test_no_secret_is_shown() -> None:
    server = Server(problem(401))
    client = server.client()
    assert repr(client) == "Client('https://plant:8321')"
    with pytest.raises(errors.NotSignedIn) as raised:
        client.sign_in(name="ana", password="correct horse")
    assert "horse" not in repr(raised.value)
    with pytest.raises(errors.ConfigError) as wrong:
        Client("https://plant", token=f"{TOKEN}\n")
    assert TOKEN not in str(wrong.value)


@pytest.mark.parametrize(
    "server", ["plant:8321", "http://plant", "https://ana:pw@plant", "https://plant?a=1", ""]
)
def test_an_address_that_cannot_be_or_is_not_safe_is_refused(server: str) -> None:
    with pytest.raises(errors.ConfigError) as raised:
        Client(server)
    assert "pw" not in str(raised.value)


def test_another_machine_is_asked_without_tls_only_when_that_is_said() -> None:
    assert Client("http://plant", insecure=True).server == "http://plant"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
def test_a_name_that_would_be_another_path_is_not_sent(name: str) -> None:
    server = Server(problem(404))
    with pytest.raises(errors.InvalidInput, match="is no name"):
        server.client().get_order(name)
    assert server.asked == []


def test_a_row_is_its_own_if_match() -> None:
    server = Server(said(200, PAUSED, etag='"v1"'), said(200, PAUSED, etag='"v2"'))
    client = server.client()
    row = client.get_automation()
    newer = client.set_automation(paused=False, if_match=row)
    client.set_automation(paused=True, if_match=newer)
    sent = [request.headers.get("if-match") for request in server.asked]
    assert sent == [None, '"v1"', '"v2"']
    with pytest.raises(errors.InvalidInput, match="has no ETag"):
        client.set_automation(paused=True, if_match=row.model_copy())


def test_what_is_left_out_is_not_sent_and_a_null_that_counts_is() -> None:
    server = Server(problem(500))
    client = server.client()
    with pytest.raises(Refused):
        client.add_token(name="plc", scopes=["events.send"])
    with pytest.raises(Refused):
        client.add_token(name="plc", scopes=["events.send"], expires_in_days=None)
    first, second = (json.loads(body) for body in server.bodies)
    assert first == {"name": "plc", "scopes": ["events.send"], "expires_in_days": 365}
    assert second == {"name": "plc", "scopes": ["events.send"], "expires_in_days": None}


def test_a_session_says_its_csrf_token_with_every_write() -> None:
    session = {
        "actor": "ana",
        "display_name": "",
        "how": "password",
        "must_change_password": False,
        "expires_at": None,
        "permissions": {},
        "sites": [],
        "csrf_token": "c" * 64,
    }
    server = Server(said(200, session), said(200, PAUSED), said(200, OK))
    client = server.client(token=None)
    client.sign_in(name="ana", password="correct horse")
    client.set_automation(paused=True)
    client.get_health()
    told = [request.headers.get("x-csrf-token") for request in server.asked]
    assert told == [None, "c" * 64, None]


def test_a_file_is_sent_from_its_beginning_each_time(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(b"date,sku\n" * 1000)
    server = Server(lost(), problem(422))
    with pytest.raises(errors.InvalidInput):
        server.client().upload_import(path, name="sales.csv", map=["a=b", "c=d"])
    assert server.bodies == [path.read_bytes()] * 2
    assert str(server.asked[0].url).endswith("/imports?name=sales.csv&map=a%3Db&map=c%3Dd")
    assert server.asked[0].headers["content-type"] == "application/octet-stream"


def test_a_file_that_comes_is_kept_and_saved(tmp_path: Path) -> None:
    answer = httpx2.Response(200, text="a,b\n1,2\n", headers={"content-type": "text/csv"})
    file = Server(answer).client().export_table("stock")
    file.save(tmp_path / "stock.csv")
    assert (tmp_path / "stock.csv").read_bytes() == b"a,b\n1,2\n"
    assert (file.media_type, file.text) == ("text/csv", "a,b\n1,2\n")


def test_each_row_is_taken_over_all_pages() -> None:
    page, last = {"items": [JOB], "next_cursor": "c2"}, {"items": [JOB, JOB], "next_cursor": None}
    server = Server(said(200, page), said(200, last))
    assert len(list(server.client().each.list_jobs(state="queued"))) == 3
    assert [str(each.url.query.decode()) for each in server.asked] == [
        "state=queued",
        "cursor=c2&state=queued",
    ]


def test_a_job_is_waited_for_and_its_progress_told() -> None:
    running, done = JOB | {"state": "running", "progress": 0.5}, JOB | {"state": "done"}
    server, shares = Server(said(200, JOB), said(200, running), said(200, done)), list[str]()
    row = server.client().wait("j1", progress=lambda job: shares.append(job.state))
    assert (row.state, shares) == ("done", ["queued", "running", "done"])


def test_a_job_that_does_not_end_well_is_an_error() -> None:
    failed, stopped = JOB | {"state": "failed", "error": "no disk"}, JOB | {"state": "cancelled"}
    with pytest.raises(errors.JobError, match=r"job j1 \(verify\) failed: no disk"):
        Server(said(200, failed)).client().wait("j1")
    with pytest.raises(errors.JobCancelled):
        Server(said(200, stopped)).client().wait("j1")
    times = iter([0.0, 5.0, 11.0])
    with pytest.raises(StillRunning, match="job j1 is queued after 10 s"):
        Server(said(200, JOB)).client().wait("j1", timeout_seconds=10, clock=lambda: next(times))


def test_changes_go_on_where_the_connection_was_lost() -> None:
    def stream(*events: tuple[str, int, Any]) -> httpx2.Response:
        text = "".join(
            f"event: {kind}\ndata: {json.dumps({'change': seq} | more)}\n\n"
            for kind, seq, more in events
        )
        return httpx2.Response(200, text=text, headers={"content-type": "text/event-stream"})

    server = Server(
        stream(("tick", 4, {}), ("change", 5, {"kinds": ["order"]})),
        lost(),
        stream(("gap", 90, {})),
        problem(403),
    )
    found = server.client().changes()
    seen = [(each.seq, each.kinds) for each in (next(found), next(found))]
    assert seen == [(5, frozenset({"order"})), (90, None)]
    with pytest.raises(errors.NotAllowed):
        next(found)
    told = [request.headers.get("last-event-id") for request in server.asked]
    assert told == [None, "5", "5", "90"]
