"""Which broker: the settings, checked before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from supplynet.config import Settings
from supplynet.connectors.mqtt_broker import Broker, broker_of
from supplynet.errors import ConfigError


def broker(**settings: Any) -> Broker:
    found = broker_of(Settings(**settings), Path("/workspace"))
    assert found is not None
    return found


def test_without_a_url_there_is_no_broker() -> None:
    assert broker_of(Settings(), Path()) is None


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("mqtt://broker.plant", "broker.plant", 1883, False),
        ("mqtts://broker.plant", "broker.plant", 8883, True),
        ("mqtt://10.1.2.3:1900/", "10.1.2.3", 1900, False),
        ("mqtts://[::1]:1901", "::1", 1901, True),
    ],
)
def test_a_url_names_host_port_and_whether_tls_is_spoken(
    url: str, host: str, port: int, tls: bool
) -> None:
    found = broker(mqtt_url=url)
    assert (found.host, found.port, found.tls) == (host, port, tls)


@pytest.mark.parametrize(
    "url",
    [
        "broker",
        "broker:1883",
        "http://broker",
        "mqtt://",
        "mqtt://broker:port",
        "mqtt://broker:99999",
        "mqtt://broker/topic",
        "mqtt://broker?x=1",
        "mqtt://[::1",
        "mqtt://user:secret@broker",
    ],
)
def test_what_is_no_such_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError, match="mqtt_url") as raised:
        broker(mqtt_url=url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"mqtt_url": "mqtt://broker", "mqtt_password": "x"},
        {"mqtt_url": "mqtt://broker", "mqtt_ca_file": "ca.pem"},
        {"mqtt_url": "mqtts://broker", "mqtt_ca_file": "no-such-file.pem"},
    ],
)
def test_settings_that_do_not_fit_together_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        broker(**settings)


def test_the_password_is_not_shown() -> None:
    found = broker(mqtt_url="mqtt://broker", mqtt_username="u", mqtt_password="secret")
    assert found.password == "secret"
    assert "secret" not in f"{found!r} {found}"
