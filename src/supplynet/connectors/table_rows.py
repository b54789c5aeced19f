"""The rows of a file of consumption as they stand, under our names: what a quality report looks at.

An import refuses a cell that cannot be read; here it stays, to be counted and named.
"""

from __future__ import annotations

import polars as pl

from supplynet.connectors.table_kinds import kind_of
from supplynet.connectors.table_layout import Layout, Said, lay_out
from supplynet.connectors.table_mapping import Mapped, map_columns
from supplynet.connectors.table_profile import Profile
from supplynet.connectors.table_source import ReadAgain, Source

_NAMES = {"date": "period_start", "quantity": "demand"}
_BRACKETED = r"^\((.*)\)$"


def rows_as_they_are(source: Source, profile: Profile | None) -> pl.DataFrame:
    """All rows, in memory: those that ``profile`` takes, under our names, no cell changed.

    Brackets that the profile takes for a return become a minus sign. Without a profile, or where
    the file lacks a column of it, the columns keep their names.

    Raises:
        InvalidInput: The file is broken.
    """
    laid = None if profile is None else _laid_out(source, profile)
    while True:
        try:
            frames = [
                batch.frame if laid is None else _renamed(*laid, batch.frame)
                for batch in source.batches()
            ]
        except ReadAgain:
            continue
        break
    rows = pl.concat(frames, how="vertical_relaxed") if frames else pl.DataFrame()
    if profile is not None and profile.options.get("brackets") == "negative":
        rows = rows.with_columns(_without_brackets(rows))
    return rows


def _laid_out(source: Source, profile: Profile) -> tuple[Layout, Mapped] | None:
    kind = kind_of(profile.kind)
    layout = lay_out(source.columns, profile, Said(), kind)
    mapped = map_columns(source.name, layout.columns, layout.mapping, kind)
    return None if mapped.mistakes else (layout, mapped)


def _renamed(layout: Layout, mapped: Mapped, rows: pl.DataFrame) -> pl.DataFrame:
    taken = pl.concat([layout.apply(piece, {}) for piece in layout.slices(rows)])
    constants = {ours: (ours,) for ours in layout.constants}
    return taken.select(
        (pl.col(theirs[0]) if len(theirs) == 1 else pl.concat_str(theirs, separator=".")).alias(
            _NAMES.get(ours, ours)
        )
        for ours, theirs in {**constants, **mapped.sources}.items()
    )


def _without_brackets(rows: pl.DataFrame) -> list[pl.Expr]:
    text = [name for name in ("demand", "consumed") if rows.schema.get(name) == pl.String]
    return [pl.col(name).str.strip_chars().str.replace(_BRACKETED, "-$1") for name in text]
