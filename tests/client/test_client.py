"""The client against a real server with TLS on the loopback: sign-in, tokens, refusals, changes."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from supplynet.api.app import create_app
from supplynet.client import Client, Patience, Unreachable, models
from supplynet.connectors.plant_folder import write_plant
from supplynet.errors import NotAllowed, NotFound, NotSignedIn, VersionMoved
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.security.access import Role
from supplynet.security.passwords import Cost, Passwords
from supplynet.security.principal import Grant, local_administrator
from supplynet.services import users
from supplynet.services.books import open_books
from supplynet.storage import init_workspace

ONCE = Patience(tries=1)
CHEAP = Passwords(cost=Cost(memory_kib=8, passes=1))
PASSWORD = "thing lamp seven cow"
Serve = Callable[..., AbstractContextManager[Any]]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    here, now = x509.IPAddress(ipaddress.ip_address("127.0.0.1")), datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "here.pem").write_bytes(signed.public_bytes(form))
    (folder / "here.key").write_bytes(key.private_bytes(form, kind, plain))
    return folder / "here.pem", folder / "here.key"


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> Iterator[tuple[str, Path]]:
    """Address and certificate of a server with an administrator and a viewer."""
    folder = tmp_path_factory.mktemp("served")
    init_workspace(folder / "workspace")
    write_plant(
        demo_plant(showrooms=1, stations=1, lines="A", parts=2), folder / "workspace" / "plant"
    )
    books = open_books(folder / "workspace")
    for name, role in (("ana", Role.ADMINISTRATOR), ("vic", Role.VIEWER)):
        new = users.NewUser(
            name=name, grants=(Grant(role=role),), password=PASSWORD, must_change_password=False
        )
        users.add(books, CHEAP, new, local_administrator())
    app = create_app(books)
    app.state.passwords = CHEAP
    trusted, key = certificate(folder)
    with serve(app, ssl_certfile=trusted, ssl_keyfile=key) as server:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"https://127.0.0.1:{port}", trusted
    books.store.close()


def test_a_server_is_not_believed_without_a_certificate_that_is_trusted(
    plant: tuple[str, Path],
) -> None:
    address, trusted = plant
    with Client(address, patience=ONCE) as stranger, pytest.raises(Unreachable, match="CERT"):
        stranger.get_health()
    with Client(address, ca_file=trusted) as client:
        assert client.get_health().status == "ok"


def test_people_sign_in_make_tokens_and_sign_out(plant: tuple[str, Path]) -> None:
    address, trusted = plant
    with Client(address, ca_file=trusted) as ana:
        assert ana.sign_in(name="ana", password=PASSWORD).actor == "ana"
        made = ana.add_token(name="plc-7", scopes=["plant.read"], owner="vic")
        with Client(address, ca_file=trusted, token=made.secret) as machine:
            assert machine.list_orders(state="proposed").items == []
            with pytest.raises(NotAllowed):
                machine.make_plan()
            ana.revoke_token(made.token.token_id)
            with pytest.raises(NotSignedIn):
                machine.list_orders()
        assert ana.sign_out().ended == 1
        with pytest.raises(NotSignedIn):
            ana.get_session()


def test_people_do_not_overwrite_each_other(plant: tuple[str, Path]) -> None:
    address, trusted = plant
    with Client(address, ca_file=trusted) as ana:
        ana.sign_in(name="ana", password=PASSWORD)
        seen = ana.get_user("vic")
        ana.change_user("vic", display_name="Vic", if_match=seen)
        with pytest.raises(VersionMoved):
            ana.change_user("vic", display_name="Victor", if_match=seen)
        assert ana.get_user("vic").display_name == "Vic"
        with pytest.raises(NotFound, match="GET /users/nobody"):
            ana.get_user("nobody")
        assert [row.name for row in ana.each.list_users(limit=1)] == ["ana", "vic"]


def test_work_is_queued_and_a_change_is_heard_of(plant: tuple[str, Path]) -> None:
    address, trusted = plant
    with Client(address, ca_file=trusted) as ana:
        ana.sign_in(name="ana", password=PASSWORD)
        before = ana.get_health().change
        job = ana.submit_job(models.VerifyJob(kind="verify"))
        assert ana.get_job(job.job_id).state == "queued"
        ana.report_stock("count", location_id="SR1", part_id="P-001", quantity=7)
        heard = next(change for change in ana.changes(after=before) if change.kinds)
        assert heard.seq > before
        assert ana.export_table("stock").text.startswith("location_id,part_id")
