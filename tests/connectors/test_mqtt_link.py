"""One connection, at real brokers: sessions, acknowledgements, TLS, credentials, old versions."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from supplynet.connectors import mqtt_link
from supplynet.connectors.mqtt_broker import Broker
from supplynet.connectors.mqtt_link import IN_FLIGHT, MOST_MESSAGES, Link, Message, connect
from supplynet.errors import ConfigError, ConnectorError

TOPIC = "supplynet/v1/SR1/ST1/A/consumed"
VERSIONS = [MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311]


def numbered(count: int, first: int = 0) -> list[tuple[str, bytes]]:
    return [(TOPIC, b"%d" % number) for number in range(first, first + count)]


def opened(broker: Broker, version: MQTTProtocolVersion) -> Link:
    link = Link(broker, version)
    link.open()
    return link


def subscribe(link: Link) -> None:
    while not link.is_subscribed:
        assert link.receive(1.0) == []


def receive(link: Link, count: int, *, acknowledge: bool = True) -> list[bytes]:
    got: list[Message] = []
    end = time.monotonic() + 30
    while len(got) < count:
        assert time.monotonic() < end, f"{len(got)} of {count} came"
        batch = link.receive(0.2)
        assert len(batch) <= MOST_MESSAGES
        if acknowledge:
            link.acknowledge(batch)
        got += batch
    return [message.payload for message in got]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_comes_while_nobody_is_there_waits_at_the_broker_over_its_restart(
    mosquitto: Any, publish: Callable[..., None], version: MQTTProtocolVersion
) -> None:
    mosquitto.start()
    with opened(mosquitto.broker(), version) as link:
        subscribe(link)
    publish(mosquitto.port, numbered(700))
    mosquitto.stop()
    mosquitto.start()
    with opened(mosquitto.broker(), version) as link:
        assert receive(link, 700) == [payload for _, payload in numbered(700)]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_not_acknowledged_is_delivered_again(
    mosquitto: Any, publish: Callable[..., None], version: MQTTProtocolVersion
) -> None:
    mosquitto.start()
    with opened(mosquitto.broker(), version) as link:
        subscribe(link)
        publish(mosquitto.port, numbered(15))
        got = receive(link, 10, acknowledge=False)
    with opened(mosquitto.broker(), version) as link:
        again = receive(link, 15)
    assert again == [payload for _, payload in numbered(15)]
    assert got == again[: len(got)]
    with opened(mosquitto.broker(), version) as link:
        assert link.receive(0.2) == []


def test_the_broker_keeps_what_we_have_no_time_for(
    mosquitto: Any, publish: Callable[..., None]
) -> None:
    mosquitto.start()
    with connect(mosquitto.broker()) as link:
        subscribe(link)
        publish(mosquitto.port, numbered(3 * IN_FLIGHT))
        held = []
        while batch := link.receive(0.3):
            held += batch
        assert len(held) == IN_FLIGHT
        link.acknowledge(held)
        assert receive(link, 2 * IN_FLIGHT)[-1] == b"%d" % (3 * IN_FLIGHT - 1)


def test_only_topics_of_ours_are_received_at_any_depth(
    mosquitto: Any, publish: Callable[..., None]
) -> None:
    mosquitto.start()
    topics = ["supplynet/v1/WH1/counted", "supplynet/v2/x", "other", "supplynet/v1/a/b/c/d/e"]
    with connect(mosquitto.broker()) as link:
        subscribe(link)
        publish(mosquitto.port, [(topic, b"x") for topic in topics])
        got = link.receive(5.0)
    assert [message.topic for message in got] == [topics[0], topics[3]]


def test_a_second_server_under_our_name_ends_our_connection(mosquitto: Any) -> None:
    mosquitto.start()
    with (
        connect(mosquitto.broker()) as first,
        connect(mosquitto.broker()),
        pytest.raises(ConnectorError, match="has ended the connection"),
    ):
        receive(first, 1)


def test_a_broker_that_is_not_there_is_said() -> None:
    with pytest.raises(ConnectorError, match="cannot be reached"):
        connect(Broker(host="127.0.0.1", port=9))
    with pytest.raises(ConnectorError, match="cannot be reached"):
        connect(Broker(host="a" * 70 + ".invalid", port=1883))


def test_amqtt_which_knows_no_mqtt_5_is_spoken_to_in_3_1_1(
    amqtt: Any, publish: Callable[..., None]
) -> None:
    with connect(amqtt.broker()) as link:
        subscribe(link)
        publish(amqtt.port, numbered(50))
        assert sorted(receive(link, 50), key=int) == [payload for _, payload in numbered(50)]


@pytest.fixture
def old_broker() -> Iterator[Callable[[bytes], int]]:
    """Answers any greeting of MQTT 5 with given bytes, hangs up, and speaks 3.1.1."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve(answer: bytes) -> None:
            for _ in range(2):
                peer, _ = server.accept()
                with peer:
                    if peer.recv(1000)[8] == 5:  # protocol level, after the name "MQTT"
                        peer.sendall(answer)
                        continue
                    peer.sendall(b"\x20\x02\x00\x00")
                    subscribed = peer.recv(1000)
                    peer.sendall(b"\x90\x03" + subscribed[2:4] + b"\x01")
                    peer.recv(1000)

        threads: list[threading.Thread] = []

        def start(answer: bytes) -> int:
            threads.append(threading.Thread(target=serve, args=(answer,), daemon=True))
            threads[-1].start()
            return int(server.getsockname()[1])

        yield start
        for thread in threads:
            thread.join(timeout=10)


