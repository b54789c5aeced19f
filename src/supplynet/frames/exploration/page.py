"""The exploration as an object, and as one page that needs nothing from outside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from supplynet.frames.exploration.section import ROOT_CLASS, Section, style
from supplynet.frames.exploration.wording import moment, prose, safe

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Content security policy of the page: it may not ask for anything, nor run anything."""
_BRIEF = 8
_COLUMNS = 3
_FRAME, _CAPTION = 150, 40  # heights around a section's charts, and of each caption, in pixels
_HEIGHT = re.compile(r"--b:(\d+)px;height:(\d+)px")


@dataclass(frozen=True, kw_only=True, eq=False)
class Exploration:
    """What a demand frame shows, section by section; each is also an attribute by its key.

    Attributes:
        title: Of the page.
        zone: Zone of its days and clock times.
        now: The moment it was asked for, or None.
        sections: By key, in the order of the page.
    """

    title: str
    zone: str
    now: datetime | None
    sections: Mapping[str, Section]

    def __getattr__(self, key: str) -> Section:
        # Reached only for what is not a field; ``sections`` itself is missing while it is copied.
        sections = self.__dict__.get("sections", {})
        if key in sections:
            found: Section = sections[key]
            return found
        raise AttributeError(f"no section {key!r}; there are {', '.join(sections)}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.sections]

    def to_html(self) -> str:
        """One whole page: no script, nothing from outside, readable and printable as it is."""
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="color-scheme" content="dark light">'
            f'<link rel="icon" href="data:,"><title>{safe(self.title)}</title>'
            f"<style>html,body{{margin:0;padding:0}}{style()}</style></head>"
            f'<body class="{ROOT_CLASS}">{self._body()}</body></html>\n'
        )

    def _repr_html_(self) -> str:
        return f'<style>{style()}</style><div class="{ROOT_CLASS}">{self._body()}</div>'

    def _body(self) -> str:
        sections = list(self.sections.values())
        at = f"Made {moment(self.now, self.zone)}" if self.now else ""
        first, rest = sections[:2], sections[2:]
        narrow = [section for section in rest if not section.wide]
        last = "".join(section.to_html() for section in rest if section.wide)
        top = "".join(section.to_html() for section in first[:1]) + self._brief()
        top += "".join(section.to_html() for section in first[1:])
        return (
            f'<main class="page"><header class="top"><h1>{safe(self.title)}</h1>'
            f'<p class="quiet">{safe(at)}</p></header>{top}{_stacks(narrow)}{last}'
            f'<footer class="foot"><span>SupplyNet exploration</span>'
            f"<span>All times in {safe(self.zone)}</span></footer></main>"
        )

    def _brief(self) -> str:
        """The sentences that stand out, each with a way to its section."""
        shown = [s for s in self.sections.values() if s.stands_out][:_BRIEF]
        if not shown:
            return ""
        rows = "".join(
            f'<li>{prose(s.sentence)} <a href="#{s.key}">{safe(s.title)}</a></li>' for s in shown
        )
        return (
            f'<section class="panel brief wide"><h2>What stands out</h2><ul>{rows}</ul></section>'
        )


def _stacks(sections: Sequence[Section]) -> str:
    """Sections in three columns of like height; where there is no room, in their own order.

    Each goes to the column that is shortest so far, by the heights of its charts.
    """
    stacks: list[list[str]] = [[] for _ in range(_COLUMNS)]
    heights = [0] * _COLUMNS
    for order, section in enumerate(sections):
        at = heights.index(min(heights))
        heights[at] += _FRAME + sum(
            int(bottom) + int(height) for bottom, height in _HEIGHT.findall(section.chart)
        )
        heights[at] += _CAPTION * len(section.figures)
        stacks[at].append(f'<div class="slot" style="order:{order}">{section.to_html()}</div>')
    columns = "".join(f'<div class="stack">{"".join(stack)}</div>' for stack in stacks)
    return f'<div class="stacks">{columns}</div>'
