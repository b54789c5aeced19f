"""Which MQTT broker, and as whom: read from the settings and checked before anything is sent."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from supplynet.config import Settings
from supplynet.errors import ConfigError

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker and our name there.

    Attributes:
        tls: With TLS 1.2 or newer; certificate and host name are checked, always.
        ca_file: Certificates that it is checked against; empty = the system's.
        username, password: Empty = none.
        client_id: The broker keeps a queue under this name while we are away.
    """

    host: str
    port: int
    tls: bool = False
    ca_file: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    client_id: str = "supplynet"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext | None:
        """How TLS is spoken; None without it.

        Raises:
            ConfigError: ``ca_file`` cannot be read.
        """
        if not self.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
        except OSError as error:
            raise ConfigError(f"mqtt_ca_file {self.ca_file} cannot be used: {error}") from None
        context.sslsocket_class = _TlsSocket
        return context


def broker_of(settings: Settings, folder: Path) -> Broker | None:
    """The broker of the settings; None where ``mqtt_url`` is empty.

    ``mqtt_ca_file`` is relative to ``folder``, the workspace.

    Raises:
        ConfigError: ``mqtt_url`` is no such URL, or what belongs to it does not fit.
    """
    if not settings.mqtt_url:
        return None
    try:
        url = urlsplit(settings.mqtt_url)
        host, port = url.hostname, url.port
    except ValueError:
        host, port = None, None
    if not host or url.scheme not in _PORTS or url.path not in {"", "/"} or url.query:
        raise ConfigError("mqtt_url is no mqtt://host:1883 or mqtts://host:8883")
    if url.username is not None:
        raise ConfigError("mqtt_url holds a user; use mqtt_username and mqtt_password instead")
    if settings.mqtt_password and not settings.mqtt_username:
        raise ConfigError("mqtt_password is set without mqtt_username")
    if settings.mqtt_ca_file and url.scheme != "mqtts":
        raise ConfigError("mqtt_ca_file is for mqtts:// only; mqtt:// is not encrypted")
    broker = Broker(
        host=host,
        port=port or _PORTS[url.scheme],
        tls=url.scheme == "mqtts",
        ca_file=str(folder / settings.mqtt_ca_file) if settings.mqtt_ca_file else "",
        username=settings.mqtt_username,
        password=settings.mqtt_password,
        client_id=settings.mqtt_client_id,
    )
    broker.tls_context()
    return broker


class _TlsSocket(ssl.SSLSocket):
    """Closed when the handshake fails; the client library leaves it open."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise
