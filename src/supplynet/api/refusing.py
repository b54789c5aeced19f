"""Which refusals are counted for the audit log; see ``services.refusals``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from fastapi import Request

from supplynet.core.origin import ORIGIN
from supplynet.errors import NotAllowed, NotSignedIn
from supplynet.security.access import Operation, Reach
from supplynet.services.refusals import Refusal
from supplynet.services.sign_in import NOBODY


@contextmanager
def refusals_noted(request: Request, operation: Operation) -> Iterator[None]:
    """Count what is refused within; the refusal goes on its way.

    A failed sign-in has a row of its own. Who shows nothing at all is no intruder: so does every
    page that has not signed in yet.
    """
    try:
        yield
    except NotAllowed:
        _count(request, HTTPStatus.FORBIDDEN)
        raise
    except NotSignedIn:
        if operation.reach is not Reach.OPEN and "authorization" in request.headers:
            _count(request, HTTPStatus.UNAUTHORIZED)
        raise


def _count(request: Request, status: HTTPStatus) -> None:
    access = getattr(request.state, "access", None)
    refusal = Refusal(
        actor=NOBODY if access is None else access.actor,
        origin=ORIGIN.get(),
        operation=request.scope["route"].name,
        status=int(status),
    )
    request.app.state.refusals.add(refusal)
