"""Long work as it is asked for over the wire: a kind, and what that kind is told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from supplynet.api.bodies import Body
from supplynet.api.job_params import (
    BacktestParams,
    CompareParams,
    DetectParams,
    DetectSeriesParams,
    ErpPullParams,
    ErpPushParams,
    ExportModelParams,
    ForecastParams,
    GenerateParams,
    NoParams,
    RetrainAllParams,
    SignalsFetchParams,
    SimulateParams,
    TrainDetectorParams,
    TrainParams,
    TrainSeriesParams,
    TriggersParams,
    TuneParams,
    WhatIfParams,
)


class TrainJob(Body):
    """Train models."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "train", "params": {"models": ["lightgbm", "shift_mean"]}}]
        }
    )

    kind: Literal["train"]
    params: TrainParams


class CompareJob(Body):
    """Compare two versions of the model."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "compare", "params": {"first": "lightgbm-20260301T080000000000"}}]
        }
    )

    kind: Literal["compare"]
    params: CompareParams


class SimulateJob(Body):
    """Compare and tune policies."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "simulate", "params": {"days": 28}}]}
    )

    kind: Literal["simulate"]
    params: SimulateParams = Field(default_factory=SimulateParams)


class WhatIfJob(Body):
    """Play a changed plant beside the plant as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "what_if", "params": {"line": {"SR1.ST1.B": "off"}}}]
        }
    )

    kind: Literal["what_if"]
    params: WhatIfParams


class TrainDetectorJob(Body):
    """Train the detector of anomalies."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "train_detector"}]})

    kind: Literal["train_detector"]
    params: TrainDetectorParams = Field(default_factory=TrainDetectorParams)


class BacktestJob(Body):
    """Judge models on the end of a history."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "backtest", "params": {"models": ["lightgbm"], "folds": 2}}]
        }
    )

    kind: Literal["backtest"]
    params: BacktestParams = Field(default_factory=BacktestParams)


class TuneJob(Body):
    """Search better settings of a model."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "tune", "params": {"model": "lightgbm", "minutes": 10}}]
        }
    )

    kind: Literal["tune"]
    params: TuneParams


class DetectJob(Body):
    """Say what is odd in a history."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "detect", "params": {"days": 14}}]}
    )

    kind: Literal["detect"]
    params: DetectParams = Field(default_factory=DetectParams)


class TriggersJob(Body):
    """Judge what tells that a refill is due."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "triggers", "params": {"days": 84}}]}
    )

    kind: Literal["triggers"]
    params: TriggersParams = Field(default_factory=TriggersParams)


class ForecastJob(Body):
    """Forecast with the champion."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "forecast", "params": {"horizon": 28}}]}
    )

    kind: Literal["forecast"]
    params: ForecastParams = Field(default_factory=ForecastParams)


class TrainSeriesJob(Body):
    """Train a model of one series."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "train_series", "params": {"warehouse_id": "SR1.ST1.A", "sku_id": "P-001"}}
            ]
        }
    )

    kind: Literal["train_series"]
    params: TrainSeriesParams


class RetrainAllJob(Body):
    """Train one model on all series."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "retrain_all", "params": {"model": "lightgbm"}}]}
    )

    kind: Literal["retrain_all"]
    params: RetrainAllParams = Field(default_factory=RetrainAllParams)


class DetectSeriesJob(Body):
    """Say what is odd in one series."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "detect_series",
                    "params": {"warehouse_id": "SR1.ST1.A", "sku_id": "P-001"},
                }
            ]
        }
    )

    kind: Literal["detect_series"]
    params: DetectSeriesParams


class ExportModelJob(Body):
    """Write a version as ONNX."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "export_model", "params": {"version": "lstm-20260301T080000000000"}}
            ]
        }
    )

    kind: Literal["export_model"]
    params: ExportModelParams


class GenerateJob(Body):
    """Write synthetic data into an empty workspace."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "generate", "params": {"days": 365, "seed": 1}}]}
    )

    kind: Literal["generate"]
    params: GenerateParams = Field(default_factory=GenerateParams)


class RebuildHistoryJob(Body):
    """Make the history of the ledger's shifts again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "rebuild_history", "params": {}}]}
    )

    kind: Literal["rebuild_history"]
    params: NoParams = Field(default_factory=NoParams)


class VerifyJob(Body):
    """Prove the books from their ledger."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "verify", "params": {}}]})

    kind: Literal["verify"]
    params: NoParams = Field(default_factory=NoParams)


class SignalsFetchJob(Body):
    """Fetch signals from outside."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "signals_fetch", "params": {"provider": "csv", "symbols": ["steel_price"]}}
            ]
        }
    )

    kind: Literal["signals_fetch"]
    params: SignalsFetchParams


class ErpPullJob(Body):
    """Ask the ERP."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "erp_pull", "params": {"what": "receipts", "dry_run": True}}]
        }
    )

    kind: Literal["erp_pull"]
    params: ErpPullParams


class ErpPushJob(Body):
    """Tell the ERP."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "erp_push", "params": {"what": "orders", "dry_run": True}}]
        }
    )

    kind: Literal["erp_push"]
    params: ErpPushParams


JobRequest = Annotated[
    TrainJob
    | CompareJob
    | SimulateJob
    | WhatIfJob
    | TrainDetectorJob
    | BacktestJob
    | TuneJob
    | DetectJob
    | TriggersJob
    | ForecastJob
    | TrainSeriesJob
    | RetrainAllJob
    | DetectSeriesJob
    | ExportModelJob
    | GenerateJob
    | RebuildHistoryJob
    | VerifyJob
    | SignalsFetchJob
    | ErpPullJob
    | ErpPushJob,
    Field(discriminator="kind"),
]
"""Every kind but those with routes of their own: `import`, `backup` and `verify_backup`."""
