"""Models by warehouse and SKU, as the guide has them: train, retrain, forecast, detect, judge."""

from __future__ import annotations

import threading
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from supplynet.api.admission import AccessDep
from supplynet.api.depends import NO_PARAMETERS, BooksDep, IdempotencyKey
from supplynet.api.models import JobRow
from supplynet.api.queueing import queued
from supplynet.api.routing import Router
from supplynet.api.training_bodies import (
    DemandForecast,
    DemandParameters,
    DetectSeries,
    HorizonParameters,
    Performance,
    RetrainAll,
    SeriesForecast,
    SeriesId,
    TrainSeries,
)
from supplynet.errors import InvalidInput, NotAllowed
from supplynet.services import champion
from supplynet.services.books import Books
from supplynet.services.sales_models import ForecastingService

router = Router(tags=["models"])
Json = dict[str, Any]
MOST_ROWS = 20_000
_ONE_AT_A_TIME = threading.Lock()
"""A forecast of a plant keeps a core busy for seconds: never two at once."""
_JOB: Json = {"response_model": JobRow, "status_code": 202, "dependencies": [NO_PARAMETERS]}


@router.post("/models/train", **_JOB)
def train_model(
    books: BooksDep, access: AccessDep, body: TrainSeries, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Train a model of one series alone: a job. The model serves that series from then on."""
    params = body.model_dump(mode="json")
    return queued(books, access, "train_series", params, idempotency_key)


@router.post("/models/retrain-all", **_JOB)
def retrain_all_models(
    books: BooksDep,
    access: AccessDep,
    body: RetrainAll | None = None,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Train one model on all series, or one for each: a job; its result is by model key."""
    params = (body or RetrainAll()).model_dump(mode="json")
    return queued(books, access, "retrain_all", params, idempotency_key)


@router.get("/models/performance", response_model=Performance, dependencies=[NO_PARAMETERS])
def get_model_performance(request: Request, books: BooksDep) -> Json:
    """How the models that serve did on days that they had not seen."""
    return _service(request, books).get_model_performance_summary()


@router.get("/forecast/{warehouse_id}/{sku_id}", response_model=SeriesForecast)
def get_forecast(
    request: Request,
    books: BooksDep,
    access: AccessDep,
    warehouse_id: SeriesId,
    sku_id: SeriesId,
    query: HorizonParameters,
) -> Json:
    """The days after the history that the series' model was trained on, with intervals."""
    access.must_reach("model", f"{warehouse_id}_{sku_id}", warehouse_id)
    with _ONE_AT_A_TIME:
        return _service(request, books).generate_forecast(warehouse_id, sku_id, query.horizon)


@router.get("/forecast", response_model=DemandForecast)
def forecast_demand(books: BooksDep, access: AccessDep, query: DemandParameters) -> Json:
    """Demand ahead of where the plant stands, by the model that plans, with its quantiles.

    422 where it has more than 20,000 rows: name a location or a part, or let a job do it.
    """
    if query.level is not None and access.locations is not None:
        raise NotAllowed("sums are of the whole plant; ask for the lines of your sites")
    with _ONE_AT_A_TIME:
        found = champion.forecast(books.workspace.folder, **query.model_dump())
    rows = [row for row in found.items if access.reaches(row["location_id"])]
    if len(rows) > MOST_ROWS:
        raise InvalidInput(
            f"the forecast has {len(rows):,} rows, at most {MOST_ROWS:,} are told at once: name a "
            "location or a part, look less far ahead, or submit a job of the kind 'forecast'"
        )
    return {"model_version": found.model_version, "warning": found.warning, "items": rows}


@router.post("/anomalies/detect", **_JOB)
def detect_anomalies(
    books: BooksDep, access: AccessDep, body: DetectSeries, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Say what is odd in the last days of one series: a job.

    A detector of all series is trained first where none serves this one.
    """
    params = body.model_dump(mode="json")
    return queued(books, access, "detect_series", params, idempotency_key)


def _service(request: Request, books: Books) -> ForecastingService:
    """One for the life of the server: what it has opened stays open."""
    known = getattr(request.app.state, "sales_models", None)
    if known is None:
        known = request.app.state.sales_models = ForecastingService(books.workspace.folder)
    found: ForecastingService = known
    return found
