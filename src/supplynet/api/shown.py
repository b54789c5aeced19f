"""Screens that the stream tells: built once for all who may see the same, told field by field."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from enum import StrEnum
from itertools import count
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from pydantic import BaseModel, TypeAdapter

from supplynet.api.clock import SmoothClock
from supplynet.api.flow_models import Flow
from supplynet.api.room import control_room
from supplynet.api.screen import ControlRoom
from supplynet.core.sites import Sites, locations_in
from supplynet.security.access import OPERATIONS
from supplynet.services import flow
from supplynet.services.books import Books, plant_of
from supplynet.storage.within import Within

Build = Callable[[Books, Within], Mapping[str, Any]]


class Screen(StrEnum):
    """What the stream can tell."""

    CONTROL_ROOM = "control-room"
    FLOW = "flow"


SCREENS: dict[Screen, tuple[str, type[BaseModel], Build]] = {
    Screen.CONTROL_ROOM: ("get_control_room", ControlRoom, control_room),
    Screen.FLOW: ("get_flow", Flow, flow.flow),
}
"""The operation that answers with the same, its model, and what makes it."""
assert {OPERATIONS[name].permission for name, *_ in SCREENS.values()} == {
    OPERATIONS["stream_changes"].permission
}, "who may listen to the stream may see its screens"
REST_SECONDS = 0.5
"""Between two looks at one screen, however often the books move."""
SHARE = 0.1
"""Of the time that one screen may be looked at: where a look takes long, looks are rarer, until
they are as rare as a screen may be old."""
FRESH_SECONDS = 2.5
"""The clock goes on where the books stand still: a screen that is older is built again."""
_MOST_PICTURES = 64
_versions = count(1)
"""One count for all: who followed a picture that was dropped is told all of the next one."""


class Picture:
    """One screen as some may see it, with what is other than before.

    Attributes:
        version: Rises each time something is other; 0 before the first look.
        seq: The newest change that is surely in it; -1 before the first look.
    """

    def __init__(self, name: Screen, build: Callable[[], Mapping[str, Any]]) -> None:
        _, model, _ = SCREENS[name]
        self.version, self.seq = 0, -1
        self._name, self._build = name, build
        self._adapters: dict[str, TypeAdapter[Any]] = {
            info.alias or field: TypeAdapter[Any](info.annotation or Any)
            for field, info in model.model_fields.items()
        }
        self._raw: dict[str, Any] = {}
        self._json: dict[str, bytes] = {}
        self._moved: dict[str, int] = {}
        self._told: dict[int, str] = {}
        self._built_at, self._took = float("-inf"), 0.0
        self._lock = asyncio.Lock()

    async def reach(self, seq: int, limiter: CapacityLimiter) -> None:
        """Build it again unless it has the change ``seq`` in it and is fresh."""
        async with self._lock:
            age = time.monotonic() - self._built_at
            if self.seq >= seq and age < FRESH_SECONDS:
                return
            rest = min(max(REST_SECONDS, self._took / SHARE), FRESH_SECONDS)
            await asyncio.sleep(max(0.0, rest - age))
            self._built_at = time.monotonic()
            self._take(*await run_sync(self._look, limiter=limiter))
            self.seq = max(seq, self.seq)

    def _look(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """In a thread: the newest figures, and the text of those that are other than before."""
        begun = time.thread_time()
        found = {name: value for name, value in self._build().items() if name in self._adapters}
        other = {
            name: _text(self._adapters[name], value)
            for name, value in found.items()
            if name not in self._raw or self._raw[name] != value
        }
        self._took = time.thread_time() - begun
        return found, other

    def _take(self, found: dict[str, Any], other: dict[str, bytes]) -> None:
        self._raw = found
        other = {name: text for name, text in other.items() if self._json.get(name) != text}
        if other:
            self.version = next(_versions)
            self._json |= other
            self._moved |= dict.fromkeys(other, self.version)
            self._told.clear()

    def news(self, version: int) -> str:
        """The JSON of what is other than at ``version``; at 0 that is all of it."""
        if version not in self._told:
            fields = ", ".join(
                f'"{name}": {text.decode()}'
                for name, text in self._json.items()
                if self._moved[name] > version
            )
            whole = "true" if version == 0 else "false"
            told = f'{{"screen": "{self._name}", "whole": {whole}, "fields": {{{fields}}}}}'
            self._told[version] = told
        return self._told[version]


def _text(adapter: TypeAdapter[Any], value: Any) -> bytes:
    return adapter.dump_json(adapter.validate_python(value), by_alias=True)


class Shown:
    """The screens that somebody has open, one for all who may see the same sites."""

    def __init__(self, books: Books, clock: SmoothClock) -> None:
        self._books, self._clock = books, clock
        self._pictures: OrderedDict[tuple[Screen, Sites], Picture] = OrderedDict()
        self._limiter = CapacityLimiter(1)

    async def at(self, name: Screen, sites: Sites, seq: int) -> Picture:
        """A screen with the change ``seq`` in it.

        Raises:
            StoreError: The books cannot be read.
        """
        key = (name, sites)
        picture = self._pictures.get(key)
        if picture is None:
            picture = self._pictures[key] = Picture(name, lambda: self._built(name, sites))
            if len(self._pictures) > _MOST_PICTURES:
                self._pictures.popitem(last=False)
        self._pictures.move_to_end(key)
        await picture.reach(seq, self._limiter)
        return picture

    def _built(self, name: Screen, sites: Sites) -> Mapping[str, Any]:
        plant = plant_of(self._books)
        within = frozenset(sites or ()) if plant is None else locations_in(plant, sites)
        found = SCREENS[name][2](self._books, None if sites is None else within)
        return {**found, "clock": self._clock.show(found["clock"])} if "clock" in found else found


class View:
    """One screen as one stream tells it.

    Args:
        sites: Where whoever listens may see; None = everywhere.
    """

    def __init__(self, shown: Shown, name: Screen, sites: Sites) -> None:
        self._shown, self._name, self._sites = shown, name, sites
        self._version = 0

    async def news(self, seq: int) -> str:
        """JSON of what is other since the call before, the change ``seq`` in it; "" for nothing.

        Raises:
            StoreError: The books cannot be read.
        """
        picture = await self._shown.at(self._name, self._sites, seq)
        if picture.version == self._version:
            return ""
        told = picture.news(self._version)
        self._version = picture.version
        return told
