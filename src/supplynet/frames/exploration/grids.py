"""Heat maps, and maps of many thousand cells as one small picture."""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.charts import ROW, label_margin
from supplynet.frames.exploration.svg import hover, plot, share, text, x_axis
from supplynet.frames.exploration.wording import clip

STEPS = 9
"""Classes ``s0 .. s8`` of the sequential palette; ``d0 .. d8`` of the one around 0."""
Bytes = npt.NDArray[np.uint8]


def heat_map(
    values: FloatArray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    label: str,
    said: Callable[[int, int], str],
    words: Callable[[float], str] | None = None,
    limits: tuple[float, float] | None = None,
    palette: str = "s",
    groups: Sequence[tuple[int, str]] = (),
) -> str:
    """A cell per row and column; NaN stays empty.

    Args:
        values: Shape (row, column).
        rows: Names.
        columns: Names; empty where there is no room.
        label: For a screen reader.
        said: Hover text of a cell.
        words: Text in a cell; hidden where the page is narrow.
        limits: Ends of the palette; the smallest and largest value when not given.
        palette: ``s`` from little to much, ``d`` from below to above.
        groups: First column and name of each group of columns, above them.
    """
    high_row = ROW if words else 18
    height, wide = high_row * len(rows), 1 / max(1, len(columns))
    finite = values[np.isfinite(values)]
    low, high = limits or ((float(finite.min()), float(finite.max())) if finite.size else (0, 1))
    made = []
    for i, name in enumerate(rows):
        y = i * high_row
        made.append(
            text("-8", y + high_row / 2 + 4, clip(name), anchor="end", kind="name", full=name)
        )
        for j, value in enumerate(values[i].tolist()):
            if not math.isfinite(value):
                continue
            step = palette_step(value, low, high)
            made.append(
                f'<rect class="{palette}{step}" x="{share(j * wide)}" y="{y}" '
                f'width="{share(wide)}" height="{high_row - 1}">{hover(said(i, j))}</rect>'
            )
            if words:
                at, kind = share((j + 0.5) * wide), f"cell {palette}{step}-ink"
                made.append(text(at, y + high_row / 2 + 4, words(value), kind=kind))
    made.append(_column_names(columns, groups, height))
    bottom = 38 if groups else 22 if any(columns) else 6
    return plot(made, label=label, height=height, left=label_margin(rows), bottom=bottom, right=2)


def palette_step(value: float, low: float, high: float) -> int:
    """Which of the ``STEPS`` classes a value has."""
    if not high > low:
        return STEPS // 2
    return min(STEPS - 1, max(0, int((value - low) / (high - low) * STEPS)))


def _column_names(columns: Sequence[str], groups: Sequence[tuple[int, str]], height: int) -> str:
    many = max(1, len(columns))
    made = [text(share((j + 0.5) / many), height + 13, n) for j, n in enumerate(columns) if n]
    starts = [*(first for first, _ in groups), many]
    for (first, name), end in zip(groups, starts[1:], strict=False):
        made.append(text(share((first + end) / 2 / many), height + 29, name, kind="name"))
        if first:
            x = share(first / many)
            made.append(f'<line class="split" x1="{x}" x2="{x}" y2="{height}"/>')
    return "".join(made)


def picture(
    codes: Bytes,
    colours: Sequence[tuple[int, int, int, int]],
    *,
    label: str,
    height: int,
    rows: Sequence[tuple[float, str]],
    columns: Sequence[tuple[float, str]],
) -> str:
    """A map of codes as a picture with labels; what is too fine for the eye is merged.

    Args:
        codes: Shape (row, column), each an index of ``colours``.
        colours: Red, green, blue and opacity, 0..255.
        label: For a screen reader.
        height: Of the picture, pixels.
        rows: Words on the left at shares of the height.
        columns: Words below at shares of the width.
    """
    data = base64.b64encode(png(codes, colours)).decode("ascii")
    made = [
        (
            f'<image href="data:image/png;base64,{data}" width="100%" height="{height}" '
            'preserveAspectRatio="none" style="image-rendering:pixelated"/>'
        )
    ]
    made += [
        text("-8", height * at + 4, clip(name), anchor="end", kind="name", full=name)
        for at, name in rows
    ]
    made.append(x_axis(columns, height))
    left = label_margin([name for _, name in rows])
    return plot(made, label=label, height=height, left=left)


def shrink(codes: Bytes, rows: int, columns: int) -> Bytes:
    """At most so many rows and columns: of merged cells the highest code that a fifth of them has.

    Codes are ordered by how much they matter, 0 the least.
    """
    for axis, most in enumerate((rows, columns)):
        many = codes.shape[axis]
        if many > most:
            edges = np.linspace(0, many, most + 1).astype(int)
            sizes = np.diff(edges).reshape((-1, 1) if axis == 0 else (1, -1))
            merged = np.zeros((most, codes.shape[1]) if axis == 0 else (codes.shape[0], most))
            for code in range(1, int(codes.max()) + 1):
                hits = np.add.reduceat(codes == code, edges[:-1], axis=axis, dtype=np.int64)
                merged[hits * 5 >= sizes] = code
            codes = merged.astype(np.uint8)
    return codes


def png(codes: Bytes, colours: Sequence[tuple[int, int, int, int]]) -> bytes:
    """A PNG with a palette of 16 colours at most and their opacity (PNG specification, 11.2)."""
    height, width = codes.shape
    packed = np.pad(codes, ((0, 0), (0, 1))) if width % 2 else codes
    nibbles = (packed[:, ::2] << 4) | packed[:, 1::2]
    lines = np.zeros((height, nibbles.shape[1] + 1), dtype=np.uint8)  # each begins with filter 0
    lines[:, 1:] = nibbles
    header = struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)
    colour = b"".join(bytes(c[:3]) for c in colours)
    parts = [
        (b"IHDR", header),
        (b"PLTE", colour),
        (b"tRNS", bytes(c[3] for c in colours)),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    ]
    made = b"\x89PNG\r\n\x1a\n"
    for kind, data in parts:
        check = struct.pack(">I", zlib.crc32(kind + data))
        made += struct.pack(">I", len(data)) + kind + data + check
    return made
