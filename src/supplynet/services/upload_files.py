"""Files of strangers: what they may be called, how large they may be, packed and unpacked."""

from __future__ import annotations

import copy
import gzip
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO

import polars as pl

from supplynet.connectors.table_csv import GZIP_MARK
from supplynet.connectors.table_file import PARQUET, ZIP_MARK
from supplynet.errors import InvalidInput

MOST_UNPACKED = 2**31
"""Bytes of what is packed in it; a few kilobytes can hold a full disk."""
MOST_ROWS = 50_000_000
"""Of Parquet, whose rows may take no room at all."""
SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz", ".parquet", ".xlsx")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()-]{0,119}")
_PIECE = 2**20


def check_name(name: str) -> str:
    """The name of a file as it is sent: no folder, no strange character, a kind that is read.

    Raises:
        InvalidInput: It is none.
    """
    if not _NAME.fullmatch(name) or not name.lower().endswith(SUFFIXES):
        raise InvalidInput(
            f"a file to import has a name of 1 to 120 of the characters A-Z a-z 0-9 space . _ - "
            f"( ) that ends in {', '.join(SUFFIXES)}, not {name[:120]!r}"
        )
    return name


def check_unpacked(file: Path, most: int = MOST_UNPACKED) -> None:
    """Unpack a file without keeping anything, so that nothing later meets more than ``most`` bytes.

    What an archive says of its own size is not believed.

    Raises:
        InvalidInput: It is larger, or broken.
    """
    with file.open("rb") as opened:
        start = opened.read(len(ZIP_MARK))
    try:
        if start == ZIP_MARK:
            _unzip(file, most)
        elif start.startswith(GZIP_MARK):
            with gzip.open(file) as unpacked:
                _count(unpacked, file, most)
        elif file.suffix.lower() in PARQUET:
            _check_rows(file)
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError) as error:
        raise InvalidInput(f"{file.name} cannot be unpacked: {error}") from error
    except RuntimeError as error:  # so says zipfile of one with a password
        raise InvalidInput(f"{file.name} is encrypted; send it without a password") from error


def _unzip(file: Path, most: int) -> None:
    left = most
    with zipfile.ZipFile(file) as archive:
        for said in archive.infolist():
            member = copy.copy(said)
            # Read to its real end, or to more than is allowed, and not to the end that it claims.
            member.file_size = left + 2 * _PIECE
            with archive.open(member) as unpacked:
                left -= _count(unpacked, file, left)


def _count(unpacked: IO[bytes] | gzip.GzipFile, file: Path, most: int) -> int:
    size = 0
    while piece := unpacked.read(_PIECE):
        size += len(piece)
        if size > most:
            raise InvalidInput(
                f"{file.name} unpacks to more than {most:,} bytes; send it in several files"
            )
    return size


def _check_rows(file: Path) -> None:
    try:
        rows = int(pl.scan_parquet(file).select(pl.len()).collect().item())
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"{file.name} is not a parquet file") from error
    if rows > MOST_ROWS:
        raise InvalidInput(f"{file.name} has {rows:,} rows, at most {MOST_ROWS:,} are read")
