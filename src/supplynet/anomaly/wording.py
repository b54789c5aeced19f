"""An incident as a planner reads it at three in the morning: what, where, since when, what now.

Shifts and dates are those of the plant's own calendar, so no time zone has to be worked out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from supplynet.anomaly.incident import Kind
from supplynet.anomaly.kinds import PACKS
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Period

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NAMED = 3  # parts of a line that are named
_PACK_WITHIN = 0.06  # of a pack size, so that it is mentioned
_LEAST_PACK_RATIO = 4.0


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
        return "shift" if self.periods[0].shift else "day"

    @property
    def ratio(self) -> float:
        """Observed over expected, of the sums; infinite where nothing was expected."""
        expected = float(self.expected.sum())
        return float(self.observed.sum()) / expected if expected > 0 else math.inf


def sentence_of(facts: Facts) -> str:
    """What was seen, how rare that is, and what to check."""
    said = _SAID[facts.kind](facts)
    check = _LINE_CHECK if len(facts.parts) > 1 else _CHECK[facts.kind]
    return f"{said}{_rarity(facts)}. {check}"


def silence_of(facts: Facts) -> str:
    """The sentence of a whole line that reports nothing."""
    many = len(facts.parts)
    what = f"any of its {many:,} parts" if many > 1 else facts.parts[0]
    has = "has reported" if facts.ongoing else "reported"
    mean = _number(float(facts.expected.mean()), about=True)
    each = f" a {facts.unit}" if len(facts.periods) > 1 else ""
    return (
        f"Line {facts.location_id} {has} nothing of {what} {_when(facts)}, {mean}{each} expected. "
        "Check whether it stood still, and report the stop if so; else its counter and its "
        "connection may be dead: count the stock."
    )


def _spike(facts: Facts) -> str:
    return f"{_who(facts)}: {_amounts(facts)}; {_times(facts.ratio)}{_packs(facts.ratio)}"


def _double(facts: Facts) -> str:
    return f"{_who(facts)}: {_amounts(facts)}; {_times(facts.ratio)}, so perhaps counted twice"


def _level(facts: Facts) -> str:
    return f"{_who(facts)}: {_amounts(facts)}; the level is {_change(facts.ratio)}"


def _jump(facts: Facts) -> str:
    packs = _packs(facts.ratio) or ", as if counted in another unit"
    return f"{_who(facts)}: {_amounts(facts)}; {_times(facts.ratio)}{packs}"


def _dead(facts: Facts) -> str:
    has = ("have" if len(facts.parts) > 1 else "has") + " shown" if facts.ongoing else "showed"
    may = "may be dead" if facts.ongoing else "may have been dead"
    what = "counters" if len(facts.parts) > 1 else "counter"
    return f"{_who(facts)} {has} 0 {_when(facts)}, {_expected(facts)}: the {what} {may}"


def _stuck(facts: Facts) -> str:
    several = len(facts.parts) > 1
    has = ("have" if several else "has") + " shown" if facts.ongoing else "showed"
    may = "may be stuck" if facts.ongoing else "may have been stuck"
    value = "the same value" if several else _number(float(facts.observed[-1]))
    what = "counters" if several else "counter"
    when = f"in every {facts.unit} {_when(facts)}"
    return f"{_who(facts)} {has} {value} {when}, {_expected(facts)}: the {what} {may}"


def _drift(facts: Facts) -> str:
    shift, many = _shift_name(facts.periods[-1]), len(facts.periods)
    since = f"since {_date(facts.periods[0])}" if facts.ongoing else _from_to(facts.periods)
    return (
        f"{_who(facts)}: {_number(float(facts.observed.mean()), about=True)} used on average in "
        f"{many:,} {_plural(shift, many)} {since}, {_expected(facts)}; {_change(facts.ratio)}, "
        "and the rest of the day is as usual"
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
    return f"{mean} used a {facts.unit} {_when(facts)}, {_expected(facts)}"


def _expected(facts: Facts) -> str:
    """The range of one period, the mean of several."""
    if len(facts.periods) > 1:
        mean = float(facts.expected.mean())
        if mean < 0.05:
            return "none expected"
        return f"{_number(mean, about=True)} a {facts.unit} expected"
    low = _number(math.ceil(facts.low[0] - 1e-9))
    high = _number(math.floor(facts.high[0] + 1e-9))
    if facts.high[0] < 1:
        return "none expected"
    return f"{low} to {high} expected" if low != high else f"{low} expected"


def _when(facts: Facts) -> str:
    """``in the night shift of 14 Mar``, ``since the day shift of 14 Mar (3 shifts)``."""
    periods, many = facts.periods, len(facts.periods)
    if many == 1:
        return f"{'in' if periods[0].shift else 'on'} {_moment(periods[0])}"
    count = f"({many:,} {facts.unit}s)"
    if facts.ongoing:
        return f"since {_moment(periods[0])} {count}"
    return f"{_from_to(periods)} {count}"


def _from_to(periods: Sequence[Period]) -> str:
    return f"from {_moment(periods[0])} to {_moment(periods[-1])}"


def _moment(period: Period) -> str:
    """``the night shift of 14 Mar``, ``shift 2 of 14 Mar``; without shifts ``14 Mar``."""
    if not period.shift:
        return _date(period)
    name = _shift_name(period)
    the = "" if name.lower().startswith("shift") else "the "
    return f"{the}{name} of {_date(period)}"


def _shift_name(period: Period) -> str:
    """``night shift``, ``shift 2``; the weekday where there are no shifts."""
    if not period.shift:
        return f"{period.local_date:%A}"
    if "shift" in period.shift.lower():
        return period.shift
    return f"shift {period.shift}" if period.shift.isdigit() else f"{period.shift} shift"


def _plural(noun: str, many: int) -> str:
    if many == 1 or noun[-1].isdigit():
        return noun if many == 1 else f"times {noun}"
    return f"{noun}s"


def _date(period: Period) -> str:
    return f"{period.local_date.day} {_MONTHS[period.local_date.month - 1]}"


def _times(ratio: float) -> str:
    """``about 8 times as much as expected``, ``63 % more than expected``."""
    if math.isinf(ratio):
        return "none should have been used"
    if ratio >= 1.75:
        times = "twice" if 1.75 <= ratio < 2.25 else f"{_number(ratio, about=False)} times"
        return f"about {times} as much as expected"
    if ratio <= 0:
        return "nothing was used"
    return _change(ratio, "more than expected", "less than expected", "as much as expected")


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


def _packs(ratio: float) -> str:
    """Which pack size would explain the ratio, if any."""
    if not 0 < ratio < math.inf or max(ratio, 1 / ratio) < _LEAST_PACK_RATIO:
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
    if value >= 9.95 or value == round(value):
        told = f"{value:,.0f}"
    else:
        told = f"{value:.1f}".removesuffix(".0")
    exact = abs(value - round(value, 0 if value >= 10 else 1)) < 1e-9
    return f"about {told}" if about and not exact else told
