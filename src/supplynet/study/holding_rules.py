"""What an open question about a record may do to orders, and the worlds in which it is tried."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from supplynet.simulate.wrong_records import Surges, WrongRecords


class Holds(StrEnum):
    """What of an order waits while a question about its part is open."""

    NOTHING = "nothing"
    ALL = "all"
    EXCESS = "excess"


class Needed(StrEnum):
    """When the rest of an order is needed at once, so that nothing waits."""

    AT_RISK = "at risk"
    """A stock-out is to be feared before the next departure's goods, if the books are right."""
    POSSIBLE = "possible"
    """The books are not below 0: the record may be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an open question does.

    Attributes:
        name: For the table.
        asks: Whether anybody is asked, and so answers.
        holds: What of an order waits.
        needed: When nothing waits.
        unseen: Whether the odd record counts as not observed for the forecast.
        missing: Whether use that is missing in the records counts as used.
    """

    name: str
    asks: bool = True
    holds: Holds = Holds.NOTHING
    needed: Needed = Needed.POSSIBLE
    unseen: bool = False
    missing: bool = False


TRUST = Rule(name="believe everything", asks=False)
ASK = Rule(name="ask, hold nothing")
WHOLE = Rule(name="hold whole orders", holds=Holds.ALL)
AT_RISK = Rule(name="hold the excess unless at risk", holds=Holds.EXCESS, needed=Needed.AT_RISK)
IMPOSSIBLE = Rule(name="hold the impossible", holds=Holds.EXCESS)
UNSEEN = Rule(name="hold the impossible, unseen", holds=Holds.EXCESS, unseen=True)
MISSING = Rule(
    name="hold the impossible, unseen, missing use", holds=Holds.EXCESS, unseen=True, missing=True
)
RULES = (TRUST, ASK, WHOLE, AT_RISK, IMPOSSIBLE, UNSEEN, MISSING)
STEPS = {
    ASK.name: TRUST,
    WHOLE.name: ASK,
    AT_RISK.name: ASK,
    IMPOSSIBLE.name: ASK,
    UNSEEN.name: IMPOSSIBLE,
    MISSING.name: UNSEEN,
}
"""The rule without what each one adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What happens in the plant.

    Attributes:
        name: For the table.
    """

    name: str
    wrong: WrongRecords = field(default_factory=WrongRecords)
    surges: Surges = field(default_factory=Surges)


def worlds(wrong: WrongRecords, surges: Surges) -> tuple[World, ...]:
    """Nothing wrong, records of too much, of too little, of both, real surges, and everything.

    Books are counted alike in all of them.
    """
    right = WrongRecords(counted_days=wrong.counted_days)
    dead = replace(
        right, dead_per_line_week=wrong.dead_per_line_week, dead_shifts=wrong.dead_shifts
    )
    return (
        World(name="nothing wrong", wrong=right),
        World(name="too much recorded", wrong=replace(wrong, dead_per_line_week=0.0)),
        World(name="too little recorded", wrong=dead),
        World(name="wrong records", wrong=wrong),
        World(name="real surges", wrong=right, surges=surges),
        World(name="both", wrong=wrong, surges=surges),
    )
