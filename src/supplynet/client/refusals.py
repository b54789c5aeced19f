"""What a server refuses, as errors of SupplyNet's own tree.

``except NotFound`` works here as it does on the server; ``Refused`` catches them all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from supplynet import errors

_LONGEST = 500
"""What a proxy answers may be a whole page."""


class Refused(errors.SupplyNetError):
    """The server answered with a problem (RFC 9457).

    Attributes:
        status: Of HTTP.
        detail: What went wrong, in the server's words.
        mistakes: Of a request that is not valid: where, and what is wrong there.
        request_id: Number of the request in the server's log; "" when it has none.
        setup: Nobody can sign in yet, because there are no users.
    """

    def __init__(self, asked: str, status: int, told: Mapping[str, Any]) -> None:
        detail, number = str(told.get("detail", "")), str(told.get("request_id") or "")
        told_by = f", request {number}" if number else ""
        Exception.__init__(self, f"{detail or phrase(status)} ({status} to {asked}{told_by})")
        self.status, self.detail, self.request_id = status, detail, number
        found = told.get("errors") or []
        self.mistakes = [(str(each["where"]), str(each["wrong"])) for each in found]
        self.setup = told.get("setup") is True


class RefusedInput(Refused, errors.InvalidInput):
    """Something that was sent is wrong; nothing of it was taken."""


class Missing(Refused, errors.NotFound):
    """There is no such thing, or not for whoever asks."""

    def __init__(self, asked: str, status: int, told: Mapping[str, Any]) -> None:
        super().__init__(asked, status, told)
        self.what, self.name = "record", asked


class Unknown(Refused, errors.NotSignedIn):
    """The token or the session opens nothing."""


class Forbidden(Refused, errors.NotAllowed):
    """Whoever asks has no such permission."""


class Conflict(Refused):
    """The state of the books does not allow it."""


class Moved(Refused, errors.VersionMoved):
    """It was changed by another meanwhile: read it again, decide anew."""


class TooOften(Refused, errors.TooManyRequests):
    """Too much was asked for, also after waiting."""

    def __init__(self, asked: str, status: int, told: Mapping[str, Any]) -> None:
        super().__init__(asked, status, told)
        self.retry_after_seconds = float(told.get("retry_after", 0.0))


class Unavailable(Refused, errors.ConnectorError):
    """The server cannot do it now, also after waiting."""


class Unreachable(errors.ConnectorError):
    """No answer came: whether it was done is not known."""


class StillRunning(errors.JobError):
    """A job was waited for, and is not over; it goes on."""


_KINDS: dict[int, type[Refused]] = {
    400: RefusedInput,
    401: Unknown,
    403: Forbidden,
    404: Missing,
    409: Conflict,
    412: Moved,
    413: RefusedInput,
    415: RefusedInput,
    422: RefusedInput,
    429: TooOften,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def refusal(asked: str, status: int, content: bytes, retry_after: float) -> Refused:
    """The error that an answer is.

    Args:
        asked: Method and path, without a query: a query may hold what is nobody's business.
        status: From 300 on.
        content: A problem body; of something between us and the server anything at all.
        retry_after: Seconds; 0 = nothing was said.
    """
    try:
        told = json.loads(content)
    except ValueError:
        told = {"detail": content[:_LONGEST].decode("utf-8", "replace").strip()}
    if not isinstance(told, dict):
        told = {}
    return _KINDS.get(status, Refused)(asked, status, {**told, "retry_after": retry_after})


def phrase(status: int) -> str:
    """What HTTP calls a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no answer of SupplyNet"
