"""What a detector saw, as a picture: the series of the oddest incidents with their usual range.

A page (``.html``) that follows the reader's theme, or one drawing (``.svg``) that stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import wrap

import numpy as np

from supplynet.anomaly.incident import Incident
from supplynet.anomaly.seen import Seen
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.charts import Change, curve
from supplynet.frames.exploration.page import Exploration
from supplynet.frames.exploration.section import Figure, Section, Table
from supplynet.frames.exploration.svg import date_marks
from supplynet.frames.exploration.wording import clip, count, day, number, safe

MOST = 12
"""Incidents that are drawn."""
_RAREST = 1e-6
_BEFORE, _AFTER = 70, 28  # periods around an incident
_HEIGHT = 190
_LEGEND = (("k-line", "what was used"), ("k-band", "usual range"), ("k-odd", "flagged"))
_WIDTH, _MARGIN, _TITLE = 1200, 64, 80  # of the drawing, pixels
_LETTERS, _LEADING = 165, 18  # in a line of the drawing, and pixels between two
_STYLE = """
text{font:12px system-ui,'Segoe UI',Roboto,Arial,sans-serif;fill:#4a5765;text-anchor:middle}
text.t{font-size:22px;font-weight:650;fill:#16202b;text-anchor:start}
text.h{font-size:15px;font-weight:650;fill:#16202b;text-anchor:start}
text.s{font-size:13px;text-anchor:start}
text.loud{fill:#a3200f;font-weight:650;paint-order:stroke;stroke:#fff;stroke-width:4px}
.grid,.base,.cut,.line,.guide{fill:none;vector-effect:non-scaling-stroke}
.grid{stroke:#d9dfe6}.base{stroke:#7c8896}
.cut{stroke:#a3200f;stroke-dasharray:5 3;stroke-width:1.5px}
.line{stroke:#0b5cad;stroke-width:2px;stroke-linejoin:round}
.band{fill:#d5e3f2}.dot-lit{fill:#a3200f;stroke:#fff;stroke-width:.5px}.feel{fill:transparent}
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Course:
    """One incident's series around it; arrays of shape (period,), summed over its parts."""

    incident: Incident
    days: tuple[date, ...]
    said: tuple[str, ...]
    observed: FloatArray
    low: FloatArray
    high: FloatArray
    odd: tuple[int, ...]
    start: int

    @property
    def title(self) -> str:
        """Line and part."""
        parts = self.incident.parts
        what = parts[0] if len(parts) == 1 else f"{count(len(parts), 'part')}"
        return f"{self.incident.location_id} / {what}"

    def chart(self) -> str:
        """The curve, with the beginning of the incident and every flagged value."""
        change = Change(
            at=self.start / max(1, len(self.days) - 1),
            words=_words(self.incident.kind.value),
            said=self.incident.sentence,
        )
        return curve(
            self.observed,
            label=f"{self.title}: {self.incident.sentence}",
            marks=date_marks(self.days[0], self.days[-1]),
            height=_HEIGHT,
            band=(self.low, self.high),
            changes=[change],
            lit=self.odd,
            said=self.said,
        )


def draw(seen: Seen, incidents: Sequence[Incident], title: str, suffix: str) -> str:
    """The page or the drawing.

    Args:
        seen: What they were found in.
        incidents: The oddest first; the first ``MOST`` are drawn.
        title: Of what was judged.
        suffix: ``.html`` or ``.svg``.
    """
    courses = [_course(seen, each) for each in incidents[:MOST]]
    said = _said(seen, incidents)
    if suffix == ".svg":
        return _drawing(courses, title, said)
    sections = [_table(incidents, said)]
    sections += [_section(place, course) for place, course in enumerate(courses)]
    page = Exploration(
        title=f"What is odd in {title}",
        zone="UTC",
        now=None,
        sections={section.key: section for section in sections},
    )
    return page.to_html()


def _course(seen: Seen, incident: Incident) -> _Course:
    rows = [seen.panel.series.index((incident.location_id, part)) for part in incident.parts]
    starts = [period.start for period in seen.panel.periods]
    begin = starts.index(incident.start)
    end = sum(start < incident.end for start in starts)
    shown = slice(max(0, begin - _BEFORE), min(len(starts), end + _AFTER))
    first, judged = len(starts) - len(seen.periods), seen.scored.judged
    low, high = (np.full((len(rows), len(starts)), np.nan) for _ in range(2))
    low[:, first:], high[:, first:] = judged.low[rows], judged.high[rows]
    flags = np.zeros(len(starts), dtype=bool)
    flags[first:] = seen.alarms[rows].any(axis=0)
    observed = _sum(seen.panel.demand[rows, shown])
    periods = seen.panel.periods[shown]
    bounds = _sum(low[:, shown]), _sum(high[:, shown])
    return _Course(
        incident=incident,
        days=tuple(period.local_date for period in periods),
        said=tuple(
            f"{day(period.local_date)} {period.shift}: {number(value)}, usual {number(a)} to "
            f"{number(b)}"
            for period, value, a, b in zip(periods, observed, *bounds, strict=True)
        ),
        observed=observed,
        low=bounds[0],
        high=bounds[1],
        odd=tuple(np.flatnonzero(flags[shown] & np.isfinite(observed)).tolist()),
        start=begin - shown.start,
    )


def _sum(rows: FloatArray) -> FloatArray:
    """Sum over series, NaN where none is known."""
    return np.where(np.isfinite(rows).any(axis=0), np.nansum(rows, axis=0), np.nan)


def _said(seen: Seen, incidents: Sequence[Incident]) -> str:
    what = count(len(seen.panel.series), "series")
    if not incidents:
        return f"Nothing is odd in {what}."
    running = sum(each.ongoing for each in incidents)
    more = f", {running} of them still going on" if running else ""
    return f"{count(len(incidents), 'incident')} in {what}{more}."


def _table(incidents: Sequence[Incident], said: str) -> Section:
    rows = tuple(
        (
            f"{each.start:%Y-%m-%d %H:%M}".removesuffix(" 00:00"),
            each.location_id,
            clip(", ".join(each.parts), 40),
            _words(each.kind.value),
            number(each.observed),
            number(each.expected),
            f"1 in {number(1 / each.p_value)}" if each.p_value > _RAREST else "< 1 in a million",
        )
        for each in incidents[:100]
    )
    head = ("Since", "Line", "Part", "Kind", "Observed", "Expected", "Odds")
    left_out = "" if len(incidents) <= len(rows) else f"; {len(rows)} of {len(incidents)}"
    table = Table(caption=f"Incidents, the oddest first{left_out}.", head=head, rows=rows, words=4)
    return Section(
        key="incidents",
        title="Incidents",
        sentence=said,
        table=table,
        open_table=True,
        wide=True,
    )


def _section(place: int, course: _Course) -> Section:
    figure = Figure(
        caption="Parts used per period, the oddest values marked",
        chart=course.chart(),
        legend=_LEGEND,
    )
    return Section(
        key=f"incident-{place + 1}",
        title=f"{course.title}: {_words(course.incident.kind.value)}",
        sentence=course.incident.sentence,
        figures=(figure,),
    )


def _drawing(courses: Sequence[_Course], title: str, said: str) -> str:
    """Every curve below the other."""
    top, step = 84, _TITLE + _HEIGHT + 44
    made = [
        f'<text class="t" x="24" y="36">What is odd in {safe(title)}</text>',
        f'<text class="s" x="24" y="58">{safe(said)}</text>',
    ]
    for place, course in enumerate(courses):
        y = top + place * step
        words = f"{course.title}: {_words(course.incident.kind.value)}"
        made.append(f'<text class="h" x="24" y="{y + 16}">{safe(words)}</text>')
        for line, part in enumerate(wrap(course.incident.sentence, _LETTERS)[:2]):
            made.append(
                f'<text class="s" x="24" y="{y + 38 + _LEADING * line}">{safe(part)}</text>'
            )
        box = f'x="{_MARGIN}" y="{y + _TITLE}" width="{_WIDTH - _MARGIN - 24}" height="{_HEIGHT}"'
        inside = course.chart().partition(">")[2].removesuffix("</svg>")
        made.append(f'<svg {box} overflow="visible">{inside}</svg>')
    height = top + max(1, len(courses)) * step
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}"><title>{safe(title)}</title><style>{_STYLE}</style>'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(made)}</svg>\n'
    )


def _words(kind: str) -> str:
    return kind.replace("_", " ")
