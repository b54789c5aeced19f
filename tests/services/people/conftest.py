"""Books with a plant of two showrooms, a clock to turn, cheap passwords, and people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from supplynet.config import Settings
from supplynet.connectors.plant_folder import write_plant
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.security.access import Role
from supplynet.security.passwords import Cost, Passwords
from supplynet.security.principal import Grant, Principal, local_administrator
from supplynet.services import users
from supplynet.services.books import Books
from supplynet.storage import Store, Workspace, audit

PASSWORD = "thing lamp seven cow"


@dataclass
class Clock:
    """Real time, as far as the books know."""

    now: datetime = datetime(2026, 1, 5, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def two_showrooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace's folder with nothing but a plant: sites SR1, SR2 and WH1."""
    folder = tmp_path_factory.mktemp("people")
    write_plant(demo_plant(showrooms=2, stations=1, lines="A", parts=2), folder / "plant")
    return folder


@pytest.fixture
def books(sqlite_store: Store, two_showrooms: Path, clock: Clock) -> Books:
    workspace = Workspace(two_showrooms)
    return Books(workspace=workspace, settings=Settings(), store=sqlite_store, wall_clock=clock)


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    return Passwords(cost=Cost(memory_kib=8, passes=1))


@pytest.fixture
def root() -> Principal:
    """Who sits at the machine."""
    return local_administrator("cli:root")


Add = Callable[..., dict[str, Any]]


@pytest.fixture
def add(books: Books, passwords: Passwords, root: Principal) -> Add:
    """Adds a user: a planner everywhere, unless said otherwise."""

    def make(name: str, *roles: Role, sites: Any = None, **other: Any) -> dict[str, Any]:
        where = None if sites is None else frozenset(sites)
        grants = tuple(Grant(role=role, sites=where) for role in roles or (Role.PLANNER,))
        values: dict[str, Any] = {"password": PASSWORD, "must_change_password": False}
        new = users.NewUser(name=name, grants=grants, **values | other)
        return users.add(books, passwords, new, root)

    return make


@pytest.fixture
def said(books: Books) -> Callable[[], list[tuple[str, str, str]]]:
    """The audit log so far: who did what to what."""

    def read() -> list[tuple[str, str, str]]:
        with books.store.read() as tx:
            return [(each.actor, each.action, each.subject) for each in audit.entries(tx)]

    return read
