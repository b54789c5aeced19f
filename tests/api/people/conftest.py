"""The real application over books with a plant and people; nobody is let in for sitting there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from supplynet.api.app import create_app
from supplynet.api.door import Door
from supplynet.api.identity import Identity
from supplynet.connectors.plant_folder import write_plant
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.security.access import Role
from supplynet.security.passwords import Cost, Passwords
from supplynet.security.principal import Grant, local_administrator
from supplynet.services import users
from supplynet.services.books import Books, open_books
from supplynet.storage import init_workspace

HTTP, TLS = "http://127.0.0.1:8321", "https://127.0.0.1:8321"
CHEAP = Passwords(cost=Cost(memory_kib=8, passes=1))
Client = Callable[..., TestClient]


@pytest.fixture(scope="session")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ana administers all, ben SR1; cleo is a data scientist, dan a picker at SR1 without password.

    To be copied, never written.
    """
    folder = tmp_path_factory.mktemp("peopled") / "workspace"
    init_workspace(folder)
    write_plant(demo_plant(showrooms=2, stations=1, lines="A", parts=2), folder / "plant")
    books = open_books(folder)
    here = frozenset({"SR1"})
    for name, grant, password in (
        ("ana", Grant(role=Role.ADMINISTRATOR), "thing lamp seven cow"),
        ("ben", Grant(role=Role.ADMINISTRATOR, sites=here), "thing lamp seven cow"),
        ("cleo", Grant(role=Role.DATA_SCIENTIST), "thing lamp seven cow"),
        ("dan", Grant(role=Role.PICKER, sites=here), None),
    ):
        new = users.NewUser(
            name=name, grants=(grant,), password=password, must_change_password=False
        )
        users.add(books, CHEAP, new, local_administrator())
    books.store.close()
    return folder


@pytest.fixture
def books(peopled: Path, tmp_path: Path) -> Iterator[Books]:
    opened = open_books(Path(shutil.copytree(peopled, tmp_path / "workspace")))
    yield opened
    opened.store.close()


@pytest.fixture(scope="session")
def made(peopled: Path) -> Iterator[FastAPI]:
    """One application for all tests: each gives it books and limits of its own."""
    opened = open_books(peopled)
    yield create_app(opened)
    opened.store.close()


@pytest.fixture
def app(made: FastAPI, books: Books) -> FastAPI:
    made.state.books, made.state.identify = books, Identity(books)
    made.state.door = Door.of(books.settings, local=False)
    made.state.passwords = CHEAP
    return made


@pytest.fixture
def client(app: FastAPI) -> Client:
    """A browser of its own, signed in where a name is given."""

    def make(name: str | None = None, **options: Any) -> TestClient:
        opened = TestClient(app, **{"base_url": HTTP} | options)
        if name is not None:
            body = {"name": name, "password": "thing lamp seven cow"}
            answer = opened.post("/api/v1/session", json=body)
            assert answer.status_code == 200, answer.text
            opened.headers["x-csrf-token"] = answer.json()["csrf_token"]
        return opened

    return make
