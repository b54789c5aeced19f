"""Drivers of one symbol as a table of daily prices."""

from __future__ import annotations

import polars as pl

from supplynet.connectors.signals.provider import driver_name

FIELDS = ("open", "high", "low", "close", "volume")
MARKET_SCHEMA = pl.Schema(
    {"date": pl.Date(), "symbol": pl.String(), **dict.fromkeys(FIELDS, pl.Float64())}
)
_AS_CLOSE = ("close", "value", "rate", "price", "index", "adj close", "adj_close")


def prices_of(drivers: pl.DataFrame, provider: str, symbol: str, zone: str) -> pl.DataFrame:
    """Rows of ``MARKET_SCHEMA`` by date of ``zone``; a lone value is the close.

    Of several values for one moment the newest is taken.
    """
    lone = driver_name(provider, symbol, "", only=True)
    named = {driver_name(provider, symbol, name, only=False): name for name in FIELDS}
    present = set(drivers["driver"])
    close = next((name for name in _AS_CLOSE if f"{lone}.{name}" in present), "close")
    named |= {driver_name(provider, symbol, close, only=False): "close", lone: "close"}
    newest = drivers.sort("known_at").with_columns(
        field=pl.col("driver").replace_strict(named, default=None),
        date=pl.col("at").dt.convert_time_zone(zone).dt.date(),
    )
    wide = (
        newest.drop_nulls("field")
        .group_by("date", "field")
        .agg(pl.col("value").last())
        .pivot("field", index="date", values="value")
    )
    return wide.select(
        pl.lit(symbol).alias(name)
        if name == "symbol"
        else (pl.col(name) if name in wide.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in MARKET_SCHEMA.items()
    ).sort("date")
