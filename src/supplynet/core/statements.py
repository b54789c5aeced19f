"""What an event says of what a line will do: another rate, a stop, going on.

| event | data | says |
|---|---|---|
| rate_changed | ``percent`` 0 to 300, ``from``, ``until`` | the line runs at this rate |
| plan_changed, ``what`` line_stopped | ``from``, ``until`` | the line will stand still |
| plan_changed, ``what`` line_resumed | ``from`` | stops that hold then end then |
| plan_changed, ``what`` withdrawn | ``withdraws`` | it was never announced |
| line_stopped with ``from`` or ``until`` | ``from``, ``until`` | it stands still, and will |
| line_resumed | ``from`` | as above; also what a machine reports |

``from`` left out is the moment of the event; ``until`` left out is the end of the shift, see
``core.announcements``. A ``line_stopped`` with neither is a fact alone: nobody said how long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from supplynet.core.events import Event, EventType
from supplynet.core.spelling import nearest
from supplynet.errors import InvalidInput

MOST_PERCENT = 300
FARTHEST = timedelta(days=31)
"""How far from the moment of the event an announcement may begin, and how far ahead it may end."""
WHAT, WITHDRAWS = "what", "withdraws"
_NOTE = ("reason",)
_LONGEST = 200
_DATA = {
    EventType.RATE_CHANGED: ("percent", "from", "until", *_NOTE),
    EventType.PLAN_CHANGED: (WHAT, "from", "until", WITHDRAWS, *_NOTE),
}
TYPES = (*_DATA, EventType.LINE_STOPPED, EventType.LINE_RESUMED)
"""Events that may announce something."""


class Says(StrEnum):
    """What an announcement says; those of ``plan_changed`` by the word in ``what``."""

    RATE = "rate"
    STOPPED = "line_stopped"
    RESUMED = "line_resumed"
    WITHDRAWN = "withdrawn"


_PLANNED = (Says.STOPPED, Says.RESUMED, Says.WITHDRAWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One event, read.

    Attributes:
        factor: On the usual rate, 0 to 3; 1 where nothing is said of it.
        start: Aware.
        end: None = the end of the shift.
        withdraws: Key of the event that is taken back; "" for all others.
    """

    key: str
    line_id: str
    says: Says
    factor: float
    start: datetime
    end: datetime | None
    said_at: datetime
    withdraws: str = ""
    reason: str = ""


def statement_of(event: Event) -> Statement | None:
    """What an event announces; None = nothing, such as a stop that a machine reports.

    Raises:
        InvalidInput: It cannot be understood, in a sentence that says what is right.
    """
    if event.type not in TYPES:
        return None
    if event.type in _DATA:
        _check_keys(event)
    elif event.type is EventType.LINE_STOPPED and not event.data.keys() & {"from", "until"}:
        return None
    says = _says(event)
    start, end = _moment(event, "from"), _moment(event, "until")
    start = start or event.occurred_at.astimezone(UTC)
    _check_times(event, says, start, end)
    return Statement(
        key=event.key,
        line_id=event.location_id,
        says=says,
        factor=_factor(event, says),
        start=start,
        end=end,
        said_at=event.occurred_at,
        withdraws=_withdraws(event, says),
        reason=_reason(event),
    )


def _says(event: Event) -> Says:
    if event.type is EventType.RATE_CHANGED:
        return Says.RATE
    if event.type is not EventType.PLAN_CHANGED:
        return Says(event.type.value)
    words = {each.value: each for each in _PLANNED}
    said = event.data.get(WHAT)
    if not isinstance(said, str) or said not in words:
        raise _wrong(event, f"has what {said!r}", f"{', '.join(words)} are right")
    return words[said]


def _factor(event: Event, says: Says) -> float:
    if says is not Says.RATE:
        return 0.0 if says is Says.STOPPED else 1.0
    percent: Any = event.data.get("percent")
    is_number = isinstance(percent, int | float) and not isinstance(percent, bool)
    if not (is_number and 0 <= percent <= MOST_PERCENT):  # NaN is neither
        right = f"a number from 0 to {MOST_PERCENT} is right, 100 = the usual rate"
        raise _wrong(event, f"has percent {percent!r}", right)
    return float(percent) / 100


def _withdraws(event: Event, says: Says) -> str:
    key = _text(event, WITHDRAWS)
    if says is Says.WITHDRAWN and not key:
        raise _wrong(event, "does not say what it withdraws", "SOURCE/EVENT_ID of it is right")
    if says is not Says.WITHDRAWN and key:
        raise _wrong(event, f"withdraws {key}", f"that needs {WHAT} withdrawn")
    return key


def _check_keys(event: Event) -> None:
    """A word that nobody reads would be lost without a word."""
    known = _DATA[event.type]
    for name in event.data:
        if name not in known:
            meant = nearest(name, known)
            hint = f"did you mean {meant!r}?" if meant else f"{', '.join(known)} are right"
            raise _wrong(event, f"has {name!r} in its data", hint)
    if event.part_id is not None or event.quantity is not None:
        raise _wrong(
            event, "names a part or a quantity", "it is about a whole line: leave both out"
        )


def _check_times(event: Event, says: Says, start: datetime, end: datetime | None) -> None:
    if says in {Says.RESUMED, Says.WITHDRAWN} and end is not None:
        raise _wrong(event, "has an until", "only a rate and a stop have one")
    if end is not None and end <= start:
        raise _wrong(event, f"ends {_iso(end)}, not after {_iso(start)}", "mend from or until")
    for name, moment in (("from", start), ("until", end or start)):
        if abs(moment - event.occurred_at) > FARTHEST:
            days = abs(moment - event.occurred_at) / timedelta(days=1)
            right = f"at most {FARTHEST.days} are right; announce it again later"
            raise _wrong(event, f"has {name} {days:,.0f} days from when it was said", right)


def _moment(event: Event, name: str) -> datetime | None:
    said = event.data.get(name)
    if said is None:
        return None
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else None
        if moment is not None and moment.utcoffset() is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no moment, or one before the first year
        pass
    right = "a moment with its zone is right, such as 2026-01-05T14:00:00Z"
    raise _wrong(event, f"has {name} {said!r}", right)


def _reason(event: Event) -> str:
    """A fact is not refused for what it says beside; it is shortened to what can be shown."""
    if event.type in _DATA:
        return _text(event, "reason")
    said = event.data.get("reason")
    text = said if isinstance(said, str) else ""
    return "".join(each for each in text[:_LONGEST] if each.isprintable())


def _text(event: Event, name: str) -> str:
    said = event.data.get(name)
    if said is None:
        return ""
    if not (isinstance(said, str) and len(said) <= _LONGEST and said.isprintable()):
        right = f"a text of up to {_LONGEST} printable characters is right"
        raise _wrong(event, f"has {name} {said!r:.40}", right)
    return said


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"


def _wrong(event: Event, wrong: str, right: str) -> InvalidInput:
    return InvalidInput(
        f"event {event.key} ({event.type.value} at {event.location_id}) {wrong}; {right}"
    )
