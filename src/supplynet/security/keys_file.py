"""The key file: JSON with every key by its id, readable by its owner alone.

It is looked for where ``SUPPLYNET_KEYS`` says, else as ``keys/keys.json`` in the workspace. A file
that others may read or that belongs to somebody else is refused, as ssh does it; files are written
whole or not at all, and the first one only where there is none.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from supplynet.errors import ConfigError
from supplynet.files import one_writer, sync_folder

VARIABLE = "SUPPLYNET_KEYS"
VERSION = 1
SECRET_BYTES = 32
_ID = re.compile(r"[a-z0-9-]{1,32}\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_LARGEST_FILE = 4 << 20
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Kind(StrEnum):
    """What a key is for."""

    SIGNING = "ed25519"
    SEALING = "aes-256-gcm"


class State(StrEnum):
    """Active keys sign and seal; retired ones still verify and open."""

    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key.

    Attributes:
        secret: 32 bytes; in no text that is made of a key.
    """

    key_id: str
    kind: Kind
    state: State
    made_at: datetime
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysFile:
    """What the file says.

    Attributes:
        keys: By id, in the order in which they were made; at most one of a kind is active.
        known: SHA-256 of the model manifests that lay in the workspace, unsigned, when its first
            key was made: these alone are trusted without a signature.
    """

    keys: Mapping[str, Key]
    known: frozenset[str] = frozenset()

    def active(self, kind: Kind) -> Key | None:
        """The key that signs or seals now; None where there is none."""
        found = (key for key in self.keys.values() if key.kind is kind)
        return next((key for key in found if key.state is State.ACTIVE), None)

    def with_new(self, kind: Kind, now: datetime) -> KeysFile:
        """With a new active key of a kind; the one before it is retired."""
        made = new_key(kind, now)
        kept = {
            key_id: replace(key, state=State.RETIRED) if key.kind is kind else key
            for key_id, key in self.keys.items()
        }
        return replace(self, keys={**kept, made.key_id: made})


def new_key(kind: Kind, now: datetime) -> Key:
    """A new active key from the system's random source."""
    stem = "sign" if kind is Kind.SIGNING else "seal"
    return Key(
        key_id=f"{stem}-{secrets.token_hex(4)}",
        kind=kind,
        state=State.ACTIVE,
        made_at=now,
        secret=secrets.token_bytes(SECRET_BYTES),
    )


def is_elsewhere() -> bool:
    """Whether ``SUPPLYNET_KEYS`` names the file, so that it is never made in passing."""
    return bool(os.environ.get(VARIABLE))


def keys_path(workspace: Path) -> Path:
    """Where the key file of a workspace is looked for."""
    return Path(os.environ.get(VARIABLE) or workspace / "keys" / "keys.json")


def read_keys(path: Path) -> KeysFile:
    """The file, after looking who else could have read or written it.

    Raises:
        FileNotFoundError: There is none.
        ConfigError: Others may read it, or it is no key file of this version.
    """
    try:
        with path.open("rb") as file:
            _check_owner(path, os.fstat(file.fileno()))
            content = file.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"the key file {path} cannot be read: {error.strerror}") from error
    return parse_keys(content, str(path))


def parse_keys(content: bytes, where: str) -> KeysFile:
    """The content of a key file; no message says any of it.

    Raises:
        ConfigError: It is no key file of this version, or was damaged.
    """
    try:
        told = json.loads(content if len(content) <= _LARGEST_FILE else b"")
        version = told["version"]
        if version == VERSION:
            return _from_json(told)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        version = None
    if isinstance(version, int) and version > VERSION:
        raise ConfigError(
            f"the key file {where} is of version {version}, this SupplyNet reads {VERSION}; upgrade"
        )
    raise ConfigError(f"the key file {where} is damaged; put it back from where you keep a copy")


def write_keys(path: Path, file: KeysFile) -> None:
    """Replace the file, whole or not at all.

    Raises:
        ConfigError: It cannot be written; the old one stays.
    """
    with _written(path, file) as part:
        part.replace(path)


def make_keys(path: Path, file: KeysFile) -> KeysFile:
    """Write the first file; where another process was faster, its file is the one that counts.

    Raises:
        ConfigError: It cannot be written, or the one that is there not be read.
    """
    try:
        with _written(path, file) as part:
            os.link(part, path)
    except FileExistsError:
        return read_keys(path)
    return file


@contextmanager
def changing(path: Path) -> Iterator[KeysFile]:
    """Hold the file against other changes of it.

    Raises:
        ConfigError: There is none, or it cannot be read.
    """
    if not path.exists():
        raise missing(path)
    with one_writer(path.with_name(f".{path.name}.lock")):
        yield read_keys(path)


def missing(path: Path) -> ConfigError:
    """What is said where a named file is not there."""
    return ConfigError(
        f"{VARIABLE} names {path}, and it is not there; put it back, or make the first one with "
        "supplynet keys new"
    )


def _check_owner(path: Path, found: os.stat_result) -> None:
    if os.name == "nt":  # no such bits: the folder's rights protect it there
        return
    if found.st_mode & _OTHERS:
        raise ConfigError(
            f"the key file {path} can be read or written by others than its owner "
            f"(mode {stat.S_IMODE(found.st_mode):04o}); run: chmod 600 {path}"
        )
    if found.st_uid not in {os.geteuid(), 0}:
        raise ConfigError(
            f"the key file {path} belongs to user {found.st_uid}, and we run as {os.geteuid()}; "
            "run: chown it, or run as its owner"
        )


@contextmanager
def _written(path: Path, file: KeysFile) -> Iterator[Path]:
    """The content in a file beside ``path`` that its owner alone may read, from its first byte."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, parents=True)
        made = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "wb") as out:
            out.write(_to_json(file))
            out.flush()
            os.fsync(out.fileno())
        yield part
        sync_folder(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise ConfigError(f"the key file {path} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _to_json(file: KeysFile) -> bytes:
    keys = {
        key.key_id: {
            "kind": key.kind.value,
            "state": key.state.value,
            "made_at": key.made_at.isoformat(),
            "secret": base64.urlsafe_b64encode(key.secret).decode(),
        }
        for key in file.keys.values()
    }
    told = {"version": VERSION, "keys": keys, "known": sorted(file.known)}
    return (json.dumps(told, indent=1) + "\n").encode()


def _from_json(told: Mapping[str, Any]) -> KeysFile:
    """Raises one of several errors where anything is not as ``_to_json`` writes it."""
    if set(told) != {"version", "keys", "known"}:
        raise ValueError
    keys = {key_id: _key(key_id, said) for key_id, said in told["keys"].items()}
    active = [key.kind for key in keys.values() if key.state is State.ACTIVE]
    known = frozenset(told["known"])
    if Kind.SIGNING not in active or len(set(active)) < len(active):
        raise ValueError
    if not all(_DIGEST.match(digest) for digest in known):
        raise ValueError
    return KeysFile(keys=keys, known=known)


def _key(key_id: str, said: Mapping[str, Any]) -> Key:
    try:
        secret = base64.b64decode(said["secret"], altchars=b"-_", validate=True)
    except binascii.Error:
        secret = b""
    made_at = datetime.fromisoformat(said["made_at"])
    if not _ID.match(key_id) or len(secret) != SECRET_BYTES or made_at.utcoffset() is None:
        raise ValueError
    return Key(
        key_id=key_id,
        kind=Kind(said["kind"]),
        state=State(said["state"]),
        made_at=made_at.astimezone(UTC),
        secret=secret,
    )
