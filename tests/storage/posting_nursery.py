"""Forks children that post movements until they are killed. A script, run by ``test_kill``.

Imports once, so that each restart takes milliseconds. It reads lines ``url<TAB>acknowledgements``
and answers each with the id of a new child. A child posts movements 0, 1, 2, ... in batches by the
real functions, and notes an id in the file of acknowledgements after its batch is committed. It
starts anew a little below the last id noted there, so it always sends some a second time.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from supplynet.core.ledger import Account, Movement
from supplynet.storage import ledger, open_store

if importlib.util.find_spec("psycopg"):
    import psycopg  # noqa: F401 - loaded before the fork

_START = datetime(2026, 1, 5, tzinfo=UTC)
_SENT_AGAIN = 5


def movement(number: int) -> Movement:
    """Movement ``number``: always the same."""
    return Movement(
        movement_id=f"m{number}",
        part_id=f"P-{number % 3}",
        quantity=number % 5 + 1,
        from_location="ACME",
        from_account=Account.SUPPLIER,
        to_location="WH1",
        to_account=Account.ON_HAND,
        occurred_at=_START + timedelta(seconds=number),
        recorded_at=_START,
        reason="received",
        actor="scanner-1",
    )


def post_until_killed(url: str, acknowledgements: Path) -> None:
    """Post batches of 7 down to 1 movements, for ever."""
    store = open_store(url)
    known = acknowledgements.read_text().split()
    number = max(int(known[-1]) + 1 - _SENT_AGAIN, 0) if known else 0
    note = os.open(acknowledgements, os.O_WRONLY | os.O_APPEND)
    for turn in count():
        batch = range(number, number + 7 - turn % 7)
        with store.write("scanner-1", _START) as tx:
            ledger.append_movements(tx, [movement(i) for i in batch])
        os.write(note, "".join(f"{i}\n" for i in batch).encode())
        number = batch.stop


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # killed children leave no zombies
    for line in sys.stdin:
        url, acknowledgements = line.rstrip("\n").split("\t")
        child = os.fork()
        if child == 0:
            os.setsid()
            post_until_killed(url, Path(acknowledgements))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
