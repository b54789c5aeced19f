"""Server-sent events: one watcher of the books for all clients, the last state never lost."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Receive, Scope, Send

from supplynet.api.admission import AccessDep
from supplynet.api.clock import SmoothClock
from supplynet.api.door import Door, key_of
from supplynet.api.identity import WhoDep
from supplynet.api.packing import packed
from supplynet.api.routing import Router
from supplynet.api.shown import Screen, View
from supplynet.api.turns import Place
from supplynet.errors import StoreError
from supplynet.services import overview
from supplynet.services.books import Books

log = logging.getLogger(__name__)
router = Router(tags=["stream"])
POLL_SECONDS = 0.5
"""How often the books are looked at for what other processes have written."""
REST_SECONDS = 0.1
"""Between two looks, however often this process writes."""
TICK_SECONDS = 3.0
"""Between two signs of life; with each a stream looks whether its session still stands."""
KEPT_STEPS = 1000


@dataclass(frozen=True, slots=True)
class _Step:
    """What one look at the books found: kinds of the changes in ``(after, upto]``."""

    after: int
    upto: int
    kinds: frozenset[str]


class StreamQuery(BaseModel):
    """What the stream tells beside changes."""

    model_config = ConfigDict(extra="forbid")

    show: list[Screen] = Field(
        default_factory=list, max_length=len(Screen), description="Screens to tell."
    )


StreamParameters = Annotated[StreamQuery, Query()]


class ChangeFeed:
    """Watches the books and wakes every stream when they move.

    A slow client loses intermediate numbers, never the last: each stream remembers what it sent
    and compares with ``seq`` when it wakes. Streams never touch the books, but once when a client
    resumes from before the feed's memory.

    Attributes:
        seq: Number of the newest change.
        clock: The plant's, see ``overview.clock_at``.
        streams: How many are open.
        closed: Whether streams shall end.
    """

    def __init__(
        self, books: Books, clock: SmoothClock, closing: Callable[[], bool] = lambda: False
    ) -> None:
        self.seq, self.streams, self.closed = 0, 0, False
        self.clock: dict[str, Any] = {}
        self._books, self._smooth, self._closing = books, clock, closing
        self._steps: deque[_Step] = deque(maxlen=KEPT_STEPS)
        self._moved = asyncio.Condition()
        self._failing = False
        self._moves = 0
        self._newest: dict[str, int] = {}
        self._untold = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch while the server runs."""
        # A thread of its own: requests that fill the pool must not silence the streams.
        self._thread, self._doormen = CapacityLimiter(1), CapacityLimiter(1)
        found = await self._pulse(None)
        self.seq, self.clock, self.closed = found.seq, found.clock, False
        task = asyncio.create_task(self._watch(), name="change-feed")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self._close()

    async def _watch(self) -> None:
        while not self._closing():
            await asyncio.sleep(REST_SECONDS)
            self._moves = await run_sync(
                self._books.store.wait_for_change, self._moves, POLL_SECONDS, limiter=self._thread
            )
            try:
                found = await self._pulse(self.seq)
            except Exception:  # whatever it is, the next look may succeed
                if not self._failing:
                    log.exception("the change feed cannot read the books; it tries again")
                self._failing = True
                continue
            self._failing, self.clock = False, found.clock
            if found.seq != self.seq:
                await self._step(found)
        await self._close()

    async def _step(self, found: overview.Pulse) -> None:
        if found.kinds is None:
            self._steps.clear()
            self._untold = found.seq
        else:
            self._steps.append(_Step(self.seq, found.seq, found.kinds))
            self._newest |= dict.fromkeys(found.kinds, found.seq)
        async with self._moved:
            self.seq = found.seq
            self._moved.notify_all()

    async def _close(self) -> None:
        async with self._moved:
            self.closed = True
            self._moved.notify_all()

    async def _pulse(self, after: int | None) -> overview.Pulse:
        return await run_sync(overview.pulse, self._books, after, limiter=self._thread)

    def newest(self, kinds: Collection[str] | None = None) -> int:
        """Number of the newest change, or at least that of the newest of these kinds."""
        if kinds is None:
            return self.seq
        return max(self._untold, *(self._newest.get(kind, 0) for kind in kinds))

    async def wait(self, seq: int, seconds: float) -> bool:
        """Wait until the books are at another number than ``seq``, or streams shall end.

        Returns:
            False when ``seconds`` pass before that.
        """
        try:
            async with asyncio.timeout(seconds), self._moved:
                await self._moved.wait_for(lambda: self.seq != seq or self.closed)
        except TimeoutError:
            return False
        return True

    async def kinds_since(self, seq: int) -> frozenset[str] | None:
        """Kinds of what changed after ``seq``; None when that is no longer known: a gap."""
        missed = [step for step in self._steps if step.upto > seq]
        if missed and missed[0].after <= seq:
            return frozenset().union(*(step.kinds for step in missed))
        return (await self._pulse(seq)).kinds

    async def may_stay(self, ask: Callable[[], bool]) -> bool:
        """Whether who listens still may; where nobody knows, the client has to come anew."""
        try:
            return await run_sync(ask, limiter=self._doormen)
        except StoreError:
            return False

    def tick(self) -> dict[str, Any]:
        """Data of a tick: the plant's time now, its speed, and the newest change."""
        shown = self._smooth.show(self.clock)
        return {"now": shown["now"], "speed": shown["speed"], "change": self.seq}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Count a stream while it is open."""
        self.streams += 1
        try:
            yield
        finally:
            self.streams -= 1


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Never ends."}},
)
async def stream_changes(
    request: Request,
    who: WhoDep,
    access: AccessDep,
    query: StreamParameters,
    last_event_id: Annotated[int | None, Header(ge=0, lt=2**63)] = None,
) -> StreamingResponse:
    """Changes as server-sent events; the event id is the change number.

    `change` says what kinds of figures moved: fetch what you show. `tick` comes every three
    seconds and says that the connection lives, with the plant's clock. Resumes after
    `Last-Event-ID`; `gap` says that what was missed cannot be told: take a new snapshot. Ends
    within seconds when the session or token does, or when its owner may do something else.

    Screens asked for by `show` need not be fetched: `show` events tell them, first the `whole`,
    then the `fields` that are other than before, at most twice a second.
    """
    feed: ChangeFeed = request.app.state.feed
    door: Door = request.app.state.door
    place = door.streams.take(key_of(who, request))
    sent = feed.seq if last_event_id is None else last_event_id
    views = [
        View(request.app.state.shown, name, access.sites) for name in dict.fromkeys(query.show)
    ]
    events = _events(feed, sent, views, partial(request.app.state.identify.still, request, who))
    headers = {"x-accel-buffering": "no"}
    # Whole screens are large, and a message is packed once for all who get it.
    packs = bool(views) and "gzip" in request.headers.get("accept-encoding", "")
    if packs:
        headers |= {"content-encoding": "gzip", "vary": "Accept-Encoding"}
    return _Placed(
        packed(events) if packs else events, place, media_type="text/event-stream", headers=headers
    )


class _Placed(StreamingResponse):
    """A stream that gives its place back when it ends, also when it never begins."""

    def __init__(
        self, events: AsyncIterator[str] | AsyncIterator[bytes], place: Place, **options: Any
    ) -> None:
        super().__init__(events, **options)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            await super().__call__(scope, receive, send)


async def _events(
    feed: ChangeFeed, sent: int, views: Sequence[View], may_stay: Callable[[], bool]
) -> AsyncIterator[str]:
    clock = asyncio.get_running_loop()
    with feed.listening():
        yield f"retry: 1000\n\n{_message('tick', feed.tick())}"
        tick_at = clock.time() + TICK_SECONDS
        whole = await _news(feed, views)
        if whole:
            yield whole
        while not feed.closed:
            left = tick_at - clock.time()
            if left > 0 and await feed.wait(sent, left):
                seq = feed.seq
                if seq != sent:
                    moved = _moved(seq, await feed.kinds_since(sent))
                    sent = seq
                    # In one piece: what is sent costs by the piece.
                    yield moved + await _news(feed, views)
            elif not await feed.may_stay(may_stay):
                return
            else:
                told = await _news(feed, views)
                yield _message("tick", feed.tick()) + told
                tick_at = clock.time() + TICK_SECONDS


async def _news(feed: ChangeFeed, views: Sequence[View]) -> str:
    """What is new on the screens; where the books cannot be read, the next look may tell it."""
    found = []
    for view in views:
        with suppress(StoreError):
            told = await view.news(feed.seq)
            if told:
                found.append(f"event: show\ndata: {told}\n\n")
    return "".join(found)


def _moved(seq: int, kinds: frozenset[str] | None) -> str:
    if kinds is None:
        return _message("gap", {"change": seq}, seq)
    return _message("change", {"change": seq, "kinds": sorted(kinds)}, seq)


def _message(event: str, data: dict[str, Any], event_id: int | None = None) -> str:
    head = "" if event_id is None else f"id: {event_id}\n"
    return f"{head}event: {event}\ndata: {json.dumps(data)}\n\n"
