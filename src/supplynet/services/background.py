"""What explanations rest on beside stock and forecast: the simple rule, and forecasts lately."""

from __future__ import annotations

import logging

from supplynet.errors import SupplyNetError
from supplynet.frames.panel import Panel
from supplynet.monitor.actions import Background
from supplynet.replenish.min_max import Levels, MinMax, plant_thresholds
from supplynet.services.books import Books
from supplynet.services.policies import parameters_of, static_policy
from supplynet.services.promise import Review

SIMPLE_RULE = "min_max"
log = logging.getLogger(__name__)


def background_of(books: Books, history: Panel, review: Review, warning: str = "") -> Background:
    """For the explanations of one plan.

    Args:
        books: A workspace.
        history: What the forecaster is bound to.
        review: How past decisions did.
        warning: Why another model forecasts than the champion; "" when that does.
    """
    return Background(
        thresholds=_simple_rule(books, history),
        quality=review.quality,
        risk_factor=review.factor,
        fallbacks=(warning,) if warning else (),
    )


def _simple_rule(books: Books, history: Panel) -> Levels:
    """Thresholds of static min/max; those of the supply rules alone where there is no history.

    Computed once per history: it is the same until new history is imported.
    """
    key = f"{SIMPLE_RULE} {len(history.periods)} {history.periods[-1].end.isoformat()}"
    known = books.opened.get(key)
    if isinstance(known, dict):
        return known
    found: Levels = plant_thresholds(books.plant)
    try:
        rule = static_policy(books, SIMPLE_RULE, history, parameters_of(books, SIMPLE_RULE))
        if isinstance(rule, MinMax):
            found = rule.thresholds
    except SupplyNetError as error:  # an explanation is not worth a plan
        log.info("no thresholds from history: %s", error)
    books.opened[key] = dict(found)
    return found
