"""What is asked of a provider of outside signals, and what it is given to work with."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import polars as pl

from supplynet.errors import InvalidInput
from supplynet.outbound.hosts import resolve
from supplynet.outbound.http import HttpLimits

LONGEST_SYMBOL = 128
MOST_SYMBOLS = 1000

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SignalRequest:
    """Which signals are wanted, for which time.

    Attributes:
        symbols: Names as the provider knows them: ``AAPL``, ``EUR/USD``, a place, an article.
        start, end: Aware; rows whose ``at`` lies in ``[start, end)`` are wanted.
        fields: Of several values per moment only these, such as ``close``; () means all.
        location_id, part_id: What the signal is about; None means everywhere, every part.
        values: Fills further placeholders of a definition, such as ``latitude``.
        lag: Overrides the provider's own publication lag.

    Raises:
        InvalidInput: No symbol, a symbol or time that cannot be used.
    """

    symbols: tuple[str, ...]
    start: datetime
    end: datetime
    fields: tuple[str, ...] = ()
    location_id: str | None = None
    part_id: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    lag: timedelta | None = None

    def __post_init__(self) -> None:
        if not self.symbols:
            raise InvalidInput("name one or more symbols")
        object.__setattr__(self, "symbols", tuple(dict.fromkeys(map(str, self.symbols))))
        if len(self.symbols) > MOST_SYMBOLS:
            raise InvalidInput(f"{len(self.symbols)} symbols at once; ask for {MOST_SYMBOLS}")
        for symbol in self.symbols:
            _check_text("symbol", symbol)
        for name, value in self.values.items():
            _check_text(f"value of {name!r}", value)
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise InvalidInput("start and end need a time zone, such as UTC")
        if not self.start < self.end:
            raise InvalidInput(f"the end {self.end} must come after the start {self.start}")
        if self.lag is not None and self.lag < timedelta(0):
            raise InvalidInput(f"a lag of {self.lag} would use values before they were known")

    def wants(self, name: str) -> bool:
        """Whether the value ``name`` is asked for."""
        return not self.fields or name in self.fields


def _check_text(what: str, text: str) -> None:
    if 1 <= len(text) <= LONGEST_SYMBOL and text.strip() == text and text.isprintable():
        return
    raise InvalidInput(
        f"{what} {text[:LONGEST_SYMBOL]!r} must be 1 to {LONGEST_SYMBOL} printable characters "
        "without spaces around them"
    )


def listed(symbols: Sequence[str]) -> tuple[str, ...]:
    """``symbols`` of a request; a lone one need not be in a list."""
    return (symbols,) if isinstance(symbols, str) else tuple(symbols)


class Provider(Protocol):
    """A source of outside signals."""

    def fetch(self, request: SignalRequest) -> pl.DataFrame:
        """The rows asked for, in ``DRIVERS_SCHEMA``, sorted.

        ``driver`` is ``provider.symbol.field``, or ``provider.symbol`` where there is one value.

        Raises:
            InvalidInput: The request or the provider's files are wrong; asking again won't help.
            ConnectorError: The service did not answer, or not sensibly; it may be asked again.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Limits(HttpLimits):
    """How much a service may take, in seconds, bytes and tries.

    Attributes:
        total_seconds: For one symbol with all its tries and pages, however fast bytes come.
        attempts: Tries per page.
        maximum_pages: Of one symbol.
        stale_days: How old a cached answer may be that stands in for a service that is down.
    """

    total_seconds: float = 60.0
    attempts: int = 4
    maximum_pages: int = 100
    stale_days: float = 30.0


@dataclass(frozen=True, kw_only=True)
class SignalSetup:
    """Where providers work and with what; tests pass their own clock, sleep and resolver.

    Attributes:
        folder: ``signals`` of a workspace: CSV files, definitions, the cache.
        hosts: Hosts that may be asked, ``name`` or ``name:port``; nothing else is.
        private_hosts: Those of them that may lie in a private network or on this machine.
        environment: Where keys are looked up.
        seed: Of the synthetic provider.
        now: The time, aware.
        warn: Takes a sentence about data that was left out or is stale.
    """

    folder: Path
    hosts: frozenset[str] = frozenset()
    private_hosts: frozenset[str] = frozenset()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    seed: int = 1
    limits: Limits = field(default_factory=Limits)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    rng: random.Random = field(default_factory=random.Random)
    resolve: Callable[[str, int], list[str]] = resolve
    warn: Callable[[str], None] = log.warning

    @property
    def cache(self) -> Path:
        """Answers kept for when a service is down."""
        return self.folder / "cache"


def driver_name(provider: str, symbol: str, name: str, *, only: bool) -> str:
    """``provider.symbol.field``; ``provider.symbol`` where the field is the only one."""
    return f"{provider}.{symbol}" if only else f"{provider}.{symbol}.{name}"
