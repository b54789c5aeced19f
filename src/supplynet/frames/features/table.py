"""Rows of features for training and for live use, made by one function.

``training_table`` and ``live_table`` differ only in the cutoffs they ask for and in the target
column; both hand their rows to ``_shard``, and so does ``feature_array`` for models that take
arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.features.feature import Categories, Feature, Values
from supplynet.frames.features.feature_set import KEY_COLUMNS, FeatureSet
from supplynet.frames.features.pairs import Pairs, pairs_for
from supplynet.frames.features.rows import Rows, pieces
from supplynet.frames.features.source import Source, source_of
from supplynet.frames.inputs import FeatureInputs
from supplynet.frames.panel import Period
from supplynet.frames.tables import MOMENT

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """Rows of one feature set.

    Attributes:
        spec: What the columns are.
        frame: ``location_id, part_id, period_start`` (of the target), ``shift, cutoff, step``,
            ``target`` (training only, f64, parts), then the columns of ``spec``: f32 with null =
            not known, or categorical. Sorted by series, cutoff and step.
    """

    spec: FeatureSet
    frame: pl.DataFrame

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the feature columns."""
        return self.spec.columns


def training_table(
    spec: FeatureSet,
    demand: object,
    *,
    periods: Sequence[Period] | None = None,
    steps: Sequence[int] = (1,),
    cutoffs: Sequence[datetime] | None = None,
    inputs: FeatureInputs | None = None,
) -> Features:
    """Rows to learn from: every observed period at every cutoff that is ``steps`` before it.

    Args:
        spec: Which features.
        demand: Any table that ``ensure_demand`` takes; null demand is never a target.
        periods: The site's calendar (``frames.panel``); None = UTC days from the first row on.
        steps: Distances from the cutoff, 1 = the first whole period after it.
        cutoffs: Aware moments; None = the end of every period.
        inputs: Plan, drivers, stock and static facts, where a feature needs them.

    Raises:
        InvalidInput: The table does not conform or does not fit the calendar, or a table that a
            feature needs is not given or cannot be read.
    """
    shards = training_shards(
        spec, demand, periods=periods, steps=steps, cutoffs=cutoffs, inputs=inputs
    )
    frames = [shard.frame for shard in shards]
    return Features(spec=spec, frame=pl.concat(frames) if frames else _empty(spec, target=True))


def training_shards(
    spec: FeatureSet,
    demand: object,
    *,
    periods: Sequence[Period] | None = None,
    steps: Sequence[int] = (1,),
    cutoffs: Sequence[datetime] | None = None,
    inputs: FeatureInputs | None = None,
) -> Iterator[Features]:
    """The same rows, some series at a time: the whole table need not fit into memory."""
    source = _checked(spec, demand, periods, inputs)
    pairs = pairs_for(source.periods, steps, cutoffs)
    for frame in _frames(spec, source, pairs, target=True):
        yield Features(spec=spec, frame=frame)


def live_table(
    spec: FeatureSet,
    demand: object,
    cutoff: datetime,
    *,
    periods: Sequence[Period] | None = None,
    steps: Sequence[int] = (1,),
    inputs: FeatureInputs | None = None,
) -> Features:
    """Rows to forecast from: every series at one cutoff, the periods ``steps`` after it.

    Whatever the tables hold of later moments is not looked at. Older rows than the longest window
    may be left out: the figures are the same to the last bit.

    Args:
        spec: The set that the model was trained on.
        demand: History; see ``training_table``.
        cutoff: Aware moment of the forecast.
        periods: The site's calendar, history and future; None = UTC days.
        steps: 1 = the first whole period after the cutoff, 0 = the one that runs at it.
        inputs: As for training.

    Raises:
        InvalidInput: As ``training_table``.
    """
    ahead = max(steps, default=0)
    source = _checked(spec, demand, periods, inputs, until=cutoff, days_ahead=ahead)
    pairs = pairs_for(source.periods, steps, [cutoff])
    frames = list(_frames(spec, source, pairs, target=False))
    return Features(spec=spec, frame=pl.concat(frames) if frames else _empty(spec, target=False))


def feature_array(
    spec: FeatureSet,
    source: Source,
    pairs: Pairs,
    categories: Mapping[str, Sequence[str]] | None = None,
) -> Float32:
    """Features as an array, for models that take a panel (see ``source_of_panel``).

    Targets may lie before their cutoff: so the known-ahead inputs of a model's context are made,
    as they were known then.

    Args:
        spec: Which features.
        source: Demand and the tables beside it.
        pairs: Target and cutoff of each row of a series.
        categories: Names of the category columns, ``Encoding.categories``: a name becomes its
            place, one that is not there their number.

    Returns:
        Shape (series, pair, column), NaN = not known.

    Raises:
        InvalidInput: A table that a feature needs is not given, or the names of a category are not.
    """
    spec.check(source.inputs)
    names = categories or {}
    if lacking := [name for name in spec.categories if name not in names]:
        raise InvalidInput(f"category {lacking[0]} has no codes; give Encoding.categories")
    out = np.full((len(source.series), len(pairs), len(spec.columns)), np.nan, dtype=np.float32)
    known: dict[Feature, Sequence[Values]] = {}
    for rows in _shards(source, pairs):
        for place, (name, values) in enumerate(_columns(spec, rows, known)):
            numbers = _coded(values, names[name]) if isinstance(values, Categories) else values
            out[rows.first : rows.last, :, place] = _narrow(numbers)
    return out


