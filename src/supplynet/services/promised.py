"""How sure each part has to be, from the plant's promise, until ``simulate`` has tuned it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from supplynet.core.network import Lane, Plant
from supplynet.cycle.snapshot import slot_minutes
from supplynet.frames.panel import Panel
from supplynet.replenish.promise import Promise, alphas_by_pair, share_promise
from supplynet.services import forecasting
from supplynet.services.books import Books
from supplynet.simulate.model import plant_series
from supplynet.simulate.scorecard import DAYS_PER_MONTH
from supplynet.study.replay import past_of


def promised_alphas(books: Books, history: Panel) -> Mapping[tuple[str, str], float]:
    """Alpha by (stock point, part), so that each line keeps ``target_halts_per_line_month``.

    From the window sums of the last weeks, which scatter more than a forecast errs: a careful
    start. The cost of stock shares the risk out over the parts of a line; where no part has a unit
    cost every part costs the same. Computed once per history.

    Raises:
        InvalidInput: The history is shorter than a window.
    """
    key = f"promised alphas {len(history.periods)} {history.periods[-1].end.isoformat()}"
    known = books.opened.get(key)
    if isinstance(known, dict):
        return known
    shifts = forecasting.common_calendar(books).next_shifts(history.period_starts[0], 14)
    past = past_of(books.plant, history, slot_minutes=slot_minutes(shifts))
    column = {pair: index for index, pair in enumerate(past.pairs)}
    every = (
        (line, (books.plant.stock_point_of(line), part)) for line, part in plant_series(books.plant)
    )
    needs = [(line, pair) for line, pair in every if pair in column]
    lines = {line: index for index, line in enumerate(dict.fromkeys(line for line, _ in needs))}
    chosen = np.array([column[pair] for _, pair in needs], dtype=np.int64)
    alpha = share_promise(
        Promise(halts=books.settings.target_halts_per_line_month, months=1.0),
        past.window_sums.mean(axis=0)[chosen],
        past.window_sums.var(axis=0)[chosen],
        np.array([_cost(books.plant, pair) for _, pair in needs]),
        np.array([_windows(books.plant, pair) for _, pair in needs]),
        np.array([lines[line] for line, _ in needs], dtype=np.int32),
    )
    found = alphas_by_pair([pair for _, pair in needs], alpha)
    books.opened[key] = found
    return found


def _cost(plant: Plant, pair: tuple[str, str]) -> float:
    """What one part in stock costs, in any unit, above 0."""
    part = plant.part_by_id.get(pair[1])
    return part.unit_cost if part is not None and part.unit_cost > 0 else 1.0


def _windows(plant: Plant, pair: tuple[str, str]) -> float:
    """Vehicles of a pair's usual lane in a month."""
    lane: Lane = plant.lane_by_id[plant.supply_rule[pair].lane_ids[0]]
    return max(len(lane.departures) * len(lane.weekdays) / 7 * DAYS_PER_MONTH, 1.0)
