"""One connection to an MQTT broker, worked by one thread: what is not read stays at the broker.

The session is persistent: what is sent while nobody is connected waits at the broker, and what
was not acknowledged is delivered again. MQTT 5 where the broker speaks it, else 3.1.1.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import (
    MQTT_CLEAN_START_FIRST_ONLY,
    Client,
    DisconnectFlags,
    MQTTMessage,
)
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from supplynet.connectors.mqtt_broker import Broker
from supplynet.connectors.mqtt_topics import ROOT
from supplynet.errors import ConnectorError

TOPICS = f"{ROOT}/#"
MOST_MESSAGES = 500
MOST_BYTES = 4 * 1024 * 1024
"""Of a batch; its last message may go beyond."""
IN_FLIGHT = 2 * MOST_MESSAGES
"""Messages that the broker may send ahead of our acknowledgement."""
_LARGEST_PACKET = 16 * 1024 * 1024
_KEEP_SESSION_SECONDS = 30 * 24 * 3600
_KEEP_ALIVE_SECONDS = 30
PATIENCE_SECONDS = 5.0
GOODBYE_SECONDS = 1.0
_QUIET_SECONDS = 0.01
_GATHER_SECONDS = 0.05
_NOT_SPOKEN = 132


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came.

    Attributes:
        number: The broker's number for it, for the acknowledgement; 0 = it wants none.
    """

    topic: str
    payload: bytes
    number: int = 0


class ProtocolNotSpoken(ConnectorError):
    """The broker does not speak this version of MQTT, or says nothing to it."""


def connect(broker: Broker) -> Link:
    """Connect and subscribe; to be used as a context.

    Raises:
        ConnectorError: The broker cannot be reached, is not who it should be, or refuses.
        ConfigError: The file of certificates cannot be read.
    """
    try:
        return _opened(Link(broker, MQTTProtocolVersion.MQTTv5))
    except ProtocolNotSpoken:
        return _opened(Link(broker, MQTTProtocolVersion.MQTTv311))


def _opened(link: Link) -> Link:
    try:
        link.open()
    except BaseException:
        link.close()
        raise
    return link


