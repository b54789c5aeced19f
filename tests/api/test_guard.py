"""The outermost layer alone, around an application that says what it was asked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from supplynet.api import problems
from supplynet.api.body_limits import LARGEST_BODY, BodyLimits
from supplynet.api.client_address import Proxies
from supplynet.api.door import Door
from supplynet.api.guard import GuardMiddleware
from supplynet.api.rate_limits import Rates
from supplynet.api.request_id import REQUEST_ID
from supplynet.api.security_headers import API_POLICY, HEADERS

HERE = "http://plant.example"
OPEN = Door(rates=None)
JSON = {"content-type": "application/json"}


async def mirror(request: Request) -> Response:
    """What came through, and a failure when the body says so."""
    body = await request.body()
    if body == b"fail":
        raise ZeroDivisionError("secret")
    client = request.client.host if request.client else None
    seen = {"length": len(body), "client": client, "scheme": request.url.scheme}
    return JSONResponse(seen | {"id": REQUEST_ID.get(), "headers": sorted(request.headers)})


def behind(door: Door = OPEN, peer: str = "203.0.113.9") -> TestClient:
    every = ["GET", "POST", "PUT", "DELETE"]
    app = Starlette(routes=[Route("/{path:path}", mirror, methods=every)])
    problems.install(app)  # type: ignore[arg-type]  # asks no more of it than Starlette has
    app.add_middleware(GuardMiddleware, hosts=["plant.example"], door=door)
    return TestClient(app, base_url=HERE, client=(peer, 4711))


def is_problem(answer: Any, status: int) -> bool:
    body = answer.json()
    return bool(
        answer.status_code == status == body["status"]
        and answer.headers["content-type"] == "application/problem+json"
        and answer.headers["x-request-id"] == body["request_id"]
    )


def test_every_request_has_a_number_of_ours() -> None:
    client = behind()
    answers = [client.get("/", headers={"x-request-id": "theirs"}) for _ in range(2)]
    numbers = [answer.headers["x-request-id"] for answer in answers]
    assert numbers == [answer.json()["id"] for answer in answers]
    assert len({*numbers, "theirs"}) == 3


def test_a_failure_is_told_by_its_number_and_the_rest_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = behind().post("/api/x", content=b"fail")
    assert is_problem(answer, 500)
    assert "secret" not in answer.text
    assert "secret" in caplog.text


def test_answers_carry_their_headers_and_those_of_the_api_are_stricter() -> None:
    client = behind()
    page, data = client.get("/"), client.get("/api/x")
    assert HEADERS.items() <= dict(page.headers).items()
    assert data.headers["content-security-policy"] == API_POLICY
    assert data.headers["cache-control"] == "no-store"
    assert data.headers["vary"] == "Authorization, Cookie"
    assert "strict-transport-security" not in page.headers


def test_over_tls_a_browser_is_told_to_stay_there() -> None:
    answer = behind().get("https://plant.example/")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_no_other_site_is_ever_allowed_to_read() -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    for method in ("GET", "OPTIONS"):
        answer = behind().request(method, "/api/x", headers=asked)
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/%00", {}, 400),
        ("GET", "/a%0ab", {}, 400),
        ("GET", "/a%7F", {}, 400),
        ("GET", "/%ff", {}, 400),
        ("GET", "/?a=%00", {}, 400),
        ("GET", "/a//b", {}, 404),
        ("GET", "/a/%2e%2e/b", {}, 404),
        ("GET", "/a/.%2E", {}, 404),
        ("GET", "/a%2fb", {}, 404),
        ("GET", "/a%5cb", {}, 404),
        ("GET", "/" + "a" * 2048, {}, 414),
        ("GET", "/?a=" + "a" * 8192, {}, 414),
        ("GET", "/?" + "a&" * 100, {}, 414),
        ("GET", "/", {"a": "b" * 33_000}, 431),
        ("GET", "/", {f"a{n}": "b" for n in range(100)}, 431),
        ("GET", "/", {"host": "evil.example"}, 400),
        ("GET", "/", {"host": "plant.example.evil.example"}, 400),
        ("GET", "/", {"host": ""}, 400),
        ("GET", "/", {"content-length": "5"}, 400),
        ("GET", "/", {"transfer-encoding": "chunked"}, 400),
        ("POST", "/", {"transfer-encoding": "gzip, chunked"}, 400),
        ("POST", "/", {"content-length": "1", "transfer-encoding": "chunked"}, 400),
        ("POST", "/", {"content-length": "-1"}, 400),
        ("POST", "/", {"content-length": "1_0"}, 400),
        ("POST", "/", {"content-length": "9" * 100}, 413),
        ("POST", "/", {"content-length": str(LARGEST_BODY + 1)}, 413),
        ("POST", "/", {"content-encoding": "gzip"}, 415),
        ("POST", "/", {"origin": "https://evil.example"}, 403),
        ("POST", "/", {"origin": "null"}, 403),
        ("POST", "/", {"origin": "http://["}, 403),
        ("POST", "/", {"origin": "http://plant.example:81"}, 403),
        ("DELETE", "/", {"sec-fetch-site": "cross-site"}, 403),
        ("PUT", "/", {"sec-fetch-site": "same-site"}, 403),
        ("POST", "/", {"sec-fetch-site": "cross-site", "authorization": "Basic YTpi"}, 403),
    ],
)
def test_what_cannot_be_meant_is_refused_unread(
    method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = behind().request(method, path, headers=headers)
    assert is_problem(answer, status)
    assert HEADERS.keys() <= answer.headers.keys()
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/a.b/..c/%C3%A9?q=%20%C3%A9", {}),
        ("GET", "/", {"host": "PLANT.example:8321"}),
        ("GET", "/", {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}),
        ("POST", "/", {"origin": HERE, "sec-fetch-site": "same-origin"}),
        ("POST", "/", {"content-encoding": "identity"}),
        ("POST", "/", {"authorization": "Bearer sn_x", "origin": "https://other.example"}),
    ],
)
def test_what_can_be_meant_passes(method: str, path: str, headers: dict[str, str]) -> None:
    assert behind().request(method, path, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "name", ["host", "authorization", "cookie", "content-type", "if-match", "idempotency-key"]
)
def test_a_header_that_two_readers_could_read_differently_is_there_once(name: str) -> None:
    twice = [(name, "plant.example"), (name, "plant.example")]
    assert is_problem(behind().post("/", headers=twice), 400)


def test_a_body_that_does_not_say_its_length_is_counted() -> None:
    pieces = [b"x" * 1000] * (LARGEST_BODY // 1000 + 1)
    assert is_problem(behind().post("/", content=iter(pieces)), 413)
    assert behind().post("/", content=iter(pieces[:-2])).json()["length"] < LARGEST_BODY


def test_only_where_files_come_in_may_a_body_be_larger() -> None:
    client = behind(replace(OPEN, bodies=BodyLimits({"/api/v1/imports": 2 * LARGEST_BODY})))
    body = b"x" * (LARGEST_BODY + 1)
    assert client.post("/api/v1/imports", content=body).json()["length"] == len(body)
    for path in ("/api/v1/imports/7/take", "/api/v1/importsx", "/"):
        assert is_problem(client.post(path, content=body), 413)
    assert is_problem(client.post("/api/v1/imports", content=body * 2), 413)


def limited(**changed: int) -> Door:
    rates = {"address": 1000, "user": 1000, "dear": 1000, "sign_in": 1000} | changed
    return Door(rates=Rates.of(**rates, monotonic=lambda: 0.0))


def test_an_address_that_asks_too_often_is_told_when_to_ask_again() -> None:
    client = behind(limited(address=3))
    assert [client.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = client.get("/", headers={"x-forwarded-for": "198.51.100.7"})
    assert is_problem(answer, 429)
    assert answer.headers["retry-after"] == "20"


def test_the_client_of_a_trusted_proxy_is_counted_and_named() -> None:
    door = replace(limited(address=1), proxies=Proxies.of(["10.0.0.1"]))
    client = behind(door, peer="10.0.0.1")
    for address in ("198.51.100.7", "198.51.100.8"):
        said = {"x-forwarded-for": address, "x-forwarded-proto": "https", "via": "1.1 p"}
        seen = client.get("/", headers=said).json()
        assert (seen["client"], seen["scheme"]) == (address, "https")
        assert not [name for name in seen["headers"] if "forwarded" in name or name == "via"]
        assert client.get("/", headers=said).status_code == 429


def test_when_too_many_wait_for_a_thread_the_next_is_sent_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("supplynet.api.guard.must_have_threads", _with_most(0))
    answer = behind().get("/api/x")
    assert is_problem(answer, 503)
    assert answer.headers["retry-after"] == "1"
    assert behind().get("/").status_code == 200


def _with_most(most: int) -> Callable[[], None]:
    from supplynet.api.turns import must_have_threads

    return lambda: must_have_threads(most)


def test_there_are_no_web_sockets() -> None:
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), behind().websocket_connect("/api/v1/stream"):
        pass
