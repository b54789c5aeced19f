"""Where a twin lets trouble in: what differs from the plan, and from what the books say."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import numpy.typing as npt

from supplynet.core.network import Lane
from supplynet.core.sample_paths import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]


class Disruptions:
    """Nothing goes wrong. Subclasses override what they disturb and are handed to ``Twin``.

    Every answer but that of ``book`` is a pure function of its arguments, with random numbers
    drawn by key (``core.keyed.uniform``): the same trouble then meets every policy, whatever was
    ordered and in whatever order the twin asks. ``luck``, shape (replication,), is the number to
    key with in each replication: equal numbers have equal luck. ``None`` means "as planned" and
    costs nothing; an answer of one replication holds for all of them.

    A demand shock, a rate change or an extra shift is no disruption of the twin: change the demand
    or the calendar that it is given.
    """

    def book(self, slot: int, on_hand: IntArray) -> IntArray:
        """Stock of the stock points as the books have it; this is what decisions read.

        Called once per slot, in order, at its begin and before any decision, so that it may
        remember what it was shown (late bookings, errors that last until the next count).

        Args:
            slot: The slot that begins.
            on_hand: What is there, shape (replication, pair); not to be changed.

        Returns:
            Same shape; below 0 counts as 0.
        """
        del slot
        return on_hand

    def delay_minutes(
        self, lane: Lane, departure_at: datetime, luck: IntArray
    ) -> FloatArray | None:
        """Minutes by which a vehicle arrives later than its transit time says, >= 0.

        Later vehicles of the lane do not overtake it. Asked for every vehicle, loaded or not.

        Returns:
            Shape (replication,).
        """
        del lane, departure_at, luck
        return None

    def cancelled(self, lane: Lane, departure_at: datetime, luck: IntArray) -> BoolArray | None:
        """Whether a vehicle does not leave, shape (replication,).

        This turns out when it should leave: what was reserved for it is free again, and is no
        longer on order.
        """
        del lane, departure_at, luck
        return None

    def usable(
        self,
        lane: Lane,
        departure_at: datetime,
        pairs: IntArray,
        quantities: IntArray,
        luck: IntArray,
    ) -> IntArray | None:
        """Parts of a delivery that can be used; the rest is damaged or missing, and scrapped.

        Nobody knows before it arrives: until then it is on order in full.

        Args:
            lane: Of the vehicle.
            departure_at: When it left.
            pairs: Indices of the pairs on board, shape (pair,).
            quantities: Parts on board, shape (replication, pair).
            luck: Shape (replication,).

        Returns:
            Shape (replication, pair), 0 to ``quantities``.
        """
        del lane, departure_at, pairs, quantities, luck
        return None

    def purchase_delay_minutes(
        self, source: tuple[str, str], day: date, luck: IntArray
    ) -> FloatArray | None:
        """Minutes by which a purchase arrives later than its lead time says, >= 0.

        Later purchases of the part do not overtake it.

        Args:
            source: (warehouse, part).
            day: Of the order, UTC.
            luck: Shape (replication,).

        Returns:
            Shape (replication,).
        """
        del source, day, luck
        return None

    def stopped(self, slot: int, luck: IntArray) -> BoolArray | None:
        """Lines that stand in a slot for another reason than parts, shape (replication, line).

        They draw nothing, are not starved, and build nothing of the slot's demand, then or later.
        """
        del slot, luck
        return None
