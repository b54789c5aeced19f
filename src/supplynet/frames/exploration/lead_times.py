"""How long deliveries take, how much that varies, and how many are late."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from supplynet.frames.exploration.charts import Bar, bars
from supplynet.frames.exploration.point_charts import Box, boxes
from supplynet.frames.exploration.section import Figure, Section, Table
from supplynet.frames.exploration.source import Source
from supplynet.frames.exploration.svg import scale_to
from supplynet.frames.exploration.wording import (
    WEEKDAYS_LONG,
    are,
    count,
    duration,
    number,
    percent,
)

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_LANES = 12
_LONG_MINUTES = 72 * 60  # from this median on lead times are read in days
_FEWEST = 5  # deliveries of a lane from which its spread is compared
_TITLE = "Lead times"


def lead_times(source: Source, deliveries: pl.DataFrame | None) -> Section:
    """Ordered to received by lane and by shift of ordering, with the share after the due time."""
    if deliveries is None or deliveries.is_empty():
        return Section(
            key="lead_times",
            title=_TITLE,
            sentence=(
                "No deliveries were given: import orders with ordered_at, due_at and received_at "
                "to see how long they take and how many are late."
            ),
        )
    known = _with_lead(source, deliveries)
    frame = _by_lane(known, source.now)
    done = known.filter(pl.col("lead").is_not_null())
    if done.is_empty():
        return Section(
            key="lead_times",
            title=_TITLE,
            sentence=f"None of {count(known.height, 'order')} was received yet.",
            frame=frame,
        )
    days = float(done["lead"].median() or 0.0) > _LONG_MINUTES  # type: ignore[arg-type] # a number column
    figures = [_lanes(frame, days=days)]
    when = _by_moment(done)
    if when.height > 1:
        figures.append(_moments(source, when))
    return Section(
        key="lead_times",
        title=_TITLE,
        sentence=_sentence(source, known, done, frame, when),
        figures=tuple(figures),
        table=_table(frame),
        frame=frame,
        method=(
            (
                "From ordered to received, by lane. Late counts against the due time of those that "
                "have one; an order that is still open counts as late once its due time is past. "
                "Orders received before they were ordered are left out."
            ),
        ),
        stands_out=True,
    )


def _with_lead(source: Source, deliveries: pl.DataFrame) -> pl.DataFrame:
    """With ``lane, lead`` (minutes or null), ``late`` (null = not due) and ``moment``."""
    lead = (pl.col("received_at") - pl.col("ordered_at")).dt.total_seconds() / 60.0
    source_name = pl.col("from_location").fill_null("?")
    made = deliveries.with_columns(
        pl.concat_str(source_name, pl.col("location_id").fill_null("?"), separator=" → ").alias(
            "lane"
        ),
        pl.when(lead >= 0).then(lead).alias("lead"),
    ).filter((lead >= 0) | lead.is_null())
    end = pl.lit(source.now, dtype=pl.Datetime("us", "UTC"))
    overdue = pl.when(pl.col("due_at") < end).then(True)
    received = pl.col("received_at") > pl.col("due_at")
    late = pl.when(pl.col("received_at").is_null()).then(overdue).otherwise(received)
    made = made.with_columns(late.alias("late"))
    return made.with_columns(_moment_of(source, made["ordered_at"]))


def _moment_of(source: Source, ordered: pl.Series) -> pl.Series:
    """The shift by its usual clock times; the weekday for data without shifts."""
    local = ordered.dt.convert_time_zone(source.zone)
    if not source.shift_minutes:
        weekdays = dict(enumerate(WEEKDAYS_LONG, start=1))
        return (
            local.dt.weekday()
            .cast(pl.Int64)
            .replace_strict(weekdays, default=None, return_dtype=pl.String)
            .alias("moment")
        )
    minute = local.dt.hour().cast(pl.Int64) * 60 + local.dt.minute().cast(pl.Int64)
    starts = np.array(source.shift_minutes)
    place = np.searchsorted(starts, minute.fill_null(0).to_numpy(), side="right") - 1
    names = [source.shifts[i] for i in place]  # before the first start runs the last one, at -1
    return pl.Series("moment", names).zip_with(
        minute.is_not_null(), pl.Series([None], dtype=pl.String).new_from_index(0, len(names))
    )


def _by_lane(known: pl.DataFrame, now: datetime | None) -> pl.DataFrame:
    lead = pl.col("lead")
    quantiles = [lead.quantile(q, "linear").alias(f"q{round(q * 100):02d}") for q in QUANTILES]
    due = pl.lit(None) if now is None else pl.col("due_at") < now
    return (
        known.group_by("lane")
        .agg(
            pl.len().alias("orders"),
            lead.count().alias("received"),
            lead.mean().alias("mean_minutes"),
            *quantiles,
            lead.max().alias("longest"),
            pl.col("late").cast(pl.Float64).mean().alias("late_share"),
            pl.col("late").sum().alias("late"),
            (pl.col("received_at").is_null() & due).sum().alias("overdue"),
        )
        .sort("orders", "lane", descending=[True, False])
    )


def _by_moment(done: pl.DataFrame) -> pl.DataFrame:
    order = {name: i for i, name in enumerate(WEEKDAYS_LONG)}
    return (
        done.drop_nulls("moment")
        .group_by("moment")
        .agg(
            pl.len().alias("orders"),
            pl.col("lead").median().alias("median"),
            pl.col("lead").quantile(0.95, "linear").alias("q95"),
            pl.col("late").cast(pl.Float64).mean().alias("late_share"),
        )
        .with_columns(
            pl.col("moment").replace_strict(order, default=9, return_dtype=pl.Int64).alias("_at")
        )
        .sort("_at", "moment")
        .drop("_at")
    )


def _sentence(
    source: Source,
    known: pl.DataFrame,
    done: pl.DataFrame,
    frame: pl.DataFrame,
    when: pl.DataFrame,
) -> str:
    median, high = (float(done["lead"].quantile(q, "linear") or 0.0) for q in (0.5, 0.95))
    many = (
        "The one delivery took" if done.height == 1 else f"Half of {done.height:,} deliveries take"
    )
    said = f"{many} up to {duration(median)}, 1 in 20 more than {duration(high)}"
    if done.height == 1:
        said = f"{many} {duration(median)}"
    judged = known["late"].drop_nulls()
    if judged.len():
        late = int(judged.sum())
        said += f"; {percent(late / judged.len())} {are(late)} late"
        worst = frame.filter((pl.col("received") >= _FEWEST) & pl.col("late_share").is_not_null())
        worst = worst.sort("late_share", "lane", descending=[True, False])
        if worst.height > 1 and worst["late_share"][0] > late / judged.len() + 0.02:
            said += f", of {worst['lane'][0]} {percent(worst['late_share'][0])}"
    else:
        said += "; none has a due time, so lateness is not known"
    if when.height > 1:
        ranked = when.filter(pl.col("orders") >= _FEWEST).sort("median", "moment")
        if ranked.height > 1 and ranked["median"][-1] > 1.1 * ranked["median"][0]:
            word = "in the {} shift" if source.shifts else "on a {}"
            said += (
                f"; ordered {word.format(ranked['moment'][-1])} they take "
                f"{duration(ranked['median'][-1])}, {word.format(ranked['moment'][0])} "
                f"{duration(ranked['median'][0])}"
            )
    overdue = int(frame["overdue"].sum())
    return f"{said}; {count(overdue, 'order')} {are(overdue)} overdue." if overdue else f"{said}."


def _lanes(frame: pl.DataFrame, *, days: bool) -> Figure:
    divisor, unit = (1440.0, "days") if days else (60.0, "hours")
    rows = []
    for row in frame.head(_LANES).iter_rows(named=True):
        if row["q50"] is None:
            continue
        q = tuple(row[f"q{round(each * 100):02d}"] / divisor for each in QUANTILES)
        rows.append(
            Box(
                name=row["lane"],
                quantiles=(q[0], q[1], q[2], q[3], q[4]),
                said=f"{row['lane']}: median {duration(row['q50'])}, 1 in 20 over "
                f"{duration(row['q95'])}, late {percent(row['late_share'])}, "
                f"{row['received']:,} received",
            )
        )
    rest = frame.height - len(rows)
    more = f"; the {len(rows)} busiest of {frame.height} lanes" if rest > 0 else ""
    chart = boxes(
        rows, label="Lead time by lane", scale=scale_to([row.quantiles[4] for row in rows])
    )
    return Figure(
        caption=f"Lead time in {unit}: 9 of 10 on the line, half in the bar{more}", chart=chart
    )


def _moments(source: Source, when: pl.DataFrame) -> Figure:
    rows = [
        Bar(
            name=row["moment"],
            value=row["median"],
            words=f"{duration(row['median'])}, late {percent(row['late_share'])}",
            said=f"{row['moment']}: median {duration(row['median'])}, 1 in 20 over "
            f"{duration(row['q95'])}, {number(row['orders'])} orders",
        )
        for row in when.iter_rows(named=True)
    ]
    what = "shift" if source.shifts else "weekday"
    return Figure(
        caption=f"Median lead time by {what} of ordering", chart=bars(rows, label=f"By {what}")
    )


def _table(frame: pl.DataFrame) -> Table:
    rows = tuple(
        (
            row["lane"],
            f"{row['orders']:,}",
            *(
                "–" if row[name] is None else duration(row[name])  # noqa: RUF001 - an empty cell
                for name in ("q05", "q50", "q95", "longest")
            ),
            percent(row["late_share"]),
            f"{row['overdue']:,}",
        )
        for row in frame.head(20).iter_rows(named=True)
    )
    return Table(
        caption=f"Lead time from ordered to received, {count(frame.height, 'lane')}.",
        head=("Lane", "Orders", "5 %", "Median", "95 %", "Longest", "Late", "Overdue"),
        rows=rows,
    )
