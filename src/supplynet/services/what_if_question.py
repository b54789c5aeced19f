"""What if, as people and programs write it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import TypeVar

from supplynet.core.network import Plant
from supplynet.errors import InvalidInput
from supplynet.study.what_if_plant import Change, Hours, changed_plant

DAYS, FUTURES = 14, 100
MOST_DAYS, MOST_FUTURES = 60, 1000
V = TypeVar("V")
_OFF = "off"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked, as people write it; see ``change_of``.

    Attributes:
        rate: Factor by line.
        line: ``on`` or ``off`` by line.
        lead_time: Minutes by lane.
        departures: ``06:00,14:00`` by lane.
        truck: Litres by lane.
        stock: Parts by ``PLACE/PART``.
        shift: ``06:00-14:00`` or ``off`` by name of the shift.
        days, futures: How far to look, on how many sampled futures.
        seed: None = the setting.
    """

    rate: Mapping[str, float] = field(default_factory=dict)
    line: Mapping[str, str] = field(default_factory=dict)
    lead_time: Mapping[str, int] = field(default_factory=dict)
    departures: Mapping[str, str] = field(default_factory=dict)
    truck: Mapping[str, float] = field(default_factory=dict)
    stock: Mapping[str, int] = field(default_factory=dict)
    shift: Mapping[str, str] = field(default_factory=dict)
    days: int = DAYS
    futures: int = FUTURES
    seed: int | None = None


def check(question: Question, plant: Plant) -> Change:
    """The change that is asked about; mistakes are told before anything is computed.

    Raises:
        NotFound: An id does not exist.
        InvalidInput: A value cannot be read, or makes no sense.
    """
    change = change_of(question, plant)
    changed_plant(plant, change)
    if not 1 <= question.days <= MOST_DAYS:
        raise InvalidInput(f"days is {question.days}; it goes from 1 to {MOST_DAYS}")
    if not 2 <= question.futures <= MOST_FUTURES:
        raise InvalidInput(f"futures is {question.futures}; it goes from 2 to {MOST_FUTURES}")
    return change


def change_of(question: Question, plant: Plant) -> Change:
    """The question in the plant's terms.

    Raises:
        InvalidInput: A value cannot be read; what the ids mean is checked later.
    """
    places = {place.location_id for place in plant.locations}
    return Change(
        rates=dict(question.rate),
        switched={name: _switch(name, value) for name, value in question.line.items()},
        lead_times=dict(question.lead_time),
        departures={
            name: tuple(_clock(each, f"a departure of {name}") for each in value.split(","))
            for name, value in question.departures.items()
        },
        trucks=dict(question.truck),
        stock={_place(name, places): parts for name, parts in question.stock.items()},
        shifts={name: _hours(name, value) for name, value in question.shift.items()},
    )


def pairs_of(
    texts: Iterable[str], option: str, read: Callable[[str], V], example: str
) -> dict[str, V]:
    """``KEY=VALUE`` as people type it.

    Raises:
        InvalidInput: A text is something else; a key is given twice.
    """
    found: dict[str, V] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        try:
            made = read(value.strip())
        except ValueError:
            sign = ""
        if not (sign and key.strip()):
            raise InvalidInput(f"{option} {text!r} cannot be read; write {option} {example}")
        if key.strip() in found:
            raise InvalidInput(f"{option} gives {key.strip()} twice")
        found[key.strip()] = made
    return found


def _switch(line: str, value: str) -> bool:
    if value not in {"on", _OFF}:
        raise InvalidInput(f"line {line} is {value!r}; a line is on or off")
    return value == "on"


def _place(name: str, places: set[str]) -> tuple[str, str]:
    place, sign, part = name.partition("/")
    if not (sign and place and part):
        raise InvalidInput(f"stock {name!r} names no place and part; write {min(places)}/PART")
    return place, part


def _hours(name: str, value: str) -> Hours | None:
    if value == _OFF:
        return None
    begin, sign, end = value.partition("-")
    what = f"the {name} shift"
    if not sign:
        raise InvalidInput(f"{what} is {value!r}; write 06:00-14:00 or off")
    return _clock(begin, what), _clock(end, what)


def _clock(text: str, what: str) -> time:
    try:
        return datetime.strptime(text.strip(), "%H:%M").time()  # noqa: DTZ007 - a clock time
    except ValueError:
        raise InvalidInput(
            f"{what} is {text.strip()!r}; write a clock time such as 06:00"
        ) from None
