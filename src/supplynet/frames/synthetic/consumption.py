"""What parts the units take: requirement x units x (1 + scrap) x noise, and lumps.

Most parts have negative-binomial noise: a Poisson whose rate is gamma distributed. Parts that units
rarely need are taken in lumps. Intermittent parts do not follow the bill of materials: wants come
as a Poisson process whose rate follows the units, each of a geometric number of parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p, sqrt
from zlib import crc32

import numpy as np
import numpy.typing as npt

from supplynet.core.keyed import name_key, uniform
from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.frames.synthetic.effects import EffectRow
from supplynet.frames.synthetic.lasting import lasting
from supplynet.frames.synthetic.production import MOST, Production, Runs
from supplynet.frames.synthetic.profile import LUMPY_BELOW, requirements_by_run, weekday_mix
from supplynet.frames.synthetic.scenario import DemandShape
from supplynet.frames.synthetic.streams import carry, stream
from supplynet.frames.synthetic.timetable import BoolArray, Group, PlaceArray, Timetable

LEAST_CV = 1e-4  # noise below it is not to be seen beside Poisson's


@dataclass(frozen=True, kw_only=True, eq=False)
class Needs:
    """What each series takes of each run.

    Attributes:
        series: ``(line, part)``, sorted.
        line: Place of the series' line, shape (series,).
        run, quantity: Runs that need it and parts per unit, shape (series, product); where a line
            has fewer products the quantity is 0.
        lump: Parts taken at once, shape (series,).
    """

    series: tuple[tuple[str, str], ...]
    line: PlaceArray
    run: PlaceArray
    quantity: FloatArray
    lump: PlaceArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Consumption:
    """Amounts of every series in every period, shape (series, period), and what was put in."""

    true_demand: IntArray
    mean: FloatArray
    mean_given_plan: FloatArray
    effects: list[EffectRow]


def needs_of(plant: Plant, runs: Runs) -> Needs:
    """The series of the lines of ``runs`` and what they take."""
    pairs = zip(runs.line.tolist(), runs.product, strict=True)
    place = {(runs.lines[i], product): k for k, (i, product) in enumerate(pairs)}
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for (line, product, part), each in sorted(requirements_by_run(plant, runs.lines).items()):
        found.setdefault((line, part), []).append((place[line, product], each))
    series = tuple(sorted(found))
    run = np.zeros((len(series), max(map(len, found.values()))), dtype=int)
    quantity = np.zeros(run.shape)
    for i, key in enumerate(series):
        for k, (at, each) in enumerate(found[key]):
            run[i, k], quantity[i, k] = at, each
    line_of = np.searchsorted(runs.lines, [line for line, _ in series])
    most = zip(series, quantity.max(axis=1).tolist(), strict=True)
    lump = np.array([_lump(key, each) for key, each in most], dtype=int)
    return Needs(series=series, line=line_of, run=run, quantity=quantity, lump=lump)


def consume(
    table: Timetable, runs: Runs, needs: Needs, made: Production, shape: DemandShape, seed: int
) -> Consumption:
    """What all lines take in the periods of ``table``; ``made`` may go on beyond them."""
    group_of = {line: group for group in table.groups for line in group.lines.tolist()}
    factor, effects = lasting(
        needs.series,
        table.days,
        shape,
        seed,
        lambda i, day: group_of[int(needs.line[i])].moment(day),
    )
    rarely, scrap = _traits(needs.series, shape, seed)
    factor = factor[:, table.day] * scrap[:, None]
    factor *= weekday_mix(needs.series, shape)[:, table.weekday]
    quantity = needs.quantity.copy()
    quantity[rarely] = _intermittent_quantity(runs, needs, made, shape)[rarely]
    size = len(table.periods)
    mean, given, rate = (
        np.minimum(factor * _taken(needs.run, quantity, by_run[:, :size]), MOST)
        for by_run in (made.level, made.last_plan, made.units)
    )
    if shape.noise_carried:
        rate = np.minimum(rate * _carried_noise(table, needs, shape, seed), MOST)
    return Consumption(
        true_demand=_amounts(rate, rarely, group_of, needs, shape, seed),
        mean=mean,
        mean_given_plan=given,
        effects=effects,
    )


def _taken(run: PlaceArray, quantity: FloatArray, units: FloatArray) -> FloatArray:
    """Parts that the units of all runs need, shape (series, period)."""
    taken = quantity[:, 0, None] * units[run[:, 0]]
    for k in range(1, run.shape[1]):
        taken += quantity[:, k, None] * units[run[:, k]]
    return taken


def _traits(
    series: Sequence[tuple[str, str]], shape: DemandShape, seed: int
) -> tuple[BoolArray, FloatArray]:
    """Which series are intermittent, and what scrap makes of each part, shape (series,)."""
    if not shape.intermittent_share and not shape.scrap_share:
        return np.zeros(len(series), dtype=bool), np.ones(len(series))
    spoilt = 0.5 + uniform(seed, "scrap", np.array([name_key("/".join(key)) for key in series]))
    rarely = uniform(seed, "intermittent", np.array([name_key(part) for _, part in series]))
    return rarely < shape.intermittent_share, 1 + shape.scrap_share * spoilt


def _intermittent_quantity(
    runs: Runs, needs: Needs, made: Production, shape: DemandShape
) -> FloatArray:
    """Parts per unit that make wants as frequent as ``intermittent_chance`` says.

    That is the chance of any in a period in which the line builds its base.
    """
    per_base = -log1p(-shape.intermittent_chance) * shape.lump
    takes = needs.quantity > 0
    units = made.base[needs.line] * np.where(takes, runs.share[needs.run], 0.0).sum(axis=1)
    each: FloatArray = np.where(takes, (per_base / units)[:, None], 0.0)
    return each


def _carried_noise(table: Timetable, needs: Needs, shape: DemandShape, seed: int) -> FloatArray:
    """Log-normal noise of mean 1 of each series, of which a share is left in the next period."""
    noise = np.ones((len(needs.series), len(table.periods)))
    variance = log1p(shape.noise_cv**2)
    for group in table.groups:
        mine = np.flatnonzero(np.isin(needs.line, group.lines))
        names = ("/".join(needs.series[i]) for i in mine)
        size = len(group.own)
        steps = np.array([stream(seed, "noise", name).standard_normal(size) for name in names])
        steps[:, 1:] *= sqrt(1 - shape.noise_carried**2)
        logs = carry(steps, shape.noise_carried) * sqrt(variance) - variance / 2
        noise[np.ix_(mine, group.own)] = np.exp(logs)
    return noise


def _amounts(
    rate: FloatArray,
    rarely: BoolArray,
    group_of: dict[int, Group],
    needs: Needs,
    shape: DemandShape,
    seed: int,
) -> IntArray:
    """Whole parts of mean ``rate``, drawn for each series in the periods that its line works."""
    used = np.zeros(rate.shape, np.int32)
    for i, key in enumerate(needs.series):
        own, name = group_of[int(needs.line[i])].own, "/".join(key)
        rng, mean, lump = stream(seed, "amount", name), rate[i, own], needs.lump[i]
        if rarely[i]:
            drawn = _wants(rng, stream(seed, "size", name), mean, shape.lump)
        else:
            drawn = lump * _counts(rng, mean / lump, shape)
        used[i, own] = np.minimum(drawn, MOST)
    return used


def _counts(
    rng: np.random.Generator, mean: FloatArray, shape: DemandShape
) -> npt.NDArray[np.int64]:
    """Negative-binomial counts; Poisson where the noise has its own stream, or there is none."""
    if shape.noise_carried or shape.noise_cv < LEAST_CV:
        return rng.poisson(mean)
    n = 1 / shape.noise_cv**2
    return rng.negative_binomial(n, n / (n + mean))


def _wants(
    rng: np.random.Generator, sizes: np.random.Generator, mean: FloatArray, lump: float
) -> npt.NDArray[np.int64]:
    """A Poisson number of wants, each of 1 part or more, geometric of mean ``lump``."""
    wants = rng.poisson(mean / lump)
    beyond = sizes.negative_binomial(np.maximum(wants, 1), 1 / lump)
    return np.where(wants > 0, wants + beyond, 0)


def _lump(series: tuple[str, str], quantity: float) -> int:
    """Parts taken at once: 1, or 3 to 8 of a part that units rarely need."""
    return 3 + crc32("/".join(series).encode()) % 6 if quantity < LUMPY_BELOW else 1
