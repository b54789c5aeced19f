"""What is at stake when a pair runs out: the minutes and the lines that a shortage would cost."""

from __future__ import annotations

import numpy as np

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.simulate.calendar_slots import Slots
from supplynet.simulate.departures import Batch

USUAL_PRIORITY = 100
"""A line of this priority counts once, one of priority 50 twice."""


def window_minutes(batch: Batch) -> FloatArray:
    """Working minutes from a decision until the next vehicle's goods can be used, shape (pair,).

    With the mean transit time. Beyond the horizon work goes on in the share of time in which it
    did within.
    """
    slots = batch.slots
    ends = [slots.minutes(d.next_departure_at) + d.lane.transit.mean for d in batch.departures]
    begin = float(slots.edges[batch.slot])
    minutes = np.maximum(_worked(slots, np.array(ends)) - _worked(slots, np.array([begin])), 1.0)
    return np.asarray(minutes[batch.departure_of_pair], dtype=np.float64)


def line_weights(
    plant: Plant, lines: tuple[str, ...], line_of_need: IntArray, pair_of_need: IntArray, pairs: int
) -> FloatArray:
    """Sum over the lines that a pair feeds of ``100 / priority``, shape (pair,).

    Args:
        plant: Has the lines' priorities; 0 counts as 1.
        lines: In the order of the indices.
        line_of_need: A line that needs a pair; each need once or more.
        pair_of_need: The pair, same shape.
        pairs: Number of pairs.
    """
    priority = [max(plant.location(line).priority, 1) for line in lines]
    weight = USUAL_PRIORITY / np.array(priority, dtype=np.float64)
    needs = np.unique(np.stack([pair_of_need, line_of_need]), axis=1)
    summed = np.bincount(needs[0], weights=weight[needs[1]], minlength=pairs)
    return summed.astype(np.float64)  # of no needs at all numpy makes whole numbers


def _worked(slots: Slots, minutes: FloatArray) -> FloatArray:
    """Working minutes until some moments of the horizon or after it."""
    working = np.diff(slots.edges) * (slots.shift_of_slot >= 0)
    until = np.concatenate([[0.0], np.cumsum(working)])
    end = float(slots.edges[-1])
    inside: FloatArray = np.interp(minutes, slots.edges, until)
    return inside + np.maximum(minutes - end, 0.0) * float(until[-1]) / end
