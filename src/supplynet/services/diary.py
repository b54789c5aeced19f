"""The shadow diary as people read it: its entries, and who was right how often."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from datetime import datetime
from typing import Any

from supplynet import cycle
from supplynet.services import history
from supplynet.services.books import Books
from supplynet.storage import diary
from supplynet.storage.diary import DiaryEntry
from supplynet.storage.within import Within

Row = dict[str, Any]
Position = tuple[datetime, str]
"""Where a page ended: moment and id of its last entry."""
_BETTER = ("ours", "theirs", "equal")
_HALTS = ("avoided", "caused")
_FIELDS = tuple(field.name for field in fields(DiaryEntry))


def list_diary(
    books: Books,
    *,
    location_id: str | None = None,
    part_id: str | None = None,
    within: Within = None,
    limit: int = 200,
    after: Position | None = None,
) -> tuple[list[Row], Position | None]:
    """Entries, the newest first, and the position of the last one (None after the last page)."""
    with books.store.read() as tx:
        found = diary.list_entries(
            tx,
            location_id=location_id,
            part_id=part_id,
            within=within,
            after=after,
            limit=limit + 1,
        )
    page = found[:limit]
    following = (page[-1].at, page[-1].entry_id) if len(found) > limit else None
    return [_row(entry) for entry in page], following


def summary(books: Books) -> list[Row]:
    """By actor and action: how many, who was right, halts, and stock against the proposals.

    ``stock_difference`` is the mean of the average stock as done less that as proposed, in parts.
    """
    with books.store.read() as tx:
        found = diary.list_entries(tx)
    groups: dict[tuple[str, str], list[DiaryEntry]] = defaultdict(list)
    for entry in found:
        groups[entry.actor, entry.action.value].append(entry)
    return [_summed(actor, action, entries) for (actor, action), entries in sorted(groups.items())]


def score(books: Books, *, actor: str) -> int:
    """Judge what can be judged by now; returns how many entries. Plans do it as well."""
    return cycle.score_due(books.store, books.plant, actor=actor, now=history.as_of(books))


def _summed(actor: str, action: str, entries: list[DiaryEntry]) -> Row:
    scores = [entry.score for entry in entries if entry.score is not None]
    more = [each["done"]["average_stock"] - each["proposed"]["average_stock"] for each in scores]
    return {
        "actor": actor,
        "action": action,
        "count": len(entries),
        "scored": len(scores),
        **{word: sum(each["better"] == word for each in scores) for word in _BETTER},
        **{f"halts_{what}": sum(each["halt"] == what for each in scores) for what in _HALTS},
        "stock_difference": round(sum(more) / len(more), 2) if more else None,
    }


def _row(entry: DiaryEntry) -> Row:
    row = {name: getattr(entry, name) for name in _FIELDS}
    return row | {"action": entry.action.value}
