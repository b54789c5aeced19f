"""Options that belong to one benchmark: declared by it, read from what the command did not know."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from supplynet.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of a benchmark.

    Attributes:
        name: As it is typed, without dashes in front: ``lead-time``.
        help: What it means, with its unit.
        default: Where it is not given; False = a switch without a value.
        read: From text to value; raises ValueError, whose message says what would be right.
        choices: Values that there are; none = any.
    """

    name: str
    help: str
    default: Any = None
    read: Callable[[str], Any] = str
    choices: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """For people: name, meaning, choices, default."""
        value = "" if self.default is False else f" {'|'.join(self.choices) or 'VALUE'}"
        usual = (
            "" if self.default is None or self.default is False else f" Default: {self.default}."
        )
        return f"--{self.name}{value}: {self.help}{usual}"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was typed: names of benchmarks, then options that the command does not know."""

    names: list[str]
    options: list[str]


def whole(least: int = 0, most: int = 10**9) -> Callable[[str], int]:
    """Reads a whole number between bounds."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise ValueError(f"use a whole number from {least:,} to {most:,}")
        return value

    return read


def number(least: float = 0.0, most: float = math.inf) -> Callable[[str], float]:
    """Reads a finite number between bounds."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (least <= value <= most and math.isfinite(value)):
            upper = "up" if most == math.inf else f"to {most:g}"
            raise ValueError(f"use a number from {least:g} {upper}")
        return value

    return read


def split(typed: Sequence[str], own: Sequence[str]) -> Asked:
    """Names come first; from the first dash on it is options.

    Args:
        typed: Arguments and unknown options, in their order.
        own: Options that the command itself has, for what is misspelt.

    Raises:
        InvalidInput: Options, and not exactly one name before them.
    """
    first = next((at for at, text in enumerate(typed) if text.startswith("-")), len(typed))
    names, rest = list(typed[:first]), list(typed[first:])
    if rest and len(names) != 1:
        key = rest[0].partition("=")[0]
        raise InvalidInput(
            f"bench: no option {key}{_nearest(key, own)}; options of a benchmark follow the name "
            "of that one, as in: supplynet bench lost-sales --lead-time 2"
        )
    return Asked(names=names, options=rest)


def read(
    asked: Asked, declared: Mapping[str, Sequence[Option]], own: Sequence[str]
) -> dict[str, Any]:
    """Values of the options that were given.

    Raises:
        InvalidInput: An option that the benchmark does not have, twice the same, no value, or
            one that cannot be read.
    """
    if not asked.options:
        return {}
    name = asked.names[0]
    known = {option.name: option for option in declared[name]}
    found: dict[str, Any] = {}
    rest = list(asked.options)
    while rest:
        text = rest.pop(0)
        key, equals, value = text.removeprefix("--").partition("=")
        if not text.startswith("--") or key not in known:
            raise InvalidInput(_unknown(name, text, known, own))
        if key in found:
            raise InvalidInput(f"bench {name}: --{key} is given twice; give it once")
        option = known[key]
        if option.default is False:
            if equals:
                raise InvalidInput(f"bench {name}: --{key} takes no value")
            found[key] = True
            continue
        if not equals:
            if not rest or rest[0].startswith("--"):
                raise InvalidInput(f"bench {name}: --{key} needs a value: {option.help}")
            value = rest.pop(0)
        found[key] = _value(name, option, value)
    return found


def _value(name: str, option: Option, text: str) -> Any:
    """The value; ``no-stockout`` and ``no_stockout`` are the same choice."""
    spelt = {each.replace("-", "_"): each for each in option.choices}
    text = spelt.get(text.replace("-", "_"), text)
    if option.choices and text not in option.choices:
        raise InvalidInput(
            f"bench {name}: --{option.name} is {text!r}; choose from {', '.join(option.choices)}"
        )
    try:
        return option.read(text)
    except ValueError as error:
        raise InvalidInput(f"bench {name}: --{option.name} is {text!r}; {error}") from error


def _unknown(name: str, text: str, known: Mapping[str, Option], own: Sequence[str]) -> str:
    key = text.partition("=")[0]
    options = [f"--{each}" for each in known]
    if not text.startswith("--"):
        return f"bench {name}: {text!r} follows no option; names of benchmarks come first"
    has = f"it has {', '.join(options)}" if options else "it has none of its own"
    return f"bench {name}: no option {key}{_nearest(key, [*options, *own])}; {has}"


def _nearest(key: str, options: Sequence[str]) -> str:
    near = get_close_matches(key, options, n=1)
    return f", perhaps {near[0]}" if near else ""
