"""The checklist says how old the last backup is, and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from supplynet.services import backup_retention, doctor_keeping
from supplynet.services.books import Books

NOW = datetime(2026, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "state", "says"),
    [(None, "todo", "none yet"), (5, "ready", "5 h old"), (49, "broken", "The last backup is of")],
)
def test_a_backup_is_missing_there_or_too_old(
    small_books: Books, hours: int | None, state: str, says: str
) -> None:
    books = replace(small_books, wall_clock=lambda: NOW)
    if hours is not None:
        made_at = NOW - timedelta(hours=hours)
        with books.store.write("backup", made_at) as tx:
            backup_retention.note_made(tx, "b.backup", made_at, {"size": 1})
    check = doctor_keeping.backups(books)
    assert check.state == state
    assert says in check.found
    assert bool(check.next_step) == (state != "ready")
