"""The planned demo with a second showroom like its first, and people who ask for things in it."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlencode

import polars as pl
import pytest
from fastapi import FastAPI

from supplynet import cycle
from supplynet.anomaly.incident import Kind
from supplynet.api.app import create_app
from supplynet.connectors.plant_folder import read_plant, write_plant
from supplynet.core.events import Event, EventType
from supplynet.core.network import Plant
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.core.sites import Sites
from supplynet.security.access import Role
from supplynet.security.passwords import Cost, Passwords
from supplynet.security.principal import Grant, How, Principal
from supplynet.services import champion, history
from supplynet.services.books import Books, open_books
from supplynet.storage import (
    WriteTx,
    alerts,
    anomalies,
    changes,
    decisions,
    diary,
    orders,
    plans,
    users,
)
from supplynet.storage.alerts import AlertCause, Severity
from supplynet.storage.users import User

ONE, OTHER, HUB = "SR1", "SR2", "WH1"
_LISTED = ("locations", "requirements", "lanes", "supply_rules", "calendars")
_ENDLESS = {f"{name}rate_per_minute": 1_000_000 for name in ("", "address_", "dear_", "sign_in_")}


def twin(value: Any) -> Any:
    """The same of the other showroom: every name of the one is that of the other."""
    if type(value) is str:  # no member of an enumeration
        return value.replace(ONE, OTHER)
    if isinstance(value, dict):
        return {twin(name): twin(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(twin(each) for each in value)
    if hasattr(value, "__dataclass_fields__"):
        names = [each.name for each in fields(value) if each.init]
        return replace(value, **{name: twin(getattr(value, name)) for name in names})
    return value


@pytest.fixture(scope="session")
def two_showrooms(planned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace to be copied: whatever is known of SR1 is known of SR2."""
    folder = Path(shutil.copytree(planned, tmp_path_factory.mktemp("two") / "demo"))
    plant_folder = folder / "plant"
    plant = read_plant(plant_folder)
    doubled: dict[str, Any] = {name: _doubled(plant, name) for name in _LISTED}
    write_plant(replace(plant, **doubled), plant_folder)
    books = open_books(folder)
    now = history.as_of(books)
    with books.store.write("test", now) as tx:
        _double_plan(tx, now)
        for place in (ONE, OTHER):
            _fill(tx, books.plant, place, now)
    books.store.close()
    return folder


def _doubled(plant: Plant, name: str) -> tuple[Any, ...]:
    rows: Iterable[Any] = getattr(plant, name)
    return tuple(dict.fromkeys([*rows, *(twin(row) for row in rows)]))


def _double_plan(tx: WriteTx, now: datetime) -> None:
    first = plans.latest_plan(tx)
    assert first is not None
    frame = pl.read_parquet(io.BytesIO(plans.forecast_of(tx, first.plan_id)))
    named = pl.col("location_id").str.replace(ONE, OTHER)
    packed = io.BytesIO()
    pl.concat([frame, frame.with_columns(named)]).write_parquet(packed)
    seq = changes.latest_seq(tx) + 1
    lists = {
        name: [*first.document[name], *twin(first.document[name])] for name in ("lines", "pairs")
    }
    both = replace(first, plan_id="both", snapshot_seq=seq, document=first.document | lists)
    plans.save_plan(tx, both, packed.getvalue())
    run = decisions.latest_run(tx)
    assert run is not None
    compact = pl.concat([run.compact, run.compact.with_columns(named)])
    decided = replace(run, plan_id="both", decided_at=now, snapshot_seq=seq, compact=compact)
    claims = [{"stock_point_id": place, "wanted": 1} for place in (ONE, OTHER)]
    decisions.save_run(tx, decided, lambda _place: {"why": "so", "claims": claims})


