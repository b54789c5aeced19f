"""``ForecastingService``: models of sales by warehouse and SKU, from tables, without a plant.

A model is kept with the end of the history that it forecasts from, so a later process forecasts the
same. One global model serves all series unless a series was given one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import fmean, median
from typing import Any

from supplynet.config import load_settings
from supplynet.core.ids import model_key
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InsufficientData, InvalidInput, ModelError, NotFound
from supplynet.forecast.forecast_cache import ForecastCache
from supplynet.forecast.quantiles import QUANTILES, mean
from supplynet.frames.panel import daily_periods
from supplynet.learning.artifacts import check_model, load_metrics
from supplynet.learning.opening import Opened, first_good
from supplynet.learning.versions import Versions
from supplynet.services.books import system_now
from supplynet.services.model_comparison import compare_versions
from supplynet.services.model_index import (
    SALES,
    Index,
    Stamp,
    own_purpose,
    read_index,
    stamp_of,
    versions_for,
)
from supplynet.services.model_promotion import Promote
from supplynet.services.sales_table import SalesTable, Series
from supplynet.services.sales_training import Request, Trained, train
from supplynet.services.sales_versions import OpenedVersions, Served

LONGEST_HORIZON = 400
Report = Callable[[float, str], None]
Json = dict[str, Any]


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
        self._opened = OpenedVersions(workspace=self.workspace)
        self._forecasts = ForecastCache()
        self._read: tuple[Stamp, Index] | None = None

    def train_model(
        self,
        warehouse_id: str,
        sku_id: str,
        sales_data: object,
        *,
        warm_start: bool = False,
        promote: Promote = "always",
    ) -> Json:
        """Train a model of one series alone, and let it serve that series from now on.

        Args:
            warehouse_id: Of the series.
            sku_id: Of the series.
            sales_data: Sales of it and any others: polars, pandas, Arrow, or a dict of columns.
            warm_start: As for ``retrain_all_models``.
            promote: As for ``retrain_all_models``.

        Returns:
            ``model_key, model, model_version, days, metrics`` (of the last 28 days, forecast seven
            days at a time from what was known), ``baselines`` (the same of naive forecasts),
            ``promoted`` and ``reason`` (whether it serves, and why), and after a warm start
            ``parent`` and ``afresh`` (the metrics of a model trained from scratch).

        Raises:
            InsufficientData: Fewer than 100 days of it, or 1,000 records in all.
            InvalidInput: The table cannot be read.
            NotFound: It has no such series.
            ConfigError: The model cannot go on from a fitted one.
        """
        table = SalesTable.of(sales_data)
        name = (warehouse_id, sku_id)
        if name not in table.days:
            raise NotFound("series", "/".join(name), "see the warehouse_id and sku_id of the table")
        table.check_records()
        table.check_days(name)
        panel = table.panel.select([name])
        key = model_key(*name)
        trained = self._train(
            Request(
                workspace=self.workspace,
                model=self.model,
                seed=self.seed,
                panel=panel,
                history=panel,
                warm_start=warm_start,
                promote=promote,
            ),
            own_purpose(key),
        )
        return trained.row(name)

    def retrain_all_models(
        self,
        sales_data: object,
        *,
        individual: bool = False,
        warm_start: bool = False,
        promote: Promote = "always",
        report: Report = lambda _fraction, _what: None,
    ) -> dict[str, Json]:
        """Train one global model on every series that has enough history, and let it serve all.

        A series that is too short, constant or empty stops none of the others: it is named with
        the reason, and still forecast from what the others teach.

        Args:
            sales_data: As for ``train_model``.
            individual: A model for every series instead; one that fails is named (``fallback``).
            warm_start: Go on from the model that serves, where data were added since, instead of
                training afresh. Both ways are scored on the same days that neither has seen.
            promote: ``always``, since a forecast starts where the history of its model ends;
                ``if_better`` leaves the model before in place when its settings, fitted on the
                same days, do better; ``never``.
            report: Progress, 0 to 1.

        Returns:
            By model key what ``train_model`` returns; with ``refused``, a sentence, instead of
            ``metrics`` for those that could not be learnt from.

        Raises:
            InsufficientData: Fewer than 1,000 records, or no series with 100 days.
            InvalidInput: The table cannot be read.
            ConfigError: The model cannot go on from a fitted one.
        """
        table = SalesTable.of(sales_data)
        table.check_records()
        refused = table.refusals()
        usable = [name for name in table.panel.series if name not in refused]
        if not usable:
            raise InsufficientData(next(iter(refused.values())))
        report(0.1, f"training {self.model} on {len(usable)} series")
        trained = self._train(
            Request(
                workspace=self.workspace,
                model=self.model,
                seed=self.seed,
                panel=table.panel.select(usable),
                history=table.panel,
                individual=individual,
                warm_start=warm_start,
                promote=promote,
            ),
            SALES,
        )
        found = {model_key(*name): trained.row(name) for name in table.panel.series}
        for name, sentence in refused.items():
            found[model_key(*name)].update(refused=sentence, metrics=None, baselines={})
        return found

    def get_model_performance_summary(self) -> Json:
        """How the models that serve did on the days they had not seen.

        Returns:
            ``total_models, average_mape, median_mape, median_r2, average_mase``,
            ``best_performing`` and ``worst_performing`` (``model_key, mape, ...``), ``models`` by
            name, ``not_judged`` (keys whose series had no demand to judge by), ``damaged``
            (reasons by version, which does not serve and whose figures are left out), ``noise``
            (by version: of how many series a percentage can be promised, and why of no more).

        Raises:
            NotFound: Nothing was trained yet.
        """
        rows, damaged = [], {}
        versions = self._index().serves
        cache: dict[str, Json] = {}
        for version in set(versions.values()):
            try:
                check_model(self.workspace, version)
                cache[version] = load_metrics(self.workspace, version)
            except ModelError as error:
                damaged[version] = str(error)
        for key, version in sorted(versions.items()):
            told = cache.get(version, {})
            metrics = told.get("series", {}).get(key)
            rows.append({"model_key": key, "model": told.get("model"), **(metrics or {})})
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
            "damaged": damaged,
            "noise": {version: told["noise"] for version, told in cache.items() if "noise" in told},
        }

    def generate_forecast(self, warehouse_id: str, sku_id: str, horizon_days: int = 7) -> Json:
        """Demand of the days after the history that the model was trained on.

        A model whose files are damaged is never opened: the one before it serves, then any other
        that has learnt from this series, and ``warning`` says so.

        Returns:
            ``model_key, model_version, forecast``: a row per day with ``date, predicted`` (mean),
            ``median, lower_80, upper_80, lower_98, upper_98``, in units; ``warning``, "" when all
            is well.

        Raises:
            InvalidInput: A horizon that cannot be.
            NotFound: No model serves this series.
            ModelError: The files of every model of it are missing or damaged.
        """
        if not 1 <= horizon_days <= LONGEST_HORIZON:
            raise InvalidInput(f"horizon_days is {horizon_days}; give 1 to {LONGEST_HORIZON}")
        key, index = model_key(warehouse_id, sku_id), self._index()
        if key not in index.serves:
            raise NotFound("model", key, "train_model or retrain_all_models makes one")
        found = self._serving((warehouse_id, sku_id), index)
        # The parts of a location are told of each other, in training as here: all are forecast, and
        # the cache has the others when they are asked for.
        known = found.model.history
        history = known.select([name for name in known.series if name[0] == warehouse_id])
        first = history.periods[-1].local_date + timedelta(days=1)
        future = daily_periods(first, first + timedelta(days=horizon_days))
        every = self._forecasts.predict(
            found.model.predictor, found.version, history, future, QUANTILES
        )
        quantiles = every[history.series.index((warehouse_id, sku_id))]
        rows = [
            _day(period.local_date, levels, float(middle))
            for period, levels, middle in zip(
                future, quantiles, mean(quantiles, QUANTILES), strict=True
            )
        ]
        return {
            "model_key": key,
            "model_version": found.version,
            "forecast": rows,
            "warning": "; ".join(filter(None, [index.warning, found.warning])),
        }

    def versions(self, warehouse_id: str | None = None, sku_id: str | None = None) -> Versions:
        """The versions of the model for all, or of the one that a series has to itself.

        What they offer: ``all, promote, rollback, remove, prune``.
        """
        if warehouse_id is None or sku_id is None:
            return versions_for(self.workspace, SALES, self._clock)
        purpose = own_purpose(model_key(warehouse_id, sku_id))
        return versions_for(self.workspace, purpose, self._clock)

    def compare_models(self, first: str, second: str, sales_data: object) -> Json:
        """Two versions on the same days; see ``model_comparison.compare_versions``."""
        panel = SalesTable.of(sales_data).panel
        return compare_versions(self.workspace, first, second, panel)

    def _train(self, request: Request, purpose: str) -> Trained:
        versions = versions_for(self.workspace, purpose, self._clock)
        trained = train(request, versions, self._clock(), self._opened)
        self._opened.put(trained.version, trained.served)
        return trained

    def _serving(self, name: Series, index: Index) -> Opened[Served]:
        def opened(version: str) -> Served:
            served = self._opened.get(version)
            if name not in served.history.series:
                raise NotFound("series", "/".join(name), f"{version} was trained without it")
            return served

        return first_good(self._candidates(model_key(*name), index), opened)

    def _candidates(self, key: str, index: Index) -> Iterator[str]:
        """Versions that may serve a series, the best first, each once."""
        yield (first := index.serves[key])
        seen = {first}
        for purpose in index.purposes_of(key):
            for version in versions_for(self.workspace, purpose, self._clock).to_serve():
                if version not in seen:
                    seen.add(version)
                    yield version

    def _index(self) -> Index:
        """The index, read again only when the file is another than before."""
        stamp = stamp_of(self.workspace)
        if self._read is not None and self._read[0] == stamp:
            return self._read[1]
        found = read_index(self.workspace)
        if not found.serves:
            raise NotFound("model in", str(self.workspace), "retrain_all_models makes them")
        if not found.warning:  # a damaged one is looked at again: its versions may come back
            self._read = (stamp, found)
        return found


def _day(day: date, levels: FloatArray, middle: float) -> Json:
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
