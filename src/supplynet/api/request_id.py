"""The number of a request: in its answer, in a problem body and in every line of the log."""

from __future__ import annotations

import secrets
from contextvars import ContextVar

REQUEST_ID: ContextVar[str | None] = ContextVar("supplynet_request_id", default=None)
"""Of the request that is being answered; None outside one."""


def new_request_id() -> str:
    """Sixteen hexadecimal digits; what a client sends as its own is never used."""
    return secrets.token_hex(8)
