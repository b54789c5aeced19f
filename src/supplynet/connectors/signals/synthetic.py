"""Made-up prices for examples and tests that run without a network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import numpy as np
import polars as pl

from supplynet.connectors.signals.provider import SignalRequest, SignalSetup, driver_name
from supplynet.connectors.signals.rows import drivers_frame
from supplynet.errors import InvalidInput

NAME = "synthetic"
FIELDS = ("open", "high", "low", "close", "volume")
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DAILY_SPREAD = 0.012


class Synthetic:
    """A random walk per symbol: a price of every weekday, known when the day is over.

    It depends on the seed and the symbol only, so that overlapping ranges agree. The log of the
    price is pulled back by a hundredth a day, which keeps it in its range for centuries.
    """

    def __init__(self, setup: SignalSetup) -> None:
        self._seed, self._now = setup.seed, setup.now

    def fetch(self, request: SignalRequest) -> pl.DataFrame:
        """The rows asked for; see ``Provider``. The driver's name says that they are made up."""
        unknown = set(request.fields) - set(FIELDS)
        if unknown:
            names = ", ".join(FIELDS)
            raise InvalidInput(f"synthetic prices have no {min(unknown)!r}; they have {names}")
        now = self._now()
        end = min(request.end, now, LAST)
        lag = timedelta(days=1) + (request.lag or timedelta(0))
        # Whole days only: the first that begins in the range, and the last that is known.
        first, days = max(0, -((FIRST - request.start) // DAY)), max(0, (end - FIRST) // DAY)
        times = [at for day in range(first, days) if (at := FIRST + day * DAY).weekday() < 5]
        rows = [
            (driver, at, float(values[(at - FIRST).days]), at + lag)
            for symbol in request.symbols
            for name, values in _walk(self._seed, symbol, days).items()
            if request.wants(name)
            for driver in [driver_name(NAME, symbol, name, only=False)]
            for at in times
            if at + lag <= now
        ]
        return drivers_frame(rows, request.location_id, request.part_id)


def _walk(seed: int, symbol: str, days: int) -> dict[str, np.ndarray]:
    digest = int.from_bytes(sha256(symbol.encode()).digest()[:8])
    # One generator per quantity: a longer range draws more of each, never other ones.
    draws = {
        name: np.random.default_rng([seed, digest, place]) for place, name in enumerate(FIELDS)
    }
    shocks = draws["close"].normal(0.0, DAILY_SPREAD, days)
    level = np.empty(days)
    place = 0.0
    for day, shock in enumerate(shocks):
        place = 0.99 * place + shock
        level[day] = place
    close = 100.0 * np.exp(level)
    opened = close * np.exp(draws["open"].normal(0.0, DAILY_SPREAD / 2, days))
    high = np.maximum(opened, close) * np.exp(np.abs(draws["high"].normal(0, 0.005, days)))
    low = np.minimum(opened, close) * np.exp(-np.abs(draws["low"].normal(0, 0.005, days)))
    volume = np.round(draws["volume"].lognormal(13.0, 0.4, days))
    return {"open": opened, "high": high, "low": low, "close": close, "volume": volume}
