"""What was made of some kinds of records, until a record of these kinds changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from supplynet.services.books import Books
from supplynet.storage import ReadTx, changes

T = TypeVar("T")
_OPENED = "remembered"
_MOST = 256


class _Memory:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.found: OrderedDict[Hashable, tuple[tuple[int, int], Any]] = OrderedDict()


def remembered(
    books: Books, tx: ReadTx, key: Hashable, kinds: Sequence[str], make: Callable[[], T]
) -> T:
    """What ``make`` returns, or what it returned when these records were the same.

    Nobody may change what is returned.

    Args:
        books: Whose memory.
        tx: What ``make`` reads from.
        key: Says what is made, with all that it depends on beside the records.
        kinds: Of changes, see ``storage.changes``; ``plant`` also means the plant's files.
        make: Reads the records, in ``tx``.
    """
    memory = books.opened.setdefault(_OPENED, _Memory())
    assert isinstance(memory, _Memory)
    # Asked for before the records are read: what is newer than it says is only read once more.
    # A plant's files may be changed by hand, which no record tells.
    seq = changes.newest_of(tx, kinds), books.plant_number if "plant" in kinds else 0
    with memory.lock:
        known = memory.found.get(key)
        if known is not None and known[0] == seq:
            memory.found.move_to_end(key)
            found: T = known[1]
            return found
    made = make()
    with memory.lock:
        memory.found[key] = (seq, made)
        while len(memory.found) > _MOST:
            memory.found.popitem(last=False)
    return made
