"""One iteration over all states: with the best orders, or with given ones."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.study.exact_states import Index, States, pipelines, refuse_too_wide
from supplynet.study.lost_sales_model import LostSales

_SMALLER = 1e-9
"""An order must be better by this much than a smaller one."""


class Choices(Protocol):
    """The optimality equation."""

    def step(self, value: FloatArray) -> FloatArray:
        """The equation once, shape (state,)."""

    def orders(self, value: FloatArray) -> IntArray:
        """The smallest best order in each state, shape (state,)."""


def choices(model: LostSales, states: States) -> Choices:
    """The optimality equation of a model."""
    return _ManyChoices(model, states) if model.lead_time > 1 else _FewChoices(model, states)


class _FewChoices:
    """Lead times of 0 and 1: the state is a number, an order ``z`` shifts where it leads."""

    def __init__(self, model: LostSales, states: States) -> None:
        self._limit, self._most = states.limit, states.most
        self._left = model.demand.left(states.limit + 1)
        self._cost = model.period_cost(states.limit + 1)
        self._fixed_cost, self._at_once = model.fixed_cost, model.lead_time == 0

    def step(self, value: FloatArray) -> FloatArray:
        return np.asarray(self._outcomes(value).min(axis=0))

    def orders(self, value: FloatArray) -> IntArray:
        outcomes = self._outcomes(value)
        good = outcomes <= outcomes.min(axis=0) + _SMALLER
        return np.asarray(np.argmax(good, axis=0), dtype=np.int32)

    def _outcomes(self, value: FloatArray) -> FloatArray:
        """Cost of each order in each state from here on, shape (order, state)."""
        found = np.full((self._most + 1, self._limit + 1), np.inf)
        at_once = self._cost + self._left @ value
        for order in range(self._most + 1):
            width = self._limit + 1 - order
            later = self._left[:width, :width] @ value[order:]
            found[order, :width] = at_once[order:] if self._at_once else self._cost[:width] + later
        found[1:] += self._fixed_cost
        return found


class _ManyChoices:
    """Lead times of 2 and more.

    For an order ``z`` the next state is ``(x - D)+ + q_1`` with the pipeline ``q_2 ... q_{L-1} z``.
    The pair ``(x, q_1)`` is a column, sorted by ``u = x + q_1``: from it the next stock is at most
    ``u``, so for pipelines that sum to ``T`` the columns ``u <= limit - T`` are the feasible ones,
    and they come first. What is left of the pipeline, ``q_2 ... q_{L-1}``, is a row.
    """

    def __init__(self, model: LostSales, states: States) -> None:
        limit, most = states.limit, states.most
        refuse_too_wide((limit + 1) ** 2 * (min(most, limit) + 1), limit)
        self._states, self._fixed_cost = states, model.fixed_cost
        begins, self._begin_sums = pipelines(states.lead_time - 2, limit, most)
        self._starts = np.searchsorted(self._begin_sums, np.arange(limit + 2))
        total, due = np.mgrid[0 : limit + 1, 0 : most + 1]
        fits = due <= total
        total, due = total[fits], due[fits]
        self._columns = np.searchsorted(total, np.arange(limit + 2))
        rest = np.arange(limit + 1)[:, None] - due[None]
        left = model.demand.left(limit + 1)
        self._expect = np.where(rest >= 0, left[total - due, np.maximum(rest, 0)], 0.0)
        self._values = np.empty((len(begins), len(total)))
        self._cost = model.period_cost(limit + 1)
        self._prepare_gather(begins)

    def _prepare_gather(self, begins: IntArray) -> None:
        """Where each state finds its value: the row of ``q_2 ...``, the column of (x, q_1)."""
        states = self._states
        every = states.all
        radix = (states.most + 1) ** np.arange(begins.shape[1])[::-1]
        row = np.zeros((states.most + 1) ** begins.shape[1], dtype=np.intp)
        row[begins @ radix] = np.arange(len(begins))
        column = self._columns[every[:, 0] + every[:, 1]] + every[:, 1]
        self._gather = row[every[:, 2:] @ radix] * self._values.shape[1] + column
        self._cost = self._cost[every[:, 0]]

    def step(self, value: FloatArray) -> FloatArray:
        self._values.fill(np.inf)
        for rows, columns, outcome in self._outcomes(value):
            best = self._values[rows, :columns]
            np.minimum(best, outcome, out=best)
        found: FloatArray = self._values.ravel()[self._gather]
        found += self._cost
        return found

    def orders(self, value: FloatArray) -> IntArray:
        self._values.fill(np.inf)
        chosen = np.zeros(self._values.shape, dtype=np.int32)
        for total, (rows, columns, outcome) in enumerate(self._outcomes(value)):
            better = outcome < self._values[rows, :columns] - _SMALLER
            self._values[rows, :columns][better] = outcome[better]
            order = total - self._begin_sums[rows]
            np.copyto(chosen[rows, :columns], order[:, None].astype(np.int32), where=better)
        return np.asarray(chosen.ravel()[self._gather])

    def _outcomes(self, value: FloatArray) -> Iterator[tuple[slice, int, FloatArray]]:
        """Expected value after an order, for each sum of the pipeline that it makes.

        Yields:
            Rows and number of columns, and the value there. The order is the sum less the row's.
        """
        states, starts = self._states, self._starts
        edges = np.searchsorted(states.sums, np.arange(states.limit + 2))
        for total in range(int(states.sums[-1]) + 1):
            width = states.limit + 1 - total
            columns = int(self._columns[width])
            rows = slice(int(starts[max(total - states.most, 0)]), int(starts[total + 1]))
            numbers = slice(states.first[edges[total]], states.first[edges[total + 1]])
            outcome = value[numbers].reshape(-1, width) @ self._expect[:width, :columns]
            if self._fixed_cost:
                without = int(starts[total + 1] - starts[total])
                outcome[: len(outcome) - without] += self._fixed_cost
            yield rows, columns, outcome


class FixedOrders:
    """The equation of a policy, for the states that it can come to from empty stock.

    The stock after demand is a contiguous stretch of state numbers, so the expectation is a window
    of the values times the chances of what is left, for all states with the same stock at once.

    Attributes:
        reached: Numbers of the states that can be reached.
    """

    def __init__(
        self, model: LostSales, states: States, orders: IntArray, *, everywhere: bool = False
    ) -> None:
        every, size = states.all, states.limit + 1
        held = every[:, 0] + orders if model.lead_time == 0 else every[:, 0]
        first = _next_empty(model, states, every, orders)
        cost = model.period_cost(size)[held] + model.fixed_cost * (orders > 0)
        rows = np.arange(states.size) if everywhere else _reached(first, held)
        ordered = rows[np.argsort(held[rows], kind="stable")]
        edges = np.searchsorted(held[ordered], np.arange(size + 1))
        self.reached, self._left = ordered, model.demand.left(size)
        self._groups = [slice(*pair) for pair in pairwise(edges.tolist())]
        self._first, self._cost = first[ordered], cost[ordered]

    def step(self, value: FloatArray) -> FloatArray:
        """The equation once: values of all states in, of those that are reached out."""
        found = self._cost.copy()
        size = len(self._left)
        windows = sliding_window_view(np.concatenate([value, np.zeros(size)]), size)
        for stock, group in enumerate(self._groups):
            if group.stop > group.start:
                ahead = windows[:, : stock + 1][self._first[group]]
                found[group] += ahead @ self._left[stock, : stock + 1]
        return found


def _reached(first: Index, held: IntArray) -> Index:
    """States that can follow, again and again, on state 0."""
    seen = np.zeros(len(first) + 1, dtype=np.bool_)
    new = np.zeros(1, dtype=np.intp)
    while len(new):
        seen[new] = True
        edges = np.zeros(len(first) + 1, dtype=np.int32)
        np.add.at(edges, first[new], 1)
        np.add.at(edges, first[new] + held[new] + 1, -1)
        new = np.flatnonzero((np.cumsum(edges) > 0) & ~seen)
    return np.flatnonzero(seen[:-1])


def _next_empty(model: LostSales, states: States, every: IntArray, orders: IntArray) -> Index:
    """Number of the next state if demand takes all, shape (state,)."""
    if model.lead_time == 0:
        return np.zeros(len(every), dtype=np.intp)
    if model.lead_time == 1:
        return orders.astype(np.intp)
    return states.number(every[:, 1], np.column_stack([every[:, 2:], orders]))
