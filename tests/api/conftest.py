"""A tiny demo with a plan behind the real application."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from supplynet.api.app import create_app
from supplynet.services.books import Books, open_books

HERE = "http://127.0.0.1:8321"


@pytest.fixture(scope="session")
def planned(planned_template: Path) -> Path:
    """The demo after its first plan: to be copied, never written."""
    return planned_template


@pytest.fixture
def books(planned: Path, tmp_path: Path) -> Iterator[Books]:
    """Books of its own for a test that writes."""
    opened = open_books(Path(shutil.copytree(planned, tmp_path / "demo")))
    yield opened
    opened.store.close()


@pytest.fixture
def client(books: Books) -> Iterator[TestClient]:
    """The application over ``books``."""
    with TestClient(create_app(books, local=True), base_url=HERE) as opened:
        yield opened


@pytest.fixture(scope="session")
def reader(planned: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One application for all tests that only read."""
    folder = Path(shutil.copytree(planned, tmp_path_factory.mktemp("read") / "demo"))
    opened = open_books(folder)
    with TestClient(create_app(opened, local=True), base_url=HERE) as client:
        yield client
    opened.store.close()


@pytest.fixture
def empty_client(empty_workspace: Path) -> Iterator[TestClient]:
    """The application over a workspace that was made a moment ago."""
    opened = open_books(empty_workspace)
    with TestClient(create_app(opened, local=True), base_url=HERE) as client:
        yield client
    opened.store.close()
