"""Outside signals: prices, weather, economic series, indices. ``signals``, market data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import polars as pl

from supplynet.connectors.signals.csv_folder import csv_way
from supplynet.connectors.signals.provider import Provider, SignalRequest, SignalSetup, listed
from supplynet.connectors.signals.registry import (
    ProviderInfo,
    describe,
    is_dated,
    looks_ahead,
    open_provider,
)
from supplynet.connectors.signals.setup import setup_of
from supplynet.connectors.signals.store import add_drivers, read_drivers
from supplynet.errors import ConnectorError, SignalUnavailable
from supplynet.services.market_prices import market_data
from supplynet.storage.workspace import Workspace, open_workspace

__all__ = [
    "DriverSummary",
    "Fetched",
    "ProviderInfo",
    "collect",
    "fetch",
    "market_data",
    "providers",
    "setup_of",
    "stored",
]

Report = Callable[[float, str], None]
FORECAST_DAYS = 15


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What came of asking a provider.

    Attributes:
        frame: The rows that were asked for, a drivers frame.
        added: Rows that the workspace did not have: new ones and revisions.
        warnings: What was left out, and what is stale.
    """

    frame: pl.DataFrame
    added: int
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class DriverSummary:
    """One driver of the workspace; moments are aware UTC."""

    driver: str
    location_id: str | None
    part_id: str | None
    rows: int
    first_at: datetime
    last_at: datetime
    last_value: float
    last_known_at: datetime


def providers(folder: Path, setup: SignalSetup | None = None) -> list[ProviderInfo]:
    """All providers that can be named in the workspace in ``folder``.

    Raises:
        ConfigError: A definition is wrong.
    """
    return describe(setup or setup_of(folder))


def fetch(
    folder: Path,
    provider: str,
    symbols: Sequence[str],
    start: date | None = None,
    end: date | None = None,
) -> pl.DataFrame:
    """The drivers frame of ``symbols``, which is also stored in the workspace; see ``collect``."""
    return collect(folder, provider, symbols, start, end).frame


def collect(
    folder: Path,
    provider: str,
    symbols: Sequence[str],
    start: date | None = None,
    end: date | None = None,
    *,
    fields: Sequence[str] = (),
    scope: tuple[str | None, str | None] = (None, None),
    values: Mapping[str, str] | None = None,
    lag: timedelta | None = None,
    setup: SignalSetup | None = None,
    report: Report = lambda _fraction, _what: None,
) -> Fetched:
    """Ask ``provider`` and store what is new in ``tables/drivers.parquet`` of the workspace.

    Args:
        folder: The workspace.
        provider: A name that ``providers`` lists.
        symbols: As the provider knows them.
        start: From then on; a day means its midnight, UTC. Default: a year ago, or today where
            the provider forecasts.
        end: Until then; a day is included. Default: now, or what a forecast reaches.
        fields: Only these of several values.
        scope: Location and part that the signal is about; None is everywhere, every part.
        values: Further placeholders of the provider, such as latitude.
        lag: Publication lag instead of the provider's own.
        setup: Hosts, clock and so on; default: as the settings say.
        report: Takes the fraction done and what is being done.

    Raises:
        SignalUnavailable: The service cannot be reached; says what to do without it.
        InvalidInput: The provider, a symbol, a range or a file is wrong.
        StoreError: The drivers cannot be stored.
    """
    workspace = open_workspace(folder)
    warnings: list[str] = []
    tools = replace(setup or setup_of(folder), warn=warnings.append)
    source, now = open_provider(provider, tools), tools.now()
    first, last = _range(start, end, now, ahead=looks_ahead(provider, tools.folder))
    request = SignalRequest(
        symbols=listed(symbols),
        start=first,
        end=last,
        fields=tuple(fields),
        location_id=scope[0],
        part_id=scope[1],
        values=dict(values or {}),
        lag=lag,
    )
    frames = []
    for number, symbol in enumerate(request.symbols):
        report(number / len(request.symbols), f"{provider} {symbol}")
        frames.append(_asked(source, provider, replace(request, symbols=(symbol,)), tools))
    frame = pl.concat(frames)
    path = drivers_file(workspace)
    added = add_drivers(path, frame, now, dated=is_dated(provider, tools.folder))
    return Fetched(frame=frame, added=added, warnings=warnings)


def stored(folder: Path) -> list[DriverSummary]:
    """The drivers of the workspace in ``folder``, one line each.

    Raises:
        NotFound: No workspace.
        StoreError: They cannot be read.
    """
    frame = read_drivers(drivers_file(open_workspace(folder))).sort("at", "known_at")
    summary = frame.group_by("driver", "location_id", "part_id").agg(
        pl.len().cast(pl.Int64).alias("rows"),
        pl.col("at").min().alias("first_at"),
        pl.col("at").max().alias("last_at"),
        pl.col("value").last().alias("last_value"),
        pl.col("known_at").max().alias("last_known_at"),
    )
    ordered = summary.sort("driver", "location_id", "part_id")
    return [DriverSummary(**row) for row in ordered.iter_rows(named=True)]


def drivers_file(workspace: Workspace) -> Path:
    """Where fetched signals are kept."""
    return workspace.tables / "drivers.parquet"


def _range(
    start: date | None, end: date | None, now: datetime, *, ahead: bool
) -> tuple[datetime, datetime]:
    today = now.astimezone(UTC).date()
    if start is None:
        start = today if ahead else today - timedelta(days=365)
    if end is None:
        end = today + timedelta(days=FORECAST_DAYS - 1) if ahead else now
    return _moment(start, 0), _moment(end, 1)


def _moment(when: date, days: int) -> datetime:
    """A moment as it is; of a day, its midnight in UTC, or the one ``days`` later."""
    if isinstance(when, datetime):
        return when
    return datetime.combine(when + timedelta(days=days), time(), UTC)


def _asked(source: Provider, name: str, request: SignalRequest, tools: SignalSetup) -> pl.DataFrame:
    try:
        return source.fetch(request)
    except ConnectorError as error:
        raise SignalUnavailable(
            f"{name} {request.symbols[0]}",
            {name: str(error)},
            f"{csv_way(tools.folder, request.symbols)} and use the provider csv",
        ) from error
