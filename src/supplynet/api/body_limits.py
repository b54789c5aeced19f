"""How large a body may be and how long it may take, counted as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

LARGEST_BODY = 1024 * 1024
_CLOSE = {"connection": "close"}
"""What still comes of a refused body is not waited for."""


@dataclass(frozen=True)
class BodyLimits:
    """What a body may take.

    Attributes:
        by_path: Bytes by the path that takes larger bodies than the others.
        grace_seconds, bytes_per_second: A body is complete after ``grace_seconds`` and one second
            more for each ``bytes_per_second`` that have come; one that trickles is not.
    """

    by_path: Mapping[str, int] = field(default_factory=dict)
    grace_seconds: float = 20.0
    bytes_per_second: float = 100_000.0

    def most(self, path: str) -> int:
        """Bytes that a body for ``path`` may have."""
        return self.by_path.get(path, LARGEST_BODY)

    def check_length(self, path: str, announced: str | None) -> None:
        """Refuse a body by what it says of itself.

        Raises:
            HTTPException: 413.
        """
        if announced is not None and int(announced[:20]) > self.most(path):
            raise _too_large(self.most(path))

    def limited(self, scope: Scope, receive: Receive) -> Receive:
        """``receive`` that counts, whatever the body says of itself."""
        most, received, complete = self.most(scope["path"]), 0, False
        began: float | None = None

        async def counted() -> Message:
            nonlocal received, complete, began
            if complete:
                return await receive()  # waits for the end of the connection, however long
            now = asyncio.get_running_loop().time()
            began = now if began is None else began
            left = began + self.grace_seconds + received / self.bytes_per_second - now
            try:
                async with asyncio.timeout(max(0.0, left)):
                    message = await receive()
            except TimeoutError:
                raise _too_slow(received) from None
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if received > most:
                raise _too_large(most)
            return message

        return counted


def _too_large(most: int) -> HTTPException:
    detail = f"a body has at most {most:,} bytes here; send it in pieces"
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, _CLOSE)


def _too_slow(received: int) -> HTTPException:
    detail = f"the body came too slowly ({received:,} bytes so far); send it again"
    return HTTPException(HTTPStatus.REQUEST_TIMEOUT, detail, _CLOSE)
