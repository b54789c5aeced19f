"""Settings of the cleaning steps: one frozen dataclass each, checked when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from supplynet.core.spelling import nearest
from supplynet.errors import InvalidInput

PACK_SIZES = (4, 5, 6, 8, 10, 12, 15, 16, 20, 24, 25, 30, 36, 40, 48, 50, 60, 72, 96, 100)


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidInput(f"{name} is {value!r}; choose from {', '.join(allowed)}")


def _at_least(name: str, value: object, least: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= least:
        raise InvalidInput(f"{name} is {value!r}; it must be a number of at least {least:g}")


def _sizes(value: object) -> tuple[int, ...]:
    """Pack sizes of a tuple or a list, as TOML and JSON have it."""
    if not isinstance(value, tuple | list):
        raise InvalidInput(f"pack_sizes is {value!r}; give a list of whole numbers")
    for size in value:
        if isinstance(size, bool) or not isinstance(size, int) or size < 3:
            raise InvalidInput(f"pack size {size!r} is not a whole number of at least 3")
    return tuple(value)


def _flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise InvalidInput(f"{name} is {value!r}; it must be true or false")


@dataclass(frozen=True, kw_only=True)
class NoSettings:
    """A step without settings."""


@dataclass(frozen=True, kw_only=True)
class UnknownIdsSettings:
    """Attributes: ``unknown``: ``drop`` rows of ids that the plant does not have, or ``keep``."""

    unknown: str = "drop"

    def __post_init__(self) -> None:
        _one_of("unknown", self.unknown, ("drop", "keep"))


@dataclass(frozen=True, kw_only=True)
class TimeZonesSettings:
    """Settings of ``time_zones``.

    Attributes:
        least_rows: A stretch of a series has at least this many rows.
        longest_days: Without a plant, a longer stretch counts as a change of the shift's start
            (summer time lasts seven months).
    """

    least_rows: int = 4
    longest_days: float = 60.0

    def __post_init__(self) -> None:
        _at_least("least_rows", self.least_rows, 2)
        _at_least("longest_days", self.longest_days, 1)


@dataclass(frozen=True, kw_only=True)
class DuplicatesSettings:
    """What becomes of rows with one key.

    Attributes:
        same_key: The ``last`` of the rows wins, or their amounts ``sum`` up; ``auto`` sums orders
            and sales (rows with an ``order_id``, or with an amount that is named neither
            ``consumed`` nor ``demand``) and takes the last of all else.
    """

    same_key: str = "auto"

    def __post_init__(self) -> None:
        _one_of("same_key", self.same_key, ("auto", "last", "sum"))


@dataclass(frozen=True, kw_only=True)
class NegativesSettings:
    """Attributes: ``become``: ``null`` (not observed) or ``zero``."""

    become: str = "null"

    def __post_init__(self) -> None:
        _one_of("become", self.become, ("null", "zero"))


@dataclass(frozen=True, kw_only=True)
class UnitJumpsSettings:
    """Settings of ``unit_jumps``.

    Attributes:
        pack_sizes: Sizes that a pack may have where the plant names none, parts.
        least_rows: A stretch has at least this many rows.
    """

    pack_sizes: tuple[int, ...] = PACK_SIZES
    least_rows: int = 6

    def __post_init__(self) -> None:
        object.__setattr__(self, "pack_sizes", _sizes(self.pack_sizes))
        _at_least("least_rows", self.least_rows, 3)


@dataclass(frozen=True, kw_only=True)
class OutliersSettings:
    """Settings of ``outliers``.

    Attributes:
        spreads: How many robust standard deviations on the log scale are too far.
        least_ratio: And at least this many times the usual, or as much below it.
        longest_run: More rows in a row than this are an event (a campaign, a stop), no outlier.
        replace: ``null`` (not observed) or ``clip`` (to the last value that is not too far).
    """

    spreads: float = 6.0
    least_ratio: float = 2.5
    longest_run: int = 2
    replace: str = "null"

    def __post_init__(self) -> None:
        _at_least("spreads", self.spreads, 1)
        _at_least("least_ratio", self.least_ratio, 1)
        _at_least("longest_run", self.longest_run, 1)
        _one_of("replace", self.replace, ("null", "clip"))


@dataclass(frozen=True, kw_only=True)
class MissingSettings:
    """Settings of ``missing``.

    Attributes:
        mean: What a missing row says: ``unknown`` (nothing was recorded), or ``zero`` (none used,
            as in files that list only what was sold).
        longest_gap_days: Longer gaps of a series stay: the part was not in use.
        lost_days: Without a plant, also days on which no series has a row although the weekday is
            otherwise worked. With a plant its calendar decides.
    """

    mean: str = "unknown"
    longest_gap_days: float = 45.0
    lost_days: bool = False

    def __post_init__(self) -> None:
        _one_of("mean", self.mean, ("unknown", "zero"))
        _at_least("longest_gap_days", self.longest_gap_days, 0)
        _flag("lost_days", self.lost_days)


@dataclass(frozen=True, kw_only=True)
class CensoredSettings:
    """Settings of ``censored``.

    Attributes:
        trust_given: Leave a starved period alone when its demand is given and equals what was
            consumed; otherwise that is taken as censored too.
    """

    trust_given: bool = False

    def __post_init__(self) -> None:
        _flag("trust_given", self.trust_given)


Settings: TypeAlias = (
    NoSettings
    | UnknownIdsSettings
    | TimeZonesSettings
    | DuplicatesSettings
    | NegativesSettings
    | UnitJumpsSettings
    | OutliersSettings
    | MissingSettings
    | CensoredSettings
)


def make_settings(step: str, kind: type[Settings], given: object) -> Settings:
    """The settings of a step from what somebody gave: an object of ``kind``, names and values.

    Raises:
        InvalidInput: It is neither, a name is unknown or a value cannot be used.
    """
    if isinstance(given, kind):
        return given
    if not isinstance(given, Mapping):
        raise InvalidInput(
            f"settings of {step} are {type(given).__name__}; give {kind.__name__} or names and "
            "values"
        )
    known = [field.name for field in fields(kind)]
    for name in given:
        if name not in known:
            meant = nearest(str(name), known)
            hint = f"did you mean {meant!r}?" if meant else f"it has {', '.join(known) or 'none'}"
            raise InvalidInput(f"step {step} has no setting {name!r}; {hint}")
    values: dict[str, Any] = {str(name): value for name, value in given.items()}
    try:
        return kind(**values)
    except InvalidInput as error:
        raise InvalidInput(f"step {step}: {error}") from None
