"""Many settings in one run of the twin: a row of replications for each, the same days for all.

The twin is vectorised over replications, so two dozen settings cost little more than one. All of
them meet the same demand, transit times and lead times (common random numbers), and look at one
forecast, which follows what the first setting has shown; a setting that halts more often would
have seen less, so the first should be the most careful.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, Policy, SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.simulate.record import RunResult


@dataclass(frozen=True, kw_only=True)
class SideBySide:
    """One policy for each block of replications.

    Args:
        policies: Policy ``i`` decides for replications ``i * rows`` to ``(i + 1) * rows``.
        rows: Replications of each.
    """

    policies: Sequence[Policy]
    rows: int = 1

    @property
    def name(self) -> str:
        """For records."""
        return "side_by_side"

    def wanted(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """What each policy wants for its own replications."""
        blocks = [slice(at, at + self.rows) for at in range(0, len(state.on_hand), self.rows)]
        return np.concatenate(
            [
                policy.wanted(_rows(state, block), outlook, terms)
                for policy, block in zip(self.policies, blocks, strict=True)
            ]
        )


def block_of(result: RunResult, first: int, rows: int = 1) -> RunResult:
    """The part of a record that tells of some replications."""
    block = slice(first, first + rows)
    return replace(
        result,
        demand=result.demand if len(result.demand) == 1 else result.demand[block],
        consumed=result.consumed[block],
        starved_minutes=result.starved_minutes[block],
        halts=result.halts[block],
        standing=result.standing[block],
        blamed_minutes=result.blamed_minutes[block],
        on_hand=result.on_hand[:, block],
        in_transit=result.in_transit[:, block],
        at_warehouse=result.at_warehouse[:, block],
        loads=tuple(replace(each, quantities=each.quantities[block]) for each in result.loads),
        lost_minutes=result.lost_minutes[block],
        owed=result.owed[block],
    )


def _rows(state: DecisionState, block: slice) -> DecisionState:
    due = None if state.due is None else state.due[:, block]
    return replace(state, on_hand=state.on_hand[block], on_order=state.on_order[block], due=due)
