"""What each kind of long work is told: strict, bounded, with the defaults of the command line."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import (
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    model_validator,
)

from supplynet.anomaly.registry import DETECTORS
from supplynet.api.bodies import Body, Seed
from supplynet.api.depends import Moment
from supplynet.connectors.event_body import Id
from supplynet.forecast.folds import Window
from supplynet.forecast.refill_moments import Threshold
from supplynet.forecast.registry import MODELS
from supplynet.forecast.tuning_task import Method, Metric
from supplynet.frames.synthetic.scenario_file import SCENARIOS
from supplynet.services.evaluation import By
from supplynet.services.model_promotion import Promote
from supplynet.services.simulation import FAMILIES, FUTURES, MOST_FUTURES, POLICIES, families
from supplynet.services.what_if_question import DAYS, MOST_DAYS
from supplynet.services.what_if_question import FUTURES as WHAT_IF_FUTURES
from supplynet.services.what_if_question import MOST_FUTURES as MOST_WHAT_IF_FUTURES

MOST_CHANGES = 200
LONGEST_HORIZON = 400
VersionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$")]
"""The name of a folder, and so none that begins with a dot."""
Place = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}/[A-Za-z0-9._-]{1,64}$")]
Clocks = Annotated[str, StringConstraints(max_length=500)]
ImportId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Symbol = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,100}$")]
ShortText = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Count = Annotated[StrictInt | None, Field(ge=1, le=100_000)]
Amount = Annotated[StrictFloat | StrictInt | None, Field(ge=0, le=1e9, allow_inf_nan=False)]
if TYPE_CHECKING:
    ModelName = str
    DetectorName = str
    FamilyName = str
    ScenarioName = str
else:  # the registries are the lists
    ModelName = Literal[tuple(sorted(MODELS))]
    DetectorName = Literal[tuple(sorted(set(DETECTORS) - {"calibrated"}))]
    FamilyName = Literal[tuple(FAMILIES)]
    ScenarioName = Literal[SCENARIOS]
_HISTORY = "A file of `POST /imports` to judge; null = the workspace's history."


class TrainParams(Body):
    """Compare models, fit each on all history, keep the best."""

    models: list[ModelName] = Field(min_length=1, max_length=len(MODELS))
    seed: Seed = None
    promote: Promote = Field(
        default="if_better", description="When the best takes the champion's place."
    )


class CompareParams(Body):
    """Two versions of the model on periods that neither has seen."""

    first: VersionName
    second: VersionName | None = Field(default=None, description="Null = the champion.")


class SimulateParams(Body):
    """Replay the last days in the twin: policies side by side on the same demand."""

    days: StrictInt = Field(default=28, ge=1, le=366)
    policies: list[FamilyName] = Field(
        default_factory=list,
        max_length=len(FAMILIES),
        description=f"None = {', '.join(POLICIES)}; all of them to tune or compare.",
    )
    tune: StrictBool = Field(default=False, description="Search longer, and keep what is found.")
    compare: StrictBool = Field(default=False, description="With the bound; keep nothing.")
    futures: StrictInt | None = Field(
        default=None,
        ge=0,
        le=MOST_FUTURES,
        description=f"Sampled futures to tune on; null = {FUTURES}.",
    )
    purchases: StrictFloat | StrictInt = Field(
        default=0.0, ge=0, lt=1, allow_inf_nan=False, description="How sure warehouses buy."
    )
    seed: Seed = None

    @model_validator(mode="after")
    def _name_policies(self) -> SimulateParams:
        self.policies = self.policies or list(families(tune=self.tune, compare=self.compare))
        return self


class WhatIfParams(Body):
    """The plant as it is and as it might be, on the same sampled futures."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"rate": {"SR1.ST1.A": 1.2}, "days": 14}]}
    )

    rate: dict[Id, float] = Field(
        default_factory=dict, max_length=MOST_CHANGES, description="Factor by line."
    )
    line: dict[Id, Literal["on", "off"]] = Field(default_factory=dict, max_length=MOST_CHANGES)
    lead_time: dict[Id, StrictInt] = Field(
        default_factory=dict, max_length=MOST_CHANGES, description="Minutes by lane."
    )
    departures: dict[Id, Clocks] = Field(
        default_factory=dict, max_length=MOST_CHANGES, description="`06:00,14:00` by lane."
    )
    truck: dict[Id, float] = Field(
        default_factory=dict, max_length=MOST_CHANGES, description="Litres of one trip by lane."
    )
    stock: dict[Place, StrictInt] = Field(
        default_factory=dict, max_length=MOST_CHANGES, description="Parts by `PLACE/PART`."
    )
    shift: dict[str, str] = Field(
        default_factory=dict, max_length=20, description="`06:00-14:00` or `off` by shift."
    )
    days: StrictInt = Field(default=DAYS, ge=1, le=MOST_DAYS)
    futures: StrictInt = Field(default=WHAT_IF_FUTURES, ge=2, le=MOST_WHAT_IF_FUTURES)
    seed: Seed = None


class TrainDetectorParams(Body):
    """Learn from all history what is usual; the newest detector serves."""

    model: DetectorName | None = Field(default=None, description="Null = the default.")
    seed: Seed = None


class _CutParams(Body):
    """How a history is cut; null = as its length suggests."""

    periods: Count = Field(default=None, description="Of a fold, that are forecast.")
    days: Count = Field(default=None, description="The same in days.")
    steps: Count = Field(default=None, description="Of a forecast; null = a week.")
    window: Window = Field(default="expanding", description="What models learn from.")


