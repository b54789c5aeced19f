"""What clients cost the server: CPU beside nobody listening, delay, and bytes for each.

Updates come in by ``POST /events`` at a steady rate, one part used at a line each. The same are
posted with nobody listening right before: the difference is what the clients cost.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.pages.site import Site

Row = dict[str, Any]
WAYS = {
    "show": "one stream that carries the figures",
    "poll": "a stream that says when to fetch",
}
PER_SECOND = 2
CPU_SHARE = 0.05
FIGURES = (
    *("clients", "updates_per_s", "seconds"),
    *("cpu_share", "cpu_share_alone", "cpu_share_of_clients", "target", "met"),
    *("p50_ms", "p99_ms", "not_told", "kb_per_client_s", "events", "fetches"),
)
LISTENER = Path(__file__).parent / "listening.py"
REST_SECONDS = 1.5
"""After the last update, for those that are still on their way."""


@dataclass
class Poster:
    """Posts events as a line does.

    Attributes:
        sent: When each update was sent, by the event's reference in the change feed.
        took: Seconds until each was answered.
    """

    site: Site
    sent: dict[str, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    _round: int = 0

    def __post_init__(self) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=30)
        network = self.ask("GET", "/api/v1/network")
        self._pairs = [(row["line_id"], row["part_id"]) for row in network["requirements"]]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        sent = None if body is None else json.dumps(body)
        self._http.request(method, path, sent, {"Content-Type": "application/json"} if sent else {})
        answer = self._http.getresponse()
        found = json.loads(answer.read())
        assert answer.status < 300, found
        return found

    def newest(self) -> int:
        """Number of the newest change."""
        number: int = self.ask("GET", "/api/v1/control-room")["change"]
        return number

    def post(self, seconds: float) -> None:
        """Updates at a steady rate for so long."""
        self._round += 1
        now = self.ask("GET", "/api/v1/control-room")["clock"]["now"]
        begun = time.monotonic()
        for number in range(round(seconds * PER_SECOND)):
            time.sleep(max(0.0, begun + number / PER_SECOND - time.monotonic()))
            line, part = self._pairs[number * 7 % len(self._pairs)]
            name = f"{time.time_ns()}-{self._round}-{number}"
            event = {
                "schema": 1,
                "source": "bench-plc",
                "event_id": name,
                "type": "consumed",
                "occurred_at": now,
                "location_id": line,
                "part_id": part,
                "quantity": 1,
            }
            sent = time.monotonic()
            self.ask("POST", "/api/v1/events", {"events": [event]})
            self.sent[f"bench-plc/{name}"] = sent
            self.took.append(time.monotonic() - sent)
        time.sleep(max(0.0, begun + seconds - time.monotonic()))

    def numbers(self, after: int) -> dict[int, float]:
        """When each update since was sent, by its number in the change feed."""
        found: dict[int, float] = {}
        while True:
            page = self.ask("GET", f"/api/v1/changes?after={after}&kind=event&limit=1000")
            for row in page["items"]:
                if row["ref"] in self.sent:
                    found[row["seq"]] = self.sent[row["ref"]]
            if not page["items"]:
                return found
            after = page["next_cursor"]


def client_rows(
    site: Site, count: int, seconds: float, report: Callable[[float, str], None]
) -> list[Row]:
    """One row for each way of listening."""
    if not Path("/proc/self/stat").exists():
        return [
            _skipped(way, "no /proc: the CPU of another process is not known here") for way in WAYS
        ]
    site.settle(60.0)
    poster = Poster(site)
    rows = []
    for number, way in enumerate(WAYS):
        report(number / len(WAYS), f"{count} clients: {way}")
        rows.append(_measured(site, poster, way, count, seconds))
    return rows


def _measured(site: Site, poster: Poster, way: str, count: int, seconds: float) -> Row:
    alone = _cpu_share(site, poster, seconds)
    listener = subprocess.Popen(
        [sys.executable, str(LISTENER), str(site.port), way, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert listener.stdout is not None
    assert listener.stdout.readline() == "ready\n", "the listeners did not come up"
    time.sleep(REST_SECONDS)  # the first picture of each is not an update
    before = poster.newest()
    share = _cpu_share(site, poster, seconds)
    said, _ = listener.communicate("\n")
    found = json.loads(said)
    if found["refused"]:
        return _skipped(way, f"the server refuses this stream: {found['refused']}")
    assert not found["broken"], found["broken"][0]
    sent = poster.numbers(before)
    delays = [1000 * delay for told in found["told"] for delay in _delays(told, sent)]
    wanted = count * len(sent)
    added = share - alone
    return _empty(way) | {
        "clients": count,
        "updates_per_s": PER_SECOND,
        "seconds": seconds,
        "cpu_share": round(share, 4),
        "cpu_share_alone": round(alone, 4),
        "cpu_share_of_clients": round(added, 4),
        "met": added < CPU_SHARE,
        "p50_ms": round(float(np.median(delays)), 1) if delays else None,
        "p99_ms": round(float(np.quantile(delays, 0.99)), 1) if delays else None,
        "not_told": wanted - len(delays),
        "kb_per_client_s": round(
            sum(found["received"]) / 1000 / count / (seconds + REST_SECONDS), 3
        ),
        "events": sum(found["events"].values()),
        "fetches": found["answers"],
    }


def _cpu_share(site: Site, poster: Poster, seconds: float) -> float:
    """Seconds of the processor per second, while updates come in."""
    before, begun = site.cpu_seconds(), time.monotonic()
    poster.post(seconds)
    time.sleep(REST_SECONDS)
    return (site.cpu_seconds() - before) / (time.monotonic() - begun)


def _delays(told: list[tuple[int, float]], sent: dict[int, float]) -> list[float]:
    """Seconds from each update to the first figures with it in them."""
    numbers = [number for number, _ in told]
    places = ((bisect_left(numbers, number), at) for number, at in sent.items())
    return [told[place][1] - at for place, at in places if place < len(told)]


def _skipped(way: str, why: str) -> Row:
    return _empty(way) | {"skipped": why}


def _empty(way: str) -> Row:
    """All that is known of a way, before anything is measured."""
    row: Row = {"table": "clients of the control room", "way": f"{way}: {WAYS[way]}"}
    return row | dict.fromkeys(FIGURES) | {"target": CPU_SHARE, "skipped": ""}
