"""CSV in batches: bytes are cut where a row ends, and each piece is read as text.

Cells stay text, so that a cell that is not a number can be named instead of becoming null. A row
is a record: a line break inside quotes does not begin a new one.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl

from supplynet.connectors.table_source import FIRST_ROW, Batch, Places, ReadAgain
from supplynet.errors import InvalidInput

DELIMITERS = (",", ";", "\t", "|")
FALLBACK_ENCODING = "cp1252"  # what Windows programs write when they do not write UTF-8
BLOCK = 16 * 2**20
LONGEST_ROW = 4 * BLOCK
GZIP_MARK = b"\x1f\x8b"
_SEPARATOR_LINE = re.compile(rb'\A"?sep=(.)"?\r?\n')  # what Excel writes above the header


class CsvSource:
    """A CSV file, packed with gzip or not.

    Args:
        path: The file.
        delimiter: None = the one that the header has most of.
        block: Bytes to read at once.

    Raises:
        InvalidInput: The file cannot be read.
    """

    def __init__(self, path: Path, delimiter: str | None = None, *, block: int = BLOCK) -> None:
        self._path, self._block, self._delimiter = path, block, delimiter
        self._size = max(path.stat().st_size, 1)
        self._encoding: str | None = None
        self._bare_returns = False
        self._header = b""
        self._first_row = FIRST_ROW
        self.columns: list[str] = []
        self.places = Places()
        self._open()

    @property
    def name(self) -> str:
        """See ``Source``."""
        return self._path.name

    def batches(self) -> Iterator[Batch]:
        """See ``Source``."""
        position = 0
        for body, done in self._bodies():
            frame, ragged = self._parse(body, position)
            if frame.height:
                yield Batch(frame=frame, position=position, ragged=ragged, done=done)
            position += frame.height

    def _open(self) -> None:
        """Find encoding, delimiter and header; a file without a header has no columns."""
        with _unpacked(self._path) as (stream, _):
            start = self._block_of(stream)
        self._bare_returns = b"\r" in start[:-1] and b"\n" not in start
        utf16 = start[: len(codecs.BOM_UTF16_LE)] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
        self._encoding = "utf-16" if utf16 else "utf-8-sig"
        try:
            self._read_header()
        except ReadAgain:
            self._read_header()
        self.places.add(0, self._path.name, self._first_row)

    def _read_header(self) -> None:
        text = bytearray()
        for piece, _ in self._pieces():
            text += piece
            head = bytes(text).lstrip(b"\r\n ")
            marked = _SEPARATOR_LINE.match(head)
            begins = marked.end() if marked else 0
            end = _end_of_row(head, begins)
            if end:
                break
        else:
            head = bytes(text).strip()
            marked, begins, end = None, 0, len(head)
        above = bytes(text)[: len(text) - len(head)].count(b"\n") + bool(marked)
        self._first_row = FIRST_ROW + above
        self._header = head[begins:end].rstrip(b"\r\n") + b"\n"
        if not self._header.strip():
            return
        if marked and self._delimiter is None:
            self._delimiter = marked[1].decode("latin-1")
        self._delimiter = self._delimiter or _sniff(self._header.decode())
        self.columns = pl.read_csv(
            self._header, separator=self._delimiter, infer_schema=False
        ).columns

    def _bodies(self) -> Iterator[tuple[bytes, float]]:
        """Whole rows without the header, a block at a time."""
        rest, headed = b"", False
        for piece, done in self._pieces():
            rest += piece
            if not headed:
                head = rest.lstrip(b"\r\n ")
                marked = _SEPARATOR_LINE.match(head)
                end = _end_of_row(head, marked.end() if marked else 0)
                if not end:
                    continue
                rest, headed = head[end:], True
            cut = _last_row_end(rest)
            if cut:
                yield rest[:cut], done
                rest = rest[cut:]
            elif len(rest) > LONGEST_ROW:
                raise InvalidInput(
                    f"{self._path.name} has a row of more than {LONGEST_ROW:,} bytes: a double "
                    "quote is opened and not closed; close it, or write it twice inside a cell"
                )
        if rest and headed:
            yield rest, 1.0

    def _pieces(self) -> Iterator[tuple[bytes, float]]:
        """The file's text as UTF-8, a block at a time, and how much has been read.

        Raises:
            ReadAgain: It is not UTF-8, so it is taken as the fallback from now on.
        """
        encoding = self._encoding or "utf-8-sig"
        forgiving = encoding != "utf-8-sig"
        decoder = codecs.getincrementaldecoder(encoding)("replace" if forgiving else "strict")
        with _unpacked(self._path) as (stream, raw):
            while True:
                block = self._block_of(stream)
                try:
                    text = decoder.decode(block, final=not block)
                except UnicodeDecodeError:
                    self._encoding = FALLBACK_ENCODING
                    raise ReadAgain from None
                if self._bare_returns:  # as Excel writes "CSV (Macintosh)"
                    text = text.replace("\r", "\n")
                if text:
                    yield text.encode(), min(raw.tell() / self._size, 1.0)
                if not block:
                    return

    def _block_of(self, stream: BinaryIO) -> bytes:
        try:
            return stream.read(self._block)
        except (OSError, EOFError, zlib.error) as error:
            raise InvalidInput(
                f"{self._path.name} cannot be unpacked: {error}; copy it again"
            ) from error

    def _parse(self, body: bytes, position: int) -> tuple[pl.DataFrame, dict[int, int]]:
        delimiter = self._delimiter or ","
        try:
            frame = pl.read_csv(self._header + body, separator=delimiter, infer_schema=False)
        except pl.exceptions.PolarsError as error:
            found = _parse_slowly(body, delimiter, self.columns)
            if found is None:
                file, row = self.places.of(position)
                reason = str(error).splitlines()[0]
                raise InvalidInput(
                    f"{file} cannot be read after row {row - 1}: {reason}"
                ) from error
            return found
        return frame, {}


@contextmanager
def _unpacked(path: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The file's bytes, unpacked when its first bytes say gzip, and the file as it lies there."""
    with path.open("rb") as raw:
        packed = raw.read(len(GZIP_MARK)) == GZIP_MARK
        raw.seek(0)
        if not packed:
            yield raw, raw
            return
        with gzip.GzipFile(fileobj=raw) as stream:
            yield cast("BinaryIO", stream), raw


