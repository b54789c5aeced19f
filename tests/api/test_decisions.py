"""Decisions over the wire."""

from __future__ import annotations

from starlette.testclient import TestClient

API = "/api/v1/decisions"


def test_every_decision_is_listed_with_its_sentence_also_those_of_nothing(
    reader: TestClient,
) -> None:
    rows = reader.get(API).json()["items"]
    assert rows
    assert all(row["why"].endswith(".") for row in rows)
    orders = {(row["location_id"], row["part_id"]) for row in rows if row["granted"] > 0}
    proposed = reader.get("/api/v1/orders").json()["items"]
    assert orders == {(row["to_location"], row["part_id"]) for row in proposed}


def test_a_decision_is_found_by_its_place_and_part_and_by_its_id(reader: TestClient) -> None:
    row = reader.get(API).json()["items"][0]
    wanted = {"location_id": row["location_id"], "part_id": row["part_id"]}
    found = reader.get(API, params=wanted).json()["items"]
    assert found[0] == row
    assert {(each["location_id"], each["part_id"]) for each in found} == {tuple(wanted.values())}
    assert reader.get(f"{API}/{row['decision_id']}").json() == row
    assert reader.get(f"{API}/nowhere.0").status_code == 404


def test_the_record_of_an_order_is_its_explanation(reader: TestClient) -> None:
    order = reader.get("/api/v1/orders").json()["items"][0]
    wanted = {"location_id": order["to_location"], "part_id": order["part_id"]}
    found = reader.get(API, params=wanted).json()["items"][0]
    assert found["record"] == order["explanation"]
    assert found["why"] == order["explanation"]["why"]


def test_the_plan_says_how_long_every_part_lasts(reader: TestClient) -> None:
    plan = reader.get("/api/v1/plan").json()
    rows = reader.get("/api/v1/stock").json()["items"]
    shown = {(row["location_id"], row["part_id"]) for row in plan["pairs"]}
    assert shown
    assert shown <= {(row["location_id"], row["part_id"]) for row in rows}
    assert all(row["cover_shifts"] is None or row["cover_shifts"] >= 0 for row in plan["pairs"])
    cell = plan["lines"][0]["cells"][0]
    assert cell["lost_minutes"] >= 0 <= cell["risk_with_proposals"]
