"""Points: what each rule takes, from the whole frame and from each series."""

from __future__ import annotations

import polars as pl

from supplynet.frames.quality.found import SERIES, Found
from supplynet.frames.quality.prepared import Prepared
from supplynet.frames.quality.report import SERIES_SCHEMA
from supplynet.frames.quality.rules import RULES, Rule, Severity

MISSING = ("missing_values", "missing_periods")


def count_of(rule: Rule, found: Found) -> int:
    """Units with a finding: each series, row or period once."""
    if rule.unit == "series":
        return int(found.places.select(SERIES).n_unique())
    return min(found.total, int(found.places["units"].sum()))


def lost_points(rule: Rule, count: int, total: int) -> float:
    """``weight * min(1, share / tolerance)``."""
    share = count / total if total else 0.0
    return round(rule.weight * min(1.0, share / rule.tolerance), 2)


def severity_of(rule: Rule, count: int, total: int) -> Severity:
    """The rule's severity, or error where its share is above what the guide allows."""
    share = count / total if total else 0.0
    above = rule.error_above is not None and share > rule.error_above
    return Severity.ERROR if above else rule.severity


def score_series(
    prepared: Prepared, found: dict[str, Found], days: pl.Series, wanted: pl.Series
) -> pl.DataFrame:
    """``SERIES_SCHEMA``: the same points as for the frame, with each series' own shares."""
    table = prepared.series.select(*SERIES, pl.col("count").cast(pl.Int64).alias("rows"))
    table = table.with_columns(days=days.cast(pl.Int64), wanted=wanted.cast(pl.Int64))
    counts = [
        each.places.group_by(SERIES)
        .agg(pl.col("units").sum().cast(pl.Int64), pl.len().cast(pl.Int64).alias("findings"))
        .with_columns(rule=pl.lit(name))
        for name, each in found.items()
        if each.places.height
    ]
    columns = list(SERIES_SCHEMA)
    if not counts:
        full = table.with_columns(
            score=100.0, missing_share=0.0, findings=0, worst_rule=pl.lit(None, dtype=pl.String)
        )
        return full.select(columns).cast(SERIES_SCHEMA).sort(SERIES)
    points = _points(table.join(pl.concat(counts), on=list(SERIES)))
    missing = pl.col("units").filter(pl.col("rule").is_in(MISSING)).sum()
    per_series = (
        points.sort("lost", "rule", descending=[True, False])
        .group_by(SERIES, maintain_order=True)
        .agg(
            pl.col("lost").sum(),
            pl.col("findings").sum(),
            pl.when(pl.col("lost").first() > 0).then(pl.col("rule").first()).alias("worst_rule"),
            missing.alias("missing"),
        )
    )
    joined = table.join(per_series, on=list(SERIES), how="left")
    score = (100 - pl.col("lost").fill_null(0)).clip(lower_bound=0).round(1)
    share = (pl.col("missing").fill_null(0) / pl.col("wanted")).clip(upper_bound=1)
    return (
        joined.with_columns(
            score=score, missing_share=share.round(4), findings=pl.col("findings").fill_null(0)
        )
        .select(columns)
        .cast(SERIES_SCHEMA)
        .sort("score", *SERIES)
    )


def _points(counts: pl.DataFrame) -> pl.DataFrame:
    """``lost`` of every (series, rule)."""
    facts = pl.DataFrame(
        [(r.name, r.weight, r.tolerance, r.unit) for r in RULES.values()],
        schema=["rule", "weight", "tolerance", "unit"],
        orient="row",
    )
    unit = pl.col("unit")
    total = pl.when(unit == "rows").then("rows").when(unit == "periods").then("wanted").otherwise(1)
    units = pl.when(unit.is_in(["rows", "periods"])).then("units").otherwise(1)
    share = (units / total / pl.col("tolerance")).clip(upper_bound=1)
    return counts.join(facts, on="rule").with_columns(lost=pl.col("weight") * share)
