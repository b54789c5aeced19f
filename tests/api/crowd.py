"""Planners who read as pages do: a program of its own, so that it does not slow the server down.

Called with JSON: ``port``, ``seconds``, ``per_second`` (of all together), ``tokens``, ``parts``.
Prints JSON: ``waits`` by read, in seconds from the moment at which each was due, so that a server
which falls behind cannot hide it, and how many answers were ``refused``.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
import time
from typing import Any

READS = {
    "control-room": 20,
    "orders?limit=100": 15,
    "stock": 15,
    "flow": 10,
    "alerts": 19,
    "parts/{part}": 1,
    "shipments": 5,
    "plan": 5,
    "network": 5,
    "automation": 5,
}
"""Of a hundred."""


def main() -> None:
    """Read, and say how long it took."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    started = time.monotonic() + 0.5
    waits: dict[str, list[float]] = {read: [] for read in READS}
    refused: list[int] = []
    threads = [
        threading.Thread(target=_read, args=(asked, number, started, waits, refused))
        for number in range(len(asked["tokens"]))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps({"waits": waits, "refused": len(refused)}))


def _read(
    asked: dict[str, Any],
    number: int,
    started: float,
    waits: dict[str, list[float]],
    refused: list[int],
) -> None:
    """One planner, at a steady pace of their own."""
    chance, readers = random.Random(number), len(asked["tokens"])
    headers = {
        "authorization": f"Bearer {asked['tokens'][number]}",
        "accept-encoding": "gzip",
    }
    connection = http.client.HTTPConnection("127.0.0.1", asked["port"], timeout=30)
    for turn in range(asked["seconds"] * asked["per_second"] // readers):
        due = started + (turn * readers + number) / asked["per_second"]
        time.sleep(max(0.0, due - time.monotonic()))
        [read] = chance.choices(list(READS), list(READS.values()))
        path = read.replace("{part}", chance.choice(asked["parts"]))
        connection.request("GET", f"/api/v1/{path}", headers=headers)
        answer = connection.getresponse()
        answer.read()
        waits[read].append(time.monotonic() - due)
        if answer.status != 200:
            refused.append(answer.status)


if __name__ == "__main__":
    main()
