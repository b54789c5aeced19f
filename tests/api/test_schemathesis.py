"""Whatever is asked, every answer is one that the OpenAPI document describes, and none a failure.

Schemathesis makes requests from the document: such as it allows and such as it does not, of things
that are there and of things that are not. Long work is queued only: no runner is there.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from supplynet.api.app import create_app
from supplynet.security.access import OPERATIONS, Reach
from supplynet.security.passwords import Cost, Passwords
from supplynet.services import champion
from supplynet.services.books import open_books

HERE = "http://127.0.0.1:8321"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
_ENDLESS = {f"{name}rate_per_minute": 1_000_000 for name in ("", "address_", "dear_", "sign_in_")}
_QUICK = settings(
    max_examples=5,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Served:
    """An application with all that the document says of it, and the names of things in it."""

    client: TestClient
    operations: dict[str, Any]
    things: dict[str, str]

    def send(self, case: Case[Any]) -> Any:
        """The answer to a request as it was made, byte for byte."""
        asked: Any = requests.Request(**case.as_transport_kwargs(base_url=HERE)).prepare()
        headers = [(_bytes(name), _bytes(value)) for name, value in asked.headers.items()]
        return self.client.request(asked.method, asked.url, headers=headers, content=asked.body)

    def requests_for(self, name: str) -> st.SearchStrategy[Case[Any]]:
        """Requests for an operation: right and wrong ones, half of them of what is there."""
        operation = self.operations[name]
        wanted = {each.name for each in operation.path_parameters}
        there = {key: value for key, value in self.things.items() if key in wanted}
        kinds = [operation.as_strategy(), operation.as_strategy(GenerationMode.NEGATIVE)]
        if there:
            kinds.append(operation.as_strategy(path_parameters=there))
        return st.one_of(kinds)


def _bytes(said: str | bytes) -> bytes:
    return said if isinstance(said, bytes) else said.encode("latin-1", "replace")


def _forecast(*_folder: Any, **_asked: Any) -> Any:
    """Instead of the seconds of a real one."""
    return SimpleNamespace(model_version="m", warning="", items=[])


@pytest.fixture(scope="module")
def folder(planned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plant to break."""
    return Path(shutil.copytree(planned, tmp_path_factory.mktemp("any") / "demo"))


def _serving(folder: Path, *, local: bool) -> Iterator[Served]:
    books = open_books(folder)
    books = replace(books, settings=books.settings.model_copy(update=_ENDLESS))
    app = create_app(books, local=local)
    app.state.passwords = Passwords(cost=Cost(memory_kib=8, passes=1))
    with pytest.MonkeyPatch.context() as patch, TestClient(app, base_url=HERE) as client:
        patch.setattr(champion, "forecast", _forecast)
        app.state.feed.closed = True  # a stream ends after its first word
        schema = schemathesis.openapi.from_dict(app.openapi())
        found: Any = schema.get_all_operations()
        every = [each.ok() for each in found]
        operations = {each.definition.raw["operationId"]: each for each in every}
        yield Served(client, operations, _things(client) if local else {})
    books.store.close()


def _things(client: TestClient) -> dict[str, str]:
    """One name of each kind that a path may have."""

    def first(path: str, name: str) -> str:
        items = client.get(f"/api/v1{path}").json()["items"]
        return str(items[0][name]) if items else "none"

    return {
        "order_id": first("/orders", "order_id"),
        "shipment_id": first("/shipments", "shipment_id"),
        "decision_id": first("/decisions", "decision_id"),
        "alert_id": first("/alerts", "alert_id"),
        "location_id": first("/stock", "location_id"),
        "part_id": first("/stock", "part_id"),
        "version": first("/models", "version"),
    }


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    yield from _serving(folder, local=True)


@pytest.fixture(scope="module")
def locked(folder: Path) -> Iterator[Served]:
    yield from _serving(folder, local=False)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_answer_is_as_described(served: Served, name: str) -> None:
    _explore(served, name, _QUICK)


@pytest.mark.drill
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_answer_of_hundreds_is_as_described(served: Served, name: str) -> None:
    _explore(served, name, settings(_QUICK, max_examples=300, derandomize=False))


def _explore(served: Served, name: str, how: settings) -> None:
    @how
    @given(case=served.requests_for(name))
    def explored(case: Case[Any]) -> None:
        case.validate_response(served.send(case), checks=CHECKS)

    explored()


@pytest.mark.parametrize(
    ("status", "wrong"),
    [
        (400, {"headers": {"host": "elsewhere"}}),
        (403, {"headers": {"origin": "https://elsewhere"}}),
        (413, {"headers": {"content-length": str(10**12)}}),
        (414, {"params": {"q": "x" * 9000}}),
        (415, {"headers": {"content-encoding": "gzip"}}),
        (431, {"headers": {f"x-{number}": "x" for number in range(101)}}),
    ],
)
def test_what_is_refused_unread_is_described_for_every_operation(
    served: Served, status: int, wrong: dict[str, Any]
) -> None:
    for operation in served.operations.values():
        if operation.method == "get" and status in {403, 413, 415}:
            continue  # of a write only
        path = operation.path.format_map(defaultdict(lambda: "1"))
        answer = served.client.request(operation.method.upper(), path, **wrong)
        assert answer.status_code == status, path
        assert str(status) in operation.definition.raw["responses"], path


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_nobody_is_told_anything(locked: Served, name: str) -> None:
    @settings(_QUICK, max_examples=1)
    @given(case=locked.requests_for(name))
    def refused(case: Case[Any]) -> None:
        answer = locked.send(case)
        case.validate_response(answer, checks=CHECKS)
        assert OPERATIONS[name].reach is Reach.OPEN or answer.status_code in {400, 401, 404, 405}

    refused()
