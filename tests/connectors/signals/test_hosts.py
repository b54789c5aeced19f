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

from supplynet.connectors.signals.http_service import HttpService
from supplynet.connectors.signals.provider import SignalSetup
from supplynet.errors import ConnectorError, InvalidInput
from supplynet.outbound import http

if TYPE_CHECKING:
    from tests.connectors.signals.conftest import Ask, Define, Fetch, Stage


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
    monkeypatch.setattr(http, "_tls", lambda: trusting)
    assert fetch("prices") == 1
    with pytest.raises(ConnectorError, match="certificate"):
        fetch("other")
