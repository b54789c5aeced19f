"""A section: one question about the data, its answer in a sentence, charts, a table, the numbers.

A section shows itself in a notebook.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import polars as pl

from supplynet.frames.exploration.wording import prose, safe

ROOT_CLASS = "sn-eda"
"""Class of the element around everything; the style sheet touches nothing outside of it."""


@cache
def style() -> str:
    """The style sheet of the page."""
    return files(__package__).joinpath("page.css").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One chart and what it is.

    Attributes:
        caption: What is drawn, with its unit.
        chart: Markup, an ``<svg>`` or several.
        legend: Class of the colour and word of each kind of mark.
    """

    caption: str
    chart: str
    legend: tuple[tuple[str, str], ...] = ()

    def to_html(self) -> str:
        """The figure with its caption."""
        keys = "".join(f'<span><i class="{c}"></i>{safe(word)}</span>' for c, word in self.legend)
        legend = f'<span class="legend">{keys}</span>' if keys else ""
        return (
            f"<figure><figcaption>{prose(self.caption)}{legend}</figcaption>{self.chart}</figure>"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table for people: every cell is text already.

    Attributes:
        caption: What a row is, and which rows are left out.
        head: Names of the columns.
        rows: Cells; as many in each as in ``head``.
        words: How many columns from the left are words; the others are numbers.
        charts: Columns whose cells are markup made by us.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    charts: frozenset[int] = frozenset()

    def to_html(self) -> str:
        """The table in a region that scrolls by itself."""
        head = "".join(
            f'<th scope="col"{self._side(i)}>{safe(name)}</th>' for i, name in enumerate(self.head)
        )
        body = "".join(
            f"<tr>{''.join(self._cell(i, cell) for i, cell in enumerate(row))}</tr>"
            for row in self.rows
        )
        return (
            f'<div class="scroll" role="region" aria-label="{safe(self.caption)}" tabindex="0">'
            f"<table><caption>{prose(self.caption)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _repr_html_(self) -> str:
        inside = f'<div class="panel">{self.to_html()}</div>'
        return f'<style>{style()}</style><div class="{ROOT_CLASS}">{inside}</div>'

    def _side(self, column: int) -> str:
        return "" if column < self.words else ' class="n"'

    def _cell(self, column: int, cell: str) -> str:
        shown = cell if column in self.charts else prose(cell)
        if column == 0:
            return f'<th scope="row">{shown}</th>'
        return f"<td{self._side(column)}>{shown}</td>"


@dataclass(frozen=True, kw_only=True, eq=False)
class Section:
    """One answer.

    Attributes:
        key: Name under which the exploration holds it.
        title: Heading.
        sentence: What the data says, in one plain sentence.
        figures: Charts.
        table: The numbers that a person may want to read; None when there are none.
        frame: All the numbers, for further work.
        method: How it is measured, with thresholds; short sentences.
        open_table: Whether the table is shown without being asked for.
        wide: Whether it takes the whole width; the others stand in columns.
        stands_out: Whether the sentence belongs on top of the page.
        extra: Markup that comes before the figures.
    """

    key: str
    title: str
    sentence: str
    figures: tuple[Figure, ...] = ()
    table: Table | None = None
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)
    method: tuple[str, ...] = ()
    open_table: bool = False
    wide: bool = False
    stands_out: bool = False
    extra: str = ""

    @property
    def chart(self) -> str:
        """The charts alone, as markup."""
        return "".join(figure.chart for figure in self.figures)

    def to_html(self) -> str:
        """The section as a part of the page, without the style sheet."""
        figures = "".join(figure.to_html() for figure in self.figures)
        kind = "panel wide" if self.wide else "panel"
        inside = self.extra + (f'<div class="figures">{figures}</div>' if figures else "")
        return (
            f'<section class="{kind}" id="{self.key}">'
            f'<h2>{safe(self.title)}</h2><p class="says">{prose(self.sentence)}</p>'
            f"{inside}{self._more()}</section>"
        )

    def _repr_html_(self) -> str:
        return f'<style>{style()}</style><div class="{ROOT_CLASS}">{self.to_html()}</div>'

    def _more(self) -> str:
        """The table, open or folded away, and how to read it all."""
        table = self.table.to_html() if self.table is not None and self.table.rows else ""
        method = " ".join(prose(sentence) for sentence in self.method)
        shown = table if self.open_table else ""
        folded = "" if self.open_table or not table else _folded("Table", table)
        folded += _folded("How to read this", f"<p>{method}</p>") if method else ""
        return shown + (f'<div class="more">{folded}</div>' if folded else "")


def _folded(name: str, inside: str) -> str:
    return f"<details><summary>{name}</summary>{inside}</details>"
