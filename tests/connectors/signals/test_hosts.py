"""Who may be asked, and that nobody is led into the private network."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from supplynet.connectors.signals import http_get
from supplynet.connectors.signals.hosts import HostGuard
from supplynet.connectors.signals.http_service import HttpService
from supplynet.connectors.signals.provider import SignalSetup
from supplynet.errors import ConnectorError, InvalidInput

if TYPE_CHECKING:
    from tests.connectors.signals.conftest import Ask, Define, Fetch, Stage


def guard(*addresses: str, private: bool = False) -> HostGuard:
    names = frozenset({"data.example"})
    return HostGuard(names, names if private else frozenset(), lambda _host, _port: [*addresses])


def test_a_listed_host_at_a_public_address_may_be_asked() -> None:
    public = guard("93.184.216.34", "2606:2800:220:1::1")
    assert len(public.addresses(public.check("https://data.example/x"))) == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/x",
        "https://data.example.evil.example/x",
        "https://evil.example/data.example",
        "https://data.example:8443/x",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::1]/",
    ],
)
def test_a_host_that_is_not_listed_is_refused_with_what_to_do(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"is not allowed; add .* to signal_hosts"):
        guard().check(url)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://data.example/x", "by https"),
        ("ftp://data.example/x", "must begin with https"),
        ("file:///etc/passwd", "must begin with https"),
        ("//data.example/x", "must begin with https"),
        ("https://ann:pw@data.example/x", "user or password"),
        ("https://data.example:99999/x", "no URL"),
        ("https://[data.example/x", "no URL"),
    ],
)
def test_a_url_that_is_not_plain_https_is_refused(url: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        guard().check(url)


def test_upper_case_and_a_last_dot_are_the_same_host() -> None:
    for url in ("https://DATA.Example/x", "https://data.example./x", "https://data.example:443/"):
        guard().check(url)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.5",
        "172.16.9.9",
        "192.168.1.1",
        "127.0.0.1",
        "100.64.0.1",
        "::1",
        "fc00::1",
        "::ffff:10.0.0.5",
        "64:ff9b::a00:5",
        "2002:0a00:0005::1",
    ],
)
def test_a_private_address_behind_a_listed_name_is_refused_unless_it_is_meant(
    address: str,
) -> None:
    for addresses in ([address], ["93.184.216.34", address]):
        rebound = guard(*addresses)
        with pytest.raises(InvalidInput, match="signal_private_hosts"):
            rebound.addresses(rebound.check("https://data.example/x"))
    meant = guard(address, private=True)
    assert meant.addresses(meant.check("https://data.example/x")) == [address]


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1%eth0", "fec0::1", "0.0.0.0", "::", "224.0.0.1"]
)
def test_some_addresses_are_never_asked(address: str) -> None:
    inside = guard(address, private=True)
    with pytest.raises(InvalidInput, match="no server's address"):
        inside.addresses(inside.check("https://data.example/x"))


def test_http_reaches_this_machine_only() -> None:
    inside = guard("10.0.0.5", private=True)
    with pytest.raises(InvalidInput, match="http is for this machine only"):
        inside.addresses(inside.check("http://data.example/x"))


def test_a_name_that_cannot_be_resolved_may_be_tried_again() -> None:
    def nobody(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    def nowhere(_host: str, _port: int) -> list[str]:
        return []

    for resolve in (nobody, nowhere):
        alone = HostGuard(frozenset({"data.example"}), frozenset(), resolve)
        with pytest.raises(ConnectorError, match=r"data\.example"):
            alone.addresses(alone.check("https://data.example/x"))


def named(setup: SignalSetup, stage: Stage, *addresses: str) -> tuple[SignalSetup, list[str]]:
    """The local server under the name ``prices.example``, and the look-ups of that name."""
    name, asked = f"prices.example:{stage.port}", list[str]()

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return [*addresses]

    hosts = setup.hosts | {name}
    return replace(setup, hosts=hosts, private_hosts=hosts, resolve=resolve), asked


def test_the_address_that_was_checked_is_the_one_connected_to(
    stage: Stage, define: Define, ask: Ask, setup: SignalSetup
) -> None:
    tools, asked = named(setup, stage, "127.0.0.1")
    url = f"http://prices.example:{stage.port}/data"
    assert HttpService(define(url=url), tools).fetch(ask()).height == 2
    assert asked == ["prices.example"]
    assert stage.headers[0]["host"] == f"prices.example:{stage.port}"


def test_the_next_address_is_tried_when_one_does_not_answer(
    stage: Stage, define: Define, ask: Ask, setup: SignalSetup
) -> None:
    tools, _ = named(setup, stage, "127.0.0.2", "127.0.0.1")
    url = f"http://prices.example:{stage.port}/data"
    assert HttpService(define(url=url), tools).fetch(ask()).height == 2


def test_a_redirect_within_the_allowed_hosts_is_followed(stage: Stage, fetch: Fetch) -> None:
    for location in ("/moved?a=1#here", f"{stage.url}/moved?a=1", "moved?a=1"):
        stage.does(stage.answer(b"", 302, Location=location), stage.answer())
        assert fetch(title=location).height == 2
        assert stage.paths[-1] == "/moved?a=1"


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/x",
        "//evil.example/x",
        "http://localhost/x",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "gopher://127.0.0.1/x",
    ],
)
def test_a_redirect_elsewhere_is_refused(stage: Stage, fetch: Fetch, location: str) -> None:
    stage.says(b"", 301, Location=location)
    with pytest.raises(InvalidInput, match=r"not allowed|must begin with https"):
        fetch()
    assert len(stage.paths) == 1


@pytest.mark.parametrize("location", ["http://[broken/x", "\x7f\xff", "http://a:b:c/"])
def test_a_redirect_to_no_url_is_an_error_of_ours(
    stage: Stage, fetch: Fetch, location: str
) -> None:
    stage.does(stage.answer(b"", 301, Location=location), stage.answer(b"", 404))
    with pytest.raises((InvalidInput, ConnectorError)):
        fetch()


def test_redirects_in_a_circle_come_to_an_end(stage: Stage, fetch: Fetch) -> None:
    stage.says(b"", 307, Location="/data")
    with pytest.raises(ConnectorError, match="redirects more than 5 times"):
        fetch()


def test_a_key_in_a_header_is_not_carried_to_another_host(
    stage: Stage, define: Define, ask: Ask, setup: SignalSetup
) -> None:
    tools, _ = named(setup, stage, "127.0.0.1")
    away = f"http://prices.example:{stage.port}/data"
    stage.does(stage.answer(b"", 302, Location=away), stage.answer())
    key = {"variable": "TEST_KEY", "header": "X-Api-Key"}
    HttpService(define(key=key), tools).fetch(ask())
    assert [headers.get("x-api-key") for headers in stage.headers] == ["s3cret-key", None]


def test_no_proxy_of_the_environment_is_used(
    stage: Stage, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetch().height == 2
    assert stage.paths[0].startswith("/data?")


class _Secure(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"rows": [{"day": "2026-01-02", "v": 1}]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of prices.example that signed itself, with its key in the same file."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl to make a certificate with")
    path = tmp_path / "prices.pem"
    command = [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=prices.example", "-addext", "subjectAltName=DNS:prices.example"]
    files = ["-keyout", str(path), "-out", str(tmp_path / "public.pem")]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    path.write_text(path.read_text() + (tmp_path / "public.pem").read_text())
    return path


@pytest.fixture
def secure_port(certificate: Path) -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Secure)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_certificate_is_checked_against_the_name_though_the_address_is_connected_to(
    secure_port: int,
    certificate: Path,
    define: Define,
    ask: Ask,
    setup: SignalSetup,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hosts = frozenset(f"{name}.example:{secure_port}" for name in ("prices", "other"))
    tools = replace(
        setup, hosts=hosts, private_hosts=hosts, resolve=lambda _host, _port: ["127.0.0.1"]
    )

    def fetch(name: str) -> int:
        url = f"https://{name}.example:{secure_port}/data"
        return HttpService(define(url=url), tools).fetch(ask()).height

    with pytest.raises(ConnectorError, match="certificate"):
        fetch("prices")  # nobody vouches for it
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(http_get, "_tls", lambda: trusting)
    assert fetch("prices") == 1
    with pytest.raises(ConnectorError, match="certificate"):
        fetch("other")
