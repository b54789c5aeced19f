"""What every answer carries and every request must satisfy."""

from __future__ import annotations

import logging
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from supplynet.api.problems import UNEXPECTED, problem

log = logging.getLogger(__name__)
HEADERS = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
LARGEST_BODY = 1024 * 1024
_TOO_LARGE = f"a body has at most {LARGEST_BODY} bytes; send it in pieces"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({None, "same-origin", "none"})
Refusal = tuple[HTTPStatus, str]


class GuardMiddleware:
    """The outermost layer: headers on every answer, refusals, and an answer to every failure.

    A browser names the page that sends a write in ``Origin``; until there are users and tokens,
    a write is taken from our own page or from a program that is no browser (no ``Origin``). The
    ``Host`` must be one of ``hosts``, so that a page of another site cannot reach us through a
    name of its own that resolves here.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self.app, self.hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or hand it on; see the class."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)  # a route may have stricter ones
                if scope["path"].startswith("/api/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        try:
            if refusal is None:
                await self.app(scope, _limited(receive), send_with_headers)
            else:
                await problem(*refusal)(scope, receive, send_with_headers)
        except Exception:
            if started:
                raise
            log.exception("%s %s failed", scope["method"], scope["path"])
            answer = problem(HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED)
            await answer(scope, receive, send_with_headers)

    def _refusal(self, method: str, headers: Headers) -> Refusal | None:
        """Why a request is refused unread; None when it is not."""
        host = headers.get("host", "")
        if _name_of(host) not in self.hosts:
            return HTTPStatus.BAD_REQUEST, f"this server is not {host or 'nameless'}"
        if method in _SAFE_METHODS:
            return None
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return HTTPStatus.FORBIDDEN, "writes are taken from SupplyNet's own page only"
        if headers.get("sec-fetch-site") not in _OWN_SITES:
            return HTTPStatus.FORBIDDEN, "writes are taken from SupplyNet's own page only"
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > LARGEST_BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE
        return None


def _name_of(host: str) -> str:
    """``Host`` without its port: ``[::1]:8321`` -> ``[::1]``."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() and not host.endswith("]") else host).lower()


def _limited(receive: Receive) -> Receive:
    """Count a body that did not say how long it is."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        if message["type"] == "http.request":
            received += len(message.get("body", b""))
            if received > LARGEST_BODY:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
        return message

    return counted
