"""The history as a sloppy plant would export it, and every mistake in it written down.

A row has one defect of its own at most, and none where its series has a lasting one
(``stretches``); a share is of the rows that can show the defect: no amount of 0 turns negative.
What is drawn for a row hangs on the seed and the row's key alone, so lines by themselves get the
defects that they get in the whole plant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from supplynet.core.network import Plant
from supplynet.errors import InvalidInput
from supplynet.frames.synthetic.effects import no_effects
from supplynet.frames.synthetic.export import SHARES, Export
from supplynet.frames.synthetic.history import SyntheticHistory
from supplynet.frames.synthetic.recorded import Longs, Recorded
from supplynet.frames.synthetic.scenario import Defects
from supplynet.frames.synthetic.stretches import Stretch, covered, stretches_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Raw:
    """An export with mistakes.

    Attributes:
        frame: ``RAW_SCHEMA``; it does not conform. Further copies lie beside their row, rows after
            the end of the history at the end.
        effects: Every mistake, ``EFFECTS_SCHEMA``.
    """

    frame: pl.DataFrame
    effects: pl.DataFrame


def with_defects(history: SyntheticHistory, defects: Defects, *, plant: Plant, seed: int) -> Raw:
    """The recorded demand of ``history`` with mistakes put in on purpose.

    Args:
        history: Clean; it is not changed.
        defects: How many of each.
        plant: Its ids, which a misspelt id must not meet, its packs and its time zone.
        seed: Same seed, same mistakes.

    Raises:
        InvalidInput: The shares of rows sum to more than 1.
    """
    rows = Recorded(history.demand, seed, plant.time_zone)
    lasting = stretches_of(rows, defects, plant) if history.demand.height else []
    export = Export(rows, lasting, _defect_of_rows(rows, defects, lasting))
    export.stretch(lasting)
    export.leave_out()
    export.nulls()
    export.negatives()
    export.outliers(defects.outlier_factor)
    export.miscounts(defects.miscount_cv)
    export.shift_names()
    export.unknown_ids(plant)
    export.duplicates()
    export.future_rows()
    return Raw(frame=export.table(), effects=pl.concat([no_effects(), *export.effects]))


def _defect_of_rows(rows: Recorded, defects: Defects, lasting: Sequence[Stretch]) -> Longs:
    """Place in ``SHARES`` of each row's defect, -1 = none. One draw per row: never two."""
    shares = np.array([getattr(defects, name) for name in SHARES.values()])
    if shares.sum() > 1:
        raise InvalidInput(
            f"{shares.sum():.0%} of the rows would have a defect; a row has one at most, "
            "so use shares that sum to 1 or less"
        )
    chosen = np.full(rows.frame.height, -1, dtype=np.int64)
    if shares.sum() > 0:
        draw = rows.of_rows("defect", slice(None))
        hit = np.flatnonzero(draw < shares.sum())
        chosen[hit] = np.searchsorted(np.cumsum(shares), draw[hit], side="right")
        chosen[chosen == len(shares)] = -1
        chosen[covered(rows, list(lasting))] = -1
    return chosen
