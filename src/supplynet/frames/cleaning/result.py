"""What cleaning gives back: the frame, the log of every changed cell, sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import polars as pl

from supplynet.frames.cleaning.estimating import Estimate
from supplynet.frames.demand import DEMAND_SCHEMA, KEY

SHOWN = 20
"""Log rows that a notebook shows."""
_SERIES = ["location_id", "part_id"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Cleaned:
    """A cleaned demand frame and how it came about.

    Attributes:
        frame: Demand frame, sorted by its key. It conforms when all steps ran that run by default.
        log: One row per changed cell, added or dropped row (``change.LOG_SCHEMA``).
        summary: One sentence per step that changed something.
        notes: What could not be done, and why.
        steps: Names of the steps that ran.
        estimated: By step (``impute``, ``censored``), the estimates and their distribution.
    """

    frame: pl.DataFrame
    log: pl.DataFrame
    summary: tuple[str, ...]
    notes: tuple[str, ...]
    steps: tuple[str, ...]
    estimated: dict[str, Estimate] = field(default_factory=dict)

    @property
    def estimates(self) -> pl.DataFrame:
        """Key, ``step, counted, demand, standard_error`` of every estimated demand."""
        parts = [
            estimate.keys.select(
                *KEY,
                pl.lit(step).alias("step"),
                pl.Series("counted", estimate.hidden.least),
                pl.Series("demand", estimate.demand, nan_to_null=True),
                pl.Series("standard_error", estimate.hidden.standard_error, nan_to_null=True),
            )
            for step, estimate in self.estimated.items()
        ]
        key = {name: DEMAND_SCHEMA[name] for name in KEY}
        numbers = dict.fromkeys(("counted", "demand", "standard_error"), pl.Float64())
        empty = pl.DataFrame(schema={**key, "step": pl.String(), **numbers})
        return pl.concat([empty, *parts]).drop_nulls("demand").sort(KEY)

    def draw(self, rng: np.random.Generator) -> pl.DataFrame:
        """The frame with one possible demand in place of every estimate.

        Analyse several and combine the results (Rubin, Multiple Imputation for Nonresponse in
        Surveys, 1987): their spread is the doubt that a single estimate hides.
        """
        frame = self.frame
        for estimate in self.estimated.values():
            drawn = estimate.draw(rng).rename({"demand": "_drawn"}).unique(KEY, keep="first")
            frame = frame.join(drawn, on=list(KEY), how="left", maintain_order="left")
            frame = frame.with_columns(pl.coalesce("_drawn", "demand").alias("demand"))
        return frame.select(DEMAND_SCHEMA.names())

    def counts(self) -> pl.DataFrame:
        """``step, cells, dropped, added, series`` of every step that changed something."""
        whole = pl.col("column").is_null()
        return self.log.group_by("step", maintain_order=True).agg(
            (~whole).sum().alias("cells"),
            (whole & pl.col("new").is_null()).sum().alias("dropped"),
            (whole & pl.col("old").is_null()).sum().alias("added"),
            pl.struct(_SERIES).n_unique().alias("series"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: sentences and counts; the log and the frame have their files."""
        return {
            "rows": self.frame.height,
            "steps": list(self.steps),
            "summary": list(self.summary),
            "notes": list(self.notes),
            "counts": self.counts().to_dicts(),
            "changes": self.log.height,
        }

    def _repr_html_(self) -> str:
        sentences = "".join(f"<li>{escape(text)}</li>" for text in (*self.summary, *self.notes))
        shown = f"the first {SHOWN} of {self.log.height:,}" if self.log.height > SHOWN else "all"
        table = _table(self.log.head(SHOWN).drop("row"))
        caption = f"<p>Changed cells, {shown}:</p>{table}" if self.log.height else ""
        return f"<div><p>{self.frame.height:,} rows.</p><ul>{sentences}</ul>{caption}</div>"


def sentences(log: pl.DataFrame, does: dict[str, str]) -> tuple[str, ...]:
    """One sentence per step in the log: how much, what, where it began."""
    made = []
    for step in log["step"].unique(maintain_order=True).to_list():
        part = log.filter(pl.col("step") == step)
        whole = part["column"].is_null()
        counts = [
            (int((~whole).sum()), "cell", "cells", ""),
            (int((whole & part["new"].is_null()).sum()), "row", "rows", " dropped"),
            (int((whole & part["old"].is_null()).sum()), "row", "rows", " added"),
        ]
        said = " and ".join(
            f"{count:,} {one if count == 1 else many}{what}"
            for count, one, many, what in counts
            if count
        )
        series = part.select(pl.struct(_SERIES).n_unique()).item()
        of = f"of {series:,} series" if series != 1 else "of one series"
        made.append(f"{step}: {said} {of} ({does[step]}); first {_place(part)}.")
    return tuple(made)


def _place(part: pl.DataFrame) -> str:
    location, one, start = part.select(KEY).row(0)
    series = f"{location or '?'}/{one or '?'}"
    return f"{series} at {start:%Y-%m-%d %H:%M}" if start else series


def _table(frame: pl.DataFrame) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in frame.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(value))}</td>" for value in row) + "</tr>"
        for row in frame.iter_rows()
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value.strftime("%Y-%m-%d %H:%M") if hasattr(value, "strftime") else str(value)
