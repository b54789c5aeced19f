"""How an import reads what can be read in more than one way. The defaults guess nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo

from supplynet.errors import InvalidInput

_CHOICES: dict[str, tuple[Any, ...]] = {
    "duplicates": ("error", "sum", "drop"),
    "brackets": ("error", "negative", "positive"),
    "negatives": ("error", "return"),
    "fractions": ("error", "round"),
    "gaps": ("zero", "missing"),
    "thousands": (None, ",", ".", " ", "'"),
    "date_order": (None, "dmy", "mdy"),
    "clean_ids": (False, True),
    "on_error": ("stop", "skip"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """Choices of one import.

    Attributes:
        duplicates: A row that repeats an earlier one in every cell: ``error``; ``sum`` counts
            both (two equal orders); ``drop`` counts one (sent twice). Of all but demand, a row
            with the key of an earlier one: of stock the location and part.
        brackets: ``(100)``: ``error``; ``negative`` as in accounting, a return that is taken off
            its day; ``positive`` ignores the brackets.
        negatives: ``-100``: ``error``; ``return`` takes it off its day. A day's demand is never
            below 0.
        fractions: ``2.5``: ``error``; ``round`` takes the nearest whole number (halves up).
        gaps: Days without a row between the first and last of a series: ``zero`` demand, as sales
            data mean it; ``missing`` leaves them out, as not observed.
        thousands: Separator of thousands; None refuses ``1.000``, which may be 1 or 1000.
        date_order: Order of ``01/02/2024``; None refuses it.
        clean_ids: Replace what an id may not contain by ``-``; two that become one are refused.
        on_error: ``stop`` imports nothing when there is one mistake; ``skip`` leaves out the rows
            that have one and hands them back.
        time_zone: Zone (IANA name) of clock times without one.
    """

    duplicates: str = "error"
    brackets: str = "error"
    negatives: str = "error"
    fractions: str = "error"
    gaps: str = "zero"
    thousands: str | None = None
    date_order: str | None = None
    clean_ids: bool = False
    on_error: str = "stop"
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        for option in fields(self):
            value, choices = getattr(self, option.name), _CHOICES.get(option.name)
            if choices is not None and value not in choices:
                raise InvalidInput(
                    f"{option.name}={value!r} is not a choice; use one of "
                    f"{', '.join(map(str, choices))}"
                )
        try:
            ZoneInfo(self.time_zone)
        except (OSError, ValueError, KeyError) as error:
            raise InvalidInput(f"{self.time_zone!r} is not a time zone") from error


def options_from(said: Mapping[str, Any]) -> ImportOptions:
    """The choices that are named in ``said``, and the defaults for the others.

    Raises:
        InvalidInput: A name or a value is no choice.
    """
    names = [option.name for option in fields(ImportOptions)]
    unknown = sorted(set(said) - set(names))
    if unknown:
        raise InvalidInput(f"{unknown[0]!r} is not an option; there are {', '.join(names)}")
    return ImportOptions(**said)
