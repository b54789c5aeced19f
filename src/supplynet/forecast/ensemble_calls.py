"""Calling the members of an ensemble, of which any may fail without stopping the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from supplynet.errors import ForecastError, HistoryTooShort
from supplynet.forecast.model import Progress

log = logging.getLogger(__name__)

_T = TypeVar("_T")


class MemberCalls:
    """Calls members one after another; one that fails is dropped and named, the others go on.

    Attributes:
        rounds, done: Calls to be made and made.
        dropped: Why a member is left out, by name.
    """

    def __init__(self, rounds: int, progress: Progress | None) -> None:
        self.rounds, self.done, self.progress = rounds, 0, progress
        self.dropped: dict[str, str] = {}
        self._short: list[HistoryTooShort] = []

    def result(self, name: str, call: Callable[[], _T]) -> _T | None:
        """What the call returns; None when it failed."""
        try:
            return call()
        except Exception as error:  # noqa: BLE001  # a library may raise anything
            self.drop(name, error)
            return None
        finally:
            self.done += 1
            if self.progress:
                self.progress(self.done, self.rounds, float("nan"))

    def drop(self, name: str, error: Exception, *, quiet: bool = False) -> None:
        """Leave a member out."""
        if isinstance(error, HistoryTooShort):
            self._short.append(error)
        self.dropped[name] = f"{type(error).__name__}: {error}"
        level = logging.DEBUG if quiet else logging.WARNING
        log.log(level, "ensemble: without %s: %s", name, self.dropped[name])

    def nothing(self) -> ForecastError:
        """The error when no member is left."""
        if self._short and len(self._short) == len(self.dropped):
            return min(self._short, key=lambda error: error.needed)
        reasons = "; ".join(f"{name}: {reason}" for name, reason in self.dropped.items())
        return ForecastError(f"every member of the ensemble failed ({reasons}); add shift_mean")
