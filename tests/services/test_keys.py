"""Keys that are made, rotated and dropped, and everything that they seal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert

from supplynet.connectors.erp_settings import read_erp_settings, read_key
from supplynet.errors import ConfigError, InvalidInput, ModelError, NotFound, SealError
from supplynet.learning.artifacts import ModelState, load_model, save_model
from supplynet.learning.onnx_files import Graph, load_graphs, save_graphs
from supplynet.notify.settings_file import read_settings, secrets_of
from supplynet.security.keyring import keyring_of
from supplynet.services import audit, keys, model_adoption, resealing
from supplynet.services.books import Books, open_books
from supplynet.services.contacts import open_contact, seal_contact
from supplynet.storage import contacts, init_workspace
from supplynet.storage.audit import Wanted
from supplynet.storage.tables import users

MONDAY = datetime(2026, 1, 5, 8, tzinfo=UTC)
ANNA = "anna@example.org"
ERP = """
system = "odoo"
url = "https://erp.example"
database = "plant"
user = "supplynet"   # a comment that stays
key_sealed = "{sealed}"

[locations]
WH1 = "WH/Stock"
"""
NOTIFY = """
allow_hosts = ["hooks.example"]

[[channel]]
name = "{name}"
kind = "webhook"
url = "https://hooks.example/x"
secret_sealed = "{sealed}"
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a model, its graphs, and a user with a contact; nothing is sealed yet."""
    folder = tmp_path_factory.mktemp("keys") / "ws"
    init_workspace(folder)
    state = ModelState(model="toy", settings={}, arrays={"weights": np.arange(9.0)})
    version = save_model(folder, "m", state).model_version
    save_graphs(folder, "m", version, {"whole": Graph(content=b"graph")})
    opened = open_books(folder)
    with opened.store.write("test", MONDAY) as tx:
        row = {"user_id": "u1", "name": "anna", "display_name": "", "grants": [], "version": 1}
        row |= {"state": "active", "must_change_password": False, "contact": ANNA}
        row |= {"created_at": MONDAY, "updated_at": MONDAY}
        tx.connection.execute(insert(users).values(**row))
    opened.store.close()
    return folder


@pytest.fixture
def books(template: Path, tmp_path: Path) -> Iterator[Books]:
    """A copy of it."""
    folder = Path(shutil.copytree(template, tmp_path / "ws"))
    opened = replace(open_books(folder), wall_clock=lambda: MONDAY)
    yield opened
    opened.store.close()


def kept_contact(books: Books) -> str:
    with books.store.read() as tx:
        return contacts.kept(tx)["u1"]


def serves(books: Books) -> bool:
    """Whether model, graph and contact say what they said."""
    folder = books.workspace.folder
    manifest, state = load_model(folder, "m")
    graphs = load_graphs(folder, "m", manifest.model_version)
    said = open_contact(books, "u1", kept_contact(books))
    return (len(state.arrays["weights"]), graphs["whole"].content, said) == (9, b"graph", ANNA)


def write_settings(books: Books) -> None:
    """Channels and ERP with sealed secrets."""
    folder = books.workspace.folder
    sealed = keys.seal_secret(folder, "odoo-key\n", channel=None)
    (folder / "erp.toml").write_text(ERP.format(sealed=sealed))
    (folder / "erp.toml").chmod(0o600)
    sealed = keys.seal_secret(folder, "whsec_c2VjcmV0", channel="planners")
    (folder / "notify.toml").write_text(NOTIFY.format(name="planners", sealed=sealed))


def secrets(books: Books) -> tuple[str, ...]:
    folder = books.workspace.folder
    channel = read_settings(folder).channels[0]
    return (read_key(read_erp_settings(folder), folder, {}), *secrets_of(channel, folder, {}))


def test_a_workspace_signs_from_the_start_and_seals_when_told(books: Books) -> None:
    (row,) = keys.list_keys(books)
    assert (row["kind"], row["state"]) == ("ed25519", "active")
    assert row["needed_by"] == {"models": 1, "ONNX exports": 1}
    done = keys.seal_from_now(books, actor="me")
    assert (done.models, done.graphs, done.contacts, done.left) == (("m",), ("m",), 1, {})
    assert kept_contact(books).startswith("sealed:v1:seal-")
    assert keys.list_keys(books)[1]["needed_by"] == {"models": 1, "ONNX exports": 1, "contacts": 1}
    assert serves(books)
    with pytest.raises(InvalidInput, match="seals already; replace it: supplynet keys rotate"):
        keys.seal_from_now(books, actor="me")


def test_a_rotation_seals_everything_anew_and_leaves_the_rest_of_files(books: Books) -> None:
    keys.seal_from_now(books, actor="me")
    write_settings(books)
    before = keyring_of(books.workspace.folder)
    done = keys.rotate(books, actor="me", reason="an admin has left")
    assert (done.files, done.contacts, done.left) == (("notify.toml", "erp.toml"), 1, {})
    rows = {row["key_id"]: row for row in keys.list_keys(books)}
    for key_id in before.active_ids:
        assert (rows[key_id]["state"], rows[key_id]["needed_by"]) == ("retired", {})
    assert serves(books)
    assert secrets(books) == ("odoo-key", "whsec_c2VjcmV0")
    erp = books.workspace.folder / "erp.toml"
    assert "# a comment that stays" in erp.read_text()
    assert erp.stat().st_mode & 0o777 == 0o600


def test_a_rotation_that_was_killed_is_finished_by_another_turn(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.seal_from_now(books, actor="me")

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(resealing, "_reseal_contacts", killed)
        with pytest.raises(KeyboardInterrupt):
            keys.rotate(books, actor="me")
    assert serves(books)
    assert resealing.reseal(books).contacts == 1
    assert resealing.reseal(books) == resealing.Resealed(
        models=(), graphs=(), contacts=0, files=(), left={}
    )
    assert serves(books)


def test_what_cannot_be_sealed_anew_is_named_and_stops_nothing_else(books: Books) -> None:
    folder = books.workspace.folder
    save_model(folder, "damaged", ModelState(model="toy", settings={}))
    (folder / "models/damaged.h5").write_bytes(b"")
    done = keys.seal_from_now(books, actor="me")
    assert done.models == ("m",)
    assert list(done.left) == ["damaged"]
    assert "models/damaged.h5 has not the size" in done.left["damaged"]


def test_a_key_is_dropped_when_nothing_here_needs_it_and_backups_were_thought_of(
    books: Books,
) -> None:
    keys.seal_from_now(books, actor="me")
    old = keyring_of(books.workspace.folder)
    with pytest.raises(InvalidInput, match="is active; rotate"):
        keys.drop(books, old.sealing_id, backups_too=True, actor="me")
    keys.rotate(books, actor="me")
    with pytest.raises(InvalidInput, match=r"backups made with .* --backups-too"):
        keys.drop(books, old.sealing_id, backups_too=False, actor="me")
    keys.drop(books, old.sealing_id, backups_too=True, actor="me", reason="older than a year")
    assert old.sealing_id not in {row["key_id"] for row in keys.list_keys(books)}
    assert serves(books)
    with pytest.raises(NotFound, match="keys list"):
        keys.drop(books, old.sealing_id, backups_too=True, actor="me")


def test_a_key_that_something_needs_is_kept(books: Books) -> None:
    folder = books.workspace.folder
    keys.seal_from_now(books, actor="me")
    assert audit.anchor(books) is not None
    old, content = keyring_of(folder), seal_contact(books, "u1", ANNA)
    assert content is not None
    keys.rotate(books, actor="me")
    with pytest.raises(InvalidInput, match="needed by 1 anchors of the audit log"):
        keys.drop(books, old.signing_id, backups_too=True, actor="me")
    with books.store.write("test", MONDAY) as tx:
        contacts.replace(tx, {"u1": content})  # as an older copy of the books would
    with pytest.raises(InvalidInput, match="needed by 1 contacts; run supplynet keys reseal"):
        keys.drop(books, old.sealing_id, backups_too=True, actor="me")


def test_every_change_of_keys_is_in_the_audit_log_without_a_key(books: Books) -> None:
    keys.seal_from_now(books, actor="me")
    keys.rotate(books, actor="me", reason="an admin has left")
    rows, _ = audit.list_entries(books, Wanted(actor="me"), limit=10)
    assert [row["action"] for row in rows] == ["keys_rotated", "sealing_begun"]
    assert rows[0]["reason"] == "an admin has left"
    assert sorted(set(rows[0]["after"].values())) == [
        *("aes-256-gcm active", "aes-256-gcm retired"),
        *("ed25519 active", "ed25519 retired"),
    ]


def test_a_secret_opens_for_what_it_was_sealed_alone(books: Books) -> None:
    folder = books.workspace.folder
    with pytest.raises(SealError, match="no key to seal with; make one: supplynet keys new"):
        keys.seal_secret(folder, "secret", channel="planners")
    keys.seal_from_now(books, actor="me")
    write_settings(books)
    assert secrets(books) == ("odoo-key", "whsec_c2VjcmV0")
    text = (folder / "notify.toml").read_text()
    (folder / "notify.toml").write_text(text.replace('"planners"', '"drivers"'))
    with pytest.raises(ConfigError, match=r"notify\.toml channel drivers is sealed and does not"):
        secrets(books)
    with pytest.raises(InvalidInput, match="one line of printable"):
        keys.seal_secret(folder, "two\nlines", channel=None)


def test_a_plain_secret_is_not_taken_for_a_sealed_one(books: Books) -> None:
    text = NOTIFY.format(name="planners", sealed="whsec_c2VjcmV0")
    (books.workspace.folder / "notify.toml").write_text(text)
    with pytest.raises(ConfigError, match="only sealed: see supplynet keys seal") as refused:
        read_settings(books.workspace.folder)
    assert "c2VjcmV0" not in str(refused.value)


def test_an_adopted_model_serves_and_who_said_so_is_kept(books: Books, tmp_path: Path) -> None:
    folder = books.workspace.folder
    save_model(tmp_path / "theirs", "x", ModelState(model="toy", settings={}))
    for part in ("models/x.h5", "scalers/x.json", "metrics/x.json", "models/x.manifest.json"):
        (folder / part).write_bytes((tmp_path / "theirs" / part).read_bytes())
    with pytest.raises(ModelError, match="supplynet models adopt x"):
        load_model(folder, "x")
    found = model_adoption.adopt(books, "x", reason="trained at plant 2", actor="me")
    assert load_model(folder, "x")[0].model_version == found["model_version"]
    rows, _ = audit.list_entries(books, Wanted(actor="me"), limit=10)
    assert [(row["action"], row["subject"], row["reason"]) for row in rows] == [
        ("model_adopted", "x", "trained at plant 2")
    ]
    with pytest.raises(NotFound, match="put its files into"):
        model_adoption.adopt(books, "y", actor="me")
