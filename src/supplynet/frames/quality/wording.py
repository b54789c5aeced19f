"""Findings as sentences: what is wrong, where, how much of it, and what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from supplynet.frames.quality.found import Found
from supplynet.frames.quality.rules import Rule

EXAMPLES = 3


def examples(places: pl.DataFrame, zone: ZoneInfo | None = None) -> tuple[str, ...]:
    """The first places, as people read them: in the plant's ``zone``, or as the rows have them."""
    return tuple(_place(row, zone) for row in places.head(EXAMPLES).iter_rows(named=True))


def sentence(rule: Rule, found: Found, count: int, zone: ZoneInfo | None = None) -> str:
    """In the form ``12 of 4,000 rows (0.3 %) are ...: A/P at 2026-01-05 and 9 more; do this.``."""
    if not count:
        return ""
    shown = examples(found.places, zone)
    rest = found.places.height - len(shown)
    where = ", ".join(shown) + (f" and {rest:,} more" if rest > 0 else "")
    note = f" ({found.note})" if found.note else ""
    head = f"{count:,} of {found.total:,} {rule.unit} ({_percent(count, found.total)})"
    return f"{head} {rule.meaning}{note}: {where}; {rule.remedy}."


def short_history(rule: Rule, found: Found, count: int, minimum_days: int) -> str:
    """The series that have too few days, in the words of the guide."""
    if not count:
        return ""
    rows = found.places.head(EXAMPLES).iter_rows(named=True)
    named = [f"series {row['location_id']}/{row['part_id']} has {row['detail']}" for row in rows]
    rest = count - len(named)
    more = f" and {rest:,} more" if rest else ""
    needs = f"needs {minimum_days}"
    if count > 1:
        needs = f"each needs {minimum_days}"
        needs += f" ({count:,} of {found.total:,} series, {_percent(count, found.total)})"
    return f"Insufficient data for training: {', '.join(named)}{more}, {needs}; {rule.remedy}."


def small_frame(rule: Rule, records: int, minimum_records: int) -> str:
    """The frame that is too small as a whole."""
    if records >= minimum_records:
        return ""
    return (
        f"Insufficient data for training: the whole frame has {_many(records, 'record')}, needs "
        f"{minimum_records:,}; {rule.remedy}."
    )


def _many(count: int, unit: str) -> str:
    return f"{count:,} {unit}" + ("" if count == 1 else "s")


def _percent(count: int, total: int) -> str:
    share = 100 * count / total if total else 0.0
    return f"{share:.1f} %" if share >= 0.05 or not count else "below 0.1 %"


def _place(row: dict[str, Any], zone: ZoneInfo | None) -> str:
    start, end = row["period_start"], row["period_end"]
    ids = (row["location_id"], row["part_id"])
    words = [] if ids == (None, None) else ["/".join(name or "?" for name in ids)]
    if start is not None and end is not None:
        words.append(f"from {_moment(start, zone)} to {_moment(end, zone)}")
    elif start is not None:
        words.append(f"at {_moment(start, zone)}")
    text = " ".join(words) or "a row without location, part and time"
    return f"{text} ({row['detail']})" if row["detail"] else text


def _moment(at: datetime, zone: ZoneInfo | None) -> str:
    if at.hour == at.minute == at.second == 0:  # a day, and no moment of it
        return f"{at:%Y-%m-%d}"
    if zone is None:
        return f"{at:%Y-%m-%d %H:%M}"
    local = at.replace(tzinfo=at.tzinfo or UTC).astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"
