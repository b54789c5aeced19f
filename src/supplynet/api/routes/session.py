"""Signing in and out, and one's own account."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from supplynet.api.depends import NO_PARAMETERS, BooksDep
from supplynet.api.door import address_of
from supplynet.api.identity import (
    PasswordsDep,
    WhoDep,
    clear_session,
    session_of,
    set_session,
)
from supplynet.api.people_models import BadgeBody, Ended, PasswordChange, SessionRow, SignInBody
from supplynet.api.routing import Router
from supplynet.core.sites import sites_of
from supplynet.security.credentials import csrf_of
from supplynet.services import sign_in as service
from supplynet.services.books import Books, plant_of
from supplynet.services.recognition import Recognised, account_of

router = Router(prefix="/session", tags=["session"])
Json = dict[str, Any]


@router.post("", response_model=SessionRow, dependencies=[NO_PARAMETERS])
def sign_in(
    request: Request,
    response: Response,
    books: BooksDep,
    passwords: PasswordsDep,
    body: SignInBody,
) -> Json:
    """Sign in with name and password; the answer sets the cookie.

    401 says neither whether there is such a user nor what was wrong; 429 after too many failures.
    """
    opened = service.by_password(
        books,
        passwords,
        body.name,
        body.password.get_secret_value(),
        address=address_of(request),
        instead=session_of(request),
    )
    set_session(request, response, opened.secret)
    return _row(books, opened.found, opened.secret)


@router.post("/badge", response_model=SessionRow, dependencies=[NO_PARAMETERS])
def sign_in_by_badge(
    request: Request, response: Response, books: BooksDep, body: BadgeBody
) -> Json:
    """Sign in with a badge, for the work of line leaders and pickers; 15 minutes idle, 8 hours."""
    opened = service.by_badge(
        books,
        body.badge.get_secret_value(),
        address=address_of(request),
        instead=session_of(request),
    )
    set_session(request, response, opened.secret)
    return _row(books, opened.found, opened.secret)


@router.get("", response_model=SessionRow, dependencies=[NO_PARAMETERS])
def get_session(request: Request, books: BooksDep, who: WhoDep) -> Json:
    """Who I am and what is open to me.

    401 when nobody is signed in; with `setup: true` when there are no users at all yet.
    """
    secret = session_of(request) if who.session_hash else ""
    return _row(books, account_of(books, who), secret)


@router.delete("", response_model=Ended, dependencies=[NO_PARAMETERS])
def sign_out(request: Request, response: Response, books: BooksDep, who: WhoDep) -> Json:
    """Sign out here."""
    if who.session_hash:
        clear_session(request, response)
    return {"ended": service.sign_out(books, who)}


@router.post("/end-all", response_model=Ended, dependencies=[NO_PARAMETERS])
def end_my_sessions(request: Request, response: Response, books: BooksDep, who: WhoDep) -> Json:
    """Sign out everywhere, here too."""
    if who.session_hash:
        clear_session(request, response)
    return {"ended": service.end_own(books, who)}


@router.post("/password", response_model=SessionRow, dependencies=[NO_PARAMETERS])
def change_my_password(
    request: Request,
    response: Response,
    books: BooksDep,
    who: WhoDep,
    passwords: PasswordsDep,
    body: PasswordChange,
) -> Json:
    """Choose another password; every session ends, and a new one begins here."""
    opened = service.change_password(
        books,
        passwords,
        who,
        body.current.get_secret_value(),
        body.new.get_secret_value(),
        address=address_of(request),
    )
    set_session(request, response, opened.secret)
    return _row(books, opened.found, opened.secret)


def _row(books: Books, found: Recognised, secret: str) -> Json:
    who, plant = found.who, plant_of(books)
    where = {name: who.sites_for(name) for name in who.permissions}
    return {
        "actor": who.actor,
        "display_name": found.display_name,
        "how": who.how,
        "must_change_password": found.must_change_password,
        "expires_at": found.expires_at,
        "permissions": {
            name: None if sites is None else sorted(sites) for name, sites in where.items()
        },
        "sites": [] if plant is None else sites_of(plant),
        "csrf_token": csrf_of(secret) if secret else None,
    }
