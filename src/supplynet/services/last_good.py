"""The forecast that a plan is made of, guarded, and the last good one in the workspace."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import polars as pl

from supplynet.errors import ModelError
from supplynet.files import write_atomically
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.guarded import GuardedForecaster
from supplynet.forecast.kept_forecast import KeptForecast, kept_from_frame
from supplynet.services.books import Books

SECONDS = 120.0
"""How long a forecast may take before the plan goes on without it."""
log = logging.getLogger(__name__)


def guarded(books: Books, forecaster: BoundForecaster) -> GuardedForecaster:
    """The forecaster, with what stands in for it when it fails."""
    return GuardedForecaster(
        forecaster,
        history=forecaster.history,
        calendar=forecaster.calendar,
        kept=read_last_good(books),
        seconds=SECONDS,
    )


def read_last_good(books: Books) -> KeptForecast:
    """What was kept; nothing where the file is missing or damaged."""
    file = _file(books)
    try:
        return kept_from_frame(pl.read_parquet(file)) if file.exists() else KeptForecast()
    except (ModelError, pl.exceptions.PolarsError, OSError) as error:
        log.warning("the last good forecast is lost: %s", error)
        return KeptForecast()


def keep_last_good(books: Books, used: GuardedForecaster) -> None:
    """Keep what was good of the forecast just used; a full disk does not stop a plan."""
    if used.kept.made_at is None:
        return
    content = io.BytesIO()
    used.kept.frame().write_parquet(content)
    try:
        write_atomically(_file(books), content.getvalue())
    except OSError as error:
        log.warning("the last good forecast is not kept: %s", error)


def _file(books: Books) -> Path:
    return books.workspace.last_good_forecast
