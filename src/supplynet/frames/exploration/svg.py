"""The frame of every chart: scales, ticks, axes.

A chart fills the width it is given while its text keeps its size: places along x are per cent of
the plot, places along y are pixels, and curves lie in a nested ``<svg>`` that is stretched. Labels
hang over the edge of the plot into margins that the style sheet makes from ``--l`` and ``--b``.
Colours are classes of ``page.css``, so that a page follows the reader's light or dark theme.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from supplynet.frames.exploration.wording import MONTHS, safe, short

SPAN = 1000  # width of the box of stretched curves


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to the share ``0..1`` of an axis; ``log`` needs ``low > 0``."""

    low: float
    high: float
    log: bool = False

    def at(self, value: float) -> float:
        """Place of ``value``, kept within the axis."""
        low, high = self.low, self.high
        if self.log:
            value, low, high = (math.log10(max(v, 1e-300)) for v in (value, low, high))
        if not high > low:
            return 0.5
        return min(1.0, max(0.0, (value - low) / (high - low)))

    def ticks(self, wanted: int = 5) -> list[float]:
        """Round values on the axis, about ``wanted``."""
        if self.log:
            return _log_ticks(self.low, self.high, wanted)
        return _round_ticks(self.low, self.high, wanted)


def scale_to(values: Iterable[float], *, zero: bool = True) -> Scale:
    """A scale that ends on a round tick above the largest value."""
    found = [v for v in values if math.isfinite(v)]
    low, high = min(found, default=0.0), max(found, default=1.0)
    low = min(0.0, low) if zero else low
    if high <= low:
        high = low + (abs(low) or 1.0)
    step = _step(high - low, 4)
    return Scale(math.floor(low / step) * step, math.ceil(high / step - 1e-9) * step)


def plot(
    marks: Iterable[str],
    *,
    label: str,
    height: int,
    left: int = 44,
    bottom: int = 22,
    right: int = 10,
) -> str:
    """The chart around its marks; ``label`` is what a screen reader says, margins in pixels."""
    style = f"--l:{left}px;--r:{right}px;--b:{bottom}px;height:{height}px"
    inner = "".join(marks)
    return f'<svg class="plot" role="img" aria-label="{safe(label)}" style="{style}">{inner}</svg>'


def stretched(shapes: str, height: int) -> str:
    """Curves in a box ``SPAN`` wide and ``height`` high, stretched to the plot's width."""
    box = f'width="100%" height="{height}" viewBox="0 0 {SPAN} {height}"'
    return f'<svg {box} preserveAspectRatio="none">{shapes}</svg>'


def share(value: float) -> str:
    """A place along x."""
    return f"{round(value * 100, 2):g}%"


def place(value: float) -> str:
    """A place along y, or within a stretched box."""
    return f"{round(value, 1):g}"


def text(
    x: str, y: float, words: str, *, anchor: str = "middle", kind: str = "", full: str = ""
) -> str:
    """A label; ``full`` is shown on hover when ``words`` is shortened."""
    hover = f"<title>{safe(full)}</title>" if full and full != words else ""
    extra = f' class="{kind}"' if kind else ""
    side = "" if anchor == "middle" else f' style="text-anchor:{anchor}"'
    return f'<text x="{x}" y="{place(y)}"{extra}{side}>{safe(words)}{hover}</text>'


def hover(words: str) -> str:
    """What is shown when the pointer rests on a mark."""
    return f"<title>{safe(words)}</title>" if words else ""


def y_axis(scale: Scale, height: int, *, wanted: int = 4) -> str:
    """Grid lines with their values on the left."""
    made = []
    for tick in scale.ticks(wanted):
        y = height * (1 - scale.at(tick))
        made.append(f'<line class="grid" x2="100%" y1="{place(y)}" y2="{place(y)}"/>')
        made.append(text("-6", y + 4, short(tick), anchor="end"))
    return "".join(made)


def x_axis(marks: Sequence[tuple[float, str]], height: int) -> str:
    """Words under the plot at shares ``0..1``."""
    made = [f'<line class="base" x2="100%" y1="{height}" y2="{height}"/>']
    for at, words in marks:
        anchor = "start" if at < 0.03 else "end" if at > 0.97 else "middle"
        made.append(text(share(at), height + 15, words, anchor=anchor))
    return "".join(made)


def date_marks(first: date, last: date, wanted: int = 6) -> list[tuple[float, str]]:
    """Where months or years begin in ``[first, last]``: shares of the axis and words."""
    days = max(1, (last - first).days)
    if days <= 45:
        step = max(1, math.ceil(days / wanted))
        shown = [first + timedelta(days=n) for n in range(0, days + 1, step)]
        return [((d - first).days / days, f"{d.day} {MONTHS[d.month - 1]}") for d in shown]
    months = days / 30.4
    step = next((s for s in (1, 2, 3, 6, 12, 24, 60, 120, 600) if months / s <= wanted), 6000)
    return [((start - first).days / days, words) for start, words in _months(first, last, step)]


def _months(first: date, last: date, step: int) -> list[tuple[date, str]]:
    """Every ``step``-th month from January, named by its year in January and on its own first."""
    made: list[tuple[date, str]] = []
    at = first.year * 12 + first.month - 1 + (first.day > 1)
    at += -at % step
    while at // 12 <= last.year and at // 12 <= date.max.year:
        start = date(at // 12, at % 12 + 1, 1)
        if start > last:
            break
        name = MONTHS[start.month - 1]
        unnamed = start.month == 1 or (made and step >= 12)
        made.append(
            (start, str(start.year) if unnamed else name if made else f"{name} {start.year}")
        )
        at += step
    return made


def _step(span: float, wanted: int) -> float:
    """1, 2 or 5 times a power of ten, so that ``span`` has about ``wanted`` steps."""
    raw = span / max(1, wanted)
    size = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    return next((f * size for f in (1, 2, 5) if f * size >= raw * 0.999), 10 * size)


def _round_ticks(low: float, high: float, wanted: int) -> list[float]:
    step = _step(high - low, wanted)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)][:50]


def _log_ticks(low: float, high: float, wanted: int) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    every = max(1, math.ceil((last - first + 1) / wanted))
    powers = [10.0**n for n in range(first, last + 1, every)]
    if len(powers) >= 3:
        return powers
    made = [f * 10.0**n for n in range(first - 1, last + 1) for f in (1, 2, 5)]
    return [tick for tick in made if low * 0.999 <= tick <= high * 1.001]
