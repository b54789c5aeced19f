"""Keys over HTTP: listed and rotated, never told."""

from __future__ import annotations

from starlette.testclient import TestClient

from supplynet.security import keys_file
from supplynet.services.books import Books


def test_keys_are_listed_made_and_rotated(client: TestClient, books: Books) -> None:
    made = client.post("/api/v1/keys")
    assert made.status_code == 201
    assert made.json()["models"]
    assert client.post("/api/v1/keys").status_code == 422
    first = client.get("/api/v1/keys").json()["items"]
    done = client.post("/api/v1/keys/rotate", json={"reason": "an admin has left"})
    assert (done.status_code, done.json()["left"]) == (200, {})
    rows = client.get("/api/v1/keys").json()["items"]
    assert [row["state"] for row in rows] == ["retired", "retired", "active", "active"]
    assert [row["key_id"] for row in rows[:2]] == [row["key_id"] for row in first]
    assert client.post("/api/v1/keys/reseal").json()["models"] == []
    file = keys_file.read_keys(keys_file.keys_path(books.workspace.folder))
    for key in file.keys.values():
        assert key.secret.hex() not in str(rows)
        assert set(rows[0]) == {"key_id", "kind", "state", "made_at", "needed_by"}


def test_a_secret_is_sealed_and_not_said_again(empty_client: TestClient) -> None:
    refused = empty_client.post("/api/v1/keys/seal", json={"secret": "whsec_c2VjcmV0"})
    assert refused.status_code == 409
    assert "supplynet keys new" in refused.json()["detail"]
    empty_client.post("/api/v1/keys")
    said = empty_client.post(
        "/api/v1/keys/seal", json={"secret": "whsec_c2VjcmV0", "channel": "planners"}
    )
    assert said.json()["sealed"].startswith("sealed:v1:seal-")
    assert "c2VjcmV0" not in said.text


def test_a_model_that_is_not_there_cannot_be_adopted(empty_client: TestClient) -> None:
    said = empty_client.post("/api/v1/models/none/adopt", json={"reason": "trained at plant 2"})
    assert said.status_code == 404
    assert empty_client.post("/api/v1/models/none/adopt", json={}).status_code == 422
