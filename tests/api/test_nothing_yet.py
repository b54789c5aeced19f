"""A server without a plant: what it answers names no folder of it, and no command of a shell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from supplynet.api.app import create_app
from supplynet.errors import NoneYet
from supplynet.services.books import Books, open_books
from supplynet.storage import init_workspace

HERE = "http://127.0.0.1:8321"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Books]:
    books = open_books(init_workspace(tmp_path / "empty").folder)
    yield books
    books.store.close()


@pytest.mark.parametrize("path", ["network", "stock", "timetable", "data/quality"])
def test_an_answer_says_what_is_missing_and_where_nothing_lies(empty: Books, path: str) -> None:
    with TestClient(create_app(empty, local=True), base_url=HERE) as client:
        answer = client.get(f"/api/v1/{path}")
    assert answer.status_code >= 400
    assert str(empty.workspace.folder) not in answer.text
    assert "supplynet " not in answer.json()["detail"]


def test_a_page_can_tell_that_it_is_the_plant(empty: Books) -> None:
    with TestClient(create_app(empty, local=True), base_url=HERE) as client:
        answer = client.get("/api/v1/network")
    assert (answer.status_code, answer.json()["missing"]) == (404, "plant")
    assert answer.json()["detail"] == ("there is no plant yet; import one, or make the demo plant")


def test_whoever_has_a_shell_is_told_the_folder_and_the_command(empty: Books) -> None:
    with pytest.raises(NoneYet, match="supplynet generate") as caught:
        _ = empty.plant
    assert str(empty.workspace.folder) in str(caught.value)
