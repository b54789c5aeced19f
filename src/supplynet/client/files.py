"""Answers that are files: of any size, in memory while they are small."""

from __future__ import annotations

import shutil
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile

import httpx2

IN_MEMORY = 8 * 2**20
"""Bytes; what is larger lies on the disk."""


@dataclass(frozen=True)
class File:
    """A file that the server sent; gone when nobody holds it any more.

    Attributes:
        media_type: Such as ``text/csv; charset=utf-8``.
    """

    media_type: str
    _content: SpooledTemporaryFile[bytes] = field(repr=False)

    def __post_init__(self) -> None:
        weakref.finalize(self, self._content.close)

    @property
    def text(self) -> str:
        """All of it as text (UTF-8)."""
        return self.read().decode("utf-8")

    def read(self) -> bytes:
        """All of it."""
        self._content.seek(0)
        return self._content.read()

    def save(self, path: Path) -> None:
        """Write it to ``path``; what was there before is gone."""
        self._content.seek(0)
        with path.open("wb") as target:
            shutil.copyfileobj(self._content, target)


def file_of(response: httpx2.Response) -> File:
    """Read an answer to its end, a piece at a time."""
    content = SpooledTemporaryFile[bytes](max_size=IN_MEMORY)  # File closes it
    try:
        for piece in response.iter_bytes():
            content.write(piece)
    except BaseException:
        content.close()
        raise
    return File(response.headers.get("content-type", ""), content)
