"""Files over HTTP: checked at once, taken in once, refused where they could do harm."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet.errors import InvalidInput, NotFound
from supplynet.services import upload_files, uploads
from supplynet.services.books import Books
from supplynet.services.orders import Said

API = "/api/v1"
CSV = {"content-type": "text/csv"}
STOCK = b"location_id,part_id,on_hand\nWH1,P-001,900\nWH1,P-002,12\n"
WRONG = b"location_id,part_id,on_hand\nWH1,P-001,many\nWH1,P-002,12\n"
ID = "019b9000-0000-7000-8000-000000000000"


def send(client: TestClient, body: bytes = STOCK, **said: Any) -> Any:
    headers = CSV | said.pop("headers", {})
    params = {"name": "stock.csv", "kind": "stock"} | said
    return client.post(f"{API}/imports", content=body, params=params, headers=headers)


def test_a_file_is_checked_and_taken_in_once(client: TestClient, books: Books) -> None:
    sent = send(client)
    row = sent.json()
    assert (sent.status_code, row["state"], row["found"]["accepted"]) == (201, "checked", 2)
    assert row["found"]["mapping"]["on_hand"] == "on_hand"
    path = f"{API}/imports/{row['import_id']}"
    jobs = [client.post(f"{path}/take") for _ in range(2)]
    assert [each.status_code for each in jobs] == [202, 202]
    assert {each.json()["job_id"] for each in jobs} == {row["import_id"]}
    for new in (2, 0):
        taken = uploads.take_in(
            books.workspace.folder, row["import_id"], report=lambda _done, _what: None
        )
        assert taken["new"] == new
    assert client.get(path).json()["state"] == "queued"
    client.post(f"{API}/jobs/{row['import_id']}/cancel")
    stock = client.get(f"{API}/stock", params={"location_id": "WH1", "part_id": "P-002"}).json()
    assert stock["items"][0]["on_hand"] == 12
    assert client.delete(path).json() == {"removed": [row["import_id"]]}
    assert client.get(f"{API}/imports").json()["items"] == []
    log = client.get(f"{API}/audit", params={"action": "import_dropped"}).json()["items"]
    assert [(each["subject"], each["before"]["file"]) for each in log] == [
        (row["import_id"], "stock.csv")
    ]


def test_a_file_may_be_called_as_we_call_the_list_of_its_mistakes(
    client: TestClient, books: Books
) -> None:
    row = send(client, WRONG, name="problems.csv").json()
    kept = uploads.file_of(books.workspace.folder, row["import_id"])
    assert kept.read_bytes() == WRONG
    assert "many" in client.get(f"{API}/imports/{row['import_id']}/problems").text


def test_every_mistake_is_named_and_nothing_is_taken(client: TestClient) -> None:
    row = send(client, WRONG).json()
    assert (row["state"], row["found"]["total"]) == ("refused", 1)
    mistake = row["found"]["mistakes"][0]
    assert (mistake["row"], mistake["column"], mistake["value"]) == (2, "on_hand", "many")
    path = f"{API}/imports/{row['import_id']}"
    assert "many" in client.get(f"{path}/problems").text
    assert client.post(f"{path}/take").status_code == 422
    assert send(client, WRONG, on_error="skip").json()["found"]["accepted"] == 1


def test_the_same_file_under_the_same_key_is_one_upload(client: TestClient) -> None:
    headers = {"idempotency-key": "f1"}
    sent = [send(client, headers=headers).json()["import_id"] for _ in range(2)]
    assert sent[0] == sent[1]
    assert len(client.get(f"{API}/imports").json()["items"]) == 1
    assert send(client, WRONG, headers=headers).status_code == 409


@pytest.mark.parametrize(
    "said",
    [
        {"name": "../stock.csv"},
        {"name": "stock.exe"},
        {"name": ".csv"},
        {"kind": "secrets"},
        {"profile": "/etc/x.toml"},
        {"map": "part_id"},
        {"headers": {"content-type": "application/json"}},
        {"strange": "1"},
    ],
)
def test_what_is_no_file_of_ours_is_refused_and_leaves_nothing(
    client: TestClient, books: Books, said: dict[str, Any]
) -> None:
    assert send(client, **said).status_code in {415, 422}
    assert not list((books.workspace.folder / uploads.FOLDER).glob("*"))


def bomb() -> bytes:
    """Four megabytes of nothing in a few kilobytes, which says of itself that it is small."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet", b"\0" * 2**22)
    content = packed.getvalue()
    size = (2**22).to_bytes(4, "little")
    assert content.count(size) == 2
    return content.replace(size, (10).to_bytes(4, "little"))


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv.gz"])
def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(bomb() if name == "a.xlsx" else gzip.compress(b"\0" * 2**22))
    assert file.stat().st_size < 2**14
    with pytest.raises(InvalidInput, match="unpacks to more than"):
        upload_files.check_unpacked(file, 2**20)


def test_a_broken_archive_is_refused(client: TestClient) -> None:
    assert send(client, b"PK\x03\x04 no archive", name="a.xlsx").status_code == 422
    assert send(client, b"\x1f\x8b no gzip", name="a.csv.gz").status_code == 422


def test_files_of_yesterday_go(client: TestClient, books: Books) -> None:
    old = send(client).json()["import_id"]
    folder = books.workspace.folder / uploads.FOLDER / old
    os.utime(folder, (0, 0))
    send(client, WRONG)
    assert not folder.exists()
    assert client.get(f"{API}/imports/{old}").status_code == 404


@pytest.mark.parametrize("import_id", ["..", "../..", ID, "", "a/b"])
def test_an_id_is_never_a_path(books: Books, import_id: str) -> None:
    with pytest.raises(NotFound):
        uploads.drop(books, import_id, Said(actor="ana"))
    assert books.workspace.settings_file.exists()


def test_layouts_are_listed(reader: TestClient) -> None:
    rows = reader.get(f"{API}/imports/profiles").json()["items"]
    assert {"name", "title", "kind", "about", "columns", "saved"} == rows[0].keys()
