"""The plant over the wire: read with its ETag, changed only from the newest."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from supplynet.services.books import Books

Json = dict[str, Any]


def _put(client: TestClient, table: str, rows: list[Json], **given: Any) -> Any:
    headers = {"If-Match": given.pop("etag")} if "etag" in given else {}
    body = {"rows": rows, "reason": "price list", **given}
    return client.put(f"/api/v1/network/{table}", json=body, headers=headers)


def test_a_part_is_changed_from_the_newest_plant_only(client: TestClient) -> None:
    read = client.get("/api/v1/network")
    part, etag = read.json()["parts"][0], read.headers["etag"]
    rows = [{"part_id": part["part_id"], "unit_cost": str(part["unit_cost"] + 1)}]
    tried = _put(client, "parts", rows, etag=etag, dry_run=True).json()
    assert (tried["written"], tried["mistakes"], len(tried["changed"])) == (False, [], 1)
    assert client.get("/api/v1/network").headers["etag"] == etag
    assert _put(client, "parts", rows, etag=etag).json()["written"]
    again = client.get("/api/v1/network")
    assert again.headers["etag"] != etag
    assert again.json()["parts"][0]["unit_cost"] == part["unit_cost"] + 1
    assert _put(client, "parts", rows, etag=etag).status_code == 412


def test_what_is_asked_for_wrongly_is_refused(client: TestClient) -> None:
    part = client.get("/api/v1/network").json()["parts"][0]["part_id"]
    assert _put(client, "locations", [{"location_id": "SR1"}]).status_code == 422
    assert _put(client, "parts", [{"part_id": part}], reason="").status_code == 422
    assert _put(client, "parts", [{"part_id": part, "unit_cost": 3}]).status_code == 422
    assert _put(client, "parts", []).status_code == 422


def test_channels_are_told_without_address_and_secret(client: TestClient, books: Books) -> None:
    assert client.get("/api/v1/channels").json()["items"] == []
    file = books.workspace.folder / "notify.toml"
    file.write_text('[[channel]]\nname = "planners"\nkind = "file"\nfolder = "out/secret"\n')
    try:
        answer = client.get("/api/v1/channels")
        (channel,) = answer.json()["items"]
        assert (channel["name"], channel["kind"]) == ("planners", "file")
        assert "secret" not in answer.text
        file.write_text("[[channel]]\nname = 3\n")
        assert client.get("/api/v1/channels").status_code == 422
    finally:
        file.unlink()
