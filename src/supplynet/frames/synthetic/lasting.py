"""What changes a series for good: shifts of its level, a new part's ramp-up, an old one's run-out.

Each is drawn by the name of series or part from its rates alone, never from the length of the
history, so that a longer history begins with the shorter one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from supplynet.core.keyed import name_key, uniform
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.synthetic.effects import EffectRow
from supplynet.frames.synthetic.profile import DAYS_PER_YEAR
from supplynet.frames.synthetic.scenario import DemandShape
from supplynet.frames.synthetic.streams import stream

Series = Sequence[tuple[str, str]]
Moment = Callable[[int, int], datetime]
"""The moment at which a local day begins at a series: place of the series, days since the start."""


def lasting(
    series: Series, days: int, shape: DemandShape, seed: int, moment: Moment
) -> tuple[FloatArray, list[EffectRow]]:
    """Factor of each series on each day, shape (series, day); 1 where nothing happens."""
    factors = np.ones((len(series), days))
    rows: list[EffectRow] = []
    if shape.level_shifts_per_series_year:
        rows += _level_shifts(factors, series, shape, seed, moment)
    if shape.ramp_up_share or shape.run_out_share:
        rows += _ramps(factors, series, shape, seed, moment)
    return factors, rows


def _level_shifts(
    factors: FloatArray, series: Series, shape: DemandShape, seed: int, moment: Moment
) -> list[EffectRow]:
    """Multiplies from each shift on; the time between two is exponential."""
    days = factors.shape[1]
    between = DAYS_PER_YEAR / shape.level_shifts_per_series_year
    rows: list[EffectRow] = []
    for i, (line, part) in enumerate(series):
        rng = stream(seed, "level_shift", f"{line}/{part}")
        at = rng.exponential(between)
        while at < days:
            factor = float(np.exp(shape.level_shift_log_sd * rng.standard_normal()))
            factors[i, int(at) :] *= factor
            rows.append(("level_shift", line, part, moment(i, int(at)), None, factor, "lasting"))
            at += rng.exponential(between)
    return rows


def _ramps(
    factors: FloatArray, series: Series, shape: DemandShape, seed: int, moment: Moment
) -> list[EffectRow]:
    """A part is new, runs out, or neither, and is so at every line."""
    day = np.arange(factors.shape[1])
    rows: list[EffectRow] = []
    for i, (line, part) in enumerate(series):
        fate, when = (float(uniform(seed, name, name_key(part))) for name in ("fate", "ramp"))
        first = int(when * shape.ramp_window_days)
        grown = np.clip((day - first + 0.5) / shape.ramp_days, 0.0, 1.0)
        if fate < shape.ramp_up_share:
            kind, strength, factor = "ramp_up", 1.0, grown
        elif fate >= 1 - shape.run_out_share:
            kind, strength, factor = "run_out", 0.0, 1 - grown
        else:
            continue
        factors[i] *= factor
        end = first + round(shape.ramp_days)
        rows.append((kind, line, part, moment(i, first), moment(i, end), strength, None))
    return rows
