"""The policy of a workspace: named by the settings, with its tuned parameters from the books."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from supplynet.core.protocols import Policy
from supplynet.cycle.snapshot import slot_minutes
from supplynet.errors import InvalidInput
from supplynet.frames.panel import Panel
from supplynet.replenish.min_max import MinMax, plant_thresholds
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.services import forecasting
from supplynet.services.books import Books
from supplynet.storage import values
from supplynet.study.replay import window_sums
from supplynet.study.tuning import min_max

PARAMETERS = "policy_parameters"
DEFAULTS: dict[str, dict[str, float]] = {
    "order_up_to": {"alpha": 0.995},
    "min_max": {"z": 3.0, "extra_cover": 0.5},
}
"""Used until ``simulate`` has tuned them on the plant's own history."""
WINDOW_HISTORY = timedelta(days=56)


def parameters_of(books: Books, name: str) -> dict[str, float]:
    """Tuned parameters of a policy, or the defaults.

    Raises:
        InvalidInput: No such policy.
    """
    if name not in DEFAULTS:
        raise InvalidInput(f"no policy {name!r}; choose one of {', '.join(sorted(DEFAULTS))}")
    with books.store.read() as tx:
        tuned: dict[str, Any] = values.get_value(tx, PARAMETERS, {})
    return dict(tuned.get(name, DEFAULTS[name]))


def keep_parameters(books: Books, name: str, parameters: dict[str, float], *, actor: str) -> None:
    """Remember the tuned parameters of a policy."""
    with books.store.write(actor, books.wall_clock()) as tx:
        tuned = dict(values.get_value(tx, PARAMETERS, {}))
        tuned[name] = dict(parameters)
        values.set_value(tx, PARAMETERS, tuned, reason="tuned by simulation")


def policy_of(books: Books, history: Panel | None = None) -> Policy:
    """The policy that the settings name.

    Args:
        books: A workspace.
        history: For thresholds; None = all history of the workspace.

    Raises:
        InvalidInput: No such policy, or no history to set thresholds from.
    """
    name = books.settings.policy
    parameters = parameters_of(books, name)
    if name == "order_up_to":
        return OrderUpTo(**parameters)
    panel = forecasting.history_panel(books) if history is None else history
    return min_max_of(books, panel, parameters)


def min_max_of(books: Books, panel: Panel, parameters: dict[str, float]) -> Policy:
    """Static thresholds from the windows of the last eight weeks."""
    plant = books.plant
    needed = {(row.line_id, row.part_id) for row in plant.requirements}
    recent = panel.tail(_periods(panel)).select(needed)
    pairs = tuple(sorted({(plant.stock_point_of(line), part) for line, part in recent.series}))
    shifts = forecasting.common_calendar(books).next_shifts(recent.period_starts[0], 14)
    sums = window_sums(plant, recent, slot_minutes=slot_minutes(shifts))
    found = min_max(pairs, sums, parameters["z"], parameters["extra_cover"])
    # A part that is new has no past: what people keep in its rule, or a container at a time.
    new = {
        pair: (rule.container_size, 2 * rule.container_size)
        for pair, rule in plant.supply_rule.items()
    }
    return MinMax(thresholds=new | plant_thresholds(plant) | dict(found.thresholds))


def _periods(panel: Panel) -> int:
    since = panel.period_ends[-1] - WINDOW_HISTORY
    return sum(start >= since for start in panel.period_starts)
