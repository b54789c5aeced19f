"""What was announced of lines, in the words of an explanation."""

from __future__ import annotations

from collections.abc import Iterable

from supplynet.core.announcements import Announced, Announcements
from supplynet.monitor.why import Moments


def said_of(
    announced: Announcements | None, lines: Iterable[str], moments: Moments
) -> tuple[str, ...]:
    """A sentence for each announcement that a decision rests on, the lines in their order.

    Args:
        announced: What holds; None = nothing.
        lines: That use the part.
        moments: Of the decision, which looks as far as the next arrival.
    """
    if announced is None:
        return ()
    return tuple(
        _sentence(row, moments)
        for line in lines
        for row in announced.during(line, moments.now, moments.next_arrival)
    )


def _sentence(row: Announced, moments: Moments) -> str:
    """Such as ``Line A is announced at 120% until Mon 22:00 by lena (big order).``."""
    rate = f"is announced at {100 * row.factor:g}%" if row.factor else "is announced to stand still"
    begins = f" from {moments.clock(row.start)}" if row.start > moments.now else ""
    by = f" by {row.by}" if row.by else ""
    because = f" ({row.reason})" if row.reason else ""
    return f"Line {row.line_id} {rate}{begins} until {moments.clock(row.end)}{by}{because}."
