"""How sure each part has to be: from costs, or from the promise until it is tuned."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.cycle.snapshot import slot_minutes
from supplynet.errors import InvalidInput
from supplynet.frames.panel import Panel
from supplynet.replenish.promise import Promise, alpha_of_costs, alphas_by_pair, share_promise
from supplynet.services import forecasting
from supplynet.services.books import Books
from supplynet.simulate.model import plant_series
from supplynet.simulate.scorecard import DAYS_PER_MONTH
from supplynet.study.families import Past
from supplynet.study.replay import past_of


def promised_alphas(books: Books, history: Panel) -> Mapping[tuple[str, str], float]:
    """Alpha by (stock point, part): from costs where they are set, else from the promise.

    The promise is that each line keeps ``target_halts_per_line_month``; the cost of stock shares
    the risk out over the parts of a line. Costs are ``lost_minute_cost`` against the holding of one
    part more. Both from the window sums of the last weeks, which scatter more than a forecast
    errs: a careful start. Computed once per history.

    Raises:
        InvalidInput: The history is shorter than a window, or costs are set and no part has one.
    """
    key = f"promised alphas {len(history.periods)} {history.periods[-1].end.isoformat()}"
    known = books.opened.get(key)
    if isinstance(known, dict):
        return known
    shifts = forecasting.common_calendar(books).next_shifts(history.period_starts[0], 14)
    past = past_of(books.plant, history, slot_minutes=slot_minutes(shifts))
    by_costs = books.settings.lost_minute_cost is not None
    found = _from_costs(books, past) if by_costs else _from_promise(books, past)
    books.opened[key] = found
    return found


def _from_promise(books: Books, past: Past) -> dict[tuple[str, str], float]:
    column = {pair: index for index, pair in enumerate(past.pairs)}
    every = (
        (line, (books.plant.stock_point_of(line), part)) for line, part in plant_series(books.plant)
    )
    needs = [(line, pair) for line, pair in every if pair in column]
    lines = {line: index for index, line in enumerate(dict.fromkeys(line for line, _ in needs))}
    chosen = np.array([column[pair] for _, pair in needs], dtype=np.int64)
    costs = _costs(books.plant, past)
    alpha = share_promise(
        Promise(halts=books.settings.target_halts_per_line_month, months=1.0),
        past.window_sums.mean(axis=0)[chosen],
        past.window_sums.var(axis=0)[chosen],
        np.where(costs > 0, costs, costs[costs > 0].mean() if costs.any() else 1.0)[chosen],
        _windows(books.plant, past)[chosen],
        np.array([lines[line] for line, _ in needs], dtype=np.int32),
    )
    return alphas_by_pair([pair for _, pair in needs], alpha)


def _from_costs(books: Books, past: Past) -> dict[tuple[str, str], float]:
    costs, settings = _costs(books.plant, past), books.settings
    if not costs.any():
        raise InvalidInput(
            "lost_minute_cost is set and no part has a unit_cost; add it to the parts, or leave "
            "lost_minute_cost out"
        )
    windows = _windows(books.plant, past)
    minutes = DAYS_PER_MONTH * 24 * 60 / windows
    alpha = alpha_of_costs(
        np.where(costs > 0, costs, costs[costs > 0].mean()) * settings.holding_rate_per_year / 365,
        settings.lost_minute_cost or 0.0,
        minutes / np.maximum(past.window_sums.mean(axis=0), 1.0),
        DAYS_PER_MONTH / windows,
    )
    return alphas_by_pair(past.pairs, alpha)


def _costs(plant: Plant, past: Past) -> FloatArray:
    """Unit cost of each pair's part, 0 = unknown."""
    known = plant.part_by_id
    return np.array([known[part].unit_cost if part in known else 0.0 for _, part in past.pairs])


def _windows(plant: Plant, past: Past) -> FloatArray:
    """Vehicles of each pair's usual lane in a month."""
    lanes = (plant.lane_by_id[plant.supply_rule[pair].lane_ids[0]] for pair in past.pairs)
    trips = [len(lane.departures) * len(lane.weekdays) / 7 * DAYS_PER_MONTH for lane in lanes]
    return np.asarray(np.maximum(trips, 1.0), dtype=np.float64)