def _sniff(header: str) -> str:
    """The delimiter that the header line has most of, outside quotes; a comma without any."""
    outside = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _end_of_row(text: bytes, start: int = 0) -> int:
    """End of the first row from ``start``, with its line break; 0 when it goes on."""
    end = text.find(b"\n", start) + 1
    while end and text.count(b'"', start, end) % 2:
        end = text.find(b"\n", end) + 1
    return end


def _last_row_end(text: bytes) -> int:
    """End of the last whole row, with its line break; 0 when there is none.

    A line break outside quotes has an even number of quotes before it: a quote inside a quoted
    cell is written twice.
    """
    end = text.rfind(b"\n") + 1
    quotes = text.count(b'"', 0, end)
    while end and quotes % 2:
        before = text.rfind(b"\n", 0, end - 1) + 1
        quotes -= text.count(b'"', before, end)
        end = before
    return end


def _parse_slowly(
    body: bytes, delimiter: str, columns: list[str]
) -> tuple[pl.DataFrame, dict[int, int]] | None:
    """Rows that the fast reader does not take: with too many cells, or stray quotes.

    None when the slow reader does not take them either.
    """
    text = io.StringIO(body.decode(), newline="")
    width = len(columns)
    cells: list[list[str | None]] = []
    ragged = {}
    try:
        for number, row in enumerate(csv.reader(text, delimiter=delimiter)):
            if any(row[width:]):
                ragged[number] = len(row)
            padded = [cell or None for cell in row[:width]]
            cells.append(padded + [None] * (width - len(padded)))
    except csv.Error:
        return None
    schema = dict.fromkeys(columns, pl.String)
    return pl.DataFrame(cells, schema=schema, orient="row"), ragged
