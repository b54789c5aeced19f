"""Opening the first version that can be trusted, and saying what was passed over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from supplynet.errors import ForecastError, ModelError, NotFound

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Opened(Generic[T]):
    """A version that could be opened, and what was passed over on the way to it.

    Attributes:
        passed_over: Why each version before it could not be opened.
    """

    version: str
    model: T
    passed_over: Mapping[str, str]

    @property
    def warning(self) -> str:
        """A sentence for people; "" when the first was opened."""
        return sentence(self.passed_over, self.version)


def first_good(candidates: Iterable[str], open_version: Callable[[str], T]) -> Opened[T]:
    """Open the first candidate that can be trusted.

    Raises:
        ModelError: None can.
    """
    passed_over: dict[str, str] = {}
    for name in candidates:
        try:
            model = open_version(name)
        except (ForecastError, NotFound) as error:
            passed_over[name] = str(error)
            log.warning("model %s cannot be opened: %s", name, error)
        else:
            return Opened(version=name, model=model, passed_over=passed_over)
    reasons = "; ".join(passed_over.values()) or "there is none"
    raise ModelError(f"no version of the model can be opened: {reasons}")


def sentence(passed_over: Mapping[str, str], instead: str) -> str:
    """What a person is told when another version serves than the one that should; "" for none."""
    if not passed_over:
        return ""
    name, reason = next(iter(passed_over.items()))
    more = f" (and {len(passed_over) - 1} more)" if len(passed_over) > 1 else ""
    return f"model {name}{more} cannot be opened ({reason}); {instead} serves instead"
