"""Pages of lists: complete, without doubles, whatever their size."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from supplynet.api import cursors
from supplynet.errors import InvalidInput

API = "/api/v1"
Rows = list[dict[str, Any]]


def all_rows(client: TestClient, path: str, limit: int, **filters: str) -> Rows:
    """Follow the cursors to the end."""
    rows: Rows = []
    cursor: str | None = None
    while True:
        given = {"limit": str(limit), **filters}
        if cursor is not None:
            given["cursor"] = cursor
        page = client.get(f"{API}/{path}", params=given).json()
        assert len(page["items"]) <= limit
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows


@pytest.mark.parametrize("path", ["stock", "orders", "forecasts", "decisions"])
@settings(max_examples=12)
@given(limit=st.integers(1, 60))
def test_pages_of_any_size_give_the_same_rows(reader: TestClient, path: str, limit: int) -> None:
    filters = {"part_id": "P-001"} if path == "forecasts" else {}
    whole = all_rows(reader, path, 1000, **filters)
    assert whole
    assert all_rows(reader, path, max(limit, len(whole) // 20), **filters) == whole
    assert len({str(row) for row in whole}) == len(whole)


def test_stock_is_filtered_by_place_and_part(reader: TestClient) -> None:
    whole = all_rows(reader, "stock", 1000)
    wanted = [row for row in whole if (row["location_id"], row["part_id"]) == ("SR1", "P-001")]
    assert len(wanted) == 1
    assert all_rows(reader, "stock", 5, location_id="SR1", part_id="P-001") == wanted
    assert all_rows(reader, "stock", 5, location_id="nowhere") == []


def test_stock_says_what_lies_there_and_how_long_it_lasts(reader: TestClient) -> None:
    row = all_rows(reader, "stock", 5, location_id="SR1", part_id="P-001")[0]
    assert row["on_hand"] > 0
    assert row["on_order"] == row["in_transit"] == 0
    assert row["cover_shifts"] > 0
    assert row["unit"] == "pcs"


def test_orders_are_filtered_by_state(reader: TestClient) -> None:
    proposed = all_rows(reader, "orders", 3, state="proposed")
    assert proposed == all_rows(reader, "orders", 1000)
    assert all_rows(reader, "orders", 3, state="shipped") == []
    assert reader.get(f"{API}/orders", params={"state": "lost"}).status_code == 422


def test_orders_leave_in_the_order_of_the_list(reader: TestClient) -> None:
    rows = all_rows(reader, "orders", 1000)
    assert rows == sorted(rows, key=lambda row: (row["departure_at"], row["order_id"]))
    assert all(row["departure_at"].endswith("Z") for row in rows)


def test_later_pages_of_a_forecast_are_of_the_same_plan(client: TestClient) -> None:
    whole = client.get(f"{API}/forecasts", params={"limit": 6}).json()["items"]
    first = client.get(f"{API}/forecasts", params={"limit": 3}).json()
    count = {
        "events": [
            {
                "schema": 1,
                "event_id": "count",
                "source": "scanner-1",
                "type": "counted",
                "occurred_at": "2025-05-07T03:50:00Z",
                "location_id": "SR1",
                "part_id": "P-001",
                "quantity": 900,
            }
        ]
    }
    assert client.post(f"{API}/events", json=count).status_code == 200
    assert client.post(f"{API}/plan", json={"seed": 7}).status_code == 200
    later = client.get(f"{API}/forecasts", params={"limit": 3, "cursor": first["next_cursor"]})
    assert [*first["items"], *later.json()["items"]] == whole


@pytest.mark.parametrize("path", ["stock", "orders", "forecasts", "jobs"])
@pytest.mark.parametrize(
    "cursor", ["", "x", "SR1/P-001", "bnVsbA", "WzEsMl0", "WyJhIl0", "é", "W1tbW1tbW1s", "=" * 9]
)
def test_a_cursor_that_is_none_of_ours_is_refused(
    reader: TestClient, path: str, cursor: str
) -> None:
    answer = reader.get(f"{API}/{path}", params={"cursor": cursor})
    assert answer.status_code == 422
    assert "cursor" in answer.json()["detail"]


@given(text=st.text(max_size=30), number=st.integers(0, 2**63 - 1), moment=st.datetimes())
def test_a_cursor_brings_back_what_was_put_in(text: str, number: int, moment: Any) -> None:
    from datetime import UTC

    place = "".join(letter for letter in text if letter.isprintable())
    position = (place, number, moment.replace(tzinfo=UTC))
    cursor = cursors.encode(position)
    assert cursor is not None
    assert cursor.isascii()
    assert cursors.decode(cursor, str, int, type(moment)) == position


@given(cursor=st.text(max_size=80))
def test_any_other_text_is_refused_and_nothing_worse(cursor: str) -> None:
    with pytest.raises(InvalidInput, match="next_cursor"):
        cursors.decode(cursor, str, int)


@pytest.mark.parametrize(
    "path",
    [
        "timetable?start=0001-01-01T01:00:00Z&end=0001-01-02T01:00:00Z",
        "timetable?start=9999-12-30T01:00:00Z&end=9999-12-31T01:00:00Z",
        "stock?as_of=0001-01-01T00:00:00%2B14:00",
        "movements?since=1969-12-31T23:59:59Z",
        "orders?departing_from=9999-12-31T23:59:59-12:00",
        "changes-since?since=0001-01-01T00:00:00%2B14:00",
        "anomalies?since=0001-01-01T00:00:00%2B14:00",
        "audit?until=9999-12-31T23:59:59-12:00",
    ],
)
def test_a_time_of_another_age_is_refused(reader: TestClient, path: str) -> None:
    """No day lies before the first one of Python's calendar: to reckon with it would fail."""
    answer = reader.get(f"{API}/{path}")
    assert answer.status_code == 422, answer.text
    assert "a time lies between 1970 and 2200" in answer.text
