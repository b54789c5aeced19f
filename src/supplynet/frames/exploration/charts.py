"""Bars, columns, curves, points and boxes: small static SVG with hover text.

Every function returns markup; ``label`` is what the whole chart says to a screen reader.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.svg import (
    SPAN,
    Scale,
    hover,
    place,
    plot,
    scale_to,
    share,
    stretched,
    text,
    x_axis,
    y_axis,
)
from supplynet.frames.exploration.wording import clip, number

ROW = 22
"""Height of a row of a chart with one row per thing, pixels."""
_LETTER = 6.7  # width of a letter of the labels, pixels


def label_margin(labels: Sequence[str], longest: int = 18) -> int:
    """Room on the left that the labels need, in pixels."""
    return 14 + round(_LETTER * max((min(len(text), longest) for text in labels), default=3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row: ``words`` stand after the bar, ``said`` is shown on hover."""

    name: str
    value: float
    words: str
    said: str = ""
    kind: str = "mark"


def bars(rows: Sequence[Bar], *, label: str) -> str:
    """Horizontal bars from 0, one row each, in the order given."""
    scale = Scale(0.0, max((row.value for row in rows), default=1.0) or 1.0)
    made = []
    for i, row in enumerate(rows):
        y, wide = i * ROW, scale.at(row.value)
        said = row.said or f"{row.name}: {row.words}"
        made.append(text("-8", y + 15, clip(row.name), anchor="end", kind="name", full=row.name))
        made.append(
            f'<rect class="{row.kind}" y="{y + 4}" width="{share(max(wide, 0.002))}" '
            f'height="{ROW - 8}" rx="2">{hover(said)}</rect>'
        )
        made.append(
            f'<svg x="{share(wide)}" y="{y}" overflow="visible">'
            f"{text('6', 15, row.words, anchor='start')}</svg>"
        )
    return plot(
        made,
        label=label,
        height=ROW * len(rows),
        left=label_margin([row.name for row in rows]),
        bottom=4,
        right=label_margin([row.words for row in rows], 26),
    )


def columns(
    values: Sequence[float],
    names: Sequence[str],
    *,
    label: str,
    height: int = 150,
    said: Sequence[str] = (),
    marks: Sequence[tuple[float, str]] | None = None,
    band: tuple[float, float] | None = None,
    lit: Sequence[bool] = (),
) -> str:
    """Vertical bars; negative values hang down.

    Args:
        values: NaN leaves a gap.
        names: Under each column, and in its hover text.
        label: For a screen reader.
        height: Of the plot, pixels.
        said: Hover text instead of name and value.
        marks: Words under the axis at shares of it, instead of ``names``.
        band: A grey range behind the columns.
        lit: Which columns are set apart by colour.
    """
    many = max(1, len(values))
    scale = scale_to([*values, *(band or ())])
    zero = height * (1 - scale.at(0.0))
    made = [y_axis(scale, height)]
    if band:
        top, low = (height * (1 - scale.at(v)) for v in (band[1], band[0]))
        made.append(
            f'<rect class="band" y="{place(top)}" width="100%" height="{place(low - top)}"/>'
        )
    gap = 0.15 / many if many <= 80 else 0.0
    for i, value in enumerate(values):
        if not math.isfinite(value):
            continue
        y = height * (1 - scale.at(value))
        words = said[i] if said else f"{names[i]}: {number(value)}"
        kind = "lit" if lit and lit[i] else "mark"
        made.append(
            f'<rect class="{kind}" x="{share(i / many + gap / 2)}" y="{place(min(y, zero))}" '
            f'width="{share(1 / many - gap)}" height="{place(max(abs(y - zero), 0.6))}">'
            f"{hover(words)}</rect>"
        )
    shown = marks or [((i + 0.5) / many, name) for i, name in enumerate(names) if name]
    made.append(_words_under(shown, height))
    return plot(made, label=label, height=height)


