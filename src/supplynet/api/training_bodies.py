"""What comes in and goes out with models of the guide's kind: by warehouse and SKU."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StrictInt

from supplynet.api.bodies import Body, Reason
from supplynet.api.job_params import (
    LONGEST_HORIZON,
    DetectSeriesParams,
    RetrainAllParams,
    TrainSeriesParams,
)

_Id = Annotated[str | None, Field(max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
SeriesId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]


class Export(Body):
    """How a model is exported."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"int8": True}]})

    int8: StrictBool = Field(default=False, description="8-bit weights where that costs <= 1 %.")


class Pruning(Body):
    """Delete old versions."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"keep": 5}]})

    keep: StrictInt = Field(ge=0, le=10_000, description="How many of the newest stay.")
    reason: Reason = ""


class Removed(BaseModel):
    """Names of what is gone."""

    removed: list[str]


class TrainSeries(TrainSeriesParams):
    """Train a model of one series."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"warehouse_id": "SR1.ST1.A", "sku_id": "P-001"}]}
    )


class RetrainAll(RetrainAllParams):
    """Train one model on all series."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "lightgbm"}]})


class DetectSeries(DetectSeriesParams):
    """Say what is odd in one series."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"warehouse_id": "SR1.ST1.A", "sku_id": "P-001", "days": 28}]
        }
    )


class DayRow(BaseModel):
    """One day ahead, in units."""

    date: date
    predicted: float = Field(description="The mean.")
    median: float
    lower_80: float
    upper_80: float
    lower_98: float
    upper_98: float


class SeriesForecast(BaseModel):
    """The days after the history that a model was trained on."""

    model_key: str = Field(examples=["SR1.ST1.A_P-001"])
    model_version: str
    forecast: list[DayRow]
    warning: str = Field(description="Empty when all is well.")


class Performance(BaseModel):
    """How the models that serve did on the days that they had not seen."""

    total_models: int
    average_mape: float | None
    median_mape: float | None
    median_r2: float | None
    average_mase: float | None
    best_performing: dict[str, Any] | None
    worst_performing: dict[str, Any] | None
    models: dict[str, dict[str, Any]]
    not_judged: list[str]
    damaged: dict[str, str] = Field(description="Why, by version.")
    noise: dict[str, Any] = Field(description="Where a percentage can be promised, by version.")


class DemandRow(BaseModel):
    """One quantile of the demand of one series in one period."""

    location_id: str
    part_id: str
    period_start: AwareDatetime
    shift: str | None
    cutoff: AwareDatetime
    step: int
    quantile: float
    demand: float


class DemandForecast(BaseModel):
    """Demand ahead of where the plant stands."""

    model_version: str
    warning: str = Field(description="Why it is not the champion; empty when it is.")
    items: list[DemandRow]


class HorizonQuery(BaseModel):
    """How far ahead."""

    model_config = ConfigDict(extra="forbid")

    horizon: int = Field(default=7, ge=1, le=LONGEST_HORIZON, description="Days ahead.")


class DemandQuery(BaseModel):
    """What to forecast."""

    model_config = ConfigDict(extra="forbid")

    location_id: _Id = None
    part_id: _Id = None
    horizon: int = Field(default=14, ge=1, le=LONGEST_HORIZON, description="Periods ahead.")
    level: _Id = Field(default=None, description="Sums of this level of the plant.")


HorizonParameters = Annotated[HorizonQuery, Query()]
DemandParameters = Annotated[DemandQuery, Query()]
