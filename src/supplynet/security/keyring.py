"""The keys of a workspace: they sign what must not be changed and seal what must not be read.

There is always a signing key: it is made with the workspace. Sealing begins when somebody makes a
sealing key (``supplynet keys new``). Retired keys still verify and open. See docs/at-rest.md for
what that protects against whom.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import re
from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from supplynet.errors import SealError
from supplynet.security import keys_file, sealing, signing
from supplynet.security.keys_file import Key, KeysFile, Kind

log = logging.getLogger(__name__)
_TEXT = "sealed:v1:"
_SEALED_TEXT = re.compile(r"sealed:v1:([a-z0-9-]{1,32}):([A-Za-z0-9_-]+={0,2})\Z")
_SIGNED = ("*.manifest.json", "*.onnx.json")
"""Files of a model that are signed, and were not before there were keys."""


class Keyring:
    """Keys by their id; in no text that is made of it."""

    __slots__ = ("_file",)

    def __init__(self, file: KeysFile) -> None:
        self._file = file

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._file.keys)})"

    @property
    def keys(self) -> tuple[Key, ...]:
        """Every key, the oldest first."""
        return tuple(self._file.keys.values())

    @property
    def signing_id(self) -> str:
        """Id of the key that signs."""
        return self._signing().key_id

    @property
    def sealing_id(self) -> str:
        """Id of the key that seals; "" where there is none."""
        key = self._file.active(Kind.SEALING)
        return key.key_id if key else ""

    @property
    def active_ids(self) -> frozenset[str]:
        """Ids of the keys that sign and seal now; "" for sealing where there is none."""
        return frozenset((self.signing_id, self.sealing_id))

    @property
    def can_seal(self) -> bool:
        """Whether somebody made a key to seal with."""
        return self._file.active(Kind.SEALING) is not None

    def knew(self, digest: str) -> bool:
        """Whether a manifest was there before the first key; ``digest`` is its SHA-256, hex."""
        return digest in self._file.known

    def sign(self, purpose: str, content: bytes) -> str:
        """Signature ``<key id>:<base64url>`` of ``content`` for one purpose."""
        key = self._signing()
        signature = signing.signed(key.secret, signing.framed(purpose, content))
        return f"{key.key_id}:{_text(signature)}"

    def verify(self, purpose: str, content: bytes, signature: str) -> bool:
        """Whether a key of this ring signed ``content`` for ``purpose``; retired ones count."""
        key_id, _, said = signature.partition(":")
        key = self._file.keys.get(key_id)
        if key is None or key.kind is not Kind.SIGNING:
            return False
        try:
            raw = _bytes(said)
        except SealError:
            return False
        return signing.verified(key.secret, signing.framed(purpose, content), raw)

    def seal(self, content: bytes, context: str) -> bytes:
        """Seal content of up to 1 GiB; larger content is a file.

        Args:
            content: Anything.
            context: What it is and where it belongs; ``open`` has to be given the same.

        Raises:
            SealError: There is no key to seal with, or it is too large.
        """
        key = self._sealing(context)
        made = sealing.sealed(key.secret, key.key_id, content, context)
        return sealing.blob(key.key_id, made)

    def open(self, sealed: bytes, context: str) -> bytes:
        """What ``seal`` was given.

        Raises:
            SealError: It is not sealed, was changed, is for another context, or its key is gone.
        """
        key_id, start = sealing.key_id_of(sealed, context)
        key = self._opening(key_id, context)
        return sealing.opened(key.secret, key_id, sealed[start:], context)

    def seal_file(self, source: Path, target: Path, context: str) -> None:
        """Seal a file of any size in chunks; ``target`` is there whole or not at all.

        Raises:
            SealError: There is no key to seal with.
            OSError: One cannot be read or written.
        """
        key = self._sealing(context)
        sealing.seal_file(key.secret, key.key_id, source, target, context)

    def open_file(self, source: Path, target: Path, context: str) -> None:
        """Open what ``seal_file`` made; ``target`` is there only when all of it was good.

        Raises:
            SealError: As for ``open``.
            OSError: One cannot be read or written.
        """
        key_id = sealing.file_key_id(source, context)
        key = self._opening(key_id, context)
        sealing.open_file(key.secret, key_id, source, target, context)

    def seal_text(self, text: str, context: str) -> str:
        """``sealed:v1:<key id>:<base64url>``; the text itself while nothing is sealed.

        Raises:
            SealError: It looks sealed already, and would not come back as it is.
        """
        if is_sealed_text(text):
            raise SealError(f"{context} begins with {_TEXT!r} as sealed values do; choose another")
        if not self.can_seal:
            return text
        key = self._sealing(context)
        made = sealing.sealed(key.secret, key.key_id, text.encode(), context)
        return f"{_TEXT}{key.key_id}:{_text(made)}"

    def open_text(self, text: str, context: str) -> str:
        """What ``seal_text`` was given; a text that is not sealed as it is.

        Raises:
            SealError: As for ``open``.
        """
        if not is_sealed_text(text):
            return text
        key_id = text_key_id(text)
        if not key_id:
            raise SealError(f"{context} is sealed and was changed; set it again")
        key = self._opening(key_id, context)
        said = _bytes(text.rpartition(":")[2])
        return sealing.opened(key.secret, key_id, said, context).decode()

    def _signing(self) -> Key:
        key = self._file.active(Kind.SIGNING)
        assert key is not None  # a key file without one is refused
        return key

    def _sealing(self, context: str) -> Key:
        key = self._file.active(Kind.SEALING)
        if key is None:
            raise SealError(f"{context} cannot be sealed: no key; make one: supplynet keys new")
        return key

    def _opening(self, key_id: str, context: str) -> Key:
        key = self._file.keys.get(key_id)
        if key is None or key.kind is not Kind.SEALING:
            raise SealError(
                f"{context} is sealed with key {key_id}, which the key file does not have; put "
                "that key file back"
            )
        return key


def keyring_of(workspace: Path) -> Keyring:
    """The keys of a workspace; its first signing key is made where there is no key file yet.

    A file that ``SUPPLYNET_KEYS`` names is never made in passing: a secret store that is not
    there today must not give us new keys.

    Raises:
        ConfigError: The file is missing where it is named, others may read it, or it is damaged.
    """
    path = keys_file.keys_path(workspace)
    try:
        return _kept(path, _stamp(path))
    except FileNotFoundError:
        if keys_file.is_elsewhere():
            raise keys_file.missing(path) from None
    return make_keyring(workspace)


def make_keyring(workspace: Path) -> Keyring:
    """Make the key file with a signing key, where there is none.

    The manifests of models that lie there are noted by their sums: they are from before there
    were signatures, and these alone are trusted without one. What they name is checked as ever.

    Raises:
        ConfigError: It cannot be written, or the one that is there not be read.
    """
    path, models = keys_file.keys_path(workspace), workspace / "models"
    if path.exists():
        return keyring_of(workspace)
    found = sorted(path for pattern in _SIGNED for path in models.glob(pattern))
    known = frozenset(hashlib.sha256(each.read_bytes()).hexdigest() for each in found)
    key = keys_file.new_key(Kind.SIGNING, datetime.now(UTC))
    made = KeysFile(keys={key.key_id: key}, known=known)
    there = keys_file.make_keys(path, made)
    if there is made:
        log.info("made the signing key %s in %s", key.key_id, path)
        if known:
            names = ", ".join(each.name for each in found)
            log.warning("from before there was a key, trusted as they are: %s", names)
    return Keyring(there)


def is_sealed_text(text: str) -> bool:
    """Whether a value says that it is sealed."""
    return text.startswith(_TEXT)


def text_key_id(text: str) -> str:
    """The key that a sealed value names; "" where it names none."""
    found = _SEALED_TEXT.match(text)
    return found[1] if found else ""


def key_ids(texts: Collection[str]) -> frozenset[str]:
    """The keys that some values are sealed with."""
    return frozenset(filter(None, map(text_key_id, texts)))


def _stamp(path: Path) -> tuple[int, ...]:
    """Changes whenever the file is replaced or its rights are."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


@lru_cache(maxsize=8)
def _kept(path: Path, stamp: tuple[int, ...]) -> Keyring:  # noqa: ARG001 - part of the key
    return Keyring(keys_file.read_keys(path))


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


def _bytes(text: str) -> bytes:
    """Bytes of base64 as ``_text`` writes it: the last character has bits that say nothing."""
    try:
        found = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if _text(found) != text:
        raise SealError("what is sealed was changed: it is not base64; set it again")
    return found
