"""Run a policy on the twin: decide when a cut-off comes, step, repeat."""

from __future__ import annotations

from supplynet.core.protocols import Policy
from supplynet.replenish.decide import decide
from supplynet.simulate.outlook import NoOutlook, Outlooks
from supplynet.simulate.record import RunResult
from supplynet.simulate.twin import Twin


def run(twin: Twin, policy: Policy, outlooks: Outlooks | None = None) -> RunResult:
    """Run ``policy`` until the end of the twin's horizon.

    Args:
        twin: Stepped to its end.
        policy: Decides for every departure.
        outlooks: What it gets to know; None = nothing (min/max needs nothing).
    """
    knows = NoOutlook() if outlooks is None else outlooks
    while not twin.done:
        decide_due(twin, policy, knows)
        twin.step()
    return twin.result()


def decide_due(twin: Twin, policy: Policy, outlooks: Outlooks) -> None:
    """Take the decisions that are due now and reserve what they grant."""
    for batch in twin.due():
        decision = decide(
            policy,
            twin.state_of(batch.pairs),
            outlooks.outlook(twin, batch),
            batch.terms,
            twin.supply_of(batch),
        )
        twin.dispatch_batch(batch, decision.granted)
