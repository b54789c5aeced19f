"""Tables that a user gives beside the history, as a panel's inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from supplynet.errors import InvalidInput
from supplynet.frames.aliases import AUGMENTED, match_columns, split_unique_id, to_polars
from supplynet.frames.augmentation import Augmented
from supplynet.frames.demand import cast_moment
from supplynet.frames.inputs import FeatureInputs
from supplynet.frames.panel import Period
from supplynet.frames.tables import DRIVERS_SCHEMA, MOMENT, PLAN_SCHEMA

_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
_KEYS = ("location_id", "part_id", "period_start")
_PLAN = frozenset({"units", "product"})
_MOST_NAMES = 30  # of a column of texts: each becomes an input of its own


@dataclass(frozen=True, kw_only=True, eq=False)
class GivenInputs:
    """A panel's inputs.

    Attributes:
        inputs: None when nothing was given.
        until: Last moment that the table of what is known ahead tells of; None = no such table.
    """

    inputs: FeatureInputs | None = None
    until: datetime | None = None


def given_inputs(
    history: object, periods: Sequence[Period], future: object, past: Iterable[str], static: object
) -> GivenInputs:
    """What was given, as a panel's inputs.

    Args:
        history: The table of demand; columns of it that ``future`` or ``past`` name are read too.
        periods: Of the history; what ``past`` names is known when its period has ended.
        future: See ``Forecaster.fit``.
        past: Columns of the history.
        static: One row per series, part or location.

    Raises:
        InvalidInput: A table or column cannot be read.
    """
    if isinstance(future, FeatureInputs):
        return GivenInputs(inputs=future)
    rows = _rows(history) if future is not None or past else pl.DataFrame()
    plan, until, drivers = None, None, []
    if future is not None:
        table = to_polars(future)
        if set(table.columns) >= _PLAN:
            plan = _plan(table)
        else:
            ahead = _keyed(table, "future")
            names = _input_names(ahead)
            until = _last(ahead)
            both = [name for name in names if name in rows.columns]
            if both:
                known = _keyed(rows, "the history")
                drivers += [_drivers(_for_each_series(ahead, known), names), _drivers(known, both)]
            else:
                drivers += [_drivers(ahead, names)]
    if missing := [name for name in past if name not in rows.columns]:
        raise InvalidInput(f"past names {missing[0]!r}, which is no column of the history")
    if past:
        drivers += [_published(_drivers(_keyed(rows, "the history"), list(past)), periods)]
    if plan is None and not drivers and static is None:
        return GivenInputs()
    facts = None if static is None else _series_named(to_polars(static))
    inputs = FeatureInputs(plan=plan, drivers=_joined(drivers) if drivers else None, statics=facts)
    return GivenInputs(inputs=inputs, until=until)


def _last(table: pl.DataFrame) -> datetime | None:
    last = table["period_start"].max()
    return last if isinstance(last, datetime) else None


def _for_each_series(ahead: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Rows of each series: values of its history would otherwise win over those of all series."""
    names = [name for name in _KEYS[:2] if name in known.columns]
    series, shared = known.select(names).unique(), [n for n in names if n in ahead.columns]
    if shared == names:
        return ahead
    return ahead.join(series, on=shared, how="left") if shared else ahead.join(series, how="cross")


def _rows(history: object) -> pl.DataFrame:
    if isinstance(history, Augmented):
        return history.frame.drop(AUGMENTED, strict=False)
    return to_polars(history)


def _series_named(table: pl.DataFrame) -> pl.DataFrame:
    """``location_id`` and ``part_id`` under these names, where they are there."""
    unique_id = match_columns(table.columns, ["unique_id"]).get("unique_id")
    if unique_id is not None and "location_id" not in table.columns:
        table = split_unique_id(table, unique_id)
    matched = match_columns(table.columns, _KEYS[:2])
    table = table.rename({column: target for target, column in matched.items()})
    return table.with_columns(pl.col(name).cast(pl.String) for name in matched)


