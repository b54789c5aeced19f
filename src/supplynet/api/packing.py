"""A stream of messages in gzip: each is packed by itself, so that all who get it share the work."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from functools import lru_cache

_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""RFC 1952: deflate, no name, no time, system unknown."""
_BARE, _LEVEL = -15, 6


async def packed(messages: AsyncIterator[str]) -> AsyncIterator[bytes]:
    """The same messages as one gzip member, each readable as soon as it is there.

    A block ends at a whole byte after each message (RFC 1951, 3.2.4) and refers to nothing before
    it, so blocks of one message are the same in every stream. The member never ends: a stream of
    events does not either.
    """
    yield _HEAD
    async for message in messages:
        yield _block(message)


@lru_cache(maxsize=64)
def _block(message: str) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _BARE)
    return packer.compress(message.encode()) + packer.flush(zlib.Z_SYNC_FLUSH)
