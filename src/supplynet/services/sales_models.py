"""``ForecastingService``: models of sales by warehouse and SKU, from tables, without a plant.

A model is kept with the end of the history that it forecasts from, so a later process forecasts the
same. One global model serves all series unless a series was given one of its own.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
import polars as pl

from supplynet.config import load_settings
from supplynet.core.ids import model_key
from supplynet.errors import InsufficientData, InvalidInput, ModelError, NotFound
from supplynet.files import write_atomically
from supplynet.forecast import registry
from supplynet.forecast.backtest import Backtest, backtest
from supplynet.forecast.metrics import METRICS, metrics_frame, series_metrics
from supplynet.forecast.model import Predictor
from supplynet.forecast.quantiles import QUANTILES, mean
from supplynet.frames.aliases import to_polars
from supplynet.frames.demand import sum_rows
from supplynet.frames.panel import Panel, daily_periods, panel_from_frame
from supplynet.learning.artifacts import load_metrics, load_model, save_model
from supplynet.learning.scaling import tail_of
from supplynet.services.books import system_now
from supplynet.services.forecasting import estimator_of

MINIMUM_DAYS, MINIMUM_RECORDS = 100, 1_000
TEST_DAYS, STEPS = 28, 7
LONGEST_HORIZON = 400
INDEX = "models/sales.index.json"
Report = Callable[[float, str], None]
Json = dict[str, Any]
Series = tuple[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Served:
    """A model in memory with the history that it forecasts from."""

    predictor: Predictor
    history: Panel


class ForecastingService:
    """The guide's forecasting service, in the current folder's workspace.

    Args:
        workspace: Folder for ``models``, ``scalers`` and ``metrics``; it need not be initialised.
        model: Name in ``forecast.registry``; None = the setting ``model``.
        seed: Of whatever is drawn; None = the setting ``seed``.
        clock: The real time; for tests.
    """

    def __init__(
        self,
        workspace: Path | str = ".",
        *,
        model: str | None = None,
        seed: int | None = None,
        clock: Callable[[], datetime] = system_now,
    ) -> None:
        self.workspace = Path(workspace)
        settings = load_settings(self.workspace)
        self.model = settings.model if model is None else model
        self.seed = settings.seed if seed is None else seed
        self._clock = clock
        self._opened: OrderedDict[str, _Served] = OrderedDict()

    def train_model(self, warehouse_id: str, sku_id: str, sales_data: object) -> Json:
        """Train a model of one series alone, and let it serve that series from now on.

        Args:
            warehouse_id: Of the series.
            sku_id: Of the series.
            sales_data: Sales of it and any others: polars, pandas, Arrow, or a dict of columns.

        Returns:
            ``model_key, model, model_version, days, metrics`` (of the last 28 days, forecast seven
            days at a time from what was known), ``baselines`` (the same of naive forecasts).

        Raises:
            InsufficientData: Fewer than 100 days of it, or 1,000 records in all.
            InvalidInput: The table cannot be read.
            NotFound: It has no such series.
        """
        table = _Sales.of(sales_data)
        name = (warehouse_id, sku_id)
        if name not in table.days:
            raise NotFound("series", "/".join(name), "see the warehouse_id and sku_id of the table")
        table.check_records()
        table.check_days(name)
        panel = table.panel.select([name])
        return self._train(panel, [name], _file_name(model_key(*name)))[model_key(*name)]

    def retrain_all_models(
        self, sales_data: object, *, report: Report = lambda _fraction, _what: None
    ) -> dict[str, Json]:
        """Train one global model on every series that has enough history, and let it serve all.

        A series that is too short, constant or empty stops none of the others: it is named with
        the reason, and still forecast from what the others teach.

        Args:
            sales_data: As for ``train_model``.
            report: Progress, 0 to 1.

        Returns:
            By model key what ``train_model`` returns; with ``refused``, a sentence, instead of
            ``metrics`` for those that could not be learnt from.

        Raises:
            InsufficientData: Fewer than 1,000 records, or no series with 100 days.
            InvalidInput: The table cannot be read.
        """
        table = _Sales.of(sales_data)
        table.check_records()
        refused = table.refusals()
        usable = [name for name in table.panel.series if name not in refused]
        if not usable:
            raise InsufficientData(next(iter(refused.values())))
        report(0.1, f"training {self.model} on {len(usable)} series")
        panel = table.panel
        found = self._train(panel.select(usable), panel.series, "sales", history=panel)
        for name, sentence in refused.items():
            row = found[model_key(*name)]
            row.update(refused=sentence, metrics=None, baselines={})
        return found

    def get_model_performance_summary(self) -> Json:
        """How the models that serve did on the days they had not seen.

        Returns:
            ``total_models, average_mape, median_mape, median_r2, average_mase``,
            ``best_performing`` and ``worst_performing`` (``model_key, mape, ...``), ``models`` by
            name, ``not_judged`` (keys whose series had no demand to judge by).

        Raises:
            NotFound: Nothing was trained yet.
        """
        rows = []
        versions = self._index()
        cache = {name: load_metrics(self.workspace, name) for name in set(versions.values())}
        for key, version in sorted(versions.items()):
            metrics = cache[version]["series"].get(key)
            rows.append({"model_key": key, "model": cache[version]["model"], **(metrics or {})})
        judged = [row for row in rows if row.get("mape") is not None]
        judged.sort(key=lambda row: row["mape"])
        return {
            "total_models": len(rows),
            "average_mape": _over(fmean, judged, "mape"),
            "median_mape": _over(median, judged, "mape"),
            "median_r2": _over(median, judged, "r2"),
            "average_mase": _over(fmean, judged, "mase"),
            "best_performing": judged[0] if judged else None,
            "worst_performing": judged[-1] if judged else None,
            "models": {row["model_key"]: row for row in rows},
            "not_judged": [row["model_key"] for row in rows if row.get("mape") is None],
        }

    def generate_forecast(self, warehouse_id: str, sku_id: str, horizon_days: int = 7) -> Json:
        """Demand of the days after the history that the model was trained on.

        Returns:
            ``model_key, model_version, forecast``: a row per day with ``date, predicted`` (mean),
            ``median, lower_80, upper_80, lower_98, upper_98``, in units.

        Raises:
            InvalidInput: A horizon that cannot be.
            NotFound: No model serves this series.
            ModelError: Its files are missing or damaged.
        """
        if not 1 <= horizon_days <= LONGEST_HORIZON:
            raise InvalidInput(f"horizon_days is {horizon_days}; give 1 to {LONGEST_HORIZON}")
        key = model_key(warehouse_id, sku_id)
        version = self._index().get(key)
        if version is None:
            raise NotFound("model", key, "train_model or retrain_all_models makes one")
        served = self._serve(version)
        history = served.history.select([(warehouse_id, sku_id)])
        first = history.periods[-1].local_date + timedelta(days=1)
        future = daily_periods(first, first + timedelta(days=horizon_days))
        quantiles = served.predictor.predict(history, future, QUANTILES)[0]
        rows = [
            _day(period.local_date, levels, float(middle))
            for period, levels, middle in zip(
                future, quantiles, mean(quantiles, QUANTILES), strict=True
            )
        ]
        return {"model_key": key, "model_version": version, "forecast": rows}

    def _train(
        self,
        panel: Panel,
        serves: Sequence[Series],
        name: str,
        *,
        history: Panel | None = None,
    ) -> dict[str, Json]:
        """Judge on the last weeks, fit on everything, keep, and serve ``serves``."""
        estimator = estimator_of(self.model, self.seed)
        test = min(TEST_DAYS, len(panel.periods) // 4)
        steps = min(STEPS, test)
        judged = backtest({self.model: estimator}, panel, periods=test, steps=steps, every=steps)
        figures = {model: _by_key(judged, model) for model in judged.outcomes}
        predictor = estimator.fit(panel)
        version = f"{name}-{self._clock().astimezone(UTC):%Y%m%dT%H%M%S%f}"
        known = panel if history is None else history
        metrics = {"model": self.model, "series": figures[self.model]}
        self._save(version, predictor, known, metrics)
        keys = {model_key(*each): version for each in serves}
        write_atomically(
            self.workspace / INDEX, json.dumps({**self._known_index(), **keys}).encode()
        )
        self._remember(version, _Served(predictor=predictor, history=tail_of(known)))
        days = dict(zip(known.series, (~np.isnan(known.demand)).sum(axis=1), strict=True))
        baselines = [model for model in figures if model != self.model]
        return {
            model_key(*each): {
                "model_key": model_key(*each),
                "model": self.model,
                "model_version": version,
                "days": int(days[each]),
                "metrics": figures[self.model].get(model_key(*each)),
                "baselines": {model: figures[model].get(model_key(*each)) for model in baselines},
            }
            for each in serves
        }

    def _save(self, name: str, predictor: Predictor, history: Panel, metrics: Json) -> None:
        state, known = predictor.state(), tail_of(history)
        kept = replace(
            state,
            arrays={**state.arrays, "history": known.demand},
            texts={
                **state.texts,
                "history_series": json.dumps(known.series),
                "history_first_day": known.periods[0].local_date.isoformat(),
            },
        )
        save_model(self.workspace, name, kept, metrics)

    def _serve(self, version: str) -> _Served:
        if version not in self._opened:
            self._remember(version, _opened(self.workspace, version))
        self._opened.move_to_end(version)
        return self._opened[version]

    def _remember(self, version: str, served: _Served) -> None:
        self._opened[version] = served
        while len(self._opened) > MOST_OPENED:
            self._opened.popitem(last=False)

    def _index(self) -> dict[str, str]:
        found = self._known_index()
        if not found:
            raise NotFound("model in", str(self.workspace), "retrain_all_models makes them")
        return found

    def _known_index(self) -> dict[str, str]:
        path = self.workspace / INDEX
        if not path.exists():
            return {}
        try:
            found = json.loads(path.read_bytes())
            return {str(key): str(name) for key, name in found.items()}
        except (OSError, ValueError, AttributeError) as error:
            raise ModelError(f"{INDEX} cannot be read: {error}; train again") from error


MOST_OPENED = 256
"""Models that are kept in memory."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sales:
    """Sales as a panel of days.

    Attributes:
        records: Rows of the table.
        panel: A day without a row between the first and last of a series is a day without sales.
        days: Days from the first to the last row of each series.
    """

    records: int
    panel: Panel
    days: Mapping[Series, int]

    @classmethod
    def of(cls, data: object) -> _Sales:
        """Rows of one day and series are added up: they are orders.

        Raises:
            InvalidInput: The table cannot be read, or has sales by the hour.
        """
        table = to_polars(data)
        frame = sum_rows(table)
        if frame.is_empty():
            raise InsufficientData("Insufficient data for training: there are no records")
        starts = frame["period_start"]
        if (starts.dt.truncate("1d") != starts).any():
            raise InvalidInput("sales are by the day; sum them by day, or use sn.Forecaster")
        panel = _without_gaps(panel_from_frame(frame))
        span = pl.col("period_start")
        days = frame.group_by("location_id", "part_id").agg(
            ((span.max() - span.min()).dt.total_days() + 1).alias("days")
        )
        return cls(
            records=table.height,
            panel=panel,
            days={(line, part): int(count) for line, part, count in days.iter_rows()},
        )

    def check_records(self) -> None:
        """Refuse too small a table.

        Raises:
            InsufficientData: Fewer than 1,000 records.
        """
        if self.records < MINIMUM_RECORDS:
            raise InsufficientData(
                f"Insufficient data for training: {self.records:,} records in all, "
                f"{MINIMUM_RECORDS:,} are needed; collect more, add other series, or start with "
                "DataService().generate_synthetic_training_data()"
            )

    def check_days(self, name: Series) -> None:
        """Refuse too short a series.

        Raises:
            InsufficientData: Fewer than 100 days.
        """
        sentence = self._too_short(name)
        if sentence:
            raise InsufficientData(sentence)

    def refusals(self) -> dict[Series, str]:
        """Series that nothing can be learnt from, each with a sentence."""
        found: dict[Series, str] = {}
        for name, values in zip(self.panel.series, self.panel.demand, strict=True):
            seen = values[~np.isnan(values)]
            title = "/".join(name)
            if self._too_short(name):
                found[name] = self._too_short(name)
            elif not seen.size:
                found[name] = f"series {title} has no amount on any day; export it again"
            elif (seen == seen[0]).all():
                always = "0" if seen[0] == 0 else f"{seen[0]:g}"
                found[name] = f"series {title} is always {always}: there is nothing to learn"
        return found

    def _too_short(self, name: Series) -> str:
        days = self.days[name]
        if days >= MINIMUM_DAYS:
            return ""
        return (
            f"Insufficient data for training: series {'/'.join(name)} has {days} days, needs "
            f"{MINIMUM_DAYS}; collect more, lengthen it with DataService().augment(), or let "
            "retrain_all_models() forecast it from the other series"
        )


