"""The page of a part over the wire."""

from __future__ import annotations

from starlette.testclient import TestClient

BASE = "/api/v1"


def test_one_answer_holds_all_that_the_page_shows(reader: TestClient) -> None:
    order = reader.get(f"{BASE}/orders", params={"limit": 1}).json()["items"][0]
    place, part = order["to_location"], order["part_id"]
    found = reader.get(f"{BASE}/parts/{place}/{part}").json()
    assert (found["stock_point_id"], found["part_id"]) == (place, part)
    assert len(found["forecast"]["shifts"]) == 14
    assert {"at", "without", "with"} == set(found["projection"]["points"][0])
    assert found["supply"]["lanes"][0]["from"] == order["from_location"]
    assert order["order_id"] in {row["order_id"] for row in found["orders"]}
    assert all(row["used"] is None or row["used"] >= 0 for row in found["history"])


def test_what_is_not_there_is_not_found(reader: TestClient) -> None:
    for path in ("nowhere/P-001", "SR1/no-part"):
        assert reader.get(f"{BASE}/parts/{path}").status_code == 404
    assert reader.get(f"{BASE}/parts/SR1/P-001", params={"x": 1}).status_code == 422
