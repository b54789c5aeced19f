"""Charts of points: a scatter, and boxes of quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from supplynet.frames.exploration.charts import ROW, label_margin
from supplynet.frames.exploration.svg import (
    Scale,
    hover,
    place,
    plot,
    share,
    text,
    x_axis,
    y_axis,
)
from supplynet.frames.exploration.wording import clip, short


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of a scatter; ``size`` is its radius in pixels."""

    x: float
    y: float
    said: str
    size: float = 3.5
    kind: str = "dot"


def scatter(
    points: Sequence[Point],
    *,
    label: str,
    x: Scale,
    y: Scale,
    height: int = 240,
    guides: tuple[float | None, float | None] = (None, None),
    corners: Sequence[tuple[float, float, str]] = (),
) -> str:
    """Points on two axes, with guide lines at ``(x, y)`` and words in the corners (shares)."""
    made = [y_axis(y, height)]
    made.append(x_axis([(x.at(t), short(t)) for t in x.ticks(6)], height))
    if guides[0] is not None:
        at = share(x.at(guides[0]))
        made.append(f'<line class="guide" x1="{at}" x2="{at}" y2="{height}"/>')
    if guides[1] is not None:
        down = place(height * (1 - y.at(guides[1])))
        made.append(f'<line class="guide" x2="100%" y1="{down}" y2="{down}"/>')
    made += [_point(point, x, y, height) for point in points]
    for across, drop, words in corners:
        anchor = "end" if across > 0.5 else "start"
        made.append(text(share(across), height * drop, words, anchor=anchor, kind="corner"))
    return plot(made, label=label, height=height)


def _point(point: Point, x: Scale, y: Scale, height: int) -> str:
    return (
        f'<circle class="{point.kind}" cx="{share(x.at(point.x))}" '
        f'cy="{place(height * (1 - y.at(point.y)))}" r="{point.size:g}">'
        f"{hover(point.said)}</circle>"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Quantiles of one row: 5, 25, 50, 75 and 95 per cent."""

    name: str
    quantiles: tuple[float, float, float, float, float]
    said: str


def boxes(rows: Sequence[Box], *, label: str, scale: Scale, words: Sequence[str] = ()) -> str:
    """One row each: a thin line from 5 to 95 %, a bar from 25 to 75 %, a tick at the median."""
    height = ROW * len(rows)
    made = []
    for tick in scale.ticks(5):
        x = share(scale.at(tick))
        made.append(f'<line class="grid" x1="{x}" x2="{x}" y2="{height}"/>')
    ticks = [(scale.at(t), short(t)) for t in scale.ticks(5)]
    made.append(x_axis(ticks, height))
    for i, row in enumerate(rows):
        low, left, middle, _right, high = (share(scale.at(q)) for q in row.quantiles)
        y, wide = i * ROW, scale.at(row.quantiles[3]) - scale.at(row.quantiles[1])
        name = words[i] if words else row.name
        made.append(text("-8", y + 15, clip(name), anchor="end", kind="name", full=row.name))
        made.append(
            f'<g>{hover(row.said)}<rect class="feel" y="{y}" width="100%" height="{ROW}"/>'
            f'<line class="range" x1="{low}" x2="{high}" y1="{y + 11}" y2="{y + 11}"/>'
            f'<rect class="mark" x="{left}" y="{y + 5}" width="{share(max(wide, 0.003))}" '
            f'height="12" rx="2"/>'
            f'<line class="median" x1="{middle}" x2="{middle}" y1="{y + 3}" y2="{y + 19}"/></g>'
        )
    return plot(made, label=label, height=height, left=label_margin([r.name for r in rows]))
