"""A made-up history that behaves like a plant's, and the truth behind it.

Units built by a line in a shift = level (``synthetic_profile``) x a shock shared by all its parts
(first-order autoregressive, log-normal); consumption of a part = requirement x product mix x units
with negative-binomial noise (a Poisson whose rate is gamma distributed). Rarely used parts are
taken in lumps. Then planned stops shorten shifts, and halts hide demand.

Every random number is drawn period by period, so a longer history begins with the shorter one:
``days=393`` is ``days=365`` and 28 days that a model trained on the first has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zlib import crc32

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.core.shifts import Shift
from supplynet.errors import InvalidInput
from supplynet.frames.demand import DEMAND_SCHEMA, KEY, demand_from_consumption
from supplynet.frames.synthetic_profile import (
    EPOCH,
    LUMPY_BELOW,
    REFERENCE_MINUTES,
    demand_series,
    line_profile,
    weekday_mix,
)

SHOCK_SD = 0.10
SHOCK_CARRIED = 0.6  # share of a shock that is left in the next period
NOISE_CV = 0.12  # of a part's consumption, beyond Poisson
STOPS_PER_PERIOD = 0.008
HALT_MEAN_MINUTES = 75
PERIODS_PER_MONTH = 60
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Generated:
    """True demand of a synthetic plant: what lines use when nothing is ever missing.

    Attributes:
        series: ``(line, part)`` of each series, sorted.
        periods: Shifts in order of time.
        true_demand: Parts, int32, shape (series, period); 0 where the line has no shift.
        mean: Its expectation before shocks and noise, shape (series, period).
        lines: Ids of the lines, sorted.
        line_of_series: Place of each series' line in ``lines``, shape (series,).
        units: Units built, int32, shape (line, period).
        works: Whether the line has that shift, bool, shape (line, period).
        stopped_minutes: Planned stops, int32, shape (line, period).
    """

    series: tuple[tuple[str, str], ...]
    periods: tuple[Shift, ...]
    true_demand: IntArray
    mean: FloatArray
    lines: tuple[str, ...]
    line_of_series: npt.NDArray[np.int_]
    units: IntArray
    works: BoolArray
    stopped_minutes: IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class SyntheticHistory:
    """A history as a plant would have recorded it, and what was hidden from it.

    Attributes:
        demand: A conforming demand frame with halts and planned stops.
        truth: Same rows: key, ``true_demand`` (what would have been used) and ``mean``.
    """

    demand: pl.DataFrame
    truth: pl.DataFrame


def generate_demand(plant: Plant, *, start: date, days: int, seed: int) -> Generated:
    """True demand of every (line, part) of ``plant`` in the shifts of ``days`` local days.

    Raises:
        InvalidInput: The plant has no requirements, or there is no shift in those days.
    """
    series, quantity = demand_series(plant)
    lines = sorted({line for line, _ in series})
    periods, works = _shifts(plant, lines, start, days)
    if not series or not periods:
        raise InvalidInput(f"no shift with demand in {days} days from {start}")
    shock_rng, stop_rng, gamma_rng, part_rng = _rngs(seed)
    minutes = np.array([shift.minutes for shift in periods], dtype=float)[:, None]
    stopped = _stops(stop_rng, minutes, works.T)
    level = _level(periods, lines) * works.T * (minutes - stopped) / REFERENCE_MINUTES
    units = np.rint(level * _shocks(shock_rng, level.shape))
    place = {line: i for i, line in enumerate(lines)}
    line_of = np.array([place[line] for line, _ in series])
    weekday = np.array([shift.day.weekday() for shift in periods])
    each = quantity * weekday_mix(series).T[weekday]
    lump = np.array([_lump(key, q) for key, q in zip(series, quantity, strict=True)])
    noise = gamma_rng.gamma(1 / NOISE_CV**2, NOISE_CV**2, size=each.shape)
    used = part_rng.poisson(units[:, line_of] * each * noise / lump) * lump
    return Generated(
        series=tuple(series),
        periods=tuple(periods),
        true_demand=np.ascontiguousarray(used.T, dtype=np.int32),
        mean=np.ascontiguousarray((level[:, line_of] * each).T),
        lines=tuple(lines),
        line_of_series=line_of,
        units=np.ascontiguousarray(units.T, dtype=np.int32),
        works=works,
        stopped_minutes=np.ascontiguousarray(stopped.T, dtype=np.int32),
    )


def generate_history(
    plant: Plant, *, start: date, days: int, seed: int, halts_per_line_month: float = 0.8
) -> SyntheticHistory:
    """A history with halts: starved periods consume less than was wanted and hide the demand.

    Args:
        plant: Its calendars say when it works, its requirements what it uses.
        start: First local day.
        days: Number of local days.
        seed: Same seed, same frames; more days add rows and change none.
        halts_per_line_month: Mean number of starved periods per line and 60 periods.

    Raises:
        InvalidInput: The plant has no requirements, or there is no shift in those days.
    """
    made = generate_demand(plant, start=start, days=days, seed=seed)
    minutes = np.array([shift.minutes for shift in made.periods])
    running = (minutes - made.stopped_minutes).astype(np.int32)
    halt_rng, lost_rng = (np.random.default_rng([seed, 2, stream]) for stream in range(2))
    starved = _halts(halt_rng, running, halts_per_line_month / PERIODS_PER_MONTH)
    served = 1 - np.divide(starved, running, out=np.zeros(running.shape), where=running > 0)
    kept = lost_rng.binomial(made.true_demand.T, served[made.line_of_series].T).T
    return _frames(made, kept, starved, minutes)


def _shifts(
    plant: Plant, lines: Sequence[str], start: date, days: int
) -> tuple[list[Shift], BoolArray]:
    """All shifts that any line has, day by day, and which line (rows) has which."""
    calendars = {line: plant.calendar_of(line) for line in lines}
    shifts: list[Shift] = []
    works: list[list[bool]] = []
    for day in (start + timedelta(days=n) for n in range(days)):
        by_site = {c.calendar_id: c.shifts_of(day) for c in calendars.values()}
        found = {(s.start, s.end, s.name): s for each in by_site.values() for s in each}
        for key, shift in sorted(found.items()):
            sites = {i for i, e in by_site.items() if key in {(s.start, s.end, s.name) for s in e}}
            shifts.append(shift)
            works.append([calendars[line].calendar_id in sites for line in lines])
    return shifts, np.array(works, dtype=bool).reshape(-1, len(lines)).T


def _rngs(seed: int) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, 1, stream]) for stream in range(4)]


def _level(periods: Sequence[Shift], lines: Sequence[str]) -> FloatArray:
    """Expected units per 12 hours, shape (period, line)."""
    order: list[int] = []
    for i, shift in enumerate(periods):
        same_day = i > 0 and periods[i - 1].day == shift.day
        order.append(order[-1] + 1 if same_day else 0)
    return line_profile(lines).level(
        weekday=np.array([shift.day.weekday() for shift in periods]),
        order=np.array(order),
        days=np.array([(shift.day - EPOCH).days for shift in periods], dtype=float),
    )


def _shocks(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """Log-normal factors of mean 1 that fade from period to period, shape (period, line)."""
    steps = rng.standard_normal(shape)
    steps[1:] *= np.sqrt(1 - SHOCK_CARRIED**2)
    for i in range(1, len(steps)):
        steps[i] += SHOCK_CARRIED * steps[i - 1]
    factors: FloatArray = np.exp(SHOCK_SD * steps - SHOCK_SD**2 / 2)
    return factors


def _stops(rng: np.random.Generator, minutes: FloatArray, works: BoolArray) -> FloatArray:
    """Planned stops of 1 to 8 hours in steps of 30 minutes, shape (period, line)."""
    chance, length = rng.random((*works.shape, 2)).transpose(2, 0, 1)
    wanted = np.minimum(60 + 30 * np.floor(15 * length), minutes)
    stopped: FloatArray = np.where(works & (chance < STOPS_PER_PERIOD), wanted, 0.0)
    return stopped


def _halts(rng: np.random.Generator, running: IntArray, chance: float) -> IntArray:
    """Starved minutes, exponential from 10 on, at most what ran; shape (line, period)."""
    happens, length = rng.random((*running.T.shape, 2)).transpose(2, 1, 0)
    wanted = 10 + np.floor(-np.log1p(-length) * HALT_MEAN_MINUTES)
    return np.where(happens < chance, np.minimum(wanted, running), 0).astype(np.int32)


def _lump(series: tuple[str, str], quantity: float) -> int:
    """Parts taken at once: 1, or 3 to 8 of a part that is used rarely."""
    return 3 + crc32("/".join(series).encode()) % 6 if quantity < LUMPY_BELOW else 1


def _frames(
    made: Generated,
    consumed: npt.NDArray[np.int_],
    starved: IntArray,
    minutes: npt.NDArray[np.int_],
) -> SyntheticHistory:
    line_of, count = made.line_of_series, len(made.periods)
    rows = made.works[line_of].ravel()
    stopped = made.stopped_minutes[line_of]
    demand, rate = demand_from_consumption(consumed, starved[line_of], stopped, minutes)
    names = {
        "location_id": pl.Series([line for line, _ in made.series]),
        "part_id": pl.Series([part for _, part in made.series]),
    }
    starts = pl.Series([shift.start for shift in made.periods], dtype=pl.Datetime("us", "UTC"))
    shifts = pl.Series([shift.name for shift in made.periods])
    of_series = np.repeat(np.arange(len(line_of)), count)
    of_period = np.tile(np.arange(count), len(line_of))
    frame = pl.DataFrame(
        {
            **{name: column.gather(of_series) for name, column in names.items()},
            "period_start": starts.gather(of_period),
            "shift": shifts.gather(of_period),
            "consumed": consumed.ravel(),
            "starved_minutes": starved[line_of].ravel(),
            "stopped_minutes": stopped.ravel(),
            "rate": rate.ravel(),
            "demand": demand.ravel(),
            "true_demand": made.true_demand.ravel().astype(np.float64),
            "mean": made.mean.ravel(),
        }
    ).filter(pl.Series(rows))
    history = frame.select(DEMAND_SCHEMA.names()).with_columns(
        pl.col("rate", "demand").fill_nan(None)
    )
    return SyntheticHistory(
        demand=history.cast(DEMAND_SCHEMA), truth=frame.select(*KEY, "true_demand", "mean")
    )