def _words_under(marks: Sequence[tuple[float, str]], height: int) -> str:
    base = f'<line class="base" x2="100%" y1="{height}" y2="{height}"/>'
    return base + "".join(text(share(at), height + 15, words) for at, words in marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A vertical mark on a curve: ``at`` is a share of the axis."""

    at: float
    words: str
    said: str = ""


def curve(
    values: FloatArray,
    *,
    label: str,
    marks: Sequence[tuple[float, str]],
    height: int = 190,
    smooth: FloatArray | None = None,
    band: tuple[FloatArray, FloatArray] | None = None,
    changes: Sequence[Change] = (),
    guides: Sequence[float] = (),
    said: Sequence[str] = (),
    lit: Sequence[int] = (),
) -> str:
    """A line over evenly spaced points, with a smooth line, a band and marked changes.

    All arrays have shape (point,); NaN breaks the line. ``guides`` are shares of the axis, ``said``
    is the hover text of each point, ``lit`` are the places of points that are set apart.
    """
    top = [values, *(band or ())]
    scale = scale_to(np.concatenate(top)[np.isfinite(np.concatenate(top))].tolist())
    shapes = "" if band is None else _area(band[0], band[1], scale, height)
    shapes += _path(values, scale, height, "thin" if smooth is not None else "line")
    shapes += "" if smooth is None else _path(smooth, scale, height, "line")
    made = [y_axis(scale, height), stretched(shapes, height), x_axis(marks, height)]
    made += [
        f'<line class="guide" x1="{share(at)}" x2="{share(at)}" y2="{height}"/>' for at in guides
    ]
    many = max(1, len(values) - 1)
    for i, words in enumerate(said):
        wide = 1 / max(1, len(values))
        x = min(max(0.0, i / many - wide / 2), 1 - wide)
        made.append(
            f'<rect class="feel" x="{share(x)}" width="{share(wide)}" height="{height}">'
            f"{hover(words)}</rect>"
        )
    made += [_change(change, height) for change in changes]
    made += [
        f'<circle class="dot-lit" cx="{share(i / many)}" r="4" '
        f'cy="{place(height * (1 - scale.at(float(values[i]))))}"/>'
        for i in lit
    ]
    return plot(made, label=label, height=height)


def _change(change: Change, height: int) -> str:
    anchor = "end" if change.at > 0.8 else "start"
    shift = -5 if anchor == "end" else 5
    words = text(str(shift), 10, change.words, anchor=anchor, kind="loud")
    return (
        f'<svg x="{share(change.at)}" overflow="visible"><line class="cut" y2="{height}"/>'
        f"{words}{hover(change.said)}</svg>"
    )


def spark(
    values: FloatArray, *, label: str, height: int = 28, changes: Sequence[float] = ()
) -> str:
    """A small curve without axes, from 0; ``changes`` are shares of its width."""
    finite = values[np.isfinite(values)]
    scale = Scale(0.0, 1.06 * float(finite.max()) if finite.size and finite.max() > 0 else 1.0)
    cuts = "".join(
        f'<line class="cut" x1="{share(at)}" x2="{share(at)}" y2="{height}"/>' for at in changes
    )
    shapes = stretched(_path(values, scale, height - 2, "line"), height - 2)
    return plot([shapes, cuts], label=label, height=height, left=0, right=0, bottom=0)


def _path(values: FloatArray, scale: Scale, height: int, kind: str) -> str:
    step = SPAN / max(1, len(values) - 1)
    pieces, pen = [], False
    for i, value in enumerate(values.tolist()):
        if not math.isfinite(value):
            pen = False
            continue
        command = "L" if pen else "M"
        pieces.append(f"{command}{place(i * step)} {place(height * (1 - scale.at(value)))}")
        if not pen and not (i + 1 < len(values) and math.isfinite(values[i + 1])):
            pieces.append("h1")  # a point between two gaps, or a history of one point
        pen = True
    return f'<path class="{kind}" d="{"".join(pieces)}"/>'


def _area(low: FloatArray, high: FloatArray, scale: Scale, height: int) -> str:
    seen = np.flatnonzero(np.isfinite(low) & np.isfinite(high))
    step = SPAN / max(1, len(low) - 1)
    edge = [(i, high[i]) for i in seen] + [(i, low[i]) for i in seen[::-1]]
    points = " ".join(f"{place(i * step)},{place(height * (1 - scale.at(v)))}" for i, v in edge)
    return f'<polygon class="band" points="{points}"/>' if points else ""
