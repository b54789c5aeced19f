"""Where what is done came from; set at the door, read where it is written down."""

from __future__ import annotations

from contextvars import ContextVar

ORIGIN: ContextVar[str] = ContextVar("origin", default="")
"""For the audit log: ``http 10.1.2.3``, ``cli``; "" = this process."""
LONGEST_ORIGIN = 256
