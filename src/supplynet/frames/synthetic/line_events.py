"""What lines report of themselves: that they stand still, for how long, and that they go on."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from supplynet.errors import StoreError
from supplynet.frames.tables import MOMENT

EVENTS_SCHEMA = pl.Schema(
    {
        "event_id": pl.String(),
        "source": pl.String(),
        "type": pl.String(),
        "occurred_at": MOMENT,
        "received_at": MOMENT,
        "location_id": pl.String(),
        "part_id": pl.String(),
        "quantity": pl.Int64(),
        "data": pl.String(),
    }
)
"""One row per event as it was received; ``data`` is JSON."""
_LINE = ["location_id", "period_start"]
_SECOND = pl.duration(seconds=1)  # a report at the very end would belong to the next shift
_WAY = pl.duration(seconds=5)
_FORM = ("event_id", "source", "type", "occurred_at", "location_id", "part_id", "quantity")


def standstill_events(demand: pl.DataFrame, effects: pl.DataFrame) -> list[pl.DataFrame]:
    """``line_stopped``, ``line_starved`` and ``line_resumed`` of the lines in ``demand``.

    Each report of a standstill says its minutes in its shift. A starved line stands still at the
    end of its shift and goes on when it next runs.

    Args:
        demand: A conforming demand frame.
        effects: The ``halt`` rows name the part that was missing.

    Returns:
        Frames of ``EVENTS_SCHEMA``.
    """
    shifts = _shifts(demand, effects)
    stop, starve, run = (pl.duration(minutes=name) for name in ("stopped", "starved", "running"))
    begins = pl.col("period_start")
    parts = pl.concat_list("missing").list.drop_nulls()
    told = {
        "line_stopped": pl.struct(minutes=pl.col("stopped")).struct.json_encode(),
        "line_starved": pl.struct(
            minutes=pl.col("starved"), parts=parts, ended=pl.lit(False)
        ).struct.json_encode(),
        "line_resumed": pl.lit("{}"),
    }
    when = {
        "line_stopped": (pl.col("stopped") > 0, begins + stop - _SECOND),
        "line_starved": (pl.col("starved") > 0, begins + stop + run + starve - _SECOND),
        "line_resumed": (pl.col("stood_before") & (pl.col("running") > 0), begins + stop),
    }
    return [
        shifts.filter(happens).select(_report(kind, occurred, told[kind]))
        for kind, (happens, occurred) in when.items()
    ]


def _shifts(demand: pl.DataFrame, effects: pl.DataFrame) -> pl.DataFrame:
    """One row per line and period: its minutes, and which part it lacked."""
    running = (pl.col("consumed") * 60 / pl.col("rate")).fill_nan(None).round().max()
    minutes = {name: pl.col(f"{name}_minutes").max() for name in ("starved", "stopped")}
    shifts = (
        demand.group_by(_LINE)
        .agg(**minutes, running=running.fill_null(0).cast(pl.Int64))
        .sort("period_start", "location_id")
    )
    halts = effects.filter(pl.col("kind") == "halt").select(*_LINE, "period_end", missing="part_id")
    of_halt = pl.when(pl.col("period_start") < pl.col("period_end")).then(pl.col("missing"))
    stood_before = (pl.col("starved") > 0).shift(1).over("location_id").fill_null(False)
    return shifts.join_asof(
        halts.sort("period_start"), on="period_start", by="location_id", check_sortedness=False
    ).with_columns(missing=of_halt, stood_before=stood_before)


def _report(kind: str, occurred: pl.Expr, told: pl.Expr) -> list[pl.Expr]:
    stamp = pl.col("period_start").dt.strftime("%Y%m%dT%H%M")
    columns = {
        "event_id": pl.concat_str(pl.lit(kind), stamp, separator="-"),
        "source": pl.col("location_id"),
        "type": pl.lit(kind),
        "occurred_at": occurred,
        "received_at": occurred + _WAY,
        "location_id": pl.col("location_id"),
        "part_id": pl.lit(None),
        "quantity": pl.lit(None),
        "data": told,
    }
    return [columns[name].cast(dtype).alias(name) for name, dtype in EVENTS_SCHEMA.items()]


def event_lines(events: pl.DataFrame) -> pl.Series:
    """Events as JSON texts in the form in which they are sent, one per row of ``EVENTS_SCHEMA``."""
    occurred = pl.col("occurred_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    body = events.select(
        pl.struct(
            occurred.alias("occurred_at") if name == "occurred_at" else name for name in _FORM
        ).struct.json_encode()
    ).to_series()
    inner = body.str.slice(1, None).str.strip_suffix("}")
    made = pl.concat_str(
        pl.lit('{"schema":1,'),
        pl.lit(inner),
        pl.lit(',"data":'),
        pl.lit(events["data"]),
        pl.lit("}"),
    )
    return pl.select(made).to_series().alias("event")


def write_events(events: pl.DataFrame, path: Path) -> None:
    """Write ``event_lines`` to a file of JSON lines, in the order of ``events``.

    Raises:
        StoreError: The file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in event_lines(events))
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}") from error
