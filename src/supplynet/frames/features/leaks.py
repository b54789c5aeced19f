"""The proof that a feature does not see past its cutoff: change the future, and look.

Everything that could not be known at the cutoff is replaced by something else. A column that moves
has seen it. The tests run this over every kind of the registry; who writes a feature of their own
runs it over theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from supplynet.frames.aliases import to_polars
from supplynet.frames.demand import ensure_demand
from supplynet.frames.drivers import conform_drivers
from supplynet.frames.features.feature_set import FeatureSet
from supplynet.frames.features.table import live_table
from supplynet.frames.inputs import FeatureInputs
from supplynet.frames.panel import Period
from supplynet.frames.tables import PLAN_SCHEMA, STOCK_SCHEMA, conform_table

_MOST = 1_000


def leaking_columns(
    spec: FeatureSet,
    demand: object,
    cutoff: datetime,
    *,
    periods: Sequence[Period],
    steps: Sequence[int] = (1,),
    inputs: FeatureInputs | None = None,
    rng: np.random.Generator,
) -> tuple[str, ...]:
    """Columns of ``spec`` that change when only what is after ``cutoff`` is changed.

    Args:
        spec: Which features.
        demand: Demand frame on ``periods``, with rows before and after the cutoff.
        cutoff: Aware.
        periods: The calendar.
        steps: Targets of the rows, see ``live_table``.
        inputs: Tables that the features need, with rows known before and after the cutoff.
        rng: Draws the other future.

    Returns:
        Their names, in order; none is what you want.
    """
    given = inputs or FeatureInputs()
    other, changed = other_future(ensure_demand(demand), given, cutoff, periods, rng)
    tables = [
        live_table(spec, data, cutoff, periods=periods, steps=steps, inputs=beside).frame
        for data, beside in ((demand, given), (other, changed))
    ]
    if tables[0].height != tables[1].height:
        return spec.columns
    return tuple(name for name in spec.columns if not tables[0][name].equals(tables[1][name]))


def other_future(
    demand: pl.DataFrame,
    inputs: FeatureInputs,
    cutoff: datetime,
    periods: Sequence[Period],
    rng: np.random.Generator,
) -> tuple[pl.DataFrame, FeatureInputs]:
    """The same past with another future: what was known at ``cutoff`` stays as it is.

    Periods that run at the cutoff or start later get other demand, consumption and halts, or
    none. Plan rows and driver values that became known later are replaced, and every one that was
    known is contradicted by a later one. Stock after the cutoff is different.
    """
    unfinished = min((p.start for p in periods if p.end > cutoff), default=cutoff)
    return _other_demand(demand, pl.col("period_start") >= unfinished, rng), replace(
        inputs,
        plan=None if inputs.plan is None else _other_plan(inputs.plan, cutoff, rng),
        drivers=None if inputs.drivers is None else _other_drivers(inputs.drivers, cutoff, rng),
        stock=None if inputs.stock is None else _other_stock(inputs.stock, cutoff, rng),
    )


def _draws(rng: np.random.Generator, count: int) -> pl.Series:
    return pl.Series(rng.integers(1, _MOST, count))


def _other_demand(demand: pl.DataFrame, late: pl.Expr, rng: np.random.Generator) -> pl.DataFrame:
    amounts = {name: _draws(rng, demand.height) for name in ("consumed", "demand")}
    hidden = pl.Series(rng.random(demand.height) < 0.2)
    changes = [
        pl.when(late).then(amounts["consumed"]).otherwise("consumed").alias("consumed"),
        pl.when(late & hidden)
        .then(None)
        .when(late)
        .then(amounts["demand"].cast(pl.Float64))
        .otherwise("demand")
        .alias("demand"),
        pl.when(late & hidden).then(30).otherwise("starved_minutes").alias("starved_minutes"),
    ]
    dropped = pl.Series(rng.random(demand.height) < 0.1)
    return demand.with_columns(changes).filter(~(late & dropped))


def _other_plan(plan: object, cutoff: datetime, rng: np.random.Generator) -> pl.DataFrame:
    rows = conform_table(to_polars(plan), PLAN_SCHEMA)
    known = rows.filter(pl.col("recorded_at") <= cutoff)
    later = rows.unique(["location_id", "product", "period_start"], maintain_order=True)
    return pl.concat(
        [
            known,
            later.with_columns(
                units=_draws(rng, later.height),
                recorded_at=pl.lit(cutoff + timedelta(minutes=1)).cast(rows.schema["recorded_at"]),
            ),
        ]
    )


def _other_drivers(drivers: object, cutoff: datetime, rng: np.random.Generator) -> pl.DataFrame:
    rows = conform_drivers(drivers)
    known = rows.filter(pl.col("known_at") <= cutoff)
    later = rows.unique(["driver", "location_id", "part_id", "at"], maintain_order=True)
    return pl.concat(
        [
            known,
            later.with_columns(
                value=_draws(rng, later.height).cast(pl.Float64),
                known_at=pl.lit(cutoff + timedelta(minutes=1)).cast(rows.schema["known_at"]),
            ),
        ]
    )


def _other_stock(stock: object, cutoff: datetime, rng: np.random.Generator) -> pl.DataFrame:
    rows = conform_table(to_polars(stock), STOCK_SCHEMA)
    late = pl.col("period_start") > cutoff
    return rows.with_columns(
        pl.when(late).then(_draws(rng, rows.height)).otherwise(name).alias(name)
        for name in ("on_hand", "on_order", "reorder_point")
    )
