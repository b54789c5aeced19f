"""What a classifier learns from to act in the twin: past departures and the demand after them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InsufficientData
from supplynet.forecast.refill_classifier import RefillExamples
from supplynet.forecast.refill_rows import demand_view, rows_of
from supplynet.frames.panel import Panel
from supplynet.replenish.windows import PairDemand
from supplynet.simulate.model import PlantModel, compile_plant
from supplynet.simulate.outlook import expected_window
from supplynet.study.refill_policy import decision_moments, pair_panel
from supplynet.study.replay import fill_unobserved

POSITIONS = (0.5, 2.5)
"""Positions to learn from, in units of the demand that was expected in the window."""
DRAWS = 3
"""Positions per decision."""
_WARM_UP = timedelta(days=28)
_UNSEEN = 1000  # marks demand that was not observed, so that no share of it rounds to none


@dataclass(frozen=True, kw_only=True, eq=False)
class PastWindows:
    """The windows of past departures.

    Attributes:
        decisions: Moments, ascending.
        until_minutes: From the decision to the end of the window, 0 where the pair has no
            decision, or its demand was not observed; shape (pair, decision).
        wanted: Demand in the window, NaN likewise.
    """

    decisions: tuple[datetime, ...]
    until_minutes: FloatArray
    wanted: FloatArray


def examples_of(
    plant: Plant, panel: Panel, *, typical: float, most_rows: int, seed: int
) -> RefillExamples:
    """One row per past departure, pair and position drawn at random.

    What a position would have come to can be told for any position once the demand is known, so
    the classifier need not learn from those alone that some policy happened to have.

    Args:
        plant: Of the series.
        panel: Recorded history; nothing after it is used.
        typical: See ``forecast.refill_rows``.
        most_rows: Drawn.
        seed: Of positions, draws and expected transit times.

    Raises:
        NotFound, InvalidInput: As ``simulate.model.compile_plant``.
        InsufficientData: No window after the first four weeks was observed.
    """
    known = panel.select({(row.line_id, row.part_id) for row in plant.requirements})
    start, end = known.period_starts[0], known.period_ends[-1]
    model = compile_plant(plant, known.series, start=start, end=end)
    past = _past_windows(model, known, seed)
    pairs = pair_panel(model, known)
    moments = decision_moments(pairs, known.periods, past.decisions, past.until_minutes)
    warm = sum(moment < start + _WARM_UP for moment in known.period_starts)
    usable = ~np.isnan(past.wanted) & (moments.moments >= warm)
    if not usable.any():
        raise InsufficientData(
            f"no departure after the first {_WARM_UP.days} days of {len(known.periods)} periods "
            "has a window whose demand was observed; give more history"
        )
    view, rng = demand_view(moments, typical=typical), np.random.default_rng(seed)
    unit = rows_of(view, moments).unit
    made = []
    for _ in range(DRAWS):
        position = np.rint(unit * rng.uniform(*POSITIONS, unit.shape))
        rows = rows_of(view, replace(moments, on_hand=position))
        made.append((rows.table[usable], ((past.wanted - position) / unit)[usable]))
    table, lack = (np.concatenate(each) for each in zip(*made, strict=True))
    chosen = np.arange(len(lack))
    if len(lack) > most_rows:
        chosen = np.sort(rng.choice(len(lack), most_rows, replace=False))
    return RefillExamples(
        columns=rows.columns, table=table[chosen], due=lack[chosen] > 0, lack=lack[chosen]
    )


def _past_windows(model: PlantModel, known: Panel, seed: int) -> PastWindows:
    demand, unseen = (
        PairDemand(
            values[None],
            period_starts=known.period_starts,
            period_ends=known.period_ends,
            pair_of_series=model.pair_of_series,
            pairs=len(model.pairs),
            cutoff=known.period_starts[0],
        )
        for values in (fill_unobserved(known), np.isnan(known.demand) * np.int32(_UNSEEN))
    )
    batches = [batch for _, each in sorted(model.batches.items()) for batch in each]
    decisions = tuple(model.slots.moment(batch.slot) for batch in batches)
    until = np.zeros((len(model.pairs), len(batches)))
    wanted = np.full(until.shape, np.nan)
    for place, (batch, now) in enumerate(zip(batches, decisions, strict=True)):
        ends = expected_window(batch, now, seed, 1)
        read = (now, ends, batch.pairs, batch.departure_of_pair)
        window = ends[0][batch.departure_of_pair]
        fits = unseen.between(*read)[0] == 0
        fits &= model.slots.minutes(now) + window <= model.slots.edges[-1]
        until[batch.pairs[fits], place] = window[fits]
        wanted[batch.pairs[fits], place] = demand.between(*read)[0][fits]
    return PastWindows(decisions=decisions, until_minutes=until, wanted=wanted)
