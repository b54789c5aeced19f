"""Run a policy on the twin: decide when a cut-off comes, step, repeat."""

from __future__ import annotations

from supplynet.core.protocols import Policy
from supplynet.replenish.decide import decide
from supplynet.replenish.rationing import MARGINAL
from supplynet.simulate.buying import Purchaser
from supplynet.simulate.outlook import NoOutlook, Outlooks
from supplynet.simulate.record import RunResult
from supplynet.simulate.twin import Twin


def run(
    twin: Twin,
    policy: Policy,
    outlooks: Outlooks | None = None,
    *,
    rationing: str = MARGINAL,
    purchaser: Purchaser | None = None,
) -> RunResult:
    """Run ``policy`` until the end of the twin's horizon.

    Args:
        twin: Stepped to its end.
        policy: Decides for every departure.
        outlooks: What it gets to know; None = nothing (min/max needs nothing).
        rationing: Who gets what where something is short, see ``replenish.rationing``.
        purchaser: What the warehouses buy; None = by the static levels of the purchase rules.
    """
    knows = NoOutlook() if outlooks is None else outlooks
    while not twin.done:
        decide_due(twin, policy, knows, rationing=rationing)
        if purchaser is not None and twin.warehouse.buys_in(twin.slot):
            twin.warehouse.plan_purchases(purchaser.quantities(twin))
        twin.step()
    return twin.result()


def decide_due(
    twin: Twin, policy: Policy, outlooks: Outlooks, *, rationing: str = MARGINAL
) -> None:
    """Take the decisions that are due now and reserve what they grant."""
    known = not isinstance(outlooks, NoOutlook)  # else nobody looks at vehicles or stakes
    for batch in twin.due():
        decision = decide(
            policy,
            twin.state_of(batch.pairs, vehicles=known),
            outlooks.outlook(twin, batch),
            batch.terms,
            twin.supply_of(batch, stakes=known),
            rationing=rationing,
        )
        twin.dispatch_batch(batch, decision.granted)
