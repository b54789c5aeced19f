"""Market data: daily prices of symbols from whoever has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl

from supplynet.config import load_settings
from supplynet.connectors.signals.csv_folder import CsvFolder, csv_way
from supplynet.connectors.signals.market import prices_of
from supplynet.connectors.signals.periods import period_start
from supplynet.connectors.signals.provider import Provider, SignalRequest, SignalSetup, listed
from supplynet.connectors.signals.registry import open_provider, zone_of
from supplynet.connectors.signals.setup import setup_of
from supplynet.errors import ConnectorError, InvalidInput, SignalUnavailable

Report = Callable[[float, str], None]


def market_data(
    folder: Path,
    symbols: Sequence[str],
    period: str = "1y",
    provider: str | None = None,
    now: datetime | None = None,
    *,
    setup: SignalSetup | None = None,
    report: Report = lambda _fraction, _what: None,
) -> pl.DataFrame:
    """Daily prices: date, symbol, open, high, low, close, volume; null where not known.

    Each symbol comes from the workspace's files if they have it, else from the first provider of
    the setting ``market_providers`` that has it; or from ``provider`` alone if that is named.
    Nothing is stored.

    Args:
        folder: The workspace, or the folder whose ``signals`` are read.
        symbols: Such as AAPL.
        period: 5d, 1mo, 3mo, 6mo, 1y, 2y, 5y, ytd or max, counted back from ``now``.
        provider: A name that ``providers`` lists.
        now: Aware; default: the time.
        setup: Hosts, clock and so on; default: as the settings say.
        report: Takes the fraction done and what is being done.

    Raises:
        SignalUnavailable: A symbol cannot be had because a service does not answer.
        InvalidInput: It cannot be had for another reason, or the period is not known; both name
            every provider with its reason, and the file that would do.
    """
    settings = load_settings(folder)
    tools = setup or setup_of(folder, settings)
    if now is not None:
        moment = now
        tools = replace(tools, now=lambda: moment)
    end = tools.now()
    names = ("csv", *settings.market_providers) if provider is None else (provider,)
    chain = [(name, open_provider(name, tools)) for name in dict.fromkeys(names)]
    whole = SignalRequest(symbols=listed(symbols), start=period_start(period, end), end=end)
    frames, missing, refusals = [], list[str](), dict[str, Exception]()
    for number, symbol in enumerate(whole.symbols):
        report(number / len(whole.symbols), symbol)
        found, refused = _first_that_has(chain, replace(whole, symbols=(symbol,)), tools.folder)
        if found is None:
            missing.append(symbol)
            refusals = {**refused, **refusals}
        else:
            frames.append(found)
    if missing:
        raise _without_prices(missing, whole, refusals, tools)
    return pl.concat(frames).sort("date", "symbol")


def _first_that_has(
    chain: list[tuple[str, Provider]], request: SignalRequest, folder: Path
) -> tuple[pl.DataFrame | None, dict[str, Exception]]:
    """Prices of one symbol from the first that has them, and why the others had not."""
    symbol, refused = request.symbols[0], dict[str, Exception]()
    for name, source in chain:
        if isinstance(source, CsvFolder) and not source.has(symbol):
            refused[name] = InvalidInput("no file of that name")
            continue
        try:
            frame = prices_of(source.fetch(request), name, symbol, zone_of(name, folder))
        except (ConnectorError, InvalidInput) as error:
            if isinstance(source, CsvFolder):
                raise  # the file is there and wrong: its owner wants to know
            refused[name] = error
            continue
        if not frame.is_empty():
            return frame, refused
        refused[name] = InvalidInput("nothing in that time")
    return None, refused


def _without_prices(
    missing: list[str],
    request: SignalRequest,
    refusals: Mapping[str, Exception],
    tools: SignalSetup,
) -> SignalUnavailable | InvalidInput:
    shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    error = SignalUnavailable(
        f"prices of {shown} from {request.start:%Y-%m-%d} to {request.end:%Y-%m-%d}",
        {name: str(refusal) for name, refusal in refusals.items()},
        csv_way(tools.folder, missing),
    )
    down = any(isinstance(refusal, ConnectorError) for refusal in refusals.values())
    # Where no service is down, asking again would not help.
    return error if down else InvalidInput(str(error))
