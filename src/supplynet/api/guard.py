"""The outermost layer: what every request must satisfy and what every answer carries."""

from __future__ import annotations

import logging
from collections.abc import Collection
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from supplynet.api.client_address import is_forwarding
from supplynet.api.door import Door
from supplynet.api.problems import UNEXPECTED, problem, refused
from supplynet.api.request_id import REQUEST_ID, new_request_id
from supplynet.api.request_shape import refusal
from supplynet.api.security_headers import secure
from supplynet.api.turns import must_have_threads
from supplynet.errors import TooManyRequests

log = logging.getLogger(__name__)


class GuardMiddleware:
    """Numbers a request, finds its client, refuses it or hands it on, and answers every failure.

    Args:
        app: What lies inside.
        hosts: Names that ``Host`` may have, so that a page of another site cannot reach us
            through a name of its own that resolves here.
        door: The limits of this server.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], door: Door) -> None:
        self.app, self.hosts, self.door = app, frozenset(hosts), door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or hand it on; see the class."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # there are none
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = new_request_id()
        token = REQUEST_ID.set(request_id)
        try:
            await self._answer(scope, receive, _Answer(scope, send, request_id))
        finally:
            REQUEST_ID.reset(token)

    async def _answer(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            self._admit(scope)
            await self.app(scope, self.door.bodies.limited(scope, receive), answer)
        except (HTTPException, TooManyRequests) as error:
            if answer.started:
                raise
            await refused(error)(scope, receive, answer)
        except Exception:
            if answer.started:
                raise
            log.exception("%s %s failed", scope["method"], scope["path"])
            failure = problem(HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED)
            await failure(scope, receive, answer)

    def _admit(self, scope: Scope) -> None:
        """Settle who is at the other end, and refuse what can be refused unread.

        Raises:
            HTTPException: The request cannot be meant, or there is no room for it.
            TooManyRequests: Its address asks too often.
        """
        address = self._settle_client(scope)
        headers = Headers(scope=scope)
        if self.door.rates is not None:
            self.door.rates.from_address(address)
        wrong = refusal(scope, headers, self.hosts)
        if wrong is not None:
            # Where the body of such a request ends is not known, or nobody wants it.
            raise HTTPException(*wrong, headers={"connection": "close"})
        self.door.bodies.check_length(scope["path"], headers.get("content-length"))
        if scope["path"].startswith("/api/"):
            must_have_threads()

    def _settle_client(self, scope: Scope) -> str:
        """Put the client in the peer's place where the peer is a proxy of ours.

        What such a proxy says is then used up. What another says stays, believed by nobody: whose
        request has it is not this machine's own, see ``identity``.
        """
        found = self.door.proxies.resolve(scope)
        if found.by_proxy:
            scope["client"], scope["scheme"] = (found.address, 0), found.scheme
            scope["headers"] = [each for each in scope["headers"] if not _is_forwarding(each[0])]
        return found.address


class _Answer:
    """``send``, with the headers that every answer has."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._scope, self._send, self._request_id = scope, send, request_id
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            secure(
                MutableHeaders(scope=message),
                path=self._scope["path"],
                https=self._scope["scheme"] == "https",
                request_id=self._request_id,
            )
        await self._send(message)


def _is_forwarding(name: bytes) -> bool:
    return is_forwarding(name.decode("latin-1").lower())
