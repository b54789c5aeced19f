"""The file of a backup: a tar whose last members say what must be in it, signed.

Members are regular files with a header of one block each (POSIX ustar), so any ``tar`` lists and
unpacks them; what is not packed by itself is gzipped and ends in ``.gz``. ``manifest.json`` has the
size and SHA-256 of every member, ``manifest.sig`` is its signature. See ``backup_reader``.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from supplynet.errors import BackupError

SCHEMA = 1
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
CHUNK_BYTES = 1 << 20
BLOCK = tarfile.BLOCKSIZE
_USTAR_LIMIT = 8 << 30
_LONGEST_NAME = 240
_GZIPPED = ".gz"
GZIP = 31
"""What makes zlib write and read gzip."""
_PART = re.compile(r"[^\x00-\x1f\x7f/\\]{1,200}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member.

    Attributes:
        size: Bytes of its content.
        sha256: Of its content, hex.
        packed: Whether it is gzipped in the file, under its name with ``.gz``.
    """

    size: int
    sha256: str
    packed: bool


class ArchiveWriter:
    """Writes members one after the other, in bounded memory.

    Args:
        file: Empty, for writing, with ``seek`` and ``truncate``.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._members: dict[str, Member] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Of the members so far, in their order."""
        return tuple(self._members)

    def add(self, name: str, chunks: Iterable[bytes], *, pack: bool) -> None:
        """Add a member with the content of ``chunks``; on any error there is none.

        Raises:
            BackupError: The name cannot be one of a member.
            OSError: The file cannot be written.
        """
        assert name not in self._members, name
        assert pack or not name.endswith(_GZIPPED), "it could be taken for a packed one"
        before = self._file.tell()
        try:
            self._members[name] = self._written(stored_name(name, pack), chunks, pack)
        except BaseException:
            self._file.seek(before)
            self._file.truncate()
            raise

    def mark(self) -> tuple[int, int]:
        """Where it is, for ``back_to``."""
        return self._file.tell(), len(self._members)

    def back_to(self, mark: tuple[int, int]) -> None:
        """Forget the members that were added since ``mark``."""
        place, members = mark
        self._file.seek(place)
        self._file.truncate()
        self._members = dict(list(self._members.items())[:members])

    def finish(self, told: Mapping[str, Any], sign: Callable[[bytes], str]) -> None:
        """Write manifest, signature and end; nothing can be added any more.

        Args:
            told: What the manifest says beside the members; JSON values.
            sign: Gives the signature of the manifest's bytes.
        """
        members = {name: asdict(member) for name, member in self._members.items()}
        manifest = {**told, "format": SCHEMA, "members": members}
        content = (json.dumps(manifest, sort_keys=True, indent=1) + "\n").encode()
        self.add(MANIFEST, [content], pack=False)
        self.add(SIGNATURE, [sign(content).encode()], pack=False)
        self._file.write(bytes(2 * BLOCK))

    def _written(self, name: str, chunks: Iterable[bytes], pack: bool) -> Member:
        """The header is written twice, for only in the end the size is known."""
        header, digest, size = self._file.tell(), hashlib.sha256(), 0
        self._file.write(bytes(BLOCK))
        packer = zlib.compressobj(level=1, wbits=GZIP) if pack else None
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            self._file.write(chunk if packer is None else packer.compress(chunk))
        if packer is not None:
            self._file.write(packer.flush())
        end = self._file.tell()
        self._file.write(bytes(-end % BLOCK))
        following = self._file.tell()
        self._file.seek(header)
        self._file.write(_header(name, end - header - BLOCK))
        self._file.seek(following)
        return Member(size=size, sha256=digest.hexdigest(), packed=pack)


def check_name(name: str) -> str:
    """``name``, when it is a path below a folder, with no way out of it.

    Raises:
        BackupError: It is not.
    """
    parts = name.split("/")
    inside = all(_PART.match(part) and part not in {".", ".."} for part in parts)
    if not inside or len(name.encode()) > _LONGEST_NAME:
        raise BackupError(f"{name[:80]!r} is no name that a backup can hold; rename the file")
    return name


def stored_name(name: str, packed: bool) -> str:
    """What a member is called in the file.

    Raises:
        BackupError: It is no path below a folder.
    """
    return check_name(name) + (_GZIPPED if packed else "")


def chunks_of(path: Path) -> Iterator[bytes]:
    """The content of a file as it is when it is opened: one that is replaced meanwhile stays whole.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _header(name: str, size: int) -> bytes:
    """One block; ustar keeps long names in two fields, GNU numbers from 8 GiB on."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    large = size >= _USTAR_LIMIT
    try:
        made = info.tobuf(tarfile.GNU_FORMAT if large else tarfile.USTAR_FORMAT, "utf-8", "strict")
    except ValueError as error:
        raise BackupError(f"{name[:80]!r} is too long a name for a backup; rename it") from error
    if len(made) != BLOCK:
        raise BackupError(f"{name[:80]!r} is too long a name for so large a file; rename it")
    return made
