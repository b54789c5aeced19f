"""Who waits for whom: no user takes all threads, and heavy work never takes more than two."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus

from anyio.to_thread import current_default_thread_limiter
from starlette.exceptions import HTTPException

from supplynet.api.rate_limits import HEAVY
from supplynet.errors import TooManyRequests

HEAVY_AT_ONCE, HEAVY_WAITING, HEAVY_SECONDS = 2, 10, 60.0
OWN, OWN_HEAVY = (2, 40, 20.0), (1, 3, 60.0)
MOST_QUEUED = 100
"""Requests of all users that wait for a thread; more are answered 503 at once."""
STREAMS_OF_ONE, STREAMS_IN_ALL = 10, 200


@dataclass
class Queue:
    """Room for some at once, and for some more that wait.

    Attributes:
        at_once: How many may be inside.
        waiting: How many may wait besides.
        seconds: How long one waits at most.
        refusal: What is raised when there is no room, from a text and the seconds to wait.
    """

    at_once: int
    waiting: int
    seconds: float
    refusal: Callable[[str, float], Exception]
    inside: int = 0
    _room: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._room = asyncio.Semaphore(self.at_once)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for room, and leave it at the end; raises ``refusal`` when there is none."""
        if self.inside >= self.at_once + self.waiting:
            raise self.refusal(f"{self.inside} run or wait already", 5.0)
        self.inside += 1
        try:
            try:
                async with asyncio.timeout(self.seconds):
                    await self._room.acquire()
            except TimeoutError:
                raise self.refusal(f"no room for {self.seconds:g} s", self.seconds) from None
            try:
                yield
            finally:
                self._room.release()
        finally:
            self.inside -= 1


def _own_requests(why: str, seconds: float) -> Exception:
    return TooManyRequests(f"of your own requests {why}; wait for their answers", seconds)


def _heavy_requests(why: str, seconds: float) -> Exception:
    return busy(f"the server has heavy work to do ({why}); ask again later", seconds)


@dataclass
class Turns:
    """The queues of one server; used on its event loop only.

    Attributes:
        of_one: Room of one user: requests at once, waiting ones, and the longest wait in seconds.
        heavy_of_one: The same of heavy ones.
    """

    of_one: tuple[int, int, float] = OWN
    heavy_of_one: tuple[int, int, float] = OWN_HEAVY
    heavy: Queue = field(
        default_factory=lambda: Queue(HEAVY_AT_ONCE, HEAVY_WAITING, HEAVY_SECONDS, _heavy_requests)
    )
    _own: dict[tuple[str, bool], Queue] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(self, operation: str, who: str) -> AsyncIterator[None]:
        """Room for one request of ``who``: a user's actor, or an address before sign-in.

        Raises:
            TooManyRequests: Too many of their own wait.
            HTTPException: 503, too much heavy work waits.
        """
        heavy = operation in HEAVY
        limits = self.heavy_of_one if heavy else self.of_one
        own = self._own.setdefault((who, heavy), Queue(*limits, _own_requests))
        try:
            async with own.turn(), self.heavy.turn() if heavy else nullcontext():
                yield
        finally:
            if not own.inside:
                self._own.pop((who, heavy), None)


@dataclass
class Streams:
    """Open streams by user, so that nobody keeps them all."""

    of_one: int = STREAMS_OF_ONE
    in_all: int = STREAMS_IN_ALL
    _open: Counter[str] = field(default_factory=Counter)

    def take(self, who: str) -> Place:
        """A place for a stream that opens.

        Raises:
            TooManyRequests: The user, or the server, has as many as it may.
        """
        own, total = self._open[who], self._open.total()
        if own >= self.of_one:
            raise TooManyRequests(f"{own} of your streams are open; close one first", 5.0)
        if total >= self.in_all:
            raise TooManyRequests(f"{total} streams are open, which is all; ask again later", 30.0)
        self._open[who] += 1
        return Place(self._open, who)


@dataclass(frozen=True)
class Place:
    """The place of one stream, given back at the end of a ``with`` block."""

    _open: Counter[str]
    _who: str

    def __enter__(self) -> None:
        """Taken already: there must be no moment between the check and the taking."""

    def __exit__(self, *_error: object) -> None:
        self._open[self._who] -= 1
        if not self._open[self._who]:
            del self._open[self._who]


def busy(detail: str, seconds: float) -> HTTPException:
    """503, with the time after which it is worth asking again."""
    told = {"retry-after": str(math.ceil(seconds))}
    return HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, detail, told)


def must_have_threads(most: int = MOST_QUEUED) -> None:
    """Refuse a request that would wait behind too many others.

    Raises:
        HTTPException: 503, the threads have more to do than they get done.
    """
    waiting = current_default_thread_limiter().statistics().tasks_waiting
    if waiting >= most:
        raise busy(f"{waiting} requests wait for a thread already; ask again in a moment", 1.0)
