"""Ids of places and parts: without stray spaces, in the plant's spelling, known to it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import polars as pl

from supplynet.core.network import Plant
from supplynet.core.spelling import nearest
from supplynet.frames.cleaning.change import WHY, Change, Context
from supplynet.frames.cleaning.settings import UnknownIdsSettings

MEANT_FOR = 50
"""For how many unknown ids a near one is looked up: each look-up compares with every id."""


def unknown_ids(
    work: pl.DataFrame, settings: UnknownIdsSettings, context: Context
) -> Change | None:
    """Ids without stray spaces, in the plant's spelling; rows of other ids are dropped."""
    table = pl.DataFrame(schema={"_id": pl.String(), "_name": pl.String(), "_said": pl.String()})
    made = work.with_columns(pl.lit(None, dtype=pl.String).alias(WHY))
    drop = pl.repeat(False, work.height, eager=True, dtype=pl.Boolean)
    for column, known in _known(context.plant).items():
        ids = work[column].drop_nulls().unique().sort().to_list()
        folded = _by_folded(known)
        rows = [(name, *_respelt(name, known, folded)) for name in ids]
        rows = [row for row in rows if row[2] is not None]
        if not rows:
            continue
        table = pl.DataFrame(rows, schema=table.schema, orient="row")
        table = _with_hints(table, known)
        found = made.join(table, left_on=column, right_on="_id", how="left", maintain_order="left")
        gone = found["_said"].is_not_null() & found["_name"].is_null()
        kept = settings.unknown == "keep"
        drop = drop | (gone & (not kept))
        said = pl.when(gone & kept).then(None).otherwise(pl.col("_said"))
        made = found.with_columns(
            pl.coalesce("_name", column).alias(column), pl.coalesce(WHY, said).alias(WHY)
        ).select(made.columns)
    touched = made[WHY].is_not_null()
    return Change(frame=made, drop=drop) if touched.any() else None


def _known(plant: Plant | None) -> dict[str, Collection[str]]:
    """Ids of each column that the plant has; empty where it says nothing."""
    if plant is None:
        return {"location_id": (), "part_id": ()}
    return {"location_id": plant.location_by_id.keys(), "part_id": plant.part_by_id.keys()}


def _by_folded(known: Collection[str]) -> dict[str, str | None]:
    """The id of each folded spelling; None where several ids differ only in it."""
    found: dict[str, str | None] = {}
    for name in known:
        found[_folded(name)] = None if _folded(name) in found else name
    return found


def _respelt(
    name: str, known: Collection[str], folded: Mapping[str, str | None]
) -> tuple[str | None, str | None]:
    """The right id and why it was changed; no id where there is none, no reason where it is right.

    Without known ids only outer spaces are wrong.
    """
    plain = name.strip()
    if not plain:
        return None, "the id is empty"
    if name in known or (not known and plain == name):
        return name, None
    if not known or plain in known:
        return plain, "spaces around the id"
    same = folded.get(_folded(plain))
    return same, "the plant spells it so" if same else "the plant does not have this id"


def _folded(name: str) -> str:
    return re.sub(r"[\s_\-]+", "-", name.strip().casefold())


def _with_hints(table: pl.DataFrame, known: Collection[str]) -> pl.DataFrame:
    """Unknown ids with the nearest known one, for the reader; rows are not moved on a guess."""
    unknown = table.filter(pl.col("_name").is_null())["_id"].head(MEANT_FOR).to_list()
    meant = {name: nearest(name, known) for name in unknown if known}
    hints = {
        name: f"the plant does not have {name!r}; the nearest is {other!r}"
        for name, other in meant.items()
        if other is not None
    }
    return table.with_columns(
        pl.col("_id")
        .replace_strict(hints, default=pl.col("_said"), return_dtype=pl.String)
        .alias("_said")
    )
