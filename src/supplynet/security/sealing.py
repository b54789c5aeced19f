"""AES-256-GCM (NIST SP 800-38D) for small content, and in chunks for files of any size.

What is sealed is bound to a context, such as ``users.contact anna``: put in another place it does
not open. Small content has a random nonce of 96 bits; a key seals up to 2^32 of them.

A file is sealed as STREAM does it (Hoang, Reyhanitabar, Rogaway and Vizar, CRYPTO 2015): chunks
of 1 MiB, each with a nonce of the file's random prefix (7 bytes), the chunk's number (4) and
whether it is the last (1). Chunks that were left out, swapped, doubled or added are found so. Each
file has a key of its own, drawn by HKDF from the key and a random salt, so that short random
prefixes need not be unique. The header, with salt, prefix and context, is authenticated with
every chunk.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from supplynet.errors import SealError

KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
CHUNK_BYTES = 1 << 20
LARGEST_BLOB = 1 << 30
"""Bytes that are sealed in one piece; larger content is a file."""
BLOB_MAGIC, FILE_MAGIC = b"SNSEAL1\n", b"SNFILE1\n"
_SALT_BYTES, _PREFIX_BYTES = 32, 7
_LONGEST_KEY_ID = 64
_CHANGED = "it was changed or belongs elsewhere; restore it from a backup"


def sealed(key: bytes, key_id: str, content: bytes, context: str) -> bytes:
    """Nonce, ciphertext and tag of small content.

    Args:
        key: 32 bytes.
        key_id: Authenticated with the content.
        content: At most ``LARGEST_BLOB`` bytes.
        context: What it is and where it belongs; has to be the same at opening.

    Raises:
        SealError: It is too large.
    """
    if len(content) > LARGEST_BLOB:
        raise SealError(f"{context}: {len(content)} bytes are too many for one piece; seal a file")
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, _bound(key_id, context))


def opened(key: bytes, key_id: str, content: bytes, context: str) -> bytes:
    """What ``sealed`` was given.

    Raises:
        SealError: It was changed, or sealed by another key or for another context.
    """
    nonce, rest = content[:NONCE_BYTES], content[NONCE_BYTES:]
    return decrypted(key, nonce, rest, _bound(key_id, context), context)


def decrypted(key: bytes, nonce: bytes, content: bytes, bound: bytes, what: str) -> bytes:
    """AES-GCM itself: the plain content of ``content``, which ends in its tag.

    Raises:
        SealError: It is not what was encrypted; ``what`` names it.
    """
    if len(content) < TAG_BYTES or len(nonce) != NONCE_BYTES:
        raise SealError(f"{what} is sealed and too short to be whole; {_CHANGED}")
    try:
        return AESGCM(key).decrypt(nonce, content, bound)
    except InvalidTag:
        raise SealError(f"{what} is sealed and does not open: {_CHANGED}") from None


def blob(key_id: str, content: bytes) -> bytes:
    """Sealed content with the id of its key before it."""
    return BLOB_MAGIC + _named(key_id) + content


def key_id_of(content: bytes, what: str, magic: bytes = BLOB_MAGIC) -> tuple[str, int]:
    """The key that a sealed blob or file names, and where its content begins.

    Raises:
        SealError: ``content`` does not begin like one.
    """
    start = len(magic)
    if content[:start] != magic or len(content) <= start:
        raise SealError(f"{what} is not sealed, or its beginning was changed")
    end = start + 1 + content[start]
    name = content[start + 1 : end]
    try:
        key_id = name.decode("ascii")
    except UnicodeDecodeError:
        key_id = ""
    if not key_id or len(content) < end or len(name) > _LONGEST_KEY_ID:
        raise SealError(f"{what} names no key; {_CHANGED}")
    return key_id, end


def seal_file(key: bytes, key_id: str, source: Path, target: Path, context: str) -> None:
    """Seal a file into another, which is there whole or not at all.

    Raises:
        OSError: One cannot be read or written.
    """
    salt, prefix = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_PREFIX_BYTES)
    header = FILE_MAGIC + _named(key_id) + salt + prefix
    cipher, bound = _file_cipher(key, key_id, salt), header + _bound(key_id, context)
    with source.open("rb") as plain, _Whole(target) as out:
        out.write(header)
        for number, last, chunk in _chunks(plain, CHUNK_BYTES):
            out.write(cipher.encrypt(_nonce(prefix, number, last), chunk, bound))


def open_file(key: bytes, key_id: str, source: Path, target: Path, context: str) -> None:
    """Open a sealed file into another, which is there only when every chunk was as sealed.

    Raises:
        SealError: It was changed, cut off or added to, or sealed for another context.
        OSError: One cannot be read or written.
    """
    start = len(FILE_MAGIC) + 1 + len(key_id)
    with source.open("rb") as file, _Whole(target) as out:
        header = file.read(start + _SALT_BYTES + _PREFIX_BYTES)
        salt, prefix = header[start : start + _SALT_BYTES], header[start + _SALT_BYTES :]
        if len(prefix) != _PREFIX_BYTES or header[:start] != FILE_MAGIC + _named(key_id):
            raise SealError(f"{context} is sealed and too short to be whole; {_CHANGED}")
        cipher, bound = _file_cipher(key, key_id, salt), header + _bound(key_id, context)
        for number, last, chunk in _chunks(file, CHUNK_BYTES + TAG_BYTES):
            try:
                out.write(cipher.decrypt(_nonce(prefix, number, last), chunk, bound))
            except InvalidTag:
                raise SealError(
                    f"{context} is sealed and does not open at MiB {number}: {_CHANGED}"
                ) from None


def file_key_id(source: Path, what: str) -> str:
    """The key that a sealed file names.

    Raises:
        SealError: It is no sealed file.
        OSError: It cannot be read.
    """
    with source.open("rb") as file:
        return key_id_of(file.read(len(FILE_MAGIC) + 1 + _LONGEST_KEY_ID), what, FILE_MAGIC)[0]


def _named(key_id: str) -> bytes:
    return bytes((len(key_id),)) + key_id.encode("ascii")


def _bound(key_id: str, context: str) -> bytes:
    """What is authenticated beside the content; the id has no NUL, so no two pairs are alike."""
    return b"supplynet seal 1\0" + key_id.encode("ascii") + b"\0" + context.encode()


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes((last,))


def _file_cipher(key: bytes, key_id: str, salt: bytes) -> AESGCM:
    said = b"supplynet file 1\0" + key_id.encode("ascii")
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt=salt, info=said).derive(key))


def _chunks(file: BinaryIO, size: int) -> Iterator[tuple[int, bool, bytes]]:
    """Number, whether it is the last, and content; an empty file is one empty chunk."""
    number, chunk = 0, file.read(size)
    while True:
        following = file.read(size) if len(chunk) == size else b""
        yield number, not following, chunk
        if not following:
            return
        number, chunk = number + 1, following


class _Whole:
    """A file that takes its name when all of it is written and synced; only its owner reads it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")

    def __enter__(self) -> BinaryIO:
        made = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(made, "wb")
        return self._file

    def __exit__(self, kind: object, *rest: object) -> None:
        try:
            with self._file:
                if kind is None:
                    self._file.flush()
                    os.fsync(self._file.fileno())
            if kind is None:
                self._part.replace(self._path)
        finally:
            self._part.unlink(missing_ok=True)
