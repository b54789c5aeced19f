"""Screens on the stream: the same as a read, field by field, built once, and packed."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet.api import packing, shown
from supplynet.api.clock import SmoothClock
from supplynet.api.shown import Screen, Shown, View
from supplynet.errors import StoreError
from supplynet.services import overview
from supplynet.services.books import Books
from supplynet.services.orders import Said

Json = dict[str, Any]
OWN_MOMENT = ("generated_at", "clock")
"""When a picture was made, which differs from that of another read."""


@pytest.fixture(autouse=True)
def without_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "REST_SECONDS", 0.0)


def run(what: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(what())  # type: ignore[arg-type]  # any awaitable of ours is a coroutine


def pause(books: Books, paused: bool) -> None:
    overview.set_paused(books, paused, Said(actor="ana", reason="a test"))


def without_moment(found: Json) -> Json:
    return {name: value for name, value in found.items() if name not in OWN_MOMENT}


@pytest.mark.parametrize("screen", list(Screen))
def test_the_whole_picture_is_what_a_read_answers(
    client: TestClient, books: Books, screen: Screen
) -> None:
    async def look() -> None:
        told = json.loads(await View(Shown(books, SmoothClock()), screen, None).news(0))
        assert (told["screen"], told["whole"]) == (screen.value, True)
        read = client.get(f"/api/v1/{screen}").json()
        assert without_moment(told["fields"]) == without_moment(read)

    run(look)


def test_what_follows_has_only_what_is_other_and_adds_up_to_the_whole(books: Books) -> None:
    async def look() -> None:
        pictures = Shown(books, SmoothClock())
        view = View(pictures, Screen.CONTROL_ROOM, None)
        kept = json.loads(await view.news(0))["fields"]
        pause(books, True)
        seq = overview.latest_change(books)
        told = json.loads(await view.news(seq))
        assert told["whole"] is False
        assert {"automation", "change"} <= told["fields"].keys()
        assert not {"lines", "shifts", "plant"} & told["fields"].keys()
        kept |= told["fields"]
        fresh = View(pictures, Screen.CONTROL_ROOM, None)  # who comes later gets all of the same
        assert json.loads(await fresh.news(seq))["fields"] == kept

    run(look)


def test_nothing_is_told_where_nothing_is_other(books: Books) -> None:
    async def look() -> None:
        view = View(Shown(books, SmoothClock()), Screen.FLOW, None)
        assert await view.news(0)
        assert await view.news(0) == ""

    run(look)


def test_many_who_may_see_the_same_cost_one_look_at_the_books(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[object] = []
    name, model, build = shown.SCREENS[Screen.FLOW]

    def counted(books: Books, within: object) -> Json:
        looks.append(within)
        return dict(build(books, within))  # type: ignore[arg-type]  # the places as they came

    monkeypatch.setitem(shown.SCREENS, Screen.FLOW, (name, model, counted))

    async def look() -> None:
        pictures = Shown(books, SmoothClock())
        everywhere = [View(pictures, Screen.FLOW, None) for _ in range(20)]
        nowhere = [View(pictures, Screen.FLOW, frozenset({"elsewhere"})) for _ in range(20)]
        told = await asyncio.gather(*(view.news(0) for view in [*everywhere, *nowhere]))
        assert len(looks) == 2
        assert len(set(told)) == 2

    run(look)


def test_who_may_see_one_site_is_told_of_no_other(books: Books) -> None:
    async def look() -> None:
        pictures = Shown(books, SmoothClock())
        whole = json.loads(await View(pictures, Screen.CONTROL_ROOM, None).news(0))["fields"]
        site = whole["lines"][0]["showroom_id"]
        view = View(pictures, Screen.CONTROL_ROOM, frozenset({site}))
        own = json.loads(await view.news(0))["fields"]
        nothing = View(pictures, Screen.CONTROL_ROOM, frozenset({"elsewhere"}))
        assert {line["showroom_id"] for line in own["lines"]} == {site}
        assert all(site in {each["to"], each["from"]} for each in own["actions"])
        assert json.loads(await nothing.news(0))["fields"]["lines"] == []

    run(look)


def test_a_look_that_fails_is_made_again_and_nothing_is_lost(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look() -> None:
        view = View(Shown(books, SmoothClock()), Screen.CONTROL_ROOM, None)
        await view.news(0)
        pause(books, True)
        seq = overview.latest_change(books)
        with monkeypatch.context() as broken:
            broken.setattr(Books, "clock", _fails)
            with pytest.raises(StoreError):
                await view.news(seq)
        assert json.loads(await view.news(seq))["fields"]["automation"]["paused"] is True

    run(look)


def test_a_screen_that_takes_long_is_looked_at_more_rarely(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    async def look() -> None:
        pictures = Shown(books, SmoothClock())
        picture = await pictures.at(Screen.FLOW, None, 0)
        monkeypatch.setattr(asyncio, "sleep", noted)
        for seq, took in enumerate((0.1, 3.0), start=1):
            picture._took = took
            await pictures.at(Screen.FLOW, None, seq)

    run(look)
    assert slept == pytest.approx([1.0, 2.5], abs=0.5)


def test_who_follows_a_picture_that_was_dropped_misses_nothing(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown, "_MOST_PICTURES", 1)

    async def look() -> None:
        pictures = Shown(books, SmoothClock())
        view = View(pictures, Screen.CONTROL_ROOM, None)
        await view.news(0)
        pause(books, True)
        await view.news(overview.latest_change(books))
        await View(pictures, Screen.FLOW, None).news(0)  # there is room for one only
        pause(books, False)
        told = json.loads(await view.news(overview.latest_change(books)))
        assert told["fields"]["automation"]["paused"] is False

    run(look)


def _fails(_books: Books) -> None:
    raise StoreError("the disk is gone")


def test_each_packed_message_can_be_read_as_soon_as_it_is_there() -> None:
    messages = ["event: tick\n\n", "event: show\ndata: " + "x" * 5000 + "\n\n", "event: tick\n\n"]

    async def said() -> AsyncIterator[str]:
        for message in messages:
            yield message

    async def look() -> None:
        reader, blocks, read = zlib.decompressobj(wbits=31), [], []
        async for block in packing.packed(said()):
            blocks.append(block)
            read.append(reader.decompress(block).decode())
        assert read == ["", *messages]
        assert blocks[1] == blocks[3]  # and so one packing serves all who hear it
        assert len(blocks[2]) < 100

    run(look)


@pytest.mark.parametrize("query", ["show=stock", "show=flow&show=flow&show=flow", "shows=flow"])
def test_a_screen_that_is_none_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/api/v1/stream?{query}").status_code == 422
