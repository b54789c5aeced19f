"""Writes that may be sent again: under one key they are done once and answered alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from supplynet.errors import LedgerError
from supplynet.services.books import Books
from supplynet.services.orders import Said
from supplynet.storage import WriteTx, requests

Row = dict[str, Any]
_BEGUN = {"begun": True}


def written(
    books: Books, said: Said, asked: Sequence[Any], do: Callable[[WriteTx], Row], now: datetime
) -> Row:
    """Do something in one transaction, with the check and under the key of ``said``.

    Args:
        books: The workspace.
        said: Who asks, why, and under which key.
        asked: What is asked for, in words that JSON can hold; the same key with other words is
            refused.
        do: Writes, and answers in JSON types but for times.
        now: The moment of the transaction, aware.

    Raises:
        ConflictingContent: The key was used for something else.
        VersionMoved: The check of ``said`` says so; nothing is written.
    """

    def checked(tx: WriteTx) -> Row:
        if said.check is not None:
            said.check(tx)
        return do(tx)

    with books.store.write(said.actor, now) as tx:
        return requests.once(tx, said.key, [*asked, said.reason], lambda: checked(tx))


def carried_out(books: Books, said: Said, asked: Sequence[Any], do: Callable[[], Row]) -> Row:
    """Do something that takes transactions of its own, once under the key of ``said``.

    The key is taken before it begins and given back when it fails. Where the process dies in
    between nobody knows how far it came, and the key is refused until it is forgotten.

    Raises:
        ConflictingContent: The key was used for something else.
        LedgerError: It is being done, or its end was lost.
    """
    if said.key is None:
        return do()
    key, content = said.key, requests.content_hash([*asked, said.reason])
    with books.store.write(said.actor, books.wall_clock(), audited=False) as tx:
        known: Row | None = requests.recall(tx, key, content)
        if known is None:
            requests.keep(tx, key, content, _BEGUN)
    if known == _BEGUN:
        raise LedgerError(
            f"idempotency key {key} is of a request that is being done, or whose end was lost: "
            "look what has become of it, and ask again under another key if need be"
        )
    if known is not None:
        return known
    try:
        answer = do()
    except BaseException:
        with books.store.write(said.actor, books.wall_clock(), audited=False) as tx:
            requests.forget(tx, key)
        raise
    with books.store.write(said.actor, books.wall_clock(), audited=False) as tx:
        requests.forget(tx, key)
        requests.keep(tx, key, content, answer)
    return answer