def _fill(tx: WriteTx, plant: Plant, place: str, now: datetime) -> None:
    """Something of every kind at one showroom."""
    part = plant.requirements[0].part_id
    count = Event(
        source="test",
        event_id=f"count-{place}",
        type=EventType.COUNTED,
        occurred_at=now,
        location_id=place,
        part_id=part,
        quantity=7,
    )
    use = replace(count, event_id=f"use-{place}", type=EventType.SCRAPPED, quantity=2)
    cycle.post(tx, plant, [count, use])
    cause = AlertCause(
        severity=Severity.WARNING, kind="by_hand", message=f"look at {place}", location_id=place
    )
    everywhere = replace(cause, message="of the whole plant", location_id=None)
    alerts.set_open_alerts(tx, [cause, everywhere], kinds=[])
    alerts.resolve(
        tx, alerts.set_open_alerts(tx, [replace(cause, part_id=part)], kinds=[]).raised[0]
    )
    anomalies.add(tx, anomaly(place, part, now))
    for number in range(30):
        order = orders.add_order(tx, order_to(place, part, now, number))
        diary.write_entry(tx, entry_of(order, now))
    orders.advance(tx, order.order_id, OrderState.APPROVED)
    leader = Grant(role=Role.LINE_LEADER, sites=frozenset({place}))
    name = f"lead-{place}".lower()
    users.add(
        tx,
        User(
            user_id=f"u-{place}",
            name=name,
            display_name=name,
            grants=(leader,),
            created_at=now,
            updated_at=now,
        ),
    )


def anomaly(place: str, part: str, now: datetime) -> anomalies.Anomaly:
    """A spike of a line at a showroom."""
    return anomalies.Anomaly(
        anomaly_id=f"odd-{place}",
        location_id=f"{place}.ST1.A",
        parts=(part,),
        start=now - timedelta(hours=24),
        end=now - timedelta(hours=12),
        periods=1,
        kind=Kind.SPIKE,
        size=60.0,
        sizes={part: 60.0},
        expected=100.0,
        observed=160.0,
        p_value=1e-9,
        score=1.0,
        sentence=f"160 used at {place}.",
        ongoing=False,
        detector_version="test",
        seen_at=now,
    )


def order_to(place: str, part: str, now: datetime, number: int) -> Order:
    """The ``number``-th proposal for a showroom, each of another departure."""
    leaves = (now + timedelta(days=1 + number)).replace(minute=0, second=0, microsecond=0)
    claims = [{"stock_point_id": each, "wanted": 9, "granted": 3} for each in (ONE, OTHER)]
    return Order(
        order_id=f"o-{place}-{number}",
        kind=OrderKind.TRANSFER,
        part_id=part,
        from_location=HUB,
        to_location=place,
        lane_id=f"{HUB}-{place}",
        departure_at=leaves,
        cutoff_at=leaves,
        arrives_at=leaves + timedelta(hours=2),
        quantity=1,
        state=OrderState.PROPOSED,
        policy="test",
        created_at=now,
        explanation={"why": "short", "claims": claims},
    )


def entry_of(order: Order, now: datetime) -> diary.DiaryEntry:
    """What the diary has of an order."""
    return diary.DiaryEntry(
        entry_id=order.order_id,
        at=now,
        actor="test",
        action=diary.DiaryAction.APPROVE,
        order_id=order.order_id,
        location_id=order.to_location,
        part_id=order.part_id,
        departure_at=order.departure_at,
        proposed=1,
        done=1,
    )


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status_code: int
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


