"""``AnomalyDetector``: any detector on any table, for notebooks and scripts.

    AnomalyDetector("sub_pca").fit(frame).score(frame)
    AnomalyDetector(freq="1d", alarms_per_week=5).fit(history).incidents(recent)

Tables go in under Nixtla's names (``unique_id, ds, y``) or any others that ``frames.aliases``
knows; a ``unique_id`` is ``location/part``, or a part alone. What cannot be used of a table:

=====================================  =============================================================
Rows in any order                      are sorted
Rows of one key                        are summed where the table has an ``order_id``; else an error
                                       that names the first
A period without a row, NaN, null      not observed: score null, ``reason`` says so
A series with fewer than 28 values     nothing is learnt from it (``refused``); judged as far as the
                                       others teach it, else score null
A series without any value             ``refused``; score null
A series that is always the same       ``refused``; score 0 as long as it stays so
An infinite amount, or one below 0     ``refused`` with the time; score null in the whole series
A key that is empty, a missing column  an error
No series that can be learnt from      an error with the reason of the first
=====================================  =============================================================

None of the refused series stops the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from supplynet.anomaly import registry
from supplynet.anomaly.alarms import PER_WEEK, Alarms, Budget, FalseDiscoveryRate
from supplynet.anomaly.calibrated import DEFAULT, Calibrated
from supplynet.anomaly.detector import Progress
from supplynet.anomaly.incident import Incident
from supplynet.anomaly.readings import Readings, Series, learning_refusals
from supplynet.anomaly.scorers import OneEach, Scorer, fit_each
from supplynet.anomaly.seen import Seen, constants, joined, see
from supplynet.core.shifts import ShiftCalendar
from supplynet.errors import InsufficientData, InvalidInput
from supplynet.forecast.given_inputs import given_inputs
from supplynet.frames.aliases import DEFAULT_LOCATION
from supplynet.frames.demand import KEY
from supplynet.frames.panel import Panel
from supplynet.frames.time_grid import Place, TimeGrid, panel_on_grid


class AnomalyDetector:
    """Settings of a detector, of its calendar and of its alarms; fits any number of times.

    Args:
        detector: Name in ``anomaly.registry``.
        freq: ``5min, 10min, 15min, 30min, 1h, 1d, 1w, 1mo`` or ``shift``; None = as most rows are
            apart.
        calendar: The site's shifts, for ``freq="shift"``.
        country: ISO code of the country whose public holidays count, such as DE.
        subdivision: Of the country, such as BY.
        time_zone: In which days, weeks and months begin.
        individual: A detector for each series, instead of one that learns from all.
        alarms_per_week: False alarms that are put up with, over all series together; None = 35.
        false_discovery_rate: Instead: share of the alarms of each period that may be false, in
            (0, 1). It takes many series: with one it flags that share of what is normal.
        settings: Of the detector, such as ``seed``.

    Raises:
        NotFound: No such detector.
        MissingExtra: A library that it needs is not installed.
        ConfigError: The detector has no such setting.
        InvalidInput: No such frequency, shifts without a calendar, or both ways to set alarms.
    """

    def __init__(
        self,
        detector: str = DEFAULT,
        *,
        freq: str | None = None,
        calendar: ShiftCalendar | None = None,
        country: str | None = None,
        subdivision: str | None = None,
        time_zone: str = "UTC",
        individual: bool = False,
        alarms_per_week: float | None = None,
        false_discovery_rate: float | None = None,
        **settings: Any,
    ) -> None:
        registry.detector(detector, **settings)  # refused now rather than when it is fitted
        self.detector, self.settings, self.individual = detector, settings, individual
        self.alarms = alarms_of(alarms_per_week, false_discovery_rate)
        self._place = Place(
            freq=freq,
            calendar=calendar,
            country=country,
            subdivision=subdivision,
            time_zone=time_zone,
        )

    def fit(
        self,
        data: object,
        *,
        future: object = None,
        past: Sequence[str] = (),
        static: object = None,
        progress: Progress | None = None,
    ) -> FittedAnomalyDetector:
        """Learn what is usual from a table, in which some values may be odd; it stays as it is.

        Args:
            data: History under any known names; see above for what is refused of it.
            future: What was known ahead, such as promotions and planned stops, with which
                ``forecast_residual`` and ``ensemble`` reckon; see ``Forecaster.fit``.
            past: Columns of ``data`` that are known when their period is over.
            static: Facts, one row per series, part or location.
            progress: Told of every round where training takes rounds.

        Raises:
            InvalidInput: It is no table, does not conform, or does not fit the frequency.
            InsufficientData: No series can be learnt from.
            HistoryTooShort: Fewer periods than the detector needs.
        """
        readings = Readings.of(data)
        if readings.frame.is_empty():
            raise InvalidInput("there are no rows to learn from")
        grid = self._place.grid_of(readings.frame["period_start"])
        panel = panel_on_grid(readings.frame, grid)
        panel = replace(
            panel, inputs=given_inputs(data, panel.periods, future, past, static).inputs
        )
        refused = {**learning_refusals(panel), **readings.refused}
        usable = panel.select([name for name in panel.series if name not in refused])
        if not usable.series:
            raise InsufficientData(f"nothing to learn from: {next(iter(refused.values()))}")
        scorer, failed = self._fit(usable, progress)
        return FittedAnomalyDetector(
            scorer=scorer,
            alarms=self.alarms,
            grid=grid,
            history=panel,
            refused={**refused, **failed},
        )

    def _fit(self, usable: Panel, progress: Progress | None) -> tuple[Scorer, Mapping[Series, str]]:
        wanted = Calibrated(model=self.detector, settings=self.settings)
        if self.individual:
            return fit_each(wanted, usable, progress)
        return wanted.fit(usable, progress=progress), {}


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedAnomalyDetector:
    """A fitted detector with the history that it has learnt from.

    Attributes:
        scorer: ``calibrated.CalibratedDetector``, or one for each series.
        alarms: From which odds on a value is an anomaly.
        grid: Its periods.
        history: Comes before what is scored, where that goes on from it.
        refused: Series that nothing was learnt from, each with a sentence.
    """

    scorer: Scorer
    alarms: Alarms
    grid: TimeGrid
    history: Panel
    refused: Mapping[Series, str]

    def score(
        self, data: object, *, last: int | None = None, hindsight: bool = False
    ) -> pl.DataFrame:
        """How odd every row of a table is.

        A table that begins later than the history it was fitted on is judged as its continuation;
        where both have a value, that of the table counts.

        Args:
            data: As for ``AnomalyDetector.fit``: the same series, later ones, or others.
            last: Only rows of the last periods; None = all.
            hindsight: Look at later values too, which places an anomaly better. Otherwise each row
                is judged by what was known when its period was over.

        Returns:
            A row per row of the table, sorted by ``unique_id, ds`` (naive UTC): ``y, score`` (0 =
            as usual, 0.5 = as odd as one normal value in 1,000, 1 = one in a million),
            ``is_anomaly``, ``kind`` (of ``incident.Kind``), ``expected, low, high`` (parts),
            ``p_value`` and ``reason``, why there is no score.

        Raises:
            InvalidInput: The table does not conform or does not fit the frequency.
        """
        readings = _read(data)
        seen = self._see(readings, last, hindsight)
        return _rows(readings, seen, self._reasons(readings))

    def incidents(
        self, data: object, *, last: int | None = None, hindsight: bool = False
    ) -> list[Incident]:
        """Odd values that belong together, each told once, the oddest first.

        Arguments and errors as for ``score``.
        """
        return list(self._see(_read(data), last, hindsight).incidents)

    def see(self, data: object, *, last: int | None = None, hindsight: bool = False) -> Seen:
        """All that was seen, as arrays: scores, alarms, incidents and the panel itself.

        Arguments and errors as for ``score``.
        """
        return self._see(_read(data), last, hindsight)

    def _see(self, readings: Readings, last: int | None, hindsight: bool) -> Seen:
        if last is not None and last < 1:
            raise InvalidInput(f"last is {last}; give 1 or more periods")
        frame = readings.frame
        panel = joined(self.history, panel_on_grid(frame, self.grid), self.grid)
        begin = frame["period_start"].min()
        assert isinstance(begin, datetime)
        count = sum(start >= begin for start in panel.period_starts)
        judged = set(frame.select(KEY[:2]).unique().iter_rows())
        learnt = set(self.history.series) - set(self.refused)
        return see(
            self.scorer,
            self.alarms,
            panel,
            min(count, last or count),
            hindsight=hindsight,
            unusable={*readings.refused, *(set(panel.series) - judged)},
            constant=constants(panel) - learnt,
        )

    def _reasons(self, readings: Readings) -> dict[Series, str]:
        if isinstance(self.scorer, OneEach):
            return {**self.refused, **readings.refused}
        return dict(readings.refused)


def alarms_of(
    alarms_per_week: float | None = None, false_discovery_rate: float | None = None
) -> Alarms:
    """From which odds on a value is an anomaly; see ``AnomalyDetector``.

    Raises:
        InvalidInput: Both are given, or one that cannot be.
    """
    if false_discovery_rate is None:
        return Budget(alarms_per_week=PER_WEEK if alarms_per_week is None else alarms_per_week)
    if alarms_per_week is not None:
        raise InvalidInput("alarms_per_week and false_discovery_rate exclude each other; give one")
    return FalseDiscoveryRate(rate=false_discovery_rate)


def _read(data: object) -> Readings:
    readings = Readings.of(data)
    if readings.frame.is_empty():
        raise InvalidInput("there are no rows to judge")
    return readings


def _rows(readings: Readings, seen: Seen, reasons: Mapping[Series, str]) -> pl.DataFrame:
    """The rows of a table that lie in the judged periods, with what was seen of each."""
    keys = list(KEY)
    rows = readings.frame.filter(pl.col("period_start") >= seen.periods[0].start)
    rows = rows.select(*keys, pl.col("demand").alias("y")).join(seen.cells(), on=keys, how="left")
    rows = rows.join(readings.wrong.rename({"y": "_given"}), on=keys, how="left")
    told = pl.DataFrame(
        [(*name, sentence) for name, sentence in reasons.items()],
        schema={"location_id": pl.String, "part_id": pl.String, "_why": pl.String},
        orient="row",
    )
    rows = rows.join(told, on=keys[:2], how="left")
    judged = pl.col("y").is_not_null()
    reason = (
        pl.when(pl.col("score").is_not_null() & judged)
        .then(None)
        .otherwise(
            pl.coalesce(
                "_why",
                pl.when(~judged).then(pl.lit("not observed")),
                pl.lit("too little came before it"),
            )
        )
    )
    alone = pl.col("location_id") == DEFAULT_LOCATION
    name = pl.concat_str("location_id", "part_id", separator="/")
    return rows.select(
        pl.when(alone).then("part_id").otherwise(name).alias("unique_id"),
        pl.col("period_start").dt.replace_time_zone(None).alias("ds"),
        pl.coalesce("_given", "y").alias("y"),
        pl.when(judged).then("score").alias("score"),
        (pl.col("is_anomaly") & judged).alias("is_anomaly"),
        "kind",
        "expected",
        "low",
        "high",
        pl.when(judged).then("p_value").alias("p_value"),
        reason.alias("reason"),
    ).sort("unique_id", "ds")
