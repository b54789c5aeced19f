"""From what a request shows to who asks: a token, a session's cookie, or sitting at the machine."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from supplynet.api.client_address import is_forwarding
from supplynet.errors import NotAllowed, NotSetUp, NotSignedIn
from supplynet.security.access import OPERATIONS
from supplynet.security.credentials import is_csrf_of, is_session, is_token
from supplynet.security.passwords import Passwords
from supplynet.security.principal import Principal, local_administrator
from supplynet.services.books import Books
from supplynet.services.recognition import (
    OWN_ACCOUNT,
    Recognised,
    by_session,
    by_token,
    has_users,
    is_remembered,
    still_opens,
)

COOKIE, COOKIE_OF_TLS = "supplynet_session", "__Host-supplynet_session"
CSRF_HEADER = "x-csrf-token"
_BEARER = re.compile(r"bearer +(\S+)\Z", re.IGNORECASE)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_IN_PROCESS = "testclient"
"""What starlette's test client calls its address; a socket's peer is never called so."""
_CHANGE_FIRST = "choose your own password first: POST /api/v1/session/password"


@dataclass(frozen=True)
class Identity:
    """Recognises people and machines.

    Attributes:
        local: Who asks from this machine without showing anything is its administrator: a demo.
    """

    books: Books
    local: bool = False

    def __call__(self, request: Request) -> Principal | None:
        """Who asks; None when nothing is shown, or a session that is over.

        Raises:
            NotSignedIn: A token that is none, or opens nothing; there are no users at all.
            NotAllowed: The page did not say its CSRF token, or a password is to be changed first.
        """
        shown = request.headers.getlist("authorization")
        found = self._machine(shown) if shown else self._person(request)
        if found is not None:
            if found.must_change_password and not _is_own_account(request):
                raise NotAllowed(_CHANGE_FIRST)
            return found.who
        if self.local and _is_here(request):
            return local_administrator()
        if not has_users(self.books):
            raise NotSetUp
        return None

    def knows(self, request: Request) -> bool:
        """Whether it can be told without the books, and so without a trip to the thread pool."""
        said = _BEARER.match(request.headers.get("authorization", ""))
        secret = session_of(request) if said is None else said[1]
        if not secret:
            return self.local and _is_here(request)
        return is_remembered(self.books, secret)

    def still(self, request: Request, who: Principal) -> bool:
        """Whether what a request showed at its beginning opens the same by now.

        Raises:
            StoreError: Nobody knows.
        """
        if who.how == "local":
            return True
        said = _BEARER.match(request.headers.get("authorization", ""))
        secret = session_of(request) if said is None else said[1]
        return still_opens(self.books, secret, who)

    def _machine(self, shown: list[str]) -> Recognised:
        """Whose token it is. A cookie beside it does not count."""
        said = _BEARER.match(shown[0]) if len(shown) == 1 else None
        if said is None or not is_token(said[1]):
            raise NotSignedIn("Authorization is one header: `Bearer sn_...`, with a token as made")
        found = by_token(self.books, said[1])
        if found is None:
            raise NotSignedIn("this token opens nothing: revoked, expired, or its owner disabled")
        return found

    def _person(self, request: Request) -> Recognised | None:
        secret = session_of(request)
        found = by_session(self.books, secret) if secret else None
        if found is None or request.method in _SAFE_METHODS:
            return found
        # The browser sends the cookie whatever page asks; only ours can read this.
        if not is_csrf_of(secret, request.headers.get(CSRF_HEADER)):
            raise NotAllowed(
                "a write needs X-CSRF-Token as GET /api/v1/session tells it; read it again"
            )
        return found


def session_of(request: Request) -> str:
    """The session in the request's cookie; "" for none."""
    said = request.cookies.get(_cookie_of(request), "")
    return said if is_session(said) else ""


def set_session(request: Request, response: Response, secret: str) -> None:
    """Hand a new session to the browser, until it is closed: no script, no other site has it."""
    response.set_cookie(
        _cookie_of(request),
        secret,
        path="/",
        secure=_is_tls(request),
        httponly=True,
        samesite="strict",
    )


def clear_session(request: Request, response: Response) -> None:
    """Tell the browser to forget the session."""
    response.delete_cookie(
        _cookie_of(request), path="/", secure=_is_tls(request), httponly=True, samesite="strict"
    )


async def _who(request: Request) -> Principal:
    who: Principal | None = request.state.access.who
    assert who is not None, "an operation that is open to everybody asks for nobody"
    return who


async def _passwords(request: Request) -> Passwords:
    found: Passwords = request.app.state.passwords
    return found


WhoDep = Annotated[Principal, Depends(_who)]
PasswordsDep = Annotated[Passwords, Depends(_passwords)]


def _cookie_of(request: Request) -> str:
    # A browser takes a `__Host-` cookie from this very host over TLS only: nobody can plant one.
    return COOKIE_OF_TLS if _is_tls(request) else COOKIE


def _is_tls(request: Request) -> bool:
    return request.url.scheme == "https"


def _is_here(request: Request) -> bool:
    """Whether the request comes from this machine itself, and not through a proxy on it."""
    if any(is_forwarding(name) for name in request.headers):
        return False
    address = request.client.host if request.client else ""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address == _IN_PROCESS
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def _is_own_account(request: Request) -> bool:
    route = request.scope.get("route")
    operation = OPERATIONS.get(getattr(route, "name", ""))
    return operation is not None and operation.permission in OWN_ACCOUNT
