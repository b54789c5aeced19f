"""One request as it is asked for, before it is bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlencode

from pydantic import BaseModel

from supplynet.errors import InvalidInput

ROOT = "/api/v1"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of the server.

    Attributes:
        method, path: ``path`` is below ``/api/v1``, see ``path_to``.
        query, headers: Without those that are None.
        body: JSON; None = no body.
        file: Sent as the body, a piece at a time.
        again: Whether sending it twice does nothing twice.
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | BaseModel | None = field(default=None, repr=False)
    file: Path | bytes | None = field(default=None, repr=False)
    again: bool

    @property
    def asked(self) -> str:
        """For people: method and path."""
        return f"{self.method} {self.path}"

    def parameters(self) -> str | None:
        """The query as it is sent; None for none."""
        pairs = list[tuple[str, str]]()
        for name, value in self.query.items():
            every = value if isinstance(value, list | tuple) else [value]
            pairs += [(name, _text(each)) for each in every if each is not None]
        return urlencode(pairs) or None

    @contextmanager
    def content(self) -> Iterator[bytes | IO[bytes] | None]:
        """The body, from its beginning."""
        if isinstance(self.file, Path):
            with self.file.open("rb") as opened:
                yield opened
        elif self.file is not None or self.body is None:
            yield self.file
        else:
            yield json.dumps(_plain(self.body), allow_nan=False).encode()


def path_to(path: str, *names: object) -> str:
    """``path`` with each ``{}`` replaced by a name that is made safe for it.

    Raises:
        InvalidInput: A name that would be another path.
    """
    for name in names:
        if str(name) in {"", ".", ".."} or "/" in str(name):
            raise InvalidInput(f"{name!r} is no name of anything")
    return path.format(*(quote(str(name), safe="") for name in names))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _plain(value: Any) -> Any:
    """As JSON says it; what was left out stays so, for the server to fill in."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value