class Caller:
    """Asks the application as whoever is named, without a server and without signing in.

    No client of HTTP either: half of a test of thousands of requests would be its work.
    """

    def __init__(self, books: Books, app: FastAPI, runner: asyncio.Runner) -> None:
        self.books, self.app, self._runner = books, app, runner
        self.who: Principal | None = None
        app.state.passwords = Passwords(cost=Cost(memory_kib=8, passes=1))
        app.state.feed.closed = True  # a stream ends after its first word

    def ask(
        self,
        who: Principal | None,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: Any = None,
    ) -> Answer:
        """The answer to one request of somebody; None = of nobody who is known."""
        self.who = who
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"host": "127.0.0.1", "content-length": str(len(content))}
        headers |= {} if body is None else {"content-type": "application/json"}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(f"/api/v1{path}"),
            "raw_path": f"/api/v1{path}".encode(),
            "query_string": urlencode(params or {}).encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 50000),
            "state": {},
        }
        return self._runner.run(self._run(scope, content))

    async def _run(self, scope: dict[str, Any], content: bytes) -> Answer:
        told, sent = [{"type": "http.request", "body": content}], list[dict[str, Any]]()

        async def receive() -> dict[str, Any]:
            if not told:
                await asyncio.Event().wait()
            return told.pop()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)  # type: ignore[arg-type]  # plain dictionaries
        parts = (message.get("body", b"") for message in sent[1:])
        return Answer(int(sent[0]["status"]), b"".join(parts))

    def get(self, who: Principal | None, path: str, **params: Any) -> Answer:
        return self.ask(who, "GET", path, params=params)

    def post(self, who: Principal | None, path: str, **body: Any) -> Answer:
        return self.ask(who, "POST", path, body=body)

    def change(self) -> int:
        """Number of the newest change in the books."""
        with self.books.store.read() as tx:
            return changes.latest_seq(tx)


def _forecast(*_folder: Any, **_asked: Any) -> Any:
    """What the model that plans would say of both showrooms, without its seconds of work."""
    row = {
        "location_id": ONE,
        "part_id": "P-001",
        "period_start": "2026-01-05T04:00:00Z",
        "shift": "early",
        "cutoff": "2026-01-05T03:00:00Z",
        "step": 1,
        "quantile": 0.5,
        "demand": 1.0,
    }
    return SimpleNamespace(model_version="m", warning="", items=[row, twin(row)])


def _series_forecast(place: str, part: str, _horizon: int) -> dict[str, Any]:
    return {"model_key": f"{place}_{part}", "model_version": "m", "forecast": [], "warning": ""}


@contextmanager
def _calling(folder: Path, asked_as: Callable[..., Any]) -> Iterator[Caller]:
    books = open_books(folder)
    books = replace(books, settings=books.settings.model_copy(update=_ENDLESS))
    with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patch:
        patch.setattr(champion, "forecast", _forecast)
        app = create_app(books)
        app.state.sales_models = SimpleNamespace(generate_forecast=_series_forecast)
        caller = Caller(books, app, runner)
        app.state.identify = asked_as(lambda _: caller.who)
        yield caller
    books.store.close()


@pytest.fixture(scope="module")
def caller(
    two_showrooms: Path, tmp_path_factory: pytest.TempPathFactory, asked_as: Callable[..., Any]
) -> Iterator[Caller]:
    """One application for all tests of a module."""
    copy = tmp_path_factory.mktemp("caller") / "demo"
    with _calling(Path(shutil.copytree(two_showrooms, copy)), asked_as) as opened:
        yield opened


@pytest.fixture
def writer(two_showrooms: Path, tmp_path: Path, asked_as: Callable[..., Any]) -> Iterator[Caller]:
    """An application over books of its own, for a test that writes."""
    with _calling(Path(shutil.copytree(two_showrooms, tmp_path / "demo")), asked_as) as opened:
        yield opened


@pytest.fixture(scope="session")
def person() -> Callable[..., Principal]:
    """Makes somebody with one role, at some sites (none named = all)."""

    def make(role: Role, *sites: str, scopes: frozenset[str] | None = None) -> Principal:
        limit: Sites = frozenset(sites) or None
        how: How = "password" if scopes is None else "token"
        grant = Grant(role=role, sites=limit)
        return Principal(actor=f"{role}@test", grants=(grant,), how=how, scopes=scopes)

    return make
