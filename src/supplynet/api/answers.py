"""Answers to reads that many ask for, kept until what they show moves, and for seconds at most."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from supplynet.core.sites import Sites

Key = tuple[str, bytes, Sites]
Kinds = tuple[str, ...] | None
Count = Callable[[Kinds], int]
Ask = Callable[[], Awaitable[Response]]
_STOCK = ("movement", "order", "plan", "plant")
KEPT: dict[str, tuple[float, Kinds]] = {
    "get_automation": (5.0, ("setting",)),
    "get_control_room": (2.0, None),
    "get_flow": (2.0, _STOCK),
    "get_network": (10.0, ("plant",)),
    "get_part": (2.0, (*_STOCK, "anomaly")),
    "get_plan": (10.0, ("plan", "plant")),
    "get_timetable": (5.0, ("order", "plant")),
    "list_alerts": (5.0, ("alert",)),
    "list_orders": (5.0, ("order", "plant")),
    "list_shipments": (5.0, ("order",)),
    "list_stock": (5.0, _STOCK),
}
"""Reads whose answer depends on the books, the clock, the sites of whoever asks and the address
asked, and on nothing else: no name, no second permission. With the seconds for which they are good,
and the kinds of records that they show (None = all); one that is forgotten here, or a change of the
plant's files by hand, is seen these seconds late."""
LARGEST, MOST_BYTES, MOST_ANSWERS = 2 * 2**20, 32 * 2**20, 512
AT_ONCE = 2
"""Reads that compute side by side: more would only take the processor from one another, and from
the thread that gives kept answers."""
_WORTH_PACKING = 1000


@dataclass(eq=False)
class _Kept:
    """One answer, and as of when; ``moves`` and ``seq`` are those before the books were read."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    moves: int = -1
    seq: int = -1
    at: float = float("-inf")
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes | None = None
    packed: bytes | None = None

    @property
    def size(self) -> int:
        return len(self.body or b"") + len(self.packed or b"")


class Answers:
    """Keeps answers; used on the event loop only.

    Of those who ask for the same at once one waits for the books, and the others for that one.

    Args:
        moves: How often this process has changed records of some kinds.
        seq: The newest change of some kinds that is known of, also of other processes.
    """

    def __init__(self, moves: Count, seq: Count) -> None:
        self._moves, self._seq = moves, seq
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def answer(self, request: Request, name: str, sites: Sites, ask: Ask) -> Response:
        """The kept answer, or a new one."""
        if name not in KEPT:
            return await ask()
        scope = request.scope
        key = (scope["path"], scope["query_string"], sites)
        kept = self._kept.setdefault(key, _Kept())
        self._kept.move_to_end(key)
        async with kept.lock:
            seconds, kinds = KEPT[name]
            if not self._is_good(kept, seconds, kinds):
                moves, seq, at = self._moves(kinds), self._seq(kinds), time.monotonic()
                async with self._room:
                    answer = await ask()
                if answer.status_code != 200 or not 0 < len(answer.body) <= LARGEST:
                    self._kept.pop(key, None)
                    return answer
                kept.moves, kept.seq, kept.at = moves, seq, at
                kept.body, kept.packed = bytes(answer.body), None
                kept.headers = [each for each in answer.raw_headers if each[0] != b"content-length"]
                self._make_room()
            assert kept.body is not None, "it is good, or was just made"
            if kept.packed is None and _packs(kept.body, request):
                kept.packed = await run_in_threadpool(_pack, kept.body)
        return _again(kept, request)

    def _is_good(self, kept: _Kept, seconds: float, kinds: Kinds) -> bool:
        if kept.body is None or time.monotonic() - kept.at >= seconds:
            return False
        return kept.moves == self._moves(kinds) and kept.seq >= self._seq(kinds)

    def _make_room(self) -> None:
        size = sum(each.size for each in self._kept.values())
        while size > MOST_BYTES or len(self._kept) > MOST_ANSWERS:
            size -= self._kept.popitem(last=False)[1].size


def _packs(body: bytes, request: Request) -> bool:
    return len(body) >= _WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", "")


def _pack(body: bytes) -> bytes:
    return zlib.compress(body, level=4, wbits=31)


def _again(kept: _Kept, request: Request) -> Response:
    assert kept.body is not None, "only a good answer is given again"
    answer = Response()
    answer.raw_headers = list(kept.headers)
    answer.body = kept.body
    if kept.packed is not None and _packs(kept.body, request):
        answer.body = kept.packed
        answer.raw_headers += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
    answer.raw_headers.append((b"content-length", str(len(answer.body)).encode()))
    return answer
