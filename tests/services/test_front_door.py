"""Where a server may listen, with what certificate, and under which names."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from supplynet.config import Settings
from supplynet.errors import ConfigError
from supplynet.services import doctor_safety
from supplynet.services.books import Books
from supplynet.services.front_door import is_loopback, open_door, own_names, tls_of
from supplynet.storage import Store, init_workspace

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def books(tmp_path: Path, sqlite_store: Store) -> Books:
    return Books(
        workspace=init_workspace(tmp_path / "plant"),
        settings=Settings(),
        store=sqlite_store,
        wall_clock=lambda: NOW,
    )


def with_settings(books: Books, **settings: Any) -> Books:
    return replace(books, settings=books.settings.model_copy(update=settings))


def make_tls(
    folder: Path,
    *,
    days: int = 90,
    name: str = "server",
    encryption: KeySerializationEncryption | None = None,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "supplynet.plant")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    start = NOW - timedelta(days=30)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(max(NOW + timedelta(days=days), start + timedelta(days=1)))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    keyfile = folder / f"{name}.key"
    keyfile.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
    )
    keyfile.chmod(0o600)


TLS = {"tls_certfile": "server.pem", "tls_keyfile": "server.key"}


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.7", False),
        ("supplynet.plant", False),
        ("localhost.evil.example", False),
    ],
)
def test_only_addresses_of_the_loopback_are_this_machine_alone(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback


def test_other_machines_are_served_with_tls_or_on_somebodys_word(books: Books) -> None:
    with pytest.raises(ConfigError, match="there is no TLS"):
        open_door(books, host="0.0.0.0")
    door = open_door(books, host="0.0.0.0", insecure=True)
    assert door.tls is None
    assert "can be read" in door.warnings[0]
    make_tls(books.workspace.folder)
    safe = open_door(with_settings(books, **TLS), host="0.0.0.0", port=8443)
    assert (safe.url, safe.warnings) == ("https://0.0.0.0:8443", ())
    assert safe.tls is not None
    assert safe.tls.context().minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    "settings",
    [
        {"host": "0.0.0.0", "insecure": True},
        {"trusted_proxies": ("10.0.0.1",)},
        {"allowed_hosts": ("supplynet.plant",)},
    ],
)
def test_local_is_refused_where_others_could_come_in(
    books: Books, settings: dict[str, Any]
) -> None:
    assert open_door(books, local=True).host == "127.0.0.1"
    with pytest.raises(ConfigError, match="--local"):
        open_door(with_settings(books, **settings), local=True)


def test_the_host_header_names_this_machine_and_nothing_else(books: Books) -> None:
    assert own_names("192.168.1.7", lambda: "pc7", lambda: "pc7.plant") == (
        "192.168.1.7",
        "pc7",
        "pc7.plant",
    )
    assert own_names("::", lambda: "pc7", lambda: "pc7") == ("pc7",)
    assert own_names("fe80::1", lambda: "", lambda: "pc7") == ("[fe80::1]", "pc7")
    assert open_door(books).names == ("127.0.0.1", "localhost", "[::1]")
    named = with_settings(books, allowed_hosts=("SupplyNet.plant",))
    assert open_door(named, host="0.0.0.0", insecure=True).names[0] == "supplynet.plant"


def _other_key(folder: Path) -> None:
    make_tls(folder, name="other")
    (folder / "other.key").replace(folder / "server.key")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "server.pem").unlink(), "server.pem cannot be read"),
        (lambda folder: (folder / "server.pem").write_text("x"), "holds no certificate"),
        (lambda folder: (folder / "server.key").write_text("x"), "holds no private key"),
        (_other_key, "is not the key of"),
        (lambda folder: make_tls(folder, days=-1), "valid until 2026-01-04"),
        (
            lambda folder: make_tls(folder, encryption=BestAvailableEncryption(b"x")),
            "has a password",
        ),
    ],
)
def test_a_certificate_that_cannot_be_used_is_one_clear_line(
    books: Books, spoil: Callable[[Path], None], says: str
) -> None:
    make_tls(books.workspace.folder)
    spoil(books.workspace.folder)
    with pytest.raises(ConfigError, match=says) as raised:
        open_door(with_settings(books, **TLS))
    assert "\n" not in str(raised.value)


def test_half_a_certificate_is_refused(books: Books) -> None:
    with pytest.raises(ConfigError, match="belong together"):
        tls_of(with_settings(books, tls_certfile="server.pem"))


def test_the_checklist_sees_an_old_certificate_and_a_key_that_is_open(books: Books) -> None:
    folder, served = books.workspace.folder, with_settings(books, **TLS)
    assert doctor_safety.tls(books).state == "ready"
    assert doctor_safety.tls(with_settings(books, host="0.0.0.0")).state == "broken"
    make_tls(folder)
    assert doctor_safety.tls(served).state == "ready"
    (folder / "server.key").chmod(0o644)
    assert "chmod 600" in doctor_safety.tls(served).next_step
    make_tls(folder, days=7)
    found = doctor_safety.tls(served)
    assert (found.state, "7 days" in found.found) == ("todo", True)


def test_the_checklist_sees_what_gives_protection_away(books: Books) -> None:
    assert doctor_safety.dangerous_settings(books).state == "ready"
    loose = with_settings(
        books, insecure=True, trusted_proxies=("0.0.0.0/0",), mqtt_url="mqtt://b", mqtt_password="x"
    )
    found = doctor_safety.dangerous_settings(loose)
    assert all(name in found.found for name in ("insecure", "trusted_proxies", "mqtt_url"))
    assert doctor_safety.users(books).state == "todo"
    books.workspace.settings_file.write_text('mqtt_password = "hunter2"\n')
    books.workspace.settings_file.chmod(0o644)
    open_file = doctor_safety.secrets(books)
    assert (open_file.state, "hunter2" in open_file.line) == ("broken", False)