def _coded(values: Categories, known: Sequence[str]) -> FloatArray:
    place = {name: float(code) for code, name in enumerate(known)}
    codes = [place.get(name, float(len(known))) for name in values.names]
    return np.asarray(np.array([*codes, np.nan])[values.codes])  # -1 is the last: not known


def _checked(
    spec: FeatureSet,
    demand: object,
    periods: Sequence[Period] | None,
    inputs: FeatureInputs | None,
    *,
    until: datetime | None = None,
    days_ahead: int = 0,
) -> Source:
    spec.check(inputs or FeatureInputs())
    return source_of(demand, periods, inputs, until=until, days_ahead=days_ahead)


def _shards(source: Source, pairs: Pairs) -> list[Rows]:
    return pieces(source, pairs, 0, len(source.series)) if len(pairs) else []


def _frames(
    spec: FeatureSet, source: Source, pairs: Pairs, *, target: bool
) -> Iterator[pl.DataFrame]:
    known: dict[Feature, Sequence[Values]] = {}
    keys = _PairColumns(pairs)
    for rows in _shards(source, pairs):
        yield _shard(spec, rows, keys, known, target=target)


def _shard(
    spec: FeatureSet,
    rows: Rows,
    keys: _PairColumns,
    known: dict[Feature, Sequence[Values]],
    *,
    target: bool,
) -> pl.DataFrame:
    """The one place where rows are made, for training and live alike."""
    shape = (len(rows.series), len(rows.pairs))
    columns = [*_series_columns(rows, shape[1]), *keys.repeated(shape[0])]
    if target:
        wanted = rows.demand[:, rows.pairs.targets].ravel()
        columns.append(pl.Series("target", wanted))
    for name, values in _columns(spec, rows, known):
        columns.append(_column(name, values, shape))
    frame = pl.DataFrame(columns)
    return frame.filter(pl.col("target").is_not_nan()) if target else frame


def _columns(
    spec: FeatureSet, rows: Rows, known: dict[Feature, Sequence[Values]]
) -> Iterator[tuple[str, Values]]:
    """Name and values of every column; what does not depend on the series is made once."""
    for feature in spec.features:
        made = known.get(feature)
        if made is None:
            # Figures too large for a number become "not known", as everything not finite does.
            with np.errstate(over="ignore", invalid="ignore"):
                made = feature.values(rows)
            assert len(made) == len(feature.columns)
            if all(_array(values).ndim == 1 for values in made):
                known[feature] = made
        yield from zip(feature.columns, made, strict=True)


def _array(values: Values) -> npt.NDArray[np.generic]:
    return values.codes if isinstance(values, Categories) else values


def _column(name: str, values: Values, shape: tuple[int, int]) -> pl.Series:
    if isinstance(values, Categories):
        codes = np.broadcast_to(values.codes, shape).ravel()
        names = pl.Series(name, [*values.names, None], dtype=pl.Categorical)
        return names.gather(np.where(codes < 0, len(values.names), codes).astype(np.uint32))
    narrow = _narrow(np.broadcast_to(values, shape))
    return pl.Series(name, narrow.reshape(-1), nan_to_null=True)


def _narrow(values: npt.NDArray[np.floating]) -> Float32:
    """As 32-bit numbers; NaN where that is not finite."""
    with np.errstate(over="ignore"):
        made = values.astype(np.float32)
    made[np.isinf(made)] = np.nan
    return made


def _series_columns(rows: Rows, repeat: int) -> list[pl.Series]:
    place = np.repeat(np.arange(len(rows.series), dtype=np.uint32), repeat)
    return [
        pl.Series(name, [key[i] for key in rows.series], dtype=pl.String).gather(place)
        for i, name in enumerate(KEY_COLUMNS[:2])
    ]


@dataclass(frozen=True, eq=False)
class _PairColumns:
    """Columns that are the same for every series."""

    pairs: Pairs

    @cached_property
    def _frame(self) -> pl.DataFrame:
        pairs = self.pairs
        shifts = pl.Series("shift", [p.shift or None for p in pairs.periods], dtype=pl.String)
        return pl.DataFrame(
            [
                pl.Series("period_start", pairs.starts[pairs.targets]).cast(MOMENT),
                shifts.gather(pairs.targets.astype(np.uint32)),
                pl.Series("cutoff", pairs.cutoffs).cast(MOMENT),
                pl.Series("step", pairs.steps.astype(np.int16)),
            ]
        )

    def repeated(self, series: int) -> list[pl.Series]:
        """The columns once per series."""
        place = np.tile(np.arange(len(self.pairs), dtype=np.uint32), series)
        return [column.gather(place) for column in self._frame]


def _empty(spec: FeatureSet, *, target: bool) -> pl.DataFrame:
    text, categories = pl.String(), set(spec.categories)
    keys = dict(
        zip(KEY_COLUMNS, (text, text, MOMENT, text, MOMENT, pl.Int16(), pl.Float64()), strict=True)
    )
    if not target:
        del keys["target"]
    columns = {
        name: pl.Categorical() if name in categories else pl.Float32() for name in spec.columns
    }
    return pl.DataFrame(schema=pl.Schema({**keys, **columns}))
