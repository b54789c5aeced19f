"""Drill: 200 reads a second on the demo plant while two stock events a second come in."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from supplynet.security.access import PERMISSIONS, Role
from supplynet.security.passwords import Cost, Passwords
from supplynet.security.principal import Grant, local_administrator
from supplynet.services import demo, planning, tokens, users
from supplynet.services.books import Books, open_books

CROWD = Path(__file__).with_name("crowd.py")
READERS, PER_SECOND, SECONDS = 25, 200, 60
pytestmark = pytest.mark.drill


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo as everybody has it, with a plan."""
    folder = tmp_path_factory.mktemp("full") / "demo"
    demo.run(folder)
    books = open_books(folder)
    planning.plan_now(books, actor="drill")
    books.store.close()
    return folder


def planners(books: Books, count: int) -> list[str]:
    """A token of each of so many planners."""
    scopes = frozenset(name for name, each in PERMISSIONS.items() if Role.PLANNER in each.roles)
    found = []
    for number in range(count):
        name = f"planner-{number}"
        new = users.NewUser(name=name, grants=(Grant(role=Role.PLANNER),))
        users.add(books, Passwords(cost=Cost(memory_kib=8, passes=1)), new, local_administrator())
        token = tokens.NewToken(name="drill", scopes=scopes, owner=name)
        found.append(tokens.add(books, token, local_administrator()).secret)
    return found


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    """A server as an operator starts it; only the limit for one address is raised."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("supplynet")),
        "serve",
        "--workspace",
        str(folder),
    ]
    environment = os.environ | {"SUPPLYNET_ADDRESS_RATE_PER_MINUTE": "1000000"}
    with subprocess.Popen([*command, "--port", str(number)], env=environment) as server:
        for _ in range(600):
            try:
                httpx2.get(f"http://127.0.0.1:{number}/api/v1/health")
                break
            except httpx2.TransportError:
                time.sleep(0.1)
        yield number
        server.terminate()


def test_reads_take_less_than_a_tenth_of_a_second(
    folder: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    books = open_books(folder)
    keys, parts = planners(books, READERS), sorted(books.plant.supply_rule)[::25]
    books.store.close()
    asked = {"port": port, "seconds": SECONDS, "per_second": PER_SECOND, "tokens": keys}
    asked["parts"] = [f"{place}/{part}" for place, part in parts]
    stop = threading.Event()
    writer = threading.Thread(target=_count, args=(port, keys[0], parts, stop))
    writer.start()
    done = subprocess.run(
        [sys.executable, str(CROWD), json.dumps(asked)], capture_output=True, text=True, check=True
    )
    stop.set()
    writer.join()
    found = json.loads(done.stdout)
    waits = sorted(found["waits"])
    p50, p99 = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{len(waits)} reads at {PER_SECOND} a second: p50 {1000 * p50:.0f} ms, "
            f"p99 {1000 * p99:.0f} ms, longest {1000 * waits[-1]:.0f} ms"
        )
    assert found["refused"] == 0
    assert p99 < 0.1


def _count(port: int, token: str, parts: list[tuple[str, str]], stop: threading.Event) -> None:
    """Two counts a second, so that the books are never the same for long."""
    number = 0
    while not stop.wait(0.5):
        place, part = parts[number % len(parts)]
        number += 1
        body = {"location_id": place, "part_id": part, "quantity": 500 + number, "reason": "drill"}
        answer = httpx2.post(
            f"http://127.0.0.1:{port}/api/v1/stock/count",
            json=body,
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.is_success, answer.text
