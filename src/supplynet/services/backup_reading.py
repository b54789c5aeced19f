"""Opening a backup, and saying what about it was verified."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from supplynet.errors import BackupError
from supplynet.security import keys_file, sealing
from supplynet.security.keyring import Keyring, keyring_of
from supplynet.services.backup import PURPOSE
from supplynet.storage.backup_reader import Archive

_KEYS = "name the key file it was made with by SUPPLYNET_KEYS"


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whether a backup is from whom it says.

    Attributes:
        sealed: Whether the file is encrypted; that it opened proves that a holder of our key
            made it.
        key_id: Which key is said to have signed it.
        verified: Whether that key is here, and did.
        keyring: The keys that are here; None = none.
    """

    sealed: bool
    key_id: str
    verified: bool
    keyring: Keyring | None = None

    @property
    def says(self) -> str:
        """For people, what was verified and what was not."""
        if self.verified:
            return f"its signature by key {self.key_id} was verified"
        return (
            f"its sums were verified, its signature was not: key {self.key_id} is not here, so "
            f"somebody else may have made it; {_KEYS} to be sure"
        )


def keys_at(folder: Path) -> Keyring | None:
    """The keys that ``SUPPLYNET_KEYS`` names, or those of the workspace in ``folder``.

    None where there are none: looking at a backup makes no keys.

    Raises:
        ConfigError: The key file cannot be used.
    """
    there = keys_file.is_elsewhere() or keys_file.keys_path(folder).exists()
    return keyring_of(folder) if there else None


@contextmanager
def opened(file: Path, keyring: Keyring | None, scratch: Path) -> Iterator[tuple[Archive, Trust]]:
    """A backup whose structure and signature have been checked; its members have not.

    Args:
        file: The backup.
        keyring: To open and verify it with; None = there are no keys here.
        scratch: Folder in which a sealed one is opened.

    Raises:
        BackupError: It is no backup, is damaged, or was changed after it was signed.
        SealError: It is sealed, and its key is not here or does not open it.
        OSError: It cannot be read.
    """
    plain, sealed = file, _is_sealed(file)
    if sealed:
        if keyring is None:
            key_id = sealing.file_key_id(file, file.name)
            raise BackupError(f"{file.name} is sealed with key {key_id}; {_KEYS}")
        plain = scratch / "plain"
        keyring.open_file(file, plain, PURPOSE)
    with plain.open("rb") as content:
        archive = Archive(content, file.name)
        yield archive, _trust(archive, keyring, file.name, sealed)


def _is_sealed(file: Path) -> bool:
    try:
        with file.open("rb") as content:
            return content.read(len(sealing.FILE_MAGIC)) == sealing.FILE_MAGIC
    except (FileNotFoundError, IsADirectoryError) as error:
        raise BackupError(f"there is no backup {file}") from error


def _trust(archive: Archive, keyring: Keyring | None, what: str, sealed: bool) -> Trust:
    key_id = archive.signature.partition(":")[0]
    if not key_id.isascii() or not key_id.replace("-", "").isalnum():
        raise BackupError(f"{what} is not signed; it is no backup of ours")
    here = keyring is not None and any(key.key_id == key_id for key in keyring.keys)
    if keyring is not None and here:
        if not keyring.verify(PURPOSE, archive.signed, archive.signature):
            raise BackupError(f"{what} was changed after it was signed; take another")
        return Trust(sealed=sealed, key_id=key_id, verified=True, keyring=keyring)
    return Trust(sealed=sealed, key_id=key_id, verified=False, keyring=keyring)
