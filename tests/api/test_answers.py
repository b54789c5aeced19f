"""Reads that many ask for: answered anew when the books move, and as if nothing were kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from supplynet.api import answers
from supplynet.api.answers import KEPT, Answers
from supplynet.security.access import OPERATIONS
from supplynet.services import network

PLACE = frozenset({"SR1"})


@dataclass
class Desk:
    """Books that count how often they are read."""

    moves: int = 0
    seq: int = 0
    reads: int = 0
    status: int = 200
    kept: Answers = field(init=False)

    def __post_init__(self) -> None:
        self.kept = Answers(moves=lambda _: self.moves, seq=lambda _: self.seq)

    async def look(self) -> Response:
        self.reads += 1
        mine = self.reads
        await asyncio.sleep(0)
        return JSONResponse({"read": mine, "long": "x" * 2000}, self.status)

    async def ask(
        self, path: str = "/orders", sites: frozenset[str] | None = None, packed: bool = False
    ) -> Response:
        headers = [(b"accept-encoding", b"gzip")] if packed else []
        where, _, query = path.partition("?")
        scope = {"type": "http", "method": "GET", "path": where, "headers": headers}
        request = Request(scope | {"query_string": query.encode()})
        return await self.kept.answer(request, "list_orders", sites, self.look)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_same_read_again_is_answered_without_the_books(desk: Desk) -> None:
    first, again = (asyncio.run(desk.ask()).body for _ in range(2))
    assert (first, desk.reads) == (again, 1)


@pytest.mark.parametrize("moved", ["moves", "seq"])
def test_a_write_of_this_process_or_of_another_ends_what_is_kept(desk: Desk, moved: str) -> None:
    asyncio.run(desk.ask())
    setattr(desk, moved, 1)
    assert b'"read":2' in bytes(asyncio.run(desk.ask()).body)


def test_what_is_too_old_is_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(desk.ask())
    monkeypatch.setitem(KEPT, "list_orders", (0.0, None))
    asyncio.run(desk.ask())
    assert desk.reads == 2


def test_another_address_and_other_sites_have_answers_of_their_own(desk: Desk) -> None:
    told = [
        asyncio.run(desk.ask(*what)).body
        for what in (("/orders",), ("/orders?limit=2",), ("/orders", PLACE), ("/stock",))
    ]
    assert len(set(told)) == 4


def test_of_many_who_ask_at_once_one_reads(desk: Desk) -> None:
    async def crowd() -> set[bytes]:
        found = await asyncio.gather(*(desk.ask() for _ in range(20)))
        return {bytes(each.body) for each in found}

    assert len(asyncio.run(crowd())) == 1
    assert desk.reads == 1


def test_a_write_while_the_books_are_read_is_not_missed(desk: Desk) -> None:
    """What was read may be from before the write: it is not given to who asks after it."""

    async def race() -> None:
        first = asyncio.create_task(desk.ask())
        await asyncio.sleep(0)
        desk.moves += 1
        await first
        await desk.ask()

    asyncio.run(race())
    assert desk.reads == 2


def test_an_error_is_never_kept(desk: Desk) -> None:
    desk.status = 503
    assert asyncio.run(desk.ask()).status_code == 503
    desk.status = 200
    assert asyncio.run(desk.ask()).status_code == 200


def test_packed_or_not_it_is_the_same(reader: TestClient) -> None:
    plain = reader.get("/api/v1/network", headers={"accept-encoding": "identity"})
    packed = reader.get("/api/v1/network", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert packed.headers["vary"] == plain.headers["vary"]


def test_no_more_is_kept_than_there_is_room_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_ANSWERS", 3)
    for number in range(5):
        asyncio.run(desk.ask(f"/orders?limit={number}"))
    asyncio.run(desk.ask("/orders?limit=4"))  # still there
    asyncio.run(desk.ask("/orders?limit=0"))  # gone
    assert desk.reads == 6


def test_what_another_kind_of_record_says_leaves_the_answer_as_it_is(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KEPT, "get_network", (1e9, ("plant",)))
    looks: list[object] = []
    real = network.network

    def counted(*asked: object) -> object:
        looks.append(asked)
        return real(*asked)  # type: ignore[arg-type]  # as it was asked

    monkeypatch.setattr(network, "network", counted)
    for paused in (True, False):
        client.get("/api/v1/network")
        client.post("/api/v1/automation", json={"paused": paused, "reason": "a test"})
    assert len(looks) == 1
    assert client.get("/api/v1/control-room").json()["automation"]["paused"] is False


def test_what_is_kept_needs_one_permission_and_shows_every_holder_the_same() -> None:
    """A second permission would show more to some, and a name in the key is what is missing."""
    assert {OPERATIONS[name].permission for name in KEPT} == {"plant.read"}
