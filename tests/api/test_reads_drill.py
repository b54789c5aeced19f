"""Drill: 200 reads a second on the demo plant, by itself and while events come in."""

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


def planners(books: Books, count: int, crowd: str = "planner") -> list[str]:
    """A token of each of so many planners; ``crowd`` and a number are their names."""
    scopes = frozenset(name for name, each in PERMISSIONS.items() if Role.PLANNER in each.roles)
    found = []
    for number in range(count):
        name = f"{crowd}-{number}"
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


@pytest.mark.parametrize(("beside", "most"), [("nothing", 0.1), ("uses", 0.3)])
def test_how_long_reads_take(
    folder: Path, port: int, beside: str, most: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two parts used in every second make all that shows stock be read anew all the time."""
    books = open_books(folder)
    keys, parts = planners(books, READERS, beside), sorted(books.plant.supply_rule)[::25]
    lines = [(each.line_id, each.part_id) for each in books.plant.requirements]
    sender = tokens.NewToken(name="line", scopes=frozenset({"events.send"}), owner=f"{beside}-0")
    key = tokens.add(books, sender, local_administrator()).secret
    now = books.now().isoformat()
    books.store.close()
    asked = {"port": port, "seconds": SECONDS, "per_second": PER_SECOND, "tokens": keys}
    asked["parts"] = [f"{place}/{part}" for place, part in parts]
    stop = threading.Event()
    writer = threading.Thread(target=_use, args=(port, key, lines, now, stop))
    if beside == "uses":
        writer.start()
    done = subprocess.run(
        [sys.executable, str(CROWD), json.dumps(asked)], capture_output=True, text=True, check=True
    )
    stop.set()
    if beside == "uses":
        writer.join()
    found = json.loads(done.stdout)
    waits = sorted(wait for each in found["waits"].values() for wait in each)
    with capsys.disabled():
        print(f"\n{PER_SECOND} reads a second, {beside} beside, {SECONDS} s:")  # noqa: T201
        for name, each in [*found["waits"].items(), ("all", waits)]:
            told = (f"p{share} {1000 * _at(each, share):.0f} ms" for share in (50, 99, 100))
            print(f"{name:18} {len(each):6,}  {', '.join(told)}")  # noqa: T201
    assert found["refused"] == 0
    assert _at(waits, 99) < most


def _at(waits: list[float], share: int) -> float:
    return sorted(waits)[min(len(waits) * share // 100, len(waits) - 1)]


def _use(
    port: int, token: str, lines: list[tuple[str, str]], now: str, stop: threading.Event
) -> None:
    """Two parts used in every second, so that the books are never the same for long."""
    number = 0
    while not stop.wait(0.5):
        line, part = lines[number % len(lines)]
        number += 1
        event = {"schema": 1, "event_id": f"drill-{number}", "source": "drill"}
        event |= {"type": "consumed", "occurred_at": now}
        event |= {"location_id": line, "part_id": part, "quantity": 1}
        answer = httpx2.post(
            f"http://127.0.0.1:{port}/api/v1/events",
            json={"events": [event]},
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.is_success, answer.text
