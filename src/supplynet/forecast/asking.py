"""Asking a model that may fail in any way: a forecast that was checked, or a reason."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

import numpy as np

from supplynet.core.protocols import Observed
from supplynet.errors import ForecastError
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.forecast_checks import Verdict, Wanted, judge, refused
from supplynet.forecast.paths import QuantileForecast
from supplynet.forecast.recent_use import RecentUse

log = logging.getLogger(__name__)
T = TypeVar("T")


class Model(Protocol):
    """What is guarded, such as ``bound.BoundForecaster``."""

    @property
    def model_version(self) -> str:
        """Written on everything it makes."""

    @property
    def dependence(self) -> Dependence:
        """Of its errors."""

    def forecast(self, observed: Observed, cutoff: datetime, *, steps: int) -> QuantileForecast:
        """Quantiles after ``cutoff`` given what was observed."""


def asked(
    model: Model,
    observed: Observed,
    wanted: Wanted,
    recent: RecentUse,
    seconds: float | None = None,
) -> Verdict:
    """A forecast and its check; whatever goes wrong in either is a reason and no error."""

    def ask() -> Verdict:
        with np.errstate(all="ignore"):
            made = model.forecast(observed, wanted.cutoff, steps=len(wanted.periods))
            return judge(made, wanted, recent)

    try:
        return ask() if seconds is None else _within(seconds, ask)
    except Exception as error:  # whatever a model raises, the plant is supplied
        log.info("a forecast failed", exc_info=error)
        said = " ".join(str(error).split())[:200]
        return refused(wanted, said or type(error).__name__)


def _within(seconds: float, call: Callable[[], T]) -> T:
    """The result of ``call``, which is left alone when it takes too long.

    Raises:
        ForecastError: It took longer.
    """
    box: queue.SimpleQueue[T | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            box.put(call())
        except BaseException as error:  # noqa: BLE001 - handed to who waits
            box.put(error)

    threading.Thread(target=work, daemon=True, name="forecast").start()
    try:
        found = box.get(timeout=seconds)
    except queue.Empty:
        raise ForecastError(f"it took more than {seconds:g} seconds") from None
    if isinstance(found, BaseException):
        raise found
    return found