def _without_gaps(panel: Panel) -> Panel:
    """0 on the days without a row between the first and last day of each series."""
    seen = ~np.isnan(panel.demand)
    begun = np.logical_or.accumulate(seen, axis=1)
    goes_on = np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
    return replace(panel, demand=np.where(~seen & begun & goes_on, 0.0, panel.demand))


def _opened(workspace: Path, version: str) -> _Served:
    _, state = load_model(workspace, version)
    arrays, texts = dict(state.arrays), dict(state.texts)
    try:
        demand = arrays.pop("history")
        series = tuple((line, part) for line, part in json.loads(texts.pop("history_series")))
        first = date.fromisoformat(texts.pop("history_first_day"))
    except (KeyError, ValueError) as error:
        raise ModelError(f"model {version} has no history to go on from; train again") from error
    periods = daily_periods(first, first + timedelta(days=demand.shape[1]))
    predictor = registry.restore(replace(state, arrays=arrays, texts=texts))
    return _Served(
        predictor=predictor, history=Panel(series=series, periods=periods, demand=demand)
    )


def _by_key(found: Backtest, model: str) -> dict[str, Json]:
    figures = series_metrics(
        found.outcomes[model].quantiles, found.actual, found.scale, found.square_scale
    )
    frame = metrics_frame(figures, found.series)
    return {
        model_key(row["location_id"], row["part_id"]): {name: row[name] for name in METRICS}
        for row in frame.to_dicts()
    }


def _day(day: date, levels: np.ndarray[Any, np.dtype[np.float64]], middle: float) -> Json:
    at = dict(zip(QUANTILES, levels.tolist(), strict=True))
    return {
        "date": day,
        "predicted": middle,
        "median": at[0.5],
        "lower_80": at[0.1],
        "upper_80": at[0.9],
        "lower_98": at[0.01],
        "upper_98": at[0.99],
    }


def _over(average: Callable[[list[float]], float], rows: list[Json], name: str) -> float | None:
    values = [row[name] for row in rows if row.get(name) is not None]
    return average(values) if values else None


def _file_name(key: str) -> str:
    """A name that every key can have: a long one is told by its hash."""
    return key if len(key) <= 40 else "series-" + sha256(key.encode()).hexdigest()[:24]
