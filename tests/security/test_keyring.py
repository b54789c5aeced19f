"""A workspace's keys: found, made once, rotated, and in no text."""

from __future__ import annotations

import base64
import hashlib
import logging
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.errors import ConfigError, SealError
from supplynet.security import keys_file
from supplynet.security.keyring import Keyring, keyring_of, make_keyring, text_key_id
from supplynet.security.keys_file import KeysFile, Kind

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)


def rotated(folder: Path, *kinds: Kind) -> Keyring:
    """The ring with new active keys."""
    with keys_file.changing(keys_file.keys_path(folder)) as before:
        after = reduce(lambda file, kind: file.with_new(kind, NOW), kinds, before)
        keys_file.write_keys(keys_file.keys_path(folder), after)
    return keyring_of(folder)


@pytest.fixture(scope="module")
def both() -> Keyring:
    """A ring that signs and seals."""
    file = KeysFile(keys={})
    for kind in Kind:
        file = file.with_new(kind, NOW)
    return Keyring(file)


def test_a_signing_key_is_there_from_the_start_and_stays(tmp_path: Path) -> None:
    ring = keyring_of(tmp_path)
    signature = ring.sign("audit", b"head")
    again = keyring_of(tmp_path)
    assert again.verify("audit", b"head", signature)
    assert signature.startswith(f"{again.signing_id}:")
    assert not again.can_seal


def test_a_signature_is_good_for_its_purpose_its_content_and_its_ring(tmp_path: Path) -> None:
    ring, other = keyring_of(tmp_path / "a"), keyring_of(tmp_path / "b")
    signature = ring.sign("audit", b"head")
    key_id, said = signature.split(":")
    assert not ring.verify("model", b"head", signature)
    assert not ring.verify("audit", b"tail", signature)
    assert not other.verify("audit", b"head", signature)
    last = chr(ord(said[-3]) + 1)  # the bits of base64 that no byte needs
    other_spelling = f"{said[:-3]}{last}=="
    assert base64.urlsafe_b64decode(other_spelling) == base64.urlsafe_b64decode(said)
    assert not ring.verify("audit", b"head", f"{key_id}:{other_spelling}")
    for wrong in (
        "",
        ":",
        said,
        f"{key_id}:",
        f"{key_id}:!!",
        f"{key_id}:{said[:-4]}",
        "x:" + said,
    ):
        assert not ring.verify("audit", b"head", wrong)


def test_retired_keys_still_verify_and_open(tmp_path: Path) -> None:
    make_keyring(tmp_path)
    before = rotated(tmp_path, Kind.SEALING)
    signature, blob = before.sign("audit", b"head"), before.seal(b"model", "m")
    text = before.seal_text("anna@example.org", "users anna")
    after = rotated(tmp_path, Kind.SIGNING, Kind.SEALING)
    assert after.active_ids.isdisjoint(before.active_ids)
    assert after.verify("audit", b"head", signature)
    assert after.open(blob, "m") == b"model"
    assert after.open_text(text, "users anna") == "anna@example.org"
    assert text_key_id(text) == before.sealing_id != after.sealing_id


def test_a_key_that_is_gone_is_named(both: Keyring, tmp_path: Path) -> None:
    other = keyring_of(tmp_path)
    with pytest.raises(SealError, match=f"key {both.sealing_id}, which the key file does not"):
        other.open(both.seal(b"x", "m"), "m")


def test_without_a_key_to_seal_texts_stay_as_they_are_and_blobs_are_refused(tmp_path: Path) -> None:
    ring = keyring_of(tmp_path)
    assert ring.open_text(ring.seal_text("plain", "c"), "c") == "plain"
    assert ring.seal_text("plain", "c") == "plain"
    with pytest.raises(SealError, match="supplynet keys new"):
        ring.seal(b"x", "c")
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(SealError, match="supplynet keys new"):
        ring.seal_file(tmp_path / "file", tmp_path / "sealed", "c")


def test_files_are_sealed_and_opened(both: Keyring, tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"books" * 1000)
    both.seal_file(tmp_path / "plain", tmp_path / "sealed", "backup")
    both.open_file(tmp_path / "sealed", tmp_path / "opened", "backup")
    assert (tmp_path / "opened").read_bytes() == b"books" * 1000
    assert b"books" not in (tmp_path / "sealed").read_bytes()


@given(st.text(max_size=50).filter(lambda text: not text.startswith("sealed:v1:")))
def test_every_text_comes_back_and_is_not_in_what_is_kept(both: Keyring, text: str) -> None:
    kept = both.seal_text(text, "users anna")
    assert kept.startswith(f"sealed:v1:{both.sealing_id}:")
    assert both.open_text(kept, "users anna") == text
    with pytest.raises(SealError):
        both.open_text(kept, "users bert")


@given(st.text(max_size=60))
def test_no_text_that_says_it_is_sealed_opens_unless_it_was(both: Keyring, text: str) -> None:
    for said in (f"sealed:v1:{text}", f"sealed:v1:{both.sealing_id}:{text}"):
        with pytest.raises(SealError):
            both.open_text(said, "c")
        with pytest.raises(SealError, match="begins with"):
            both.seal_text(said, "c")


def test_no_key_is_in_what_is_printed(both: Keyring) -> None:
    assert repr(both) == f"Keyring({both.signing_id}, {both.sealing_id})"


def test_keys_elsewhere_are_used_and_never_made_in_passing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "safe" / "plant.json"
    monkeypatch.setenv(keys_file.VARIABLE, str(elsewhere))
    with pytest.raises(ConfigError, match=r"is not there; put it back, or.* supplynet keys new"):
        keyring_of(tmp_path / "ws")
    made = make_keyring(tmp_path / "ws")
    assert keyring_of(tmp_path / "ws").signing_id == made.signing_id
    assert elsewhere.exists()
    assert not (tmp_path / "ws").exists()


def test_the_file_is_looked_at_again_when_its_rights_change(tmp_path: Path) -> None:
    keyring_of(tmp_path)
    keys_file.keys_path(tmp_path).chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        keyring_of(tmp_path)


def test_what_lay_there_before_the_first_key_is_known_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/m.manifest.json").write_bytes(b"old")
    with caplog.at_level(logging.WARNING):
        ring = keyring_of(tmp_path)
    assert "trusted as they are: m.manifest.json" in caplog.text
    assert ring.knew(hashlib.sha256(b"old").hexdigest())
    assert not ring.knew(hashlib.sha256(b"new").hexdigest())
    (tmp_path / "models/later.manifest.json").write_bytes(b"new")
    assert len(keys_file.read_keys(keys_file.keys_path(tmp_path)).known) == 1


def test_a_file_without_a_signing_key_is_no_key_file(tmp_path: Path) -> None:
    path = keys_file.keys_path(tmp_path)
    keyring_of(tmp_path)
    file = keys_file.read_keys(path)
    keys_file.write_keys(path, replace(file, keys={}))
    with pytest.raises(ConfigError, match="damaged"):
        keyring_of(tmp_path)
