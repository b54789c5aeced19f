"""What an attacker meets: the real application, and the real server where the wire matters."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from supplynet.api.app import create_app
from supplynet.security.access import PERMISSIONS, Role
from supplynet.security.passwords import Cost, Passwords
from supplynet.security.principal import Grant, local_administrator
from supplynet.services import tokens, users
from supplynet.services.books import Books, open_books

HERE = "http://127.0.0.1:8321"
API = "/api/v1"
PASSWORD = "lathe-otter-harvest-9"
CHEAP = Passwords(cost=Cost(memory_kib=8, passes=1))
Wire = Callable[..., bytes]
"""Sends bytes as they are and returns what comes until the other side hangs up."""


@pytest.fixture(scope="session")
def plant_folder(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace for all tests here; what is written to it must be refused."""
    return Path(shutil.copytree(demo_template, tmp_path_factory.mktemp("attacked") / "demo"))


@pytest.fixture(scope="session")
def attacked(plant_folder: Path) -> Iterator[Books]:
    """Its books."""
    opened = open_books(plant_folder)
    yield opened
    opened.store.close()


@pytest.fixture(scope="session")
def client(attacked: Books) -> Iterator[TestClient]:
    """Its application, for whoever sits at the machine; a failure inside fails the test."""
    with TestClient(create_app(attacked, local=True), base_url=HERE) as opened:
        yield opened


@pytest.fixture(scope="session")
def port(attacked: Books, serve: Callable[..., object]) -> Iterator[int]:
    """Its server on a port of the loopback."""
    from supplynet.api.server import PatientProtocol

    settings = {"http": PatientProtocol, "proxy_headers": False, "server_header": False}
    with serve(create_app(attacked, local=True), **settings) as server:  # type: ignore[attr-defined]
        yield server.servers[0].sockets[0].getsockname()[1]


@pytest.fixture
def wire(port: int) -> Wire:
    """Raw bytes to that server."""
    return lambda *pieces: exchanged(port, *pieces)


def exchanged(port: int, *pieces: bytes) -> bytes:
    """All that a server answers to ``pieces`` until it hangs up."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # it has hung up already
            for piece in pieces:
                connection.sendall(piece)
        with suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                answer += piece
    return answer


@pytest.fixture(scope="session")
def peopled(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """Books with two planners, ana and ben, who have passwords."""
    folder = Path(shutil.copytree(demo_template, tmp_path_factory.mktemp("peopled") / "demo"))
    books = open_books(folder)
    for name in ("ana", "ben"):
        grants = (Grant(role=Role.PLANNER), Grant(role=Role.DATA_SCIENTIST))
        new = users.NewUser(name=name, grants=grants, password=PASSWORD, must_change_password=False)
        users.add(books, CHEAP, new, local_administrator())
    yield books
    books.store.close()


def token_of(books: Books, owner: str, name: str) -> str:
    """A new token that may do what its owner may."""
    planner = (Role.PLANNER, Role.DATA_SCIENTIST)
    scopes = frozenset(n for n, each in PERMISSIONS.items() if each.roles & set(planner))
    new = tokens.NewToken(name=name, scopes=scopes, owner=owner)
    return tokens.add(books, new, local_administrator()).secret


@pytest.fixture
def visitor(peopled: Books) -> Iterator[TestClient]:
    """An application of its own, to whoever has not signed in yet."""
    app = create_app(peopled)
    app.state.passwords = CHEAP
    with TestClient(app, base_url=HERE, client=("203.0.113.9", 4711)) as opened:
        yield opened
