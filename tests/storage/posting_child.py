"""Posts movements while its files may not grow, and then while they may. A script.

Run by ``test_disk_full`` with a folder and sizes in bytes. For each size it says, in one JSON line,
how many batches were acknowledged before the first refusal, what was said, what a history file
made of it, and whether the next batch went through once there was room again.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from supplynet.core.ledger import Account, Movement
from supplynet.errors import StoreError
from supplynet.storage import Store, ledger, open_store
from supplynet.storage.history import read_history, write_history

_START = datetime(2026, 1, 5, tzinfo=UTC)


def movement(number: int) -> Movement:
    """Movement ``number``: always the same."""
    return Movement(
        movement_id=f"m{number}",
        part_id=f"P-{number % 3}",
        quantity=1,
        from_location="ACME",
        from_account=Account.SUPPLIER,
        to_location="WH1",
        to_account=Account.ON_HAND,
        occurred_at=_START + timedelta(seconds=number),
        recorded_at=_START,
        reason="received",
        actor="scanner-1",
    )


def post(store: Store, batch: int) -> None:
    """Batch ``batch`` of 20 movements."""
    with store.write("scanner-1", _START) as tx:
        ledger.append_movements(tx, [movement(batch * 20 + i) for i in range(20)])


def demand(rows: int) -> pl.DataFrame:
    """A history whose file takes some 10 bytes for a row."""
    return pl.DataFrame(
        {
            "location_id": ["SR1.A"] * rows,
            "part_id": [f"{(i * 2654435761) % 2**32:08x}" for i in range(rows)],
            "period_start": [_START] * rows,
            "shift": ["day"] * rows,
            "demand": [float(i) for i in range(rows)],
        }
    )


def limit_files(size: int) -> None:
    """No file may grow beyond ``size`` bytes: the same error as on a full disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


def main(folder: Path, sizes: list[int]) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an error instead of death
    store = open_store(f"sqlite:///{folder / 'supplynet.db'}")
    history = folder / "history"
    write_history(history, "imported", demand(10))
    batch = 0
    for size in sizes:
        before, said, told = batch, "", ""
        limit_files(size)
        try:
            while True:
                post(store, batch)
                batch += 1
        except StoreError as error:
            said = str(error)
        trouble = store.write_trouble
        try:
            write_history(history, "imported", demand(size // 4))
        except StoreError as error:
            told = str(error)
        with store.read() as tx:
            readable = sum(ledger.on_hand(tx).values()) == batch * 20
        limit_files(resource.RLIM_INFINITY)
        rows = read_history(history).height
        post(store, batch)
        batch += 1
        found = {
            "acknowledged": batch - before,
            "said": said,
            "visible": trouble == said and not store.write_trouble,
            "readable": readable,
            "history": told,
            "history_rows": rows,
        }
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(size) for size in sys.argv[2:]])