def _keyed(table: pl.DataFrame, what: str) -> pl.DataFrame:
    """Under our names, with moments; without a series a row is of all of them."""
    time = match_columns(table.columns, ["period_start"]).get("period_start")
    if time is None:
        raise InvalidInput(f"{what} has no column of times; it has {', '.join(table.columns)}")
    table = _series_named(table).rename({time: "period_start"})
    return table.with_columns(cast_moment(table["period_start"]))


def _input_names(table: pl.DataFrame) -> list[str]:
    names = [name for name in table.columns if name not in (*_KEYS, "known_at", "shift")]
    if not names:
        raise InvalidInput("future has no column beside its keys; add what is known ahead")
    return names


def _drivers(table: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """One driver per column of numbers or flags, one per name in a column of texts."""
    made = [pl.DataFrame(schema=DRIVERS_SCHEMA)]
    for name in names:
        column = table[name]
        if column.dtype.is_numeric() or column.dtype == pl.Boolean:
            made.append(_driver(table, name, column))
        elif column.dtype in (pl.String, pl.Categorical) or isinstance(column.dtype, pl.Enum):
            texts = column.cast(pl.String)
            found = texts.drop_nulls().unique().sort().to_list()
            if len(found) > _MOST_NAMES:
                raise InvalidInput(
                    f"{name} has {len(found)} different texts, at most {_MOST_NAMES} can be "
                    "inputs; group them, or leave it out"
                )
            made += [
                _driver(table, f"{name}={text}", (texts == text).fill_null(value=False))
                for text in found
            ]
        else:
            raise InvalidInput(f"{name} is {column.dtype}; inputs are numbers, flags or texts")
    return pl.concat(made)


def _driver(table: pl.DataFrame, name: str, values: pl.Series) -> pl.DataFrame:
    known = cast_moment(table["known_at"]) if "known_at" in table.columns else pl.lit(_ALWAYS)
    place = {key: pl.col(key) if key in table.columns else pl.lit(None) for key in _KEYS[:2]}
    columns = {
        "driver": pl.lit(name),
        **place,
        "at": pl.col("period_start"),
        "value": values,
        "known_at": known,
    }
    made = table.select(**columns)
    return made.select(
        pl.col(name).cast(dtype) for name, dtype in DRIVERS_SCHEMA.items()
    ).drop_nulls(["value", "at", "known_at"])


def _published(drivers: pl.DataFrame, periods: Sequence[Period]) -> pl.DataFrame:
    """Known when the period is over, whatever the table says."""
    ends = pl.DataFrame(
        {"at": [p.start for p in periods], "known_at": [p.end for p in periods]},
        schema={"at": MOMENT, "known_at": MOMENT},
    )
    made = drivers.drop("known_at").join(ends, on="at", how="inner")
    return made.select(DRIVERS_SCHEMA.names())


def _joined(drivers: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The first table that says something of a driver, series and moment wins."""
    key = [name for name in DRIVERS_SCHEMA if name != "value"]
    return pl.concat(drivers).unique(key, keep="first", maintain_order=True)


def _plan(table: pl.DataFrame) -> pl.DataFrame:
    """A production plan; without ``recorded_at`` it was known all the time."""
    matched = match_columns(table.columns, ["location_id", "period_start"])
    if lacking := [name for name in ("location_id", "period_start") if name not in matched]:
        raise InvalidInput(
            f"the plan needs {', '.join(lacking)}; it has {', '.join(table.columns)}"
        )
    table = table.rename({column: target for target, column in matched.items()})
    said = cast_moment(table["recorded_at"]) if "recorded_at" in table.columns else pl.lit(_ALWAYS)
    made = table.with_columns(
        cast_moment(table["period_start"]), said.cast(MOMENT).alias("recorded_at")
    )
    return made.select(name for name in PLAN_SCHEMA if name in made.columns)