class Link:
    """One connection; see ``connect``."""

    def __init__(self, broker: Broker, protocol: MQTTProtocolVersion) -> None:
        self._broker, self._protocol = broker, protocol
        self._is_5 = protocol is MQTTProtocolVersion.MQTTv5
        self._waiting: list[Message] = []
        self._bytes = 0
        self._last_batch_at = 0.0
        self._answer: ReasonCode | None = None
        self._granted: ReasonCode | None = None
        self._ended = "it broke off"
        self._selector = selectors.DefaultSelector()
        self._client = self._make_client()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Connect, and subscribe: again each time, for the broker may have lost the session.

        Raises:
            ConnectorError, ConfigError: See ``connect``.
        """
        client = self._client
        try:
            client.connect(
                self._broker.host,
                self._broker.port,
                _KEEP_ALIVE_SECONDS,
                clean_start=False if self._is_5 else MQTT_CLEAN_START_FIRST_ONLY,
                properties=_connect_properties() if self._is_5 else None,
            )
        except (OSError, ValueError) as error:  # ValueError: a host that is no name
            raise ConnectorError(f"cannot be reached: {error}") from error
        connected: Any = client.socket()
        if connected is None:
            raise ConnectorError("closed the connection at once")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(connected, selectors.EVENT_READ)
        answer = self._wait_for_answer()
        if self._is_5 and answer.value == _NOT_SPOKEN:
            raise ProtocolNotSpoken("does not speak MQTT 5")
        if answer.is_failure:
            raise ConnectorError(f"refuses the connection: {answer}")
        client.subscribe(TOPICS, qos=1)

    def close(self) -> None:
        """Say goodbye, if there is still somebody; the session stays.

        Waits a moment until the broker has hung up: one that reads packet by packet would forget
        our last acknowledgements if we came back before it has read them.
        """
        connected: Any = self._client.socket()
        line = None if connected is None else socket.socket(fileno=os.dup(connected.fileno()))
        self._client.disconnect()
        if self._client.socket() is not None:  # it does not take our goodbye
            connected.close()
        elif line is not None:
            _wait_until_closed(line)
        if line is not None:
            line.close()
        self._selector.close()

    @property
    def is_subscribed(self) -> bool:
        """Whether the broker has said yes to our subscription."""
        return self._granted is not None

    def receive(self, wait_seconds: float) -> list[Message]:
        """The next batch, at most ``MOST_MESSAGES``; empty when nothing comes in time.

        There is at most one batch in 50 ms, but when nothing more came for 10 ms: a broker that
        sends few messages ahead waits for us and not we for it. What came while the batch before
        was written has waited already, and goes at once.

        Raises:
            ConnectorError: The connection has ended.
        """
        if not self._waiting:
            self._turn(wait_seconds)
        until = self._last_batch_at + _GATHER_SECONDS
        while self._waiting and not self._is_full:
            left, before = max(until - time.monotonic(), 0.0), len(self._waiting)
            self._turn(min(left, _QUIET_SECONDS))
            if len(self._waiting) == before:
                break
        batch, self._waiting, self._bytes = self._waiting, [], 0
        self._last_batch_at = time.monotonic()
        return batch

    def acknowledge(self, batch: list[Message]) -> None:
        """Tell the broker that these are safe; what cannot be told is delivered again."""
        for message in batch:
            if message.number:
                self._client.ack(message.number, qos=1)

    @property
    def _is_full(self) -> bool:
        return len(self._waiting) >= MOST_MESSAGES or self._bytes >= MOST_BYTES

    def _wait_for_answer(self) -> ReasonCode:
        """A broker that does not know MQTT 5 may say so, hang up or wait for more."""
        silent = ProtocolNotSpoken if self._is_5 else ConnectorError
        until = time.monotonic() + PATIENCE_SECONDS
        while self._answer is None and self._client.socket() is not None:
            left = until - time.monotonic()
            if left <= 0:
                raise silent(f"does not answer within {PATIENCE_SECONDS:g} s")
            self._turn(left)
        if self._answer is None:
            raise silent(f"has ended the connection before it was made: {self._ended}")
        return self._answer

    def _turn(self, wait_seconds: float) -> None:
        """Read and write what can be, after waiting for it at most so long."""
        client, connected = self._client, self._connected()
        writes = selectors.EVENT_WRITE if client.want_write() else 0
        self._selector.modify(connected, selectors.EVENT_READ | writes)
        has_more = getattr(connected, "pending", lambda: 0)  # TLS may hold what was read before
        ready = self._selector.select(0 if has_more() else wait_seconds)
        if has_more() or any(mask & selectors.EVENT_READ for _, mask in ready):
            self._read()
        if client.socket() is not None and client.want_write():
            client.loop_write()
        client.loop_misc()

    def _read(self) -> None:
        """Packets as long as they are messages; anything else is answered first."""
        while not self._is_full:
            before = len(self._waiting)
            self._client.loop_read()
            if len(self._waiting) == before:
                return

    def _connected(self) -> Any:
        connected = self._client.socket()
        if connected is None:
            raise ConnectorError(f"has ended the connection: {self._ended}")
        return connected

    def _make_client(self) -> Client:
        broker = self._broker
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            clean_session=None if self._is_5 else False,
            protocol=self._protocol,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = PATIENCE_SECONDS
        context = broker.tls_context()
        if context is not None:
            client.tls_set_context(context)
        if broker.username:
            client.username_pw_set(broker.username, broker.password or None)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _on_connect(self, _client: Any, _: Any, _flags: Any, code: ReasonCode, _p: Any) -> None:
        self._answer = code

    def _on_subscribe(
        self, _client: Any, _: Any, _mid: int, codes: list[ReasonCode], _p: Any
    ) -> None:
        granted = codes[0]
        if granted.value != 1:
            raise ConnectorError(f"refuses the subscription to {TOPICS}: {granted}")
        self._granted = granted

    def _on_disconnect(
        self, _client: Any, _: Any, flags: DisconnectFlags, code: ReasonCode, _p: Any
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._ended = str(code)

    def _on_message(self, _client: Any, _: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "?"  # it is kept with its reason: no such topic
        number = message.mid if message.qos else 0
        self._waiting.append(Message(topic, bytes(message.payload), number))
        self._bytes += len(message.payload)


def _connect_properties() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # as paho has it
    properties.SessionExpiryInterval = _KEEP_SESSION_SECONDS
    properties.ReceiveMaximum = IN_FLIGHT
    properties.MaximumPacketSize = _LARGEST_PACKET
    return properties


def _wait_until_closed(line: socket.socket) -> None:
    """Read what still comes until the other side closes, for ``GOODBYE_SECONDS`` at most."""
    until = time.monotonic() + GOODBYE_SECONDS
    with suppress(OSError):
        while (left := until - time.monotonic()) > 0:
            line.settimeout(left)
            if not line.recv(4096):
                return
