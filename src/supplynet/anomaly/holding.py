"""What an odd value does to automatic ordering: how much of an order waits for a person.

A value above what was expected by ``excess`` parts makes the books believe that ``excess`` parts
are gone. If the record is wrong they are still there, and an order sized by the books brings them
a second time. Stock is lean, so books that are right after such a value nearly always mean that
the order is needed at once: a real surge is never ignored. But nobody can use what is not there.
Books below 0 prove the record wrong, and then so much of the order waits as it would bring again
(``release_by_books``, the default). ``supplynet bench holding`` plays it against other rules.

A value below what was expected makes the books believe in parts that may be gone. Nothing waits
then; what may have been used can count as used until somebody counts or answers (``missing_use``).
"""

from __future__ import annotations

import math

from supplynet.anomaly.incident import Kind
from supplynet.errors import InvalidInput

NEW_LEVEL_PERIODS = 2
"""A higher level that lasts longer than this many shifts is taken for the new truth."""
_TOO_MUCH = {Kind.SPIKE, Kind.DOUBLE_BOOKING, Kind.UNIT_JUMP, Kind.UNUSUAL}
_TOO_LITTLE = {Kind.DROP, Kind.DEAD_SENSOR, Kind.STUCK_SENSOR, Kind.UNIT_JUMP}


def holds(kind: Kind, size: float, *, periods: int = 1) -> bool:
    """Whether an incident may be a record of use that never was, so that a part of orders waits.

    Args:
        kind: Of the incident.
        size: Parts beyond what was expected, summed over it; below 0 = too few.
        periods: How many odd periods it has so far; matters to a shift of the level only.
    """
    if not size > 0:
        return False
    if kind is Kind.LEVEL_SHIFT:
        return periods <= NEW_LEVEL_PERIODS
    return kind in _TOO_MUCH


def in_doubt(kind: Kind, size: float, *, periods: int = 1) -> bool:
    """Whether an incident may be a wrong record, of too much or of too little.

    A shift of the level is in doubt as long as it is new, so that a real one is learnt.

    Args:
        kind: Of the incident.
        size: Parts beyond what was expected, summed over it; below 0 = too few.
        periods: How many odd periods it has so far.
    """
    if kind is Kind.LEVEL_SHIFT:
        return periods <= NEW_LEVEL_PERIODS
    return holds(kind, size) or missing_use(kind, size) > 0 or kind is Kind.STUCK_SENSOR


def release_now(quantity: int, excess: float, container_size: int, *, needed: bool) -> int:
    """Parts of an order that go at once; the rest waits for a person.

    Rounded up to containers: less than one is not worth a question.

    Args:
        quantity: Parts to order for one stock point, >= 0.
        excess: Parts that the odd records of its lines are above what was expected and that
            have not been ordered yet (``excess_left``), >= 0.
        container_size: Parts of one container, >= 1.
        needed: Whether a halt is to be feared before the goods of the next departure arrive if
            the rest waits; then nothing does.

    Returns:
        0 to ``quantity``.

    Raises:
        InvalidInput: A figure is out of its range.
    """
    _check(quantity, excess, container_size)
    if needed or excess >= quantity:
        return quantity if needed else 0
    containers = math.ceil((quantity - excess) / container_size)
    return min(quantity, containers * container_size)


def release_by_books(quantity: int, excess: float, on_hand: int, container_size: int) -> int:
    """Parts of an order that go at once, by what the books can tell: the default rule.

    Everything, as long as the record may be right; without what a record that cannot be right
    would bring a second time. The rest of the excess is settled by ``excess_left`` with
    ``excess_ordered`` in place of the excess.

    Args:
        quantity: Parts to order for one stock point, >= 0.
        excess: As in ``release_now``.
        on_hand: Stock in the books after the odd record; may be below 0, where orders count none.
        container_size: Parts of one container, >= 1.

    Returns:
        0 to ``quantity``.

    Raises:
        InvalidInput: A figure is out of its range.
    """
    again, possible = excess_ordered(on_hand, excess), not is_impossible(on_hand, excess)
    return release_now(quantity, again, container_size, needed=possible)


def excess_left(excess: float, quantity: int, released: int) -> float:
    """What of an excess is still not ordered after ``released`` of ``quantity`` went.

    An excess that was ordered once, because it was needed, must not cut the next order too.

    Args:
        excess: Before this order, >= 0.
        quantity: What the books asked for, >= 0.
        released: What went of it, 0 to ``quantity``.

    Raises:
        InvalidInput: A figure is out of its range.
    """
    _check(quantity, excess, 1)
    if not 0 <= released <= quantity:
        raise InvalidInput(f"{released} parts released of {quantity}; it must lie from 0 to that")
    without_excess = max(0.0, quantity - excess)
    return max(0.0, excess - max(0.0, released - without_excess))


def excess_ordered(on_hand: int, excess: float) -> float:
    """What an order brings again because of an excess, when orders count stock below 0 as none.

    Args:
        on_hand: As the books have it after the odd record; may be below 0.
        excess: Parts, >= 0.

    Returns:
        0 to ``excess``: the part of it that lies above 0 in the books.
    """
    return max(0.0, min(excess, on_hand + excess))


def is_impossible(on_hand: int, excess: float) -> bool:
    """Whether more was reported than there was: such a record is wrong, whoever wrote it.

    Nothing that was not there can be used, so books below 0 prove the excess wrong, and no part of
    it is needed.
    """
    return on_hand < 0 < excess


def missing_use(kind: Kind, size: float) -> float:
    """Parts that count as used though no record says so; 0 where the incident is not of that sort.

    Args:
        kind: Of the incident.
        size: Parts beyond what was expected, summed over it; below 0 = too few.
    """
    return -size if size < 0 and kind in _TOO_LITTLE else 0.0


def _check(quantity: int, excess: float, container_size: int) -> None:
    if quantity < 0:
        raise InvalidInput(f"an order of {quantity} parts; a quantity is 0 or more")
    if not excess >= 0:
        raise InvalidInput(f"an excess of {excess} parts; it is 0 or more, and a number")
    if container_size < 1:
        raise InvalidInput(f"a container of {container_size} parts; it holds 1 or more")
