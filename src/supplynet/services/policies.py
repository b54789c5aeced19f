"""The policy of a workspace: named by the settings, with its tuned parameters from the books."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from supplynet.core.protocols import Policy
from supplynet.cycle.snapshot import slot_minutes
from supplynet.errors import InvalidInput
from supplynet.frames.panel import Panel
from supplynet.replenish.min_max import MinMax, plant_thresholds
from supplynet.replenish.no_stockout import NoStockout
from supplynet.replenish.per_rule import PerRule
from supplynet.services import forecasting
from supplynet.services.books import Books
from supplynet.services.promised import promised_alphas
from supplynet.storage import values
from supplynet.study.families import Past, family
from supplynet.study.replay import past_of

PARAMETERS = "policy_parameters"
log = logging.getLogger(__name__)


def parameters_of(books: Books, name: str) -> dict[str, float]:
    """Tuned parameters of a policy, or its defaults until ``simulate`` has tuned them.

    Raises:
        InvalidInput: No such policy.
    """
    return dict(_tuned(books).get(name, family(name).defaults))


def keep_parameters(books: Books, name: str, parameters: dict[str, float], *, actor: str) -> None:
    """Remember the tuned parameters of a policy."""
    with books.store.write(actor, books.wall_clock()) as tx:
        tuned = dict(values.get_value(tx, PARAMETERS, {}))
        tuned[name] = dict(parameters)
        values.set_value(tx, PARAMETERS, tuned, reason="tuned by simulation")


def policy_of(books: Books, history: Panel | None = None) -> Policy:
    """The policy that the settings name, with those that supply rules name for their parts.

    Args:
        books: A workspace.
        history: What policies that do not look ahead are set from; None = all history.

    Raises:
        InvalidInput: No such policy, or no history to set it from.
    """
    usual = books.settings.policy
    own = {
        pair: rule.policy
        for pair, rule in books.plant.supply_rule.items()
        if rule.policy and rule.policy != usual
    }
    made = {name: _made(books, name, history) for name in {usual, *own.values()}}
    return PerRule(usual=made[usual], others=made, named=own) if own else made[usual]


def _made(books: Books, name: str, history: Panel | None) -> Policy:
    """One policy, tuned; ``no_stockout`` takes its alphas from costs, or from the promise."""
    if family(name).from_past:
        panel = forecasting.history_panel(books) if history is None else history
        return static_policy(books, name, panel, parameters_of(books, name))
    made = family(name).candidate(parameters_of(books, name), Past()).policy
    by_costs = books.settings.lost_minute_cost is not None
    if isinstance(made, NoStockout) and (by_costs or name not in _tuned(books)):
        panel = forecasting.history_panel(books) if history is None else history
        try:
            return replace(made, by_pair=promised_alphas(books, panel))
        except InvalidInput as error:
            if by_costs:
                raise
            # Too little history to say more than the default.
            log.info("no alphas from the promise: %s", error)
    return made


def _tuned(books: Books) -> Mapping[str, Any]:
    with books.store.read() as tx:
        tuned: dict[str, Any] = values.get_value(tx, PARAMETERS, {})
    return tuned


def static_policy(books: Books, name: str, panel: Panel, parameters: dict[str, float]) -> Policy:
    """A policy that is set from the windows of the last weeks."""
    plant = books.plant
    shifts = forecasting.common_calendar(books).next_shifts(panel.period_starts[0], 14)
    past = past_of(plant, panel, slot_minutes=slot_minutes(shifts))
    found = family(name).candidate(parameters, past).policy
    if not isinstance(found, MinMax):
        return found
    # A part that is new has no past: what people keep in its rule, or a container at a time.
    new = {
        pair: (rule.container_size, 2 * rule.container_size)
        for pair, rule in plant.supply_rule.items()
    }
    return MinMax(thresholds=new | plant_thresholds(plant) | dict(found.thresholds))
