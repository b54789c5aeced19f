"""The frontier as a picture: a page of SVG that stands alone, drawn without a plotting library."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 860, 520
LEFT, RIGHT, TOP, BOTTOM = 78, 190, 46, 56
COLOURS = ("#b4530a", "#2563a8", "#2a9d8f", "#111827", "#9d4edd", "#8a817c", "#c9184a", "#588157")
_LOW = 0.3
"""Of a rate of 0 the share of the smallest rate seen at which it is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One setting of a policy.

    Attributes:
        cover_days: Average stock.
        halts, low, high: Halts per line-month with a 95 % interval.
        words: Shown when the pointer rests on it.
        tuned: Drawn large: the operating point.
    """

    cover_days: float
    halts: float
    low: float
    high: float
    words: str
    tuned: bool = False


def draw(
    curves: Mapping[str, Sequence[Mark]], *, title: str, bound_days: float | None = None
) -> str:
    """Halts per line-month (logarithmic) against days of cover, one curve per policy.

    Args:
        curves: Settings by policy.
        title: Above the plot.
        bound_days: Cover of perfect foresight, drawn as an upright line.
    """
    marks = [mark for each in curves.values() for mark in each]
    axes = _Axes.of(marks, bound_days)
    body = [axes.grid()]
    if bound_days is not None:
        x = axes.x(bound_days)
        body.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#666" '
            f'stroke-dasharray="4 3"/><text x="{x + 4:.1f}" y="{TOP + 12}">bound</text>'
        )
    for place, (policy, each) in enumerate(curves.items()):
        body.append(_curve(policy, each, axes, COLOURS[place % len(COLOURS)], place))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">'
        f'<title>{escape(title)}</title><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{LEFT}" y="26" font-size="16">{escape(title)}</text>{"".join(body)}</svg>\n'
    )


@dataclass(frozen=True, slots=True)
class _Axes:
    """Scales: days of cover from 0 on, the logarithm of the rate of halts."""

    most_days: float
    least: float
    most: float

    @classmethod
    def of(cls, marks: Sequence[Mark], bound_days: float | None) -> _Axes:
        days = max([mark.cover_days for mark in marks] + [bound_days or 0.0], default=1.0)
        rates = [r for m in marks for r in (m.halts, m.high) if r > 0]
        seen = [m.halts for m in marks if m.halts > 0]
        return cls(
            most_days=1.05 * max(days, 1e-9),
            least=_LOW * min(seen, default=0.1),
            most=max(rates, default=1.0),
        )

    def x(self, days: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * days / self.most_days

    def y(self, rate: float) -> float:
        span = math.log(self.most / self.least) or 1.0
        share = math.log(max(rate, self.least) / self.least) / span
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    def grid(self) -> str:
        right, floor = WIDTH - RIGHT, HEIGHT - BOTTOM
        made = []
        for power in range(
            math.ceil(math.log10(self.least)), math.floor(math.log10(self.most)) + 1
        ):
            y = self.y(10.0**power)
            made.append(f'<line x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
            made.append(
                f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
            )
        step = next(s for s in (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 1e9) if self.most_days / s <= 8)
        for place in range(int(self.most_days / step) + 1):
            x = self.x(place * step)
            made.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{floor}" stroke="#eee"/>')
            made.append(
                f'<text x="{x:.1f}" y="{floor + 18}" text-anchor="middle">{place * step:g}</text>'
            )
        middle = (LEFT + right) / 2
        made.append(
            f'<text x="{middle}" y="{HEIGHT - 14}" text-anchor="middle">days of cover</text>'
        )
        made.append(
            f'<text transform="translate(20 {(TOP + floor) / 2}) rotate(-90)" '
            'text-anchor="middle">halts per line-month</text>'
        )
        return "".join(made)


def _curve(policy: str, marks: Sequence[Mark], axes: _Axes, colour: str, place: int) -> str:
    ordered = sorted(marks, key=lambda mark: mark.cover_days)
    places = [(axes.x(mark.cover_days), mark) for mark in ordered]
    upper = [f"{x:.1f},{axes.y(mark.high):.1f}" for x, mark in places]
    lower = [f"{x:.1f},{axes.y(mark.low):.1f}" for x, mark in reversed(places)]
    line = " ".join(f"{x:.1f},{axes.y(mark.halts):.1f}" for x, mark in places)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{axes.y(mark.halts):.1f}" r="{6 if mark.tuned else 2.5}">'
        f"<title>{escape(mark.words)}</title></circle>"
        for x, mark in places
    )
    name_y = TOP + 16 + 20 * place
    return (
        f'<g fill="{colour}"><polygon points="{" ".join([*upper, *lower])}" opacity="0.12"/>'
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6"/>{dots}'
        f'<circle cx="{WIDTH - RIGHT + 20}" cy="{name_y - 4}" r="5"/>'
        f'<text x="{WIDTH - RIGHT + 32}" y="{name_y}" fill="#222">{escape(policy)}</text></g>'
    )
