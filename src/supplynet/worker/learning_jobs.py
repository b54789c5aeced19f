"""Long work on models: judge them, search settings, forecast, detect, tell when to refill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from supplynet.anomaly.calibrated import DEFAULT
from supplynet.errors import InvalidInput, NotFound
from supplynet.forecast.refill_trial import TrialSettings
from supplynet.services import champion, evaluation, models, sales_data, uploads
from supplynet.services.anomaly import AnomalyService
from supplynet.services.anomaly_plant import DetectRequest
from supplynet.services.anomaly_plant import detect as detect_in
from supplynet.services.books import open_books
from supplynet.services.evaluation_data import Cut
from supplynet.services.refill import RefillRequest, refill_report
from supplynet.services.sales_models import ForecastingService
from supplynet.worker.job_process import JobContext

Json = dict[str, Any]
MOST_ROWS = 100_000
"""Of a forecast that is asked for as a job: its rows are kept in the books."""


def backtest(context: JobContext, params: Json) -> Json:
    """``{"models", "import_id", "folds", ..., "by", "seed"}`` -> ``evaluation.backtest``."""
    request = evaluation.BacktestRequest(
        models=params["models"],
        file=_file(context, params),
        cut=_cut(params),
        by=params["by"],
        seed=params["seed"],
    )
    return evaluation.backtest(context.workspace, request, report=context.progress)


def tune(context: JobContext, params: Json) -> Json:
    """``{"model", "search", "metric", "minutes", "trials", ...}`` -> ``evaluation.tune``."""
    request = evaluation.TuneRequest(
        model=params["model"],
        method=params["search"],
        metric=params["metric"],
        trials=params["trials"],
        minutes=params["minutes"],
        cut=_cut(params),
        held_out=params["held_out"],
        fresh=params["fresh"],
        seed=params["seed"],
    )
    return evaluation.tune(context.workspace, request, report=context.progress)


def detect(context: JobContext, params: Json) -> Json:
    """``{"import_id", "model", "alarms_per_week", ...}`` -> ``anomaly_plant.detect``."""
    known = {name: value for name, value in params.items() if value is not None}
    known.pop("import_id", None)
    request = DetectRequest(file=_file(context, params), **known)
    return detect_in(context.workspace, request, report=context.progress)


def triggers(context: JobContext, params: Json) -> Json:
    """``{"model", "threshold", "days", "miss_cost", "halts", "keep", "seed"}`` -> the report."""
    days, seed = params["days"], params["seed"]
    request = RefillRequest(
        model=params["model"],
        threshold=params["threshold"],
        trial=TrialSettings(
            test_days=days,
            validation_days=max(1, days * 2 // 3),
            miss_cost=params["miss_cost"],
            seed=open_books(context.workspace).settings.seed if seed is None else seed,
        ),
        halts=params["halts"],
        keep=params["keep"],
    )
    return refill_report(context.workspace, request, report=context.progress).to_dict()


def forecast(context: JobContext, params: Json) -> Json:
    """``{"location_id", "part_id", "horizon", "level"}`` -> model, warning and rows.

    Raises:
        InvalidInput: More rows than the books keep.
    """
    context.progress(0.1, "forecasting")
    found = champion.forecast(context.workspace, **params)
    if len(found.items) > MOST_ROWS:
        raise InvalidInput(
            f"the forecast has {len(found.items):,} rows, a job keeps at most {MOST_ROWS:,}: name "
            "a location or a part, or look less far ahead"
        )
    return {
        "model_version": found.model_version,
        "warning": found.warning,
        "items": found.items,
    }


def train_series(context: JobContext, params: Json) -> Json:
    """``{"warehouse_id", "sku_id", "model", ...}`` -> ``ForecastingService.train_model``."""
    service = ForecastingService(context.workspace, model=params["model"], seed=params["seed"])
    context.progress(0.1, f"training {service.model}")
    return service.train_model(
        params["warehouse_id"],
        params["sku_id"],
        sales_data.sales_of(context.workspace, _file(context, params)),
        warm_start=params["warm_start"],
        promote=params["promote"],
    )


def retrain_all(context: JobContext, params: Json) -> Json:
    """``{"model", "individual", ...}`` -> ``ForecastingService.retrain_all_models``."""
    service = ForecastingService(context.workspace, model=params["model"], seed=params["seed"])
    return service.retrain_all_models(
        sales_data.sales_of(context.workspace, _file(context, params)),
        individual=params["individual"],
        warm_start=params["warm_start"],
        promote=params["promote"],
        report=context.progress,
    )


def detect_series(context: JobContext, params: Json) -> Json:
    """``{"warehouse_id", "sku_id", "days", ...}`` -> ``AnomalyService.detect_anomalies``.

    The detector of all series is trained first where none serves the series.
    """
    service = AnomalyService(
        context.workspace, model=params["model"] or DEFAULT, seed=params["seed"]
    )
    context.progress(0.0, "reading the sales")
    sales = sales_data.sales_of(context.workspace, _file(context, params))
    warehouse_id, sku_id = params["warehouse_id"], params["sku_id"]
    recent = sales_data.last_days(sales, warehouse_id, params["days"])

    def judged() -> Json:
        context.progress(0.8, "judging")
        hindsight = params["hindsight"]
        return service.detect_anomalies(warehouse_id, sku_id, recent, hindsight=hindsight)

    try:
        return judged()
    except NotFound as error:
        if error.what != "detector":
            raise
    service.retrain_all_detectors(
        sales, report=lambda done, what: context.progress(0.8 * done, what)
    )
    return judged()


def export_model(context: JobContext, params: Json) -> Json:
    """``{"version", "int8"}`` -> ``models.export``."""
    context.progress(0.1, "writing the graphs")
    return models.export(open_books(context.workspace), params["version"], int8=params["int8"])


def _cut(params: Json) -> Cut:
    names = ("folds", "periods", "days", "steps", "window")
    return Cut(**{name: params[name] for name in names})


def _file(context: JobContext, params: Json) -> Path | None:
    import_id = params.get("import_id")
    return None if import_id is None else uploads.file_of(context.workspace, import_id)