@pytest.mark.parametrize("answer", [b"\x20\x02\x00\x01", b""], ids=["refuses", "hangs up"])
def test_a_broker_that_knows_no_mqtt_5_is_spoken_to_in_3_1_1(
    old_broker: Callable[[bytes], int], answer: bytes
) -> None:
    with connect(Broker(host="127.0.0.1", port=old_broker(answer))) as link:
        subscribe(link)


def test_a_broker_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_link, "PATIENCE_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        broker = Broker(host="127.0.0.1", port=server.getsockname()[1])
        with pytest.raises(ConnectorError, match="does not answer"):
            connect(broker)


@pytest.mark.parametrize(
    "junk", [b"\x00" * 50, b"\x30\xff\xff\xff\xff\xff", b"HTTP/1.1 400 Bad\r\n"]
)
def test_a_port_that_speaks_no_mqtt_is_said(junk: bytes) -> None:
    def answer(server: socket.socket) -> None:
        for _ in range(2):
            peer, _ = server.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(junk)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=(server,), daemon=True)
        thread.start()
        with pytest.raises(ConnectorError):
            connect(Broker(host="127.0.0.1", port=server.getsockname()[1]))
        thread.join(timeout=10)


PASSWORDS = "allow_anonymous false\npassword_file {folder}/passwords\nacl_file {folder}/acl\n"


@pytest.fixture
def guarded(mosquitto: Any) -> Any:
    """A Mosquitto where user ``books`` may read, ``plc`` may write at SR1, ``guest`` nothing."""
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("no mosquitto_passwd here")
    folder = mosquitto.folder
    for number, user in enumerate(("books", "plc", "guest")):
        first = ["-c"] if number == 0 else []
        subprocess.run(
            [tool, *first, "-b", str(folder / "passwords"), user, f"{user}-secret"], check=True
        )
    (folder / "acl").write_text(
        "user books\ntopic read supplynet/v1/#\nuser plc\ntopic write supplynet/v1/SR1/#\n"
    )
    mosquitto.settings = PASSWORDS.format(folder=folder)
    return mosquitto


def test_name_and_password_open_the_broker_and_wrong_ones_do_not(
    guarded: Any, publish: Callable[..., None]
) -> None:
    guarded.start()
    for wrong in ({}, {"username": "books", "password": "guess"}, {"username": "nobody"}):
        with pytest.raises(ConnectorError, match="refuses the connection: Not authorized"):
            connect(guarded.broker(**wrong))
    with connect(guarded.broker(username="books", password="books-secret")) as link:
        subscribe(link)
        others = [("supplynet/v1/SR2/ST1/A/consumed", b"x"), (TOPIC, b"mine")]
        publish(guarded.port, others, username="plc", password="plc-secret")
        assert [message.payload for message in link.receive(5.0)] == [b"mine"]


def run_openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two authorities, and certificates of the first for 127.0.0.1 and for another host."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("ca", "other-ca"):
        run_openssl(
            folder,
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem"),
            *("-days", "2", "-subj", f"/CN={name}"),
        )
    for name, host in (("here", "IP:127.0.0.1"), ("elsewhere", "DNS:elsewhere.test")):
        (folder / f"{name}.ext").write_text(f"subjectAltName={host}\n")
        run_openssl(
            folder,
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=broker"),
        )
        run_openssl(
            folder,
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
            *("-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem"),
        )
    return folder


def with_tls(mosquitto: Any, folder: Path, name: str) -> None:
    mosquitto.settings = (
        f"allow_anonymous true\ncertfile {folder}/{name}.pem\nkeyfile {folder}/{name}.key\n"
    )
    mosquitto.start()


def test_tls_is_spoken_with_a_broker_whose_certificate_is_right(
    mosquitto: Any, certificates: Path
) -> None:
    with_tls(mosquitto, certificates, "here")
    with connect(mosquitto.broker(tls=True, ca_file=str(certificates / "ca.pem"))) as link:
        subscribe(link)


@pytest.mark.parametrize(
    ("certificate", "ca_file", "why"),
    [
        ("here", "other-ca.pem", "certificate verify failed"),
        ("here", "", "certificate verify failed"),
        ("elsewhere", "ca.pem", "IP address mismatch"),
    ],
)
def test_a_broker_that_is_not_who_it_should_be_gets_nothing(
    mosquitto: Any, certificates: Path, certificate: str, ca_file: str, why: str
) -> None:
    with_tls(mosquitto, certificates, certificate)
    ca = str(certificates / ca_file) if ca_file else ""
    with pytest.raises(ConnectorError, match=why):
        connect(mosquitto.broker(tls=True, ca_file=ca, username="u", password="secret"))


def test_tls_and_none_do_not_meet(
    mosquitto: Any, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_link, "PATIENCE_SECONDS", 1.0)
    with_tls(mosquitto, certificates, "here")
    with pytest.raises(ConnectorError):
        connect(mosquitto.broker())


def test_a_file_of_certificates_that_went_missing_is_said(mosquitto: Any) -> None:
    mosquitto.start()
    with pytest.raises(ConfigError, match=r"gone\.pem"):
        connect(mosquitto.broker(tls=True, ca_file="gone.pem"))
