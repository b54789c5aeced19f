"""When a message is acknowledged, and what happens when broker or books fail."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from supplynet.connectors import mqtt, mqtt_link
from supplynet.connectors.mqtt import MqttStatus, Subscriber
from supplynet.connectors.mqtt_broker import Broker
from supplynet.connectors.mqtt_link import Message
from supplynet.errors import ConnectorError, StoreError

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MESSAGES = [Message("t", b"%d" % number, number) for number in range(1, 6)]


class ScriptedBroker:
    """Delivers again what was not acknowledged, at each connection in batches of two."""

    is_subscribed = True

    def __init__(self, messages: list[Message], stop: threading.Event) -> None:
        self.waiting, self.in_flight, self._stop = list(messages), 0, stop
        self.acknowledged: list[int] = []
        self.refusals: list[Exception] = []
        self.connections = 0

    def connect(self, _broker: Broker) -> ScriptedBroker:
        self.connections, self.in_flight = self.connections + 1, 0
        if self.refusals:
            raise self.refusals.pop(0)
        return self

    def __enter__(self) -> ScriptedBroker:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def receive(self, _seconds: float) -> list[Message]:
        batch = self.waiting[self.in_flight : self.in_flight + 2]
        self.in_flight += len(batch)
        if not batch:
            self._stop.set()
        return batch

    def acknowledge(self, batch: list[Message]) -> None:
        self.acknowledged += [message.number for message in batch]
        self.waiting = [each for each in self.waiting if each not in batch]
        self.in_flight = 0


class Pauses(threading.Event):
    """A stop that is asked to wait, and notes how long."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waits.append(timeout)
        assert len(self.waits) < 50, "it never comes to an end"
        return self.is_set()


class Run:
    """A subscriber at a scripted broker, with books that can be told to fail."""

    def __init__(self, messages: list[Message] = MESSAGES) -> None:
        self.stop = Pauses()
        self.now, self.seconds_per_look = NOON, 0.0
        self.broker = ScriptedBroker(messages, self.stop)
        self.books: list[bytes] = []
        self.aside: list[tuple[bytes, str]] = []
        self.fails: Callable[[list[Message]], Exception | None] = lambda _batch: None
        self.subscriber = Subscriber(
            Broker(host="broker", port=1883),
            self.take,
            self.set_aside,
            clock=self.look_at_the_clock,
            rng=random.Random(1),
        )

    def look_at_the_clock(self) -> datetime:
        self.now += timedelta(seconds=self.seconds_per_look)
        return self.now

    def take(self, batch: list[Message]) -> None:
        error = self.fails(batch)
        if error is not None:
            raise error
        assert not {each.number for each in batch} & set(self.broker.acknowledged)
        self.books += [message.payload for message in batch]

    def set_aside(self, message: Message, reason: str) -> None:
        self.aside.append((message.payload, reason))

    def go(self) -> MqttStatus:
        self.subscriber.run(self.stop)
        return self.subscriber.status


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    made = Run()
    monkeypatch.setattr(mqtt_link, "connect", made.broker.connect)
    yield made
    assert made.broker.waiting == []


def failing(count: int, error: Exception) -> Callable[[Any], Exception | None]:
    left = [error] * count
    return lambda _batch: left.pop() if left else None


def test_what_is_in_the_books_is_acknowledged_in_its_order(run: Run) -> None:
    status = run.go()
    assert run.books == [b"1", b"2", b"3", b"4", b"5"]
    assert run.broker.acknowledged == [1, 2, 3, 4, 5]
    assert (status.messages, status.error, run.broker.connections) == (5, "", 1)


def test_what_the_books_did_not_take_is_not_acknowledged_and_comes_again(run: Run) -> None:
    run.fails = failing(2, StoreError("disk full"))
    status = run.go()
    assert run.books == [b"1", b"2", b"3", b"4", b"5"]
    assert run.broker.connections == 3
    assert "disk full" in status.error
    assert status.not_taken_since is None


def test_a_message_that_stops_the_others_is_set_aside_after_some_patience(run: Run) -> None:
    def poison(batch: list[Message]) -> Exception | None:
        return ValueError("bad") if any(each.payload == b"2" for each in batch) else None

    run.fails = poison
    run.go()
    assert run.books == [b"1", b"3", b"4", b"5"]
    assert run.aside == [(b"2", "the books do not take it: ValueError: bad")]
    assert run.broker.connections == 1 + mqtt.PATIENT_TRIES


def test_nothing_is_set_aside_while_the_books_take_nothing_at_all(run: Run) -> None:
    run.fails = failing(20, StoreError("disk full"))
    run.go()
    assert run.aside == []
    assert sorted(run.books) == [b"1", b"2", b"3", b"4", b"5"]


def test_a_single_message_is_not_set_aside_in_books_that_cannot_be_written(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.broker.waiting = MESSAGES[:1]
    run.fails = failing(6, StoreError("disk full"))

    def cannot(_message: Message, _reason: str) -> None:
        raise StoreError("disk full")

    monkeypatch.setattr(run.subscriber, "_set_aside", cannot)
    run.go()
    assert run.books == [b"1"]


def test_pauses_double_up_to_a_minute_and_are_spread(run: Run) -> None:
    run.broker.refusals = [ConnectorError("cannot be reached") for _ in range(10)]
    run.go()
    widest = [min(2.0**failure, 60.0) for failure in range(10)]
    for pause, most in zip(run.stop.waits, widest, strict=True):
        assert most / 2 <= pause <= most


def test_a_connection_that_worked_ends_the_waiting(run: Run) -> None:
    run.broker.refusals = [ConnectorError("cannot be reached") for _ in range(5)]
    once = failing(1, StoreError("disk full"))
    run.fails = lambda batch: once(batch) if batch[0].number == 3 else None
    run.seconds_per_look = 61.0
    run.go()
    assert max(run.stop.waits[:5]) > 5.0
    assert run.stop.waits[5] <= 1.0


def test_one_that_breaks_off_at_once_does_not(run: Run) -> None:
    run.broker.refusals = [ConnectorError("cannot be reached") for _ in range(5)]
    run.fails = failing(1, StoreError("disk full"))
    run.go()
    assert run.stop.waits[5] > 5.0


def test_whatever_fails_the_connector_goes_on(run: Run) -> None:
    run.broker.refusals = [RuntimeError("a bug"), ConnectorError("cannot be reached")]
    status = run.go()
    assert run.books == [b"1", b"2", b"3", b"4", b"5"]
    assert status.error == "mqtt://broker:1883 cannot be reached"


def test_an_alert_comes_after_a_minute_without_a_broker() -> None:
    status = MqttStatus(away_since=NOON, error="mqtt://broker:1883 cannot be reached")
    assert mqtt.causes(status, NOON + timedelta(seconds=60)) == []
    (cause,) = mqtt.causes(status, NOON + timedelta(seconds=61))
    assert cause.kind == mqtt.UNREACHABLE
    assert "since 2026-01-05 12:00 UTC (mqtt://broker:1883 cannot be reached)" in cause.message


def test_an_alert_names_the_books_where_it_is_they_that_fail() -> None:
    status = MqttStatus(away_since=NOON, not_taken_since=NOON, error="disk full")
    (cause,) = mqtt.causes(status, NOON + timedelta(minutes=2))
    assert cause.kind == mqtt.NOT_TAKEN


def test_without_trouble_there_is_no_alert() -> None:
    status = MqttStatus(connected_since=NOON)
    assert mqtt.causes(status, NOON + timedelta(days=1)) == []
