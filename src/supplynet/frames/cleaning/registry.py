"""The cleaning steps: name, what each does, its settings, and whether it runs unless asked.

The order here is the order in which they run, whatever the order in which they are asked for: names
before times, times before keys are compared, amounts before they are judged, and estimates last,
from what all the others left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import polars as pl

from supplynet.core.spelling import nearest
from supplynet.errors import NotFound
from supplynet.frames.cleaning.anomalies import anomalies
from supplynet.frames.cleaning.change import Change, Context
from supplynet.frames.cleaning.ids import unknown_ids
from supplynet.frames.cleaning.missing import missing
from supplynet.frames.cleaning.outliers import outliers
from supplynet.frames.cleaning.reading import types
from supplynet.frames.cleaning.rows import duplicates, future, negatives
from supplynet.frames.cleaning.settings import (
    CensoredSettings,
    DuplicatesSettings,
    MissingSettings,
    NegativesSettings,
    NoSettings,
    OutliersSettings,
    Settings,
    TimeZonesSettings,
    UnitJumpsSettings,
    UnknownIdsSettings,
)
from supplynet.frames.cleaning.shift_names import shift_names
from supplynet.frames.cleaning.time_zones import time_zones
from supplynet.frames.cleaning.unit_jumps import unit_jumps
from supplynet.frames.demand import DEMAND_SCHEMA, KEY

AMOUNTS = tuple(name for name, dtype in DEMAND_SCHEMA.items() if dtype.is_numeric())
Mend = Callable[[pl.DataFrame, Any, Context], Change | None]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step.

    Attributes:
        does: What it does, for a person.
        settings: Its settings; their defaults hold unless others are given.
        mend: Its function; None for the two that estimate, which run once, after all others.
        reads: Columns that it looks at: it runs again only when one of them has changed since.
        default: Whether it runs when no steps are named.
    """

    does: str
    settings: type[Settings] = NoSettings
    mend: Mend | None = None
    reads: tuple[str, ...] = KEY
    default: bool = True


STEPS: dict[str, Step] = {
    "types": Step(
        does="cells that cannot be read become empty; rows without a place, part or time go",
        mend=types,
    ),
    "unknown_ids": Step(
        does="ids get the plant's spelling; rows of ids that it does not have go",
        settings=UnknownIdsSettings,
        mend=unknown_ids,
        reads=("location_id", "part_id"),
    ),
    "shift_names": Step(
        does="one spelling per shift; a missing or odd name follows from the start of the period",
        mend=shift_names,
        reads=("location_id", "period_start", "shift"),
    ),
    "time_zones": Step(
        does="stretches whose stamps are off by whole hours are put back",
        settings=TimeZonesSettings,
        mend=time_zones,
        reads=(*KEY, "shift"),
    ),
    "duplicates": Step(
        does="rows that are there twice go; "
        "orders of one key are summed, of other rows the last counts",
        settings=DuplicatesSettings,
        mend=duplicates,
    ),
    "negatives": Step(
        does="amounts below 0 (returns, slips) become not observed",
        settings=NegativesSettings,
        mend=negatives,
        reads=AMOUNTS,
    ),
    "future": Step(does="rows that start after now go; needs `now`", mend=future),
    "anomalies": Step(
        does="demand of odd values that a person has confirmed becomes not observed; needs "
        "`anomalies`",
        mend=anomalies,
        reads=(*KEY, "demand"),
        default=False,
    ),
    "unit_jumps": Step(
        does="stretches in which packs were counted as pieces are multiplied by the pack size",
        settings=UnitJumpsSettings,
        mend=unit_jumps,
        reads=tuple(DEMAND_SCHEMA),
    ),
    "outliers": Step(
        does="demand far from what is usual for the shift and weekday becomes not observed; what "
        "was consumed stays",
        settings=OutliersSettings,
        mend=outliers,
        reads=tuple(DEMAND_SCHEMA),
    ),
    "missing": Step(
        does="periods without a row get one that says so",
        settings=MissingSettings,
        mend=missing,
        reads=(*KEY, "shift"),
    ),
    "impute": Step(
        does="demand that was not observed is estimated from the series and its line",
        default=False,
    ),
    "censored": Step(
        does="demand of shifts in which the line was starved is estimated from what was consumed",
        settings=CensoredSettings,
    ),
}
"""Every step, in order."""


def chosen(steps: Sequence[str] | None) -> list[str]:
    """The asked steps in the order in which they run; the default ones when None.

    Raises:
        NotFound: A step is unknown.
    """
    if steps is None:
        return [name for name, step in STEPS.items() if step.default]
    for name in steps:
        if name not in STEPS:
            meant = nearest(str(name), STEPS)
            hint = f"did you mean {meant!r}?" if meant else f"choose from {', '.join(STEPS)}"
            raise NotFound("cleaning step", str(name), hint)
    return [name for name in STEPS if name in set(steps)]


def steps_table() -> str:
    """The steps as a Markdown table, for the documentation."""
    rows = ["| step | what it does | settings (defaults) | by default |", "|---|---|---|---|"]
    for name, step in STEPS.items():
        settings = ", ".join(_setting(field) for field in fields(step.settings)) or "none"
        rows.append(f"| `{name}` | {step.does} | {settings} | {'yes' if step.default else 'no'} |")
    return "\n".join(rows)


def _setting(field: Any) -> str:
    if isinstance(field.default, tuple):
        return f"`{field.name}={list(field.default)}`"
    return f"`{field.name}={field.default!r}`"
