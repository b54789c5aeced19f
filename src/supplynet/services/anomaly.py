"""``AnomalyService``: what is odd in sales by warehouse and SKU, from tables, without a plant.

One global detector serves all series; a series that was given one of its own is judged by that. A
detector is kept with the end of its history, so that a few recent days are enough to be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from supplynet.anomaly.alarms import PER_WEEK, Budget
from supplynet.anomaly.calibrated import DEFAULT
from supplynet.anomaly.readings import Readings, learning_refusals
from supplynet.anomaly.seen import Seen, constants, joined, see
from supplynet.config import load_settings
from supplynet.core.ids import model_key
from supplynet.errors import HistoryTooShort, InsufficientData, InvalidInput, NotFound
from supplynet.frames.panel import Panel
from supplynet.frames.time_grid import TimeGrid
from supplynet.learning.manifest import free_name
from supplynet.learning.opening import Opened, first_good
from supplynet.learning.versions import Versions
from supplynet.services.anomaly_training import (
    Trial,
    origin_of,
    rule_of,
    threshold_of,
    trial,
    wanted,
)
from supplynet.services.anomaly_versions import Kept, OpenedDetectors
from supplynet.services.books import system_now
from supplynet.services.model_index import ANOMALIES, own_purpose, read_index, versions_for
from supplynet.services.sales_table import SalesTable, Series
from supplynet.services.sales_training import file_name

Report = Callable[[float, str], None]
Json = dict[str, Any]
_DAYS = TimeGrid(freq="1d")
_STAMP = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sales:
    """Sales as a panel of days, with the series that nothing can be learnt from."""

    panel: Panel
    refused: dict[Series, str]
    unusable: dict[Series, str]

    @classmethod
    def of(cls, data: object) -> _Sales:
        """Read a table; see ``anomaly.readings`` for what is refused of it, series by series."""
        readings = Readings.of(data)
        panel = SalesTable.of(readings.frame).panel
        unusable = dict(readings.refused)
        return cls(panel=panel, refused={**learning_refusals(panel), **unusable}, unusable=unusable)

    def check(self, name: Series) -> None:
        """Refuse a series that is not there.

        Raises:
            NotFound: It is not.
        """
        if name not in self.panel.series:
            raise NotFound("series", "/".join(name), "see the warehouse_id and sku_id of the table")


class AnomalyService:
    """The guide's anomaly service, in the current folder's workspace.

    Args:
        workspace: Folder for ``models``, ``scalers`` and ``metrics``; it need not be initialised.
        model: Name in ``anomaly.registry``; ``lstm_reconstruction`` is the guide's own, with its
            threshold of mean + 2 standard deviations.
        alarms_per_week: False alarms that are put up with, over all series together.
        seed: Of whatever is drawn; None = the setting ``seed``.
        settings: Of the detector.
        clock: The real time; for tests.

    Raises:
        NotFound: No such detector.
        MissingExtra: A library that it needs is not installed.
        ConfigError: It has no such setting.
    """

    def __init__(
        self,
        workspace: Path | str = ".",
        *,
        model: str = DEFAULT,
        alarms_per_week: float = PER_WEEK,
        seed: int | None = None,
        settings: dict[str, Any] | None = None,
        clock: Callable[[], datetime] = system_now,
    ) -> None:
        self.workspace = Path(workspace)
        self.model = model
        self.seed = load_settings(self.workspace).seed if seed is None else seed
        self.alarms_per_week = Budget(alarms_per_week=alarms_per_week).alarms_per_week
        self._wanted = wanted(model, self.seed, settings)
        self._clock = clock
        self._opened = OpenedDetectors(workspace=self.workspace)

    def train_anomaly_detector(self, warehouse_id: str, sku_id: str, sales_data: object) -> Json:
        """Train a detector of one series alone; from now on that series is judged by it.

        Args:
            warehouse_id: Of the series.
            sku_id: Of the series.
            sales_data: Sales of it and any others: polars, pandas, Arrow, or a dict of columns. A
                day without a row between the first and last of a series is one without sales.

        Returns:
            ``model_key, model, model_version, days``; ``threshold`` from which on a value is an
            anomaly, of what it is (``threshold_of``: ``score``, or ``strangeness`` in the
            detector's own unit); ``metrics`` on the last 28 days, which the detector that they
            are measured on had not seen (``flagged_share`` beside ``allowed_share``; ``recall`` of
            ``injected_faults``), None where too little is left; ``baselines``: ``recall`` of
            ``robust_seasonal`` and of a guess.

        Raises:
            InsufficientData: Fewer than 28 values, none, or always the same.
            HistoryTooShort: For the detector.
            InvalidInput: The table cannot be read, or an amount of the series cannot be.
            NotFound: It has no such series.
        """
        sales, name = _Sales.of(sales_data), (warehouse_id, sku_id)
        sales.check(name)
        if name in sales.unusable:
            raise InvalidInput(sales.unusable[name])
        if name in sales.refused:
            raise InsufficientData(f"Insufficient data for training: {sales.refused[name]}")
        own = sales.panel.select([name])
        every = len(sales.panel.series)
        return self._train(own, own, own_purpose(model_key(*name), ANOMALIES), every)[name]

    def retrain_all_detectors(
        self,
        sales_data: object,
        *,
        individual: bool = False,
        report: Report = lambda _fraction, _what: None,
    ) -> dict[str, Json]:
        """Train one detector on every series that can be learnt from, and let it judge all.

        A series that is too short, constant, empty or has impossible amounts stops none of the
        others: it is named with the reason.

        Args:
            sales_data: As for ``train_anomaly_detector``.
            individual: A detector for every series instead, as the guide does it.
            report: Progress, 0 to 1.

        Returns:
            By model key what ``train_anomaly_detector`` returns; with ``refused``, a sentence, and
            ``metrics`` None for those that nothing was learnt from.

        Raises:
            InsufficientData: No series can be learnt from.
            HistoryTooShort: For the detector.
            InvalidInput: The table cannot be read.
        """
        sales = _Sales.of(sales_data)
        usable = [name for name in sales.panel.series if name not in sales.refused]
        if not usable:
            why = next(iter(sales.refused.values()))
            raise InsufficientData(f"Insufficient data for training: {why}")
        every = len(sales.panel.series)
        if individual:
            return self._train_each(sales, usable, report)
        report(0.1, f"training {self.model} on {len(usable)} series")
        found = self._train(sales.panel.select(usable), sales.panel, ANOMALIES, every)
        for name, sentence in sales.refused.items():
            found[name].update(refused=sentence, metrics=None, baselines={})
        return {model_key(*name): row for name, row in found.items()}

    def detect_anomalies(
        self, warehouse_id: str, sku_id: str, recent_data: object, *, hindsight: bool = False
    ) -> Json:
        """What is odd in recent sales of one series.

        The end of the history that the detector has learnt from comes before them, so they may be
        as short as one day; where both have a day, that of ``recent_data`` counts. A detector whose
        files are damaged is never opened: the one before it serves, and ``warning`` says so.

        Args:
            warehouse_id: Of the series.
            sku_id: Of the series.
            recent_data: Sales of it and any others, as for ``train_anomaly_detector``.
            hindsight: Judge each day by those after it, too.

        Returns:
            ``model_key, model, model_version, trained_until, threshold, threshold_of``;
            ``anomalies``: a row per odd day, ``date, units_sold, score, kind, expected, low, high,
            p_value, sentence``; ``scores``: the same of every day, without kind and sentence, with
            ``is_anomaly``, null where it cannot be judged; ``warning``, "" when all is well.

        Raises:
            InvalidInput: The table cannot be read, or an amount of the series cannot be.
            NotFound: It has no such series, or no detector serves it.
            ModelError: The files of every detector of it are missing or damaged.
        """
        sales, name = _Sales.of(recent_data), (warehouse_id, sku_id)
        sales.check(name)
        if name in sales.unusable:
            raise InvalidInput(sales.unusable[name])
        key, index = model_key(*name), read_index(self.workspace, ANOMALIES)
        if key not in index.serves:
            raise NotFound("detector", key, "train_anomaly_detector or retrain_all_detectors")
        found = self._serving(name)
        own = sales.panel.select([each for each in sales.panel.series if each[0] == warehouse_id])
        panel = joined(found.model.history, own, _DAYS)
        rule = rule_of(found.model.scorer, self.alarms_per_week, 1, len(index.serves))
        seen = see(
            found.model.scorer,
            rule,
            panel,
            len(own.periods),
            hindsight=hindsight,
            unusable={each for each in panel.series if each != name},
            constant=constants(panel) & {name},
        )
        return {
            "model_key": key,
            "model": found.model.scorer.settings.model,
            "model_version": found.version,
            "trained_until": found.model.history.periods[-1].local_date,
            **threshold_of(rule, 1, seen.periods),
            **_told(seen, name),
            "warning": "; ".join(filter(None, [index.warning, found.warning])),
        }

    def versions(self, warehouse_id: str | None = None, sku_id: str | None = None) -> Versions:
        """The versions of the detector for all, or of the one that a series has to itself.

        What they offer: ``all, promote, rollback, remove, prune``.
        """
        if warehouse_id is None or sku_id is None:
            return versions_for(self.workspace, ANOMALIES, self._clock)
        purpose = own_purpose(model_key(warehouse_id, sku_id), ANOMALIES)
        return versions_for(self.workspace, purpose, self._clock)

    def _train_each(self, sales: _Sales, usable: list[Series], report: Report) -> dict[str, Json]:
        every, refused, found = len(sales.panel.series), dict(sales.refused), dict[str, Json]()
        for place, name in enumerate(usable):
            key, own = model_key(*name), sales.panel.select([name])
            report(place / len(usable), f"training {self.model} on {key}")
            try:
                found[key] = self._train(own, own, own_purpose(key, ANOMALIES), every)[name]
            except HistoryTooShort as error:
                refused[name] = str(error)
        for name, sentence in refused.items():
            key = model_key(*name)
            told = {"model_key": key, "model": self.model, "model_version": None}
            found[key] = {**told, "refused": sentence, "metrics": None, "baselines": {}}
        return {model_key(*name): found[model_key(*name)] for name in sales.panel.series}

    def _train(self, panel: Panel, history: Panel, purpose: str, every: int) -> dict[Series, Json]:
        """Try on the last weeks, fit on everything, keep, and let it serve ``history``.

        Args:
            panel: Series to learn from.
            history: Series to serve.
            purpose: Of the version.
            every: Series of the table, which share the alarms of a week.
        """
        versions, now = versions_for(self.workspace, purpose, self._clock), self._clock()
        tried = trial(
            self._wanted, panel, per_week=self.alarms_per_week, every=every, seed=self.seed
        )
        kept = Kept.of(self._wanted.fit(panel), history)
        stem = file_name(purpose, longest=30)
        stem = f"{stem if purpose == ANOMALIES else f'odd-{stem}'}-{now.astimezone(UTC):{_STAMP}}"
        version = free_name(self.workspace, stem)
        rule = rule_of(kept.scorer, self.alarms_per_week, len(panel.series), every)
        limit = threshold_of(rule, len(panel.series), panel.periods)
        metrics = {
            "model": self.model,
            **limit,
            "backtest": tried.overall(self.model) if tried else {},
            "recall": dict(tried.recall) if tried else {},
            "serves": [model_key(*name) for name in history.series],
        }
        kept.save(self.workspace, version, metrics, origin_of(purpose, panel, now))
        versions.promote(version, reason="trained")
        self._opened.put(version, kept)
        return {
            name: {
                "model_key": model_key(*name),
                "model": self.model,
                "model_version": version,
                "days": int((~np.isnan(values)).sum()),
                **limit,
                **_figures(tried, self.model, panel, name),
            }
            for name, values in zip(history.series, history.demand, strict=True)
        }

    def _serving(self, name: Series) -> Opened[Kept]:
        def opened(version: str) -> Kept:
            kept = self._opened.get(version)
            if name not in kept.history.series:
                raise NotFound("series", "/".join(name), f"{version} was trained without it")
            return kept

        return first_good(self._candidates(model_key(*name)), opened)

    def _candidates(self, key: str) -> Iterator[str]:
        """Versions that may judge a series: its own ones, then those for all."""
        for purpose in (own_purpose(key, ANOMALIES), ANOMALIES):
            yield from versions_for(self.workspace, purpose, self._clock).to_serve()


def _figures(tried: Trial | None, model: str, panel: Panel, name: Series) -> Json:
    if tried is None or name not in panel.series:
        return {"metrics": None, "baselines": {}}
    row = panel.series.index(name)
    return {"metrics": tried.metrics(model, row), "baselines": tried.baselines(model)}


def _told(seen: Seen, name: Series) -> Json:
    """Every judged day of a series, and the odd ones with their sentence."""
    row, periods = seen.panel.series.index(name), seen.periods
    kinds, judged, scored = seen.kinds()[row], seen.scored.judged, seen.scored
    scores, anomalies = [], []
    for column, period in enumerate(periods):
        at = (row, column)
        day = {
            "date": period.local_date,
            "units_sold": _number(seen.demand[at]),
            "score": _number(scored.score[at]),
            "expected": _number(judged.expected[at]),
            "low": _number(judged.low[at]),
            "high": _number(judged.high[at]),
            "p_value": _number(scored.p_value[at]),
        }
        odd = bool(seen.alarms[at])
        scores.append({**day, "is_anomaly": odd})
        if odd:
            sentence = next(
                each.sentence for each in seen.incidents if each.start <= period.start < each.end
            )
            anomalies.append({**day, "kind": kinds[column], "sentence": sentence})
    return {"anomalies": anomalies, "scores": scores}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
