"""Nobody reads or writes a file that is not offered, whatever stands in a path or a name."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from supplynet import web

from .conftest import API, Wire

UPWARDS = [
    "/../../../../etc/passwd",
    "/..%2f..%2fetc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/assets/../../__init__.py",
    "/assets/..%5c..%5c__init__.py",
    "/assets/....//....//__init__.py",
    "/%252e%252e/__init__.py",
    "//etc/passwd",
    "/assets//etc/passwd",
    "/assets/%00/../index.html",
    "/sources.sha256",
    "/assets",
    "/.git/config",
]


@pytest.mark.parametrize("path", UPWARDS)
def test_no_path_leads_out_of_the_page(wire: Wire, path: str) -> None:
    answer = wire(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    status = int(answer.split(b" ", 2)[1])
    assert status in {400, 404} or (status == 503 and web.static_folder() is None)
    assert b"root:" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "models/..",
        "models/..%2f..%2fsupplynet.toml",
        "models/.%2e",
        "models/%2e%2e%5csupplynet.toml",
        "models/a%00b",
        "templates/..%2fdemand/csv",
        "templates/demand/..%2f..%2fetc%2fpasswd",
        "templates/demand/exe",
        "decisions/..%2f1",
        "jobs/..%2f..%2f1",
    ],
)
def test_no_name_in_a_path_of_the_api_leads_to_a_file(client: TestClient, path: str) -> None:
    assert client.get(f"{API}/{path}").status_code in {400, 404, 422}


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..", ".", "a/b", "a\\b", "C:\\x", "x" * 300, "\n"]
)
def test_a_version_of_a_model_is_a_name_and_no_path(
    client: TestClient, plant_folder: Path, name: str
) -> None:
    before = sorted(plant_folder.rglob("*"))
    compared = {"kind": "compare", "params": {"first": name}}
    assert client.post(f"{API}/jobs", json=compared).status_code == 422
    from supplynet.errors import SupplyNetError
    from supplynet.services.books import open_books
    from supplynet.services.models import show

    books = open_books(plant_folder)
    with pytest.raises(SupplyNetError):
        show(books, name)
    books.store.close()
    assert sorted(plant_folder.rglob("*")) == before
