"""Which requests are counted as reads, and how they are named in the audit log."""

from __future__ import annotations

from fastapi import Request

from supplynet.security.access import Operation
from supplynet.security.noted import is_noted
from supplynet.services.reads import Read

_SAFE = frozenset({"GET", "HEAD"})
_PAGING = frozenset({"limit", "cursor"})
_MOST_FILTERS = 200


def note_read(request: Request, operation: Operation, actor: str, origin: str) -> None:
    """Count a request that is worth a line; what changes something writes its own."""
    name: str = request.scope["route"].name
    if request.method not in _SAFE or not is_noted(name, operation):
        return
    ids = [str(value) for value in request.path_params.values()]
    filters = [f"{key}={value}" for key, value in sorted(request.query_params.items())]
    told = [*ids, *(each for each in filters if each.partition("=")[0] not in _PAGING)]
    subject = " ".join(told)[:_MOST_FILTERS].replace("\0", "")
    read = Read(actor=actor, origin=origin, operation=name, subject=subject)
    request.app.state.reads.add(read)
