"""Pictures of many cells."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from supplynet.frames.exploration.grids import palette_step, png, shrink

COLOURS = [(0, 0, 0, 0), (10, 20, 30, 255), (200, 100, 50, 128)]


def chunks(data: bytes) -> dict[bytes, bytes]:
    """Chunks of a PNG by name, each with its checksum checked."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at, found = 8, {}
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert data[at + 8 + size : at + 12 + size] == struct.pack(">I", zlib.crc32(kind + body))
        found[kind] = body
        at += 12 + size
    return found


@pytest.mark.parametrize("width", [1, 2, 5])
def test_a_png_holds_the_codes_row_by_row(width: int) -> None:
    codes = np.random.default_rng(0).integers(0, 3, (4, width)).astype(np.uint8)
    found = chunks(png(codes, COLOURS))
    assert struct.unpack(">IIBBBBB", found[b"IHDR"]) == (width, 4, 4, 3, 0, 0, 0)
    assert found[b"PLTE"] == bytes([0, 0, 0, 10, 20, 30, 200, 100, 50])
    assert found[b"tRNS"] == bytes([0, 255, 128])
    lines = np.frombuffer(zlib.decompress(found[b"IDAT"]), np.uint8).reshape(4, -1)
    assert (lines[:, 0] == 0).all()
    nibbles = np.stack([lines[:, 1:] >> 4, lines[:, 1:] & 15], axis=2).reshape(4, -1)
    assert (nibbles[:, :width] == codes).all()


def test_a_map_that_fits_is_not_shrunk() -> None:
    codes = np.eye(5, dtype=np.uint8)
    assert (shrink(codes, 5, 5) == codes).all()


def test_of_merged_cells_the_highest_code_stays_that_a_fifth_of_them_has() -> None:
    codes = np.zeros((10, 1), dtype=np.uint8)
    codes[0], codes[1], codes[5] = 2, 2, 2  # two of the first five, one of the last five
    codes[7:] = 1
    assert shrink(codes, 2, 1)[:, 0].tolist() == [2, 2]
    codes[5] = 0
    assert shrink(codes, 2, 1)[:, 0].tolist() == [2, 1]


def test_ten_thousand_series_make_a_small_picture() -> None:
    codes = np.random.default_rng(0).integers(0, 3, (10_000, 1_900)).astype(np.uint8)
    small = shrink(codes, 420, 1_000)
    assert small.shape == (420, 1_000)
    assert len(png(small, COLOURS)) < 250_000


def test_palette_steps_go_from_0_to_8_and_a_flat_map_is_in_the_middle() -> None:
    assert [palette_step(v, 0, 9) for v in (-5, 0, 0.99, 1, 8.99, 9, 50)] == [0, 0, 0, 1, 8, 8, 8]
    assert palette_step(3, 3, 3) == 4
