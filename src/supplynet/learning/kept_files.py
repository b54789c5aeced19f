"""Files of a model on disk: sealed where the workspace has a key for it, checked before use.

A sum is over what lies on disk, so that nothing is opened, not even its seal, before its bytes
are known to be those that were written.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from supplynet.errors import ModelError, SealError
from supplynet.files import one_writer
from supplynet.learning.signed_json import sha256
from supplynet.security.keyring import Keyring
from supplynet.security.sealing import BLOB_MAGIC, key_id_of

Sum = tuple[str, int]
"""SHA-256, hex, and size in bytes."""


def changing_seals(workspace: Path) -> AbstractContextManager[None]:
    """Held by who seals a workspace's models anew: two at a time would undo each other's sums."""
    return one_writer(workspace / "models" / ".seals.lock")


def sum_of(content: bytes) -> Sum:
    """The sum of a file's content."""
    return sha256(content), len(content)


def kept(keyring: Keyring, path: str, content: bytes) -> bytes:
    """Content as it goes to disk; ``path``, below the workspace, is what it is bound to."""
    return keyring.seal(content, path) if keyring.can_seal else content


def checked(workspace: Path, path: str, sums: Iterable[Sum], mend: str) -> bytes:
    """A file's bytes, which have one of the sums; they may be sealed.

    Raises:
        ModelError: It cannot be read, or has none of them; ``mend`` says what to do.
    """
    known = set(sums)
    try:
        with (workspace / path).open("rb") as file:
            content = file.read(max(size for _, size in known) + 1)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}; {mend}") from error
    if all(len(content) != size for _, size in known):
        raise ModelError(f"{path} has not the size that it was saved with; {mend}")
    if sum_of(content) not in known:
        raise ModelError(f"{path} was changed after it was saved; {mend}")
    return content


def opened(keyring: Keyring, path: str, content: bytes) -> bytes:
    """What was given to ``kept``.

    Raises:
        ModelError: It is sealed, and its key is not here.
    """
    if not content.startswith(BLOB_MAGIC):
        return content
    try:
        return keyring.open(content, path)
    except SealError as error:
        raise ModelError(str(error)) from error


def sealing_key(content: bytes, path: str) -> str:
    """Id of the key that sealed a file; "" where it is not sealed."""
    return key_id_of(content, path)[0] if content.startswith(BLOB_MAGIC) else ""
