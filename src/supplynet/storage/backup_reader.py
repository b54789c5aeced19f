"""Reading the file of a backup, whoever wrote it.

It takes what ``backup_archive`` writes and nothing else: no links, no extended headers, no name
that leaves its folder, no more bytes than were declared, nothing after the end.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from supplynet.errors import BackupError
from supplynet.storage.backup_archive import (
    BLOCK,
    CHUNK_BYTES,
    GZIP,
    MANIFEST,
    SCHEMA,
    SIGNATURE,
    Member,
    check_name,
    stored_name,
)

_MOST_MEMBERS = 100_000
_LARGEST_MANIFEST = 64 << 20
_SUM = re.compile(r"[0-9a-f]{64}\Z")
_DAMAGED = "it is damaged or no backup; take another"


class Archive:
    """A backup's file, opened; what it says of itself is only as good as its signature.

    Args:
        file: For reading, with ``seek``.
        name: How messages name it.

    Attributes:
        name: As given.
        manifest: What the manifest says.
        members: By name, without manifest and signature.
        signed, signature: The manifest's bytes and what is said to be their signature.

    Raises:
        BackupError: It is cut off, has something that we do not write, or is of a newer format.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self.name = file, name
        self._places = self._scanned()
        self.signed = self._small(MANIFEST)
        self.signature = self._small(SIGNATURE).decode("ascii", "replace")
        self.manifest, self.members = self._parsed()
        stored = {stored_name(name, member.packed) for name, member in self.members.items()}
        if set(self._places) != {*stored, MANIFEST, SIGNATURE}:
            raise self._bad("it does not hold what its manifest says")

    @property
    def size(self) -> int:
        """Bytes of all content."""
        return sum(member.size for member in self.members.values())

    def read(self, name: str) -> Iterator[bytes]:
        """The content of a member in chunks; trust none of them before the last has come.

        Raises:
            BackupError: It is not what the manifest says.
        """
        member, digest, size = self.members[name], hashlib.sha256(), 0
        raw = self._raw(name)
        for chunk in self._unpacked(name, raw) if member.packed else raw:
            size += len(chunk)
            if size > member.size:
                raise self._bad(f"{name} is larger than the {member.size:,} bytes declared")
            digest.update(chunk)
            yield chunk
        if (size, digest.hexdigest()) != (member.size, member.sha256):
            raise self._bad(f"{name} is not what was backed up")

    def check(self, name: str) -> None:
        """Read a member to its end. Raises as ``read`` does."""
        for _ in self.read(name):
            pass

    def _scanned(self) -> dict[str, tuple[int, int]]:
        """Place and stored size of every member."""
        whole, place = self._file.seek(0, 2), 0
        found: dict[str, tuple[int, int]] = {}
        while len(found) <= _MOST_MEMBERS:
            self._file.seek(place)
            block = self._file.read(BLOCK)
            if block == bytes(BLOCK):
                if self._file.read(2 * BLOCK) != bytes(BLOCK):
                    raise self._bad("it does not end as it should")
                return found
            name, size = self._member_of(block)
            start = place + BLOCK
            if name in found or start + size > whole:
                raise self._bad(f"{name} is there twice or cut off")
            found[name] = (start, size)
            place = start + size + -size % BLOCK
        raise self._bad(f"it has more than {_MOST_MEMBERS:,} members")

    def _member_of(self, block: bytes) -> tuple[str, int]:
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.HeaderError, ValueError) as error:
            raise self._bad("it is cut off or no tar") from error
        if header.type != tarfile.REGTYPE or header.size < 0:
            raise self._bad(f"{header.name!r} is no regular file")
        return check_name(header.name), header.size

    def _small(self, name: str) -> bytes:
        if name not in self._places:
            raise self._bad(f"it has no {name}")
        start, size = self._places[name]
        if size > _LARGEST_MANIFEST:
            raise self._bad(f"its {name} has {size:,} bytes")
        self._file.seek(start)
        return self._file.read(size)

    def _parsed(self) -> tuple[dict[str, Any], dict[str, Member]]:
        try:
            told = json.loads(self.signed)
            newer = int(told["format"]) > SCHEMA
            members = {} if newer else {name: _member(m) for name, m in told["members"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self._bad("its manifest cannot be read") from error
        if newer:
            raise BackupError(f"{self.name} was made by a newer SupplyNet; upgrade")
        return told, members

    def _raw(self, name: str) -> Iterator[bytes]:
        start, left = self._places[stored_name(name, self.members[name].packed)]
        while left:
            self._file.seek(start)
            chunk = self._file.read(min(left, CHUNK_BYTES))
            if not chunk:
                raise self._bad(f"{name} is cut off")
            start, left = start + len(chunk), left - len(chunk)
            yield chunk

    def _unpacked(self, name: str, raw: Iterator[bytes]) -> Iterator[bytes]:
        """Never more than a chunk at a time, however much a few bytes unpack to."""
        unpacker = zlib.decompressobj(wbits=GZIP)
        try:
            for chunk in raw:
                rest = chunk
                while rest and not unpacker.eof:
                    yield unpacker.decompress(rest, CHUNK_BYTES)
                    rest = unpacker.unconsumed_tail
                if unpacker.unused_data or rest:
                    raise self._bad(f"{name} has more than its content")
            yield from self._rest(unpacker)
        except zlib.error as error:
            raise self._bad(f"{name} cannot be unpacked") from error
        if not unpacker.eof:
            raise self._bad(f"{name} is cut off")

    @staticmethod
    def _rest(unpacker: Any) -> Iterator[bytes]:
        while not unpacker.eof and (chunk := unpacker.decompress(b"", CHUNK_BYTES)):
            yield chunk

    def _bad(self, why: str) -> BackupError:
        return BackupError(f"{self.name}: {why}; {_DAMAGED}")


def _member(said: Mapping[str, Any]) -> Member:
    """Raises one of several errors where it is not as we write it."""
    member = Member(size=said["size"], sha256=said["sha256"], packed=said["packed"])
    numbers = type(member.size) is int and member.size >= 0 and type(member.packed) is bool
    if not numbers or not _SUM.match(member.sha256):
        raise ValueError
    return member
