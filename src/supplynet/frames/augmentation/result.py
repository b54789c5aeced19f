"""An augmented frame, and the two ways out of it: real rows to judge, all rows to fit.

Made-up rows carry their method in the column ``augmented``. Every door of the package refuses a
frame with such rows (``frames.aliases.refuse_augmented``), so they are not judged, stored or shown
by accident, and dropping the mark takes an ``Augmented`` object and ``training_rows``, which only
what fits a model calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import polars as pl

from supplynet.frames.aliases import AUGMENTED
from supplynet.frames.demand import DEMAND_SCHEMA, ensure_demand

AUGMENTED_SCHEMA = pl.Schema({**DEMAND_SCHEMA, AUGMENTED: pl.String()})
AUGMENTED_LOG_SCHEMA = pl.Schema(
    {
        "location_id": pl.String(),
        "part_id": pl.String(),
        "method": pl.String(),
        "real_days": pl.Int64(),
        "added_rows": pl.Int64(),
        "added_from": pl.Datetime("us", "UTC"),
        "donor": pl.String(),
    }
)
"""One row per series that got rows; ``donor`` is ``location/part`` where one was borrowed from."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Augmented:
    """A demand frame with made-up rows before its short series.

    Attributes:
        frame: ``AUGMENTED_SCHEMA``, sorted by the key; ``augmented`` is the method, null = real.
        log: What was added to which series, ``AUGMENTED_LOG_SCHEMA``.
        notes: What could not be done, and why.
    """

    frame: pl.DataFrame
    log: pl.DataFrame
    notes: tuple[str, ...] = ()

    def for_evaluation(self) -> pl.DataFrame:
        """The demand frame of the real rows alone."""
        return without_augmented(self.frame)

    def to_dict(self) -> dict[str, Any]:
        """Counts and notes, for JSON."""
        made = self.frame[AUGMENTED].drop_nulls()
        return {
            "rows": self.frame.height,
            "added_rows": len(made),
            "series": self.log.height,
            "methods": sorted(made.unique().to_list()),
            "notes": list(self.notes),
        }

    def _repr_html_(self) -> str:
        counts = self.to_dict()
        said = f"{counts['added_rows']:,} made-up rows for {counts['series']:,} short series"
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return f"<div><p>{said}; for fitting only.</p><ul>{notes}</ul></div>"


def without_augmented(frame: pl.DataFrame) -> pl.DataFrame:
    """The real rows of a frame, without the mark; a frame that has none comes back as it is."""
    if AUGMENTED not in frame.columns:
        return frame
    return frame.filter(pl.col(AUGMENTED).is_null()).drop(AUGMENTED)


def training_rows(data: object) -> pl.DataFrame:
    """The demand frame to fit a model on: of an ``Augmented`` object all rows.

    Nothing but fitting may call it: the rows that come out no longer say which are real.

    Raises:
        InvalidInput: ``data`` is neither ``Augmented`` nor a table of demand.
    """
    if isinstance(data, Augmented):
        return data.frame.select(DEMAND_SCHEMA.names())
    return ensure_demand(data)
