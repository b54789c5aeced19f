"""The plug is pulled while movements are posted: what was acknowledged is there, once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from supplynet.storage import Store, ledger
from supplynet.storage.balances import verify

_PATIENCE_SECONDS = 60.0

Start = Callable[[str, Path], int]


@pytest.fixture(scope="module")
def start_child() -> Iterator[Start]:
    """Starts a posting child and returns its process id, which is its group's too."""
    script = Path(__file__).with_name("posting_nursery.py")
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        orders, answers = nursery.stdin, nursery.stdout

        def start(url: str, acknowledgements: Path) -> int:
            orders.write(f"{url}\t{acknowledgements}\n")
            orders.flush()
            return int(answers.readline())

        yield start
        orders.close()
        nursery.wait(timeout=_PATIENCE_SECONDS)


def wait_for_more(acknowledgements: Path, than: int) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while acknowledgements.stat().st_size <= than:
        assert time.monotonic() < until, "the child acknowledges nothing"
        time.sleep(0.001)


def check(store: Store, acknowledgements: Path) -> int:
    """Nothing acknowledged is lost, nothing doubled, the books are right; how many there are."""
    with store.read() as tx:
        assert verify(tx) == []
        posted = {movement.movement_id: movement for movement in ledger.movements_between(tx)}
        rows = ledger.movements_after(tx, 0, limit=10**9)
        on_hand = sum(ledger.on_hand(tx).values())
    assert len(rows) == len(posted)
    assert set(posted) == {f"m{number}" for number in range(len(posted))}
    whole_lines = acknowledgements.read_text().rpartition("\n")[0].split()
    assert {f"m{number}" for number in whole_lines} <= set(posted)
    assert on_hand == sum(number % 5 + 1 for number in range(len(posted)))
    return len(posted)


def check_quickly(store: Store, acknowledgements: Path) -> int:
    """The same by counting and by the last acknowledgement, for ledgers grown large."""
    with store.read() as tx:
        rows = tx.connection.execute(
            text("SELECT COUNT(*), COUNT(DISTINCT movement_id), MAX(seq) FROM movements")
        ).one()
        known = sum(ledger.on_hand(tx).values())
        noted = acknowledgements.read_text()[-200:].rpartition("\n")[0].split()
        assert ledger.get(tx, f"m{noted[-1]}").movement_id == f"m{noted[-1]}"
    assert len(set(rows)) == 1, "numbers or movements are doubled or missing"
    assert known == sum(number % 5 + 1 for number in range(rows[0]))
    return int(rows[0])


def kill_and_restart(store: Store, folder: Path, start_child: Start, *, kills: int) -> None:
    acknowledgements = folder / "acknowledgements"
    acknowledgements.touch()
    rng = random.Random(kills)
    found = 0
    for kill in range(kills):
        size = acknowledgements.stat().st_size
        child = start_child(store.url, acknowledgements)
        wait_for_more(acknowledgements, size)
        time.sleep(rng.uniform(0.0, 0.03))  # where in its work it dies is left to chance
        os.killpg(child, signal.SIGKILL)
        every = check if kill < 20 or kill % 100 == 99 else check_quickly
        posted = every(store, acknowledgements)
        assert posted >= found
        found = posted
    assert found > kills


def test_20_kills_lose_and_double_nothing(store: Store, tmp_path: Path, start_child: Start) -> None:
    kill_and_restart(store, tmp_path, start_child, kills=20)


@pytest.mark.drill
def test_2000_kills_lose_and_double_nothing(
    store: Store, tmp_path: Path, start_child: Start
) -> None:
    kill_and_restart(store, tmp_path, start_child, kills=2000)
