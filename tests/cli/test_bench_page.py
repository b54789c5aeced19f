"""``bench page``: how delays are found and messages read; what it measures is never tested."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from supplynet.cli import benchmarking

CHECKOUT = benchmarking.find_checkout()


@pytest.fixture(scope="module")
def page() -> ModuleType:
    return benchmarking.load(CHECKOUT, "page")


@pytest.fixture
def listening(page: ModuleType) -> ModuleType:  # noqa: ARG001 - makes the package known
    from benchmarks.pages import listening

    return listening


def test_an_update_is_there_with_the_first_figures_that_know_of_it(page: ModuleType) -> None:
    assert page.__name__ in sys.modules
    from benchmarks.pages.clients import _delays

    told = [(5, 1.0), (9, 2.0), (12, 3.5)]
    sent = {5: 0.9, 8: 1.5, 9: 1.75, 13: 3.0}  # nothing was told of 13
    assert _delays(told, sent) == pytest.approx([0.1, 0.5, 0.25])


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (b'event: show\ndata: {"screen": "control-room", "fields": {"change": 8}}', [8]),
        (b'event: show\ndata: {"screen": "flow", "fields": {"elapsed": 0.5}}', []),
        (b'event: tick\ndata: {"change": 9}', []),
        (b"retry: 1000", []),
    ],
)
def test_figures_on_the_stream_say_of_which_change_they_are(
    listening: ModuleType, message: bytes, told: list[int]
) -> None:
    client = listening.Client(1, "show")
    client._on_message(message)
    assert [number for number, _ in client.told] == told


def test_clients_that_poll_are_woken_by_a_change(listening: ModuleType) -> None:
    client = listening.Client(1, "poll")
    client._on_message(b'event: tick\ndata: {"change": 3}')
    assert not client._wanted.is_set()
    client._on_message(b'id: 4\nevent: change\ndata: {"change": 4, "kinds": ["event"]}')
    assert client._wanted.is_set()
    assert client.events == {"tick": 1, "change": 1}


@pytest.mark.drill
@pytest.mark.browser
def test_every_part_runs_on_a_tiny_plant(demo_template: Path, call: Any) -> None:
    found = json.loads(call("bench", "page", "--quick", "--json", "--demo", str(demo_template)).out)
    tables = {row["table"] for row in found["rows"]}
    assert tables == {
        "bytes of the first load",
        "seconds of a cold load",
        "long tasks of the stock table",
        "clients of the control room",
        "server killed",
    }
    ways = {row["way"].partition(":")[0]: row for row in found["rows"] if "way" in row}
    assert ways["poll"]["not_told"] == 0
    assert ways["poll"]["clients"] == 5
