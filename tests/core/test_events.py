from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from supplynet.core.events import Event, EventType
from supplynet.errors import InvalidId, InvalidInput

EVENT = Event(
    source="plc-7",
    event_id="e1",
    type=EventType.CONSUMED,
    occurred_at=datetime(2026, 1, 5, 21, 58, tzinfo=UTC),
    location_id="SR2.ST1.B",
    part_id="P-1397",
    quantity=12,
    data={"a": 1, "b": [2]},
)


def test_the_hash_ignores_the_key_the_order_of_data_and_the_spelling_of_the_time() -> None:
    berlin = timezone(timedelta(hours=1))
    same = replace(
        EVENT,
        source="plc-8",
        event_id="other",
        occurred_at=EVENT.occurred_at.astimezone(berlin),
        data={"b": [2], "a": 1},
    )
    assert same.content_hash == EVENT.content_hash


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 13},
        {"quantity": None},
        {"part_id": None},
        {"location_id": "SR2.ST1.C"},
        {"type": EventType.SCRAPPED},
        {"data": {"a": 2, "b": [2]}},
        {"occurred_at": EVENT.occurred_at + timedelta(microseconds=1)},
    ],
)
def test_any_other_content_has_another_hash(change: dict[str, object]) -> None:
    assert replace(EVENT, **change).content_hash != EVENT.content_hash  # type: ignore[arg-type]


@pytest.mark.parametrize("year", [1, 1969, 2201, 9999])
def test_a_time_of_another_age_is_refused(year: int) -> None:
    """The day before the first one of Python's calendar cannot be reckoned with."""
    with pytest.raises(InvalidInput, match="a time lies between 1970 and 2200"):
        replace(EVENT, occurred_at=EVENT.occurred_at.replace(year=year))


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        replace(EVENT, occurred_at=EVENT.occurred_at.replace(tzinfo=None))


@pytest.mark.parametrize("event_id", ["", "a b", "a\n", "x" * 129])
def test_an_event_id_is_printable_and_short(event_id: str) -> None:
    with pytest.raises(InvalidInput, match="event_id"):
        replace(EVENT, event_id=event_id)


def test_a_source_has_no_slash_so_that_keys_stay_apart() -> None:
    assert replace(EVENT, event_id="2026/x:1#2").key == "plc-7/2026/x:1#2"
    with pytest.raises(InvalidId, match="source"):
        replace(EVENT, source="plc/7")
