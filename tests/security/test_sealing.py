"""What is sealed opens as it was, for what it was sealed, and not at all when it was touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.errors import SealError
from supplynet.security import sealing

KEY, OTHER = bytes(range(32)), bytes(32)
ID = "seal-00000001"
FEW = 16
"""Bytes of a chunk here, so that small files have several."""


def test_aes_gcm_is_that_of_the_specification() -> None:
    """McGrew and Viega, The Galois/Counter Mode of Operation (GCM), test case 16."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    cipher = bytes.fromhex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    bound = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    assert sealing.decrypted(key, nonce, cipher, bound, "it") == plain
    with pytest.raises(SealError):
        sealing.decrypted(key, nonce, cipher, bound[:-1], "it")


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_sealed_opens_as_it_was(content: bytes, context: str) -> None:
    made = sealing.sealed(KEY, ID, content, context)
    assert sealing.opened(KEY, ID, made, context) == content
    assert made != sealing.sealed(KEY, ID, content, context)  # never the same nonce


@pytest.mark.parametrize(
    ("key", "key_id", "context"),
    [(OTHER, ID, "users anna"), (KEY, "seal-00000002", "users anna"), (KEY, ID, "users bert")],
)
def test_it_opens_with_its_key_and_where_it_belongs_alone(
    key: bytes, key_id: str, context: str
) -> None:
    made = sealing.sealed(KEY, ID, b"anna@example.org", "users anna")
    with pytest.raises(SealError, match="does not open"):
        sealing.opened(key, key_id, made, context)


def test_what_is_too_large_for_one_piece_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "LARGEST_BLOB", 10)
    with pytest.raises(SealError, match="11 bytes are too many"):
        sealing.sealed(KEY, ID, bytes(11), "it")


def open_blob(content: bytes) -> bytes:
    key_id, start = sealing.key_id_of(content, "it")
    return sealing.opened(KEY, key_id, content[start:], "it")


@given(st.binary(max_size=60))
def test_no_bytes_that_nobody_sealed_are_a_blob_that_opens(content: bytes) -> None:
    for candidate in (content, sealing.BLOB_MAGIC + content, sealing.blob(ID, content)):
        with pytest.raises(SealError):
            open_blob(candidate)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "CHUNK_BYTES", FEW)


def sealed_file(folder: Path, content: bytes) -> Path:
    (folder / "plain").write_bytes(content)
    sealing.seal_file(KEY, ID, folder / "plain", folder / "sealed", "backup 1")
    return folder / "sealed"


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("size", [0, 1, FEW - 1, FEW, FEW + 1, 3 * FEW, 3 * FEW + 5])
def test_a_file_of_any_length_opens_as_it_was(tmp_path: Path, size: int) -> None:
    content = bytes(i % 251 for i in range(size))
    path = sealed_file(tmp_path, content)
    assert sealing.file_key_id(path, "it") == ID
    sealing.open_file(KEY, ID, path, tmp_path / "opened", "backup 1")
    assert (tmp_path / "opened").read_bytes() == content
    assert (tmp_path / "opened").stat().st_mode & 0o777 == 0o600


def refused(path: Path, content: bytes, context: str = "backup 1") -> None:
    target = path.with_name("opened")
    path.write_bytes(content)
    with pytest.raises(SealError):
        sealing.open_file(KEY, ID, path, target, context)
    assert not target.exists()
    assert list(path.parent.glob(".*")) == []  # nothing half opened is left


@pytest.mark.usefixtures("few")
def test_every_cut_and_every_flipped_bit_of_a_file_is_found(tmp_path: Path) -> None:
    path = sealed_file(tmp_path, bytes(2 * FEW + 5))
    whole = path.read_bytes()
    for end in range(len(whole)):
        refused(path, whole[:end])
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        refused(path, bytes(changed))
    refused(path, whole, context="backup 2")


@pytest.mark.usefixtures("few")
def test_chunks_that_are_swapped_doubled_left_out_or_added_are_found(tmp_path: Path) -> None:
    path = sealed_file(tmp_path, bytes(4 * FEW))
    whole, size = path.read_bytes(), FEW + sealing.TAG_BYTES
    start = len(whole) - 4 * size
    header, chunks = whole[:start], [whole[start + i * size :][:size] for i in range(4)]
    a, b, c, d = chunks
    for order in ([b, a, c, d], [a, a, c, d], [a, c, d], [a, b, c, d, d], [a, b, c], [a, b, d, c]):
        refused(path, header + b"".join(order))
    other = sealed_file(tmp_path, bytes(4 * FEW)).read_bytes()
    refused(path, header + a + other[start + size :])


def test_a_target_that_is_there_stays_when_the_source_does_not_open(tmp_path: Path) -> None:
    path = sealed_file(tmp_path, b"content")
    (tmp_path / "opened").write_bytes(b"before")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SealError):
        sealing.open_file(KEY, ID, path, tmp_path / "opened", "backup 1")
    assert (tmp_path / "opened").read_bytes() == b"before"


@given(st.binary(max_size=100))
def test_a_file_that_nobody_sealed_names_no_key_or_does_not_open(
    tmp_path: Path, content: bytes
) -> None:
    path, target = tmp_path / "any", tmp_path / "opened"
    for candidate in (content, sealing.FILE_MAGIC + content):
        path.write_bytes(candidate)
        with pytest.raises(SealError):
            sealing.open_file(KEY, sealing.file_key_id(path, "it"), path, target, "it")
