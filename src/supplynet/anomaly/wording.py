"""An incident as a planner reads it at three in the morning: what, where, since when, what now.

Shifts and dates are those of the plant's own calendar, so no time zone has to be worked out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from supplynet.anomaly.incident import Kind
from supplynet.anomaly.kinds import PACKS
from supplynet.anomaly.period_words import (
    date_of,
    from_to,
    in_a_row,
    moment_of,
    plural,
    shift_name,
    shorter_than_a_day,
    unit_of,
    within,
)
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Period

_NAMED = 3  # parts of a line that are named
_PACK_WITHIN = 0.06  # of a pack size, so that it is mentioned
_LEAST_PACK_RATIO = 4.0
_SURE_BAND = 0.5  # of what is expected: a pack size cannot be read from a vaguer expectation
_VAGUE = 3.0  # times what is expected: a usual range beyond it is compared with in its place
_NONE = 0.05  # parts a period


@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """What a sentence is made of. Arrays have shape (period,), in parts, summed over ``parts``.

    Attributes:
        kind: What it looks like.
        location_id: The line.
        parts: Parts that show it, sorted.
        periods: The odd ones, oldest first.
        observed, expected, low, high: Of each; see ``detector.Judged``.
        p_value: Share of normal periods that look as odd.
        ongoing: Whether it has not ended.
    """

    kind: Kind
    location_id: str
    parts: tuple[str, ...]
    periods: tuple[Period, ...]
    observed: FloatArray
    expected: FloatArray
    low: FloatArray
    high: FloatArray
    p_value: float
    ongoing: bool

    @property
    def unit(self) -> str:
        """What its periods are."""
        return unit_of(self.periods[0])

    @property
    def each(self) -> str:
        """``a shift``, ``an hour``."""
        return f"{'an' if self.unit == 'hour' else 'a'} {self.unit}"

    @property
    def none_expected(self) -> bool:
        """Whether nothing should have been used."""
        if len(self.periods) == 1:
            return bool(self.high[0] < (1 if self.whole else _NONE))
        return float(self.expected.mean()) < _NONE

    @property
    def whole(self) -> bool:
        """Whether its amounts are pieces."""
        return bool((self.observed % 1 == 0).all())

    @property
    def within(self) -> bool:
        """Whether it is a single value in its usual range: odd only with those before it."""
        return len(self.periods) == 1 and bool(
            self.low[0] - 1e-9 <= self.observed[0] <= self.high[0] + 1e-9
        )

    @property
    def ratio(self) -> float:
        """Observed over expected, of the sums; infinite where nothing was expected."""
        expected = float(self.expected.sum())
        return float(self.observed.sum()) / expected if expected > 0 else math.inf


def sentence_of(facts: Facts) -> str:
    """What was seen, how rare that is, and what to check."""
    said = _SAID[facts.kind](facts)
    check = _LINE_CHECK if len(facts.parts) > 1 else _CHECK[facts.kind]
    if facts.within and facts.kind in _BY_AMOUNT:
        check = f"Check the bookings of the {facts.unit}s before it, too."
    return f"{said}{_rarity(facts)}. {check}"


def silence_of(facts: Facts) -> str:
    """The sentence of a whole line that reports nothing."""
    many = len(facts.parts)
    what = f"any of its {many:,} parts" if many > 1 else facts.parts[0]
    has = "has reported" if facts.ongoing else "reported"
    mean = _number(float(facts.expected.mean()), about=True)
    each = f" {facts.each}" if len(facts.periods) > 1 else ""
    return (
        f"Line {facts.location_id} {has} nothing of {what} {_when(facts)}, {mean}{each} expected. "
        "Check whether it stood still, and report the stop if so; else its counter and its "
        "connection may be dead: count the stock."
    )


def _spike(facts: Facts) -> str:
    return f"{_who(facts)}: {_amounts(facts)}; {_how_much(facts)}{_packs(facts)}"


def _double(facts: Facts) -> str:
    twice = "" if facts.within else ", so perhaps counted twice"
    return f"{_who(facts)}: {_amounts(facts)}; {_how_much(facts)}{twice}"


def _level(facts: Facts) -> str:
    return f"{_who(facts)}: {_amounts(facts)}; the level is {_change(facts.ratio)}"


def _jump(facts: Facts) -> str:
    packs = _packs(facts) or ", as if counted in another unit"
    return f"{_who(facts)}: {_amounts(facts)}; {_how_much(facts)}{packs}"


def _dead(facts: Facts) -> str:
    has = ("have" if len(facts.parts) > 1 else "has") + " shown" if facts.ongoing else "showed"
    may = "may be dead" if facts.ongoing else "may have been dead"
    what = "counters" if len(facts.parts) > 1 else "counter"
    return f"{_who(facts)} {has} 0 {_when(facts)}, {_expected(facts)}: the {what} {may}"


def _stuck(facts: Facts) -> str:
    several = len(facts.parts) > 1
    value = _number(float(facts.observed[-1]))
    if several or len(np.unique(facts.observed)) > 1:
        value = "the same value again and again"
    has = ("have" if several else "has") + " shown" if facts.ongoing else "showed"
    may = "may be stuck" if facts.ongoing else "may have been stuck"
    what = "counters" if several else "counter"
    every = f"in every {facts.unit} " if in_a_row(facts.periods) else ""
    return (
        f"{_who(facts)} {has} {value} {every}{_when(facts)}, {_expected(facts)}: the {what} {may}"
    )


def _drift(facts: Facts) -> str:
    names = Counter(shift_name(period) for period in facts.periods)
    (shift, most), many = names.most_common(1)[0], len(facts.periods)
    since = f"since {date_of(facts.periods[0])}" if facts.ongoing else from_to(facts.periods)
    which = f"{many:,} {plural(shift, many)}"
    if most < many:
        which = f"{many:,} {facts.unit}s, {most:,} of them {plural(shift, most)},"
    rest = "day is" if shorter_than_a_day(facts.periods[0]) else "week is"
    return (
        f"{_who(facts)}: {_number(float(facts.observed.mean()), about=True)} used on average in "
        f"{which} {since}, {_expected(facts)}; {_change(facts.ratio)}, "
        f"and the rest of the {rest} as usual"
    )


_SAID: Mapping[Kind, Callable[[Facts], str]] = {
    Kind.SPIKE: _spike,
    Kind.DROP: _spike,
    Kind.LEVEL_SHIFT: _level,
    Kind.DEAD_SENSOR: _dead,
    Kind.STUCK_SENSOR: _stuck,
    Kind.DOUBLE_BOOKING: _double,
    Kind.UNIT_JUMP: _jump,
    Kind.NIGHT_DRIFT: _drift,
    Kind.PHANTOM_STOCK: _spike,
    Kind.UNUSUAL: _spike,
}
_CHECK: Mapping[Kind, str] = {
    Kind.SPIKE: "Check the booking, and the line for scrap or an extra job.",
    Kind.DROP: "Check whether the line stood still or bookings are missing.",
    Kind.LEVEL_SHIFT: "Check whether the plan, the product or the parts per unit have changed.",
    Kind.DEAD_SENSOR: "Check the counter and its connection, and count the stock.",
    Kind.STUCK_SENSOR: "Check the counter and its connection, and count the stock.",
    Kind.DOUBLE_BOOKING: "Look for a booking that is there twice.",
    Kind.UNIT_JUMP: "Check whether the amounts are entered in pieces or in packs.",
    Kind.NIGHT_DRIFT: "Ask that shift what it does differently, and check its counter.",
    Kind.PHANTOM_STOCK: "Count the stock.",
    Kind.UNUSUAL: "Check the booking.",
}
_BY_AMOUNT = (Kind.SPIKE, Kind.DROP, Kind.DOUBLE_BOOKING, Kind.UNUSUAL)
_LINE_CHECK = "Most parts of the line show it: check the line itself and its connection."


def _who(facts: Facts) -> str:
    """``P-012 at SR1.ST2.A``, or the parts of a line."""
    parts = facts.parts
    if len(parts) == 1:
        return f"{parts[0]} at {facts.location_id}"
    rest = len(parts) - _NAMED
    named = ", ".join(parts) if rest <= 0 else f"{', '.join(parts[:_NAMED])} and {rest:,} more"
    return f"{len(parts):,} parts at {facts.location_id} ({named})"


def _amounts(facts: Facts) -> str:
    """``812 used in the night shift of 14 Mar, 95 to 130 expected``."""
    if len(facts.periods) == 1:
        return f"{_number(float(facts.observed[0]))} used {_when(facts)}, {_expected(facts)}"
    mean = _number(float(facts.observed.mean()), about=True)
    return f"{mean} used {facts.each} {_when(facts)}, {_expected(facts)}"


def _expected(facts: Facts) -> str:
    """The range of one period, the mean of several."""
    if len(facts.periods) > 1:
        mean = float(facts.expected.mean())
        if facts.none_expected:
            return "none expected"
        return f"{_number(mean, about=True)} {facts.each} expected"
    if facts.none_expected:
        return "none expected"
    low, high = float(facts.low[0]), float(facts.high[0])
    if facts.whole and math.ceil(low - 1e-9) <= math.floor(high + 1e-9):
        low, high = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    least, most = _number(low), _number(high)
    return f"{least} to {most} expected" if least != most else f"{least} expected"


def _when(facts: Facts) -> str:
    """``in the night shift of 14 Mar``, ``since the day shift of 14 Mar (3 shifts)``.

    Where others lie between them: ``in 3 shifts since the day shift of 14 Mar``.
    """
    periods, many = facts.periods, len(facts.periods)
    if many == 1:
        return f"{within(periods[0])} {moment_of(periods[0])}"
    span = f"since {moment_of(periods[0])}" if facts.ongoing else from_to(periods)
    count = f"{many:,} {facts.unit}s"
    if in_a_row(periods):
        return f"{span} ({count})"
    return f"{'on' if facts.unit == 'day' else 'in'} {count} {span}"


def _how_much(facts: Facts) -> str:
    """Against what was expected, or against the most that is usual where that is far from it."""
    observed, expected = float(facts.observed.sum()), float(facts.expected.sum())
    if facts.none_expected and observed > 0:
        return "none should have been used"
    if facts.within:
        return f"usual by itself, but not after the {facts.unit}s before it"
    high = float(facts.high[0])
    if len(facts.periods) > 1 or observed < expected or high <= _VAGUE * expected:
        return _times(facts.ratio)
    most = math.floor(high + 1e-9) if facts.whole else high
    return _times(observed / most, "the most that was expected")


def _times(ratio: float, than: str = "") -> str:
    """``about 8 times as much as expected``, ``63 % more than expected``."""
    if math.isinf(ratio):
        return "none should have been used"
    if ratio >= 1.75:
        times = "twice" if 1.75 <= ratio < 2.25 else f"{_number(ratio, about=False)} times"
        return f"about {times} {than or 'as much as expected'}"
    if ratio <= 0:
        return "nothing was used"
    more = f"more than {than or 'expected'}"
    return _change(ratio, more, "less than expected", "as much as expected")


def _change(
    ratio: float, more: str = "higher", less: str = "lower", same: str = "hardly different"
) -> str:
    """``63 % higher``, ``30 % lower``, ``8 times as high``."""
    if math.isinf(ratio) or ratio >= 2.25:
        return f"{_number(ratio)} times as high" if math.isfinite(ratio) else "new"
    share = round(100 * abs(ratio - 1))
    if share < 1:
        return same
    return f"{min(share, 99) if ratio < 1 else share} % {more if ratio > 1 else less}"


def _packs(facts: Facts) -> str:
    """Which pack size would explain the ratio, if any, and if it is known well enough."""
    ratio = facts.ratio
    if not 0 < ratio < math.inf or max(ratio, 1 / ratio) < _LEAST_PACK_RATIO:
        return ""
    band = float((facts.high - facts.expected).sum()) / math.sqrt(len(facts.periods))
    if band > _SURE_BAND * float(facts.expected.sum()):
        return ""
    size = max(ratio, 1 / ratio)
    pack = min(PACKS, key=lambda each: abs(each - size))
    if abs(pack - size) > _PACK_WITHIN * pack:
        return ""
    if ratio > 1:
        return f", as if pieces had been booked as packs of {pack}"
    return f", as if packs of {pack} had been booked as pieces"


def _rarity(facts: Facts) -> str:
    """How often a normal period looks as odd; nothing where that says little."""
    if not facts.p_value < 0.05:
        return ""
    if facts.p_value <= 1e-6:
        return f"; rarer than 1 in a million normal {facts.unit}s"
    often = 1 / facts.p_value
    digits = 10 ** max(0, int(math.log10(often)) - 1)
    return f"; 1 in {round(often / digits) * digits:,} normal {facts.unit}s looks as odd"


def _number(value: float, *, about: bool = False) -> str:
    """``1,234``, ``12``, ``3.5``; ``about`` marks what is rounded."""
    if 0 < value < 0.1:
        told = f"{value:.1g}"
    elif value >= 9.95 or value == round(value):
        told = f"{value:,.0f}"
    else:
        told = f"{value:.1f}".removesuffix(".0")
    exact = abs(value - round(value, 0 if value >= 10 else 1)) < 1e-9
    return f"about {told}" if about and not exact else told
