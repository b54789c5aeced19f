"""Messages of an MQTT broker in, each acknowledged only after the books have it.

One thread receives a batch, hands it to the books, acknowledges it, and turns to the next: while
the books write, the broker keeps the rest, so memory stays flat. When the books cannot be written
nothing is acknowledged, and the broker delivers again; an event that is sent again is known.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from supplynet.connectors import mqtt_link
from supplynet.connectors.mqtt_broker import Broker
from supplynet.connectors.mqtt_link import Link, Message
from supplynet.errors import ConnectorError
from supplynet.storage.alerts import AlertCause, Severity

log = structlog.get_logger()
UNREACHABLE = "mqtt_unreachable"
NOT_TAKEN = "mqtt_not_taken"
KINDS = (UNREACHABLE, NOT_TAKEN)
"""Kinds of alerts that ``causes`` reports."""
ALERT_AFTER = timedelta(minutes=1)
LONGEST_PAUSE_SECONDS = 60.0
STEADY = timedelta(minutes=1)
"""Two servers under one name throw each other out again and again: no reason to hurry back."""
PATIENT_TRIES = 3
"""Failures of the books in a row before a batch is tried message by message."""
_LOOK_SECONDS = 0.5
Take = Callable[[list[Message]], None]
"""Puts messages into the books: all of them safe when it returns, none of them when it raises."""
SetAside = Callable[[Message, str], None]
"""Keeps a message that the books do not take, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttStatus:
    """How it goes.

    Attributes:
        connected_since: None while there is no connection.
        away_since: Since when there is none; None while there is one.
        not_taken_since: Since when the books refuse what comes; None while they take it.
        messages: Taken since the start, those that were sent again included.
        error, failed_at: The last failure; empty and None before the first.
    """

    connected_since: datetime | None = None
    away_since: datetime | None = None
    not_taken_since: datetime | None = None
    messages: int = 0
    error: str = ""
    failed_at: datetime | None = None


class Subscriber:
    """Receives from one broker until it is stopped; see the module.

    Args:
        broker: Where.
        take: Puts a batch into the books.
        set_aside: Keeps one message that stops all others; it has to write to the books too.
        clock: The real time, aware.
        rng: Spreads the pauses between tries.
        first_pause_seconds: Doubles from failure to failure.
    """

    def __init__(
        self,
        broker: Broker,
        take: Take,
        set_aside: SetAside,
        *,
        clock: Callable[[], datetime],
        rng: random.Random,
        first_pause_seconds: float = 1.0,
    ) -> None:
        self._broker, self._take, self._set_aside = broker, take, set_aside
        self._clock, self._rng, self._first_pause = clock, rng, first_pause_seconds
        self._status = MqttStatus(away_since=clock())
        self._unreached = self._not_taken = 0

    @property
    def status(self) -> MqttStatus:
        """How it goes now; may be asked by any thread."""
        return self._status

    def run(self, stop: threading.Event, may: Callable[[], bool] = lambda: True) -> None:
        """Receive until ``stop`` is set; whatever fails is logged and tried again.

        Returns early, and without a failure, when ``may`` says no: another server's turn.
        """
        while may() and not stop.is_set():
            try:
                with mqtt_link.connect(self._broker) as link:
                    self._receive(link, stop, may)
            except _BooksFail as error:
                self._not_taken += 1
                self._fail(f"the books do not take what comes: {error}")
            except ConnectorError as failed:
                self._unreached += 1
                self._fail(f"{self._broker} {failed}")
            except Exception as unforeseen:
                self._unreached += 1
                log.exception("the MQTT connector failed; it starts again")
                self._fail(_said(unforeseen))
            else:
                continue
            stop.wait(self._pause())
        self._away()

    def _receive(self, link: Link, stop: threading.Event, may: Callable[[], bool]) -> None:
        while may() and not stop.is_set():
            batch = link.receive(_LOOK_SECONDS)
            self._look_at(link)
            if batch:
                self._put_into_books(batch)
                link.acknowledge(batch)
                self._not_taken = 0
                taken = self._status.messages + len(batch)
                self._status = replace(self._status, messages=taken, not_taken_since=None)

    def _put_into_books(self, batch: list[Message]) -> None:
        try:
            if self._not_taken < PATIENT_TRIES:
                self._take(batch)
            else:
                self._one_by_one(batch)
        except _BooksFail:
            raise
        except Exception as error:
            raise _BooksFail(_said(error)) from error

    def _one_by_one(self, batch: list[Message]) -> None:
        """Set aside what stops the others: no message is delivered again for ever.

        When the books take none of several messages, it is the books that are in trouble and not
        a message: then nothing is set aside.
        """
        reasons = [self._refusal(message) for message in batch]
        if all(reasons) and len(batch) > 1:
            raise _BooksFail(reasons[0])
        for message in [each for each, reason in zip(batch, reasons, strict=True) if reason]:
            reason = self._refusal(message)  # once more: the books may have come back meanwhile
            if reason:
                log.error("a message is set aside", topic=message.topic[:200], reason=reason)
                self._set_aside(message, f"the books do not take it: {reason}")

    def _refusal(self, message: Message) -> str:
        """Why the books do not take a message alone; empty when they have taken it."""
        try:
            self._take([message])
        except Exception as error:  # noqa: BLE001 - whatever it is, it stops the others
            return _said(error)
        return ""

    def _pause(self) -> float:
        """Seconds until the next try: doubled from failure to failure, and spread."""
        failures = max(self._unreached, self._not_taken, 1)
        widest = min(self._first_pause * 2 ** min(failures - 1, 16), LONGEST_PAUSE_SECONDS)
        return self._rng.uniform(widest / 2, widest)

    def _fail(self, error: str) -> None:
        log.warning("MQTT fails; it is tried again", error=error)
        now = self._clock()
        since = (self._status.not_taken_since or now) if self._not_taken else None
        self._away()
        self._status = replace(self._status, error=error, failed_at=now, not_taken_since=since)

    def _look_at(self, link: Link) -> None:
        """A connection counts once messages can come, and as a good one after a while."""
        now, since = self._clock(), self._status.connected_since
        if since is None and link.is_subscribed:
            log.info("connected", broker=str(self._broker))
            self._status = replace(self._status, connected_since=now, away_since=None)
        elif since is not None and now - since >= STEADY:
            self._unreached = 0

    def _away(self) -> None:
        since = self._status.away_since or self._clock()
        self._status = replace(self._status, connected_since=None, away_since=since)


def causes(status: MqttStatus, now: datetime) -> list[AlertCause]:
    """What is wrong for more than a minute: an alert of kind ``NOT_TAKEN`` or ``UNREACHABLE``."""
    if status.not_taken_since is not None:
        kind, since, what = NOT_TAKEN, status.not_taken_since, "What comes by MQTT is not taken"
    elif status.away_since is not None:
        kind, since, what = UNREACHABLE, status.away_since, "The MQTT broker is not reached"
    else:
        return []
    if now - since <= ALERT_AFTER:
        return []
    message = (
        f"{what} since {since:%Y-%m-%d %H:%M} UTC ({status.error or 'no answer yet'}); the broker "
        "keeps it meanwhile: look at its queue, and count what has to be known now."
    )
    return [AlertCause(severity=Severity.WARNING, kind=kind, message=message)]


class _BooksFail(Exception):
    """The books took nothing of a batch."""


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