class BacktestParams(_CutParams):
    """Judge models on the end of a history, beside naive forecasts; nothing is kept."""

    models: list[ModelName] = Field(
        default_factory=list, max_length=len(MODELS), description="None = the setting `model`."
    )
    import_id: ImportId | None = Field(default=None, description=_HISTORY)
    folds: StrictInt = Field(default=1, ge=1, le=50)
    by: list[By] = Field(default_factory=list, max_length=len(get_args(By)))
    seed: Seed = None


class TuneParams(_CutParams):
    """Search better settings of a model, for training to use."""

    model: ModelName
    search: Method = "tpe"
    metric: Metric = "pinball"
    minutes: Annotated[
        StrictFloat | StrictInt | None, Field(gt=0, le=24 * 60, allow_inf_nan=False)
    ] = None
    trials: Annotated[StrictInt | None, Field(ge=1, le=1000)] = None
    folds: StrictInt = Field(default=3, ge=1, le=50)
    held_out: Count = Field(default=None, description="Periods at the end that no trial sees.")
    fresh: StrictBool = Field(default=False, description="Forget an earlier run of the search.")
    seed: Seed = None


class DetectParams(Body):
    """Say what is odd in a history; nothing is changed."""

    import_id: ImportId | None = Field(default=None, description=_HISTORY)
    model: DetectorName | None = Field(default=None, description="Null = the default.")
    alarms_per_week: Amount = None
    false_discovery_rate: Annotated[StrictFloat | None, Field(gt=0, lt=1, allow_inf_nan=False)] = (
        None
    )
    location: Id | None = None
    part: Id | None = None
    days: Count = None
    retrain: StrictBool = False
    seed: Seed = None


class TriggersParams(Body):
    """Judge what tells that a refill is due."""

    model: ModelName | None = None
    threshold: Threshold = "safety_stock"
    days: StrictInt = Field(default=84, ge=2, le=3660)
    miss_cost: Amount = Field(default=None, description="In needless refills; null = by F1.")
    halts: StrictBool = Field(default=False, description="Let the rules also order in the twin.")
    keep: StrictBool = Field(default=False, description="Save the trained classifiers.")
    seed: Seed = None


class ForecastParams(Body):
    """Forecast with the champion; all series where none is named."""

    location_id: Id | None = None
    part_id: Id | None = None
    horizon: StrictInt = Field(default=14, ge=1, le=LONGEST_HORIZON)
    level: Id | None = Field(default=None, description="Sums of this level of the plant.")


class _SalesParams(Body):
    """Whose sales are learnt from."""

    import_id: ImportId | None = Field(default=None, description=_HISTORY)
    model: ModelName | None = Field(default=None, description="Null = the setting `model`.")
    warm_start: StrictBool = Field(default=False, description="Go on from the one that serves.")
    promote: Promote = "always"
    seed: Seed = None


class TrainSeriesParams(_SalesParams):
    """Train a model of one series alone; it serves that series from then on."""

    warehouse_id: Id
    sku_id: Id


class RetrainAllParams(_SalesParams):
    """Train one model on all series, or one for each."""

    individual: StrictBool = Field(default=False, description="A model for every series instead.")


class DetectSeriesParams(Body):
    """Say what is odd in the last days of one series."""

    warehouse_id: Id
    sku_id: Id
    import_id: ImportId | None = Field(default=None, description=_HISTORY)
    model: DetectorName | None = Field(default=None, description="Null = the default.")
    days: StrictInt = Field(default=28, ge=1, le=3660)
    hindsight: StrictBool = Field(default=False, description="Judge days by those after them, too.")
    seed: Seed = None


class ExportModelParams(Body):
    """Write a version as ONNX, and serve it from there."""

    version: VersionName
    int8: StrictBool = Field(default=False, description="8-bit weights where that costs <= 1 %.")


class GenerateParams(Body):
    """Write synthetic data into a workspace that has none of its own."""

    days: Annotated[StrictInt | None, Field(ge=1, le=3660)] = None
    start: Annotated[date | None, Field(ge=date(1970, 1, 1), le=date(2100, 12, 31))] = None
    scenario: ScenarioName | None = None
    seed: Seed = None


class NoParams(Body):
    """Nothing is to be said."""


class SignalsFetchParams(Body):
    """Ask a provider for signals and keep them."""

    provider: Id
    symbols: list[Symbol] = Field(min_length=1, max_length=100)
    start: date | None = Field(default=None, description="Null = a year ago.")
    end: date | None = Field(default=None, description="Null = today.")
    fields: list[Symbol] = Field(default_factory=list, max_length=50)
    values: dict[Id, ShortText] = Field(
        default_factory=dict, max_length=20, description="Of the provider, such as latitude."
    )
    location_id: Id | None = Field(default=None, description="Null = everywhere.")
    part_id: Id | None = Field(default=None, description="Null = every part.")
    lag_hours: Annotated[
        StrictFloat | StrictInt | None, Field(ge=0, le=100_000, allow_inf_nan=False)
    ] = None


class ErpPullParams(Body):
    """Ask the ERP; its stock is only compared."""

    what: Literal["stock", "orders", "receipts"]
    since: Moment | None = Field(default=None, description="Null = since the last pull.")
    dry_run: StrictBool = False


class ErpPushParams(Body):
    """Tell the ERP; twice is once."""

    what: Literal["orders", "min_max"]
    dry_run: StrictBool = False
