"""The thread that takes what machines say by MQTT into the books."""

from __future__ import annotations

import random
from datetime import datetime

from supplynet.connectors import mqtt
from supplynet.connectors.mqtt_broker import broker_of
from supplynet.connectors.mqtt_link import Message
from supplynet.connectors.mqtt_sources import borrowed
from supplynet.connectors.mqtt_topics import Reading, read_message
from supplynet.core.network import Plant
from supplynet.cycle.letters import Letter
from supplynet.services import intake
from supplynet.services.books import Books, plant_of
from supplynet.storage.alerts import AlertCause
from supplynet.worker.background import Background
from supplynet.worker.lease import Lease

CHANNEL = "mqtt"
ACTOR = "mqtt"
LEASE = "mqtt"
LONGEST_SOURCE = 200
"""Of a topic that is kept with what could not be taken; ours are far shorter."""
LETTERS_AT_ONCE = 1000
"""In one transaction; others want to write too."""
_LOOK_SECONDS = 1.0


class MqttWorker(Background):
    """Receives in a thread while the server runs; without ``mqtt_url`` it does nothing.

    Of several servers on the same books one receives, under the one name that they share at the
    broker; when it ends, the next one goes on with what the broker has kept.

    Args:
        books: The workspace.
        rng: Spreads the pauses between tries.
        first_pause_seconds: After the first failure; it doubles from failure to failure.

    Raises:
        ConfigError: The settings of the broker are wrong.
    """

    def __init__(
        self, books: Books, rng: random.Random, *, first_pause_seconds: float = 1.0
    ) -> None:
        super().__init__("mqtt")
        self._books = books
        self._lease = Lease(books.store, LEASE, clock=books.wall_clock)
        self._subscriber: mqtt.Subscriber | None = None
        broker = broker_of(books.settings, books.workspace.folder)
        if broker is not None:
            self._subscriber = mqtt.Subscriber(
                broker,
                self._take,
                self._set_aside,
                clock=books.wall_clock,
                rng=rng,
                first_pause_seconds=first_pause_seconds,
            )

    @property
    def status(self) -> mqtt.MqttStatus | None:
        """How it goes; None without a broker."""
        return None if self._subscriber is None else self._subscriber.status

    @property
    def receives(self) -> bool:
        """Whether it is this server's turn to receive."""
        return self._lease.held

    def causes(self, now: datetime) -> list[AlertCause] | None:
        """What is wrong, as alerts of ``mqtt.KINDS``; ``now`` is the real time.

        None where another server receives: its alerts are to be left alone.
        """
        if self._subscriber is None:
            return []
        return mqtt.causes(self._subscriber.status, now) if self._lease.held else None

    def _run(self) -> None:
        if self._subscriber is None:
            return
        with self._lease:
            while not self._stop.is_set():
                self._subscriber.run(self._stop, may=lambda: self._lease.held)
                self._stop.wait(_LOOK_SECONDS)

    def _take(self, messages: list[Message]) -> None:
        letters = letters_of(messages, plant_of(self._books))
        for start in range(0, len(letters), LETTERS_AT_ONCE):
            some = letters[start : start + LETTERS_AT_ONCE]
            intake.take_letters(self._books, some, actor=ACTOR)

    def _set_aside(self, message: Message, reason: str) -> None:
        letter = Letter(
            channel=CHANNEL,
            source=message.topic[:LONGEST_SOURCE],
            payload=message.payload,
            problem=reason,
        )
        intake.take_letters(self._books, [letter], actor=ACTOR)


def letters_of(messages: list[Message], plant: Plant | None = None) -> list[Letter]:
    """One letter per event of every message, in their order.

    Args:
        messages: As they came.
        plant: With it, who reports under the name of another place's machine is not believed.
    """
    return [
        _letter(message.topic, reading, plant)
        for message in messages
        for reading in read_message(message.topic, message.payload)
    ]


def _letter(topic: str, reading: Reading, plant: Plant | None) -> Letter:
    event, problem = reading.event, reading.problem
    if event is not None and plant is not None:
        problem = borrowed(plant, event)
    return Letter(
        channel=CHANNEL,
        source=topic[:LONGEST_SOURCE],
        payload=reading.payload,
        event=None if problem else event,
        problem=problem,
    )
