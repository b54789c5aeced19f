"""Who has looked at what: counted, and written to the audit log every few seconds.

A write for every read would let readers hold up the plant. What was changed is never lost, for that
is written with the change.
"""

from __future__ import annotations

from dataclasses import dataclass

from supplynet.services.counted_log import CountedLog
from supplynet.storage.transaction import Note

ACTOR = "reads"
MOST_ROWS = 10_000
_LONGEST_SUBJECT = 256
_ANYTHING = "(more)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One way in which somebody looked at something.

    Attributes:
        subject: What of it: ids and filters; "" = all.
    """

    actor: str
    origin: str
    operation: str
    subject: str = ""


class ReadLog(CountedLog[Read]):
    """Counts reads; of more different ones than anybody needs only who and how is kept."""

    def __init__(self, most: int = MOST_ROWS) -> None:
        super().__init__(ACTOR, most=most, shortened=_shortened, note=_note)


def _shortened(read: Read) -> Read:
    return Read(actor=read.actor, origin=read.origin, operation=_ANYTHING)


def _note(read: Read, count: int) -> Note:
    subject = f"{read.operation} {read.subject}".strip()
    return Note(
        action="read",
        subject=subject[:_LONGEST_SUBJECT],
        after={"count": count},
        actor=read.actor,
        origin=read.origin,
    )
