"""The model that plans a plant: the champion, or what stands in when its files are damaged.

A damaged file is never opened, and never stops the plant: the champion before serves, then the
challenger, then any version that is whole, and without any a mean of recent shifts, fitted on the
spot. Each of them says so.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from supplynet import cycle
from supplynet.errors import ModelError, NoneYet, NotFound
from supplynet.forecast import registry
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.coherence import sampled_node_paths
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.guarded import MEAN, mean_of_recent_shifts
from supplynet.forecast.hierarchy import Hierarchy
from supplynet.forecast.model import Predictor
from supplynet.forecast.onnx_export import load_exported
from supplynet.forecast.paths import QuantileForecast
from supplynet.learning.artifacts import load_metrics
from supplynet.learning.opening import first_good
from supplynet.services import beside, history
from supplynet.services.books import Books, open_books
from supplynet.services.forecasting import calendar_of, history_panel
from supplynet.services.model_versions import versions_of
from supplynet.services.plant_detector import OPENED

log = logging.getLogger(__name__)
STAND_IN = MEAN
"""Model version that serves where no saved version can."""
MEND = "run supplynet train, or restore the files from a backup"


@dataclass(frozen=True, kw_only=True, eq=False)
class Serving:
    """What forecasts now.

    Attributes:
        warning: Why it is not the champion, in a sentence; "" when it is.
    """

    forecaster: BoundForecaster
    warning: str = ""


def champion_forecaster(books: Books) -> BoundForecaster:
    """The forecaster of ``serving``. Raises as that does."""
    return serving(books).forecaster


def serving(books: Books) -> Serving:
    """The champion, checked byte by byte, opened and bound to all history; or what stands in.

    Opened once per version and import: what the ledger has seen since, a plan tells it anew.

    Raises:
        NoneYet: Nothing was trained yet, or nothing of it promoted.
    """
    versions = versions_of(books)
    champion = versions.champion()
    if champion is None:
        raise NoneYet(
            "model",
            str(books.workspace.folder),
            command="run supplynet train, or supplynet models promote VERSION",
            step="train one, or promote a version",
        )
    try:
        found = first_good(versions.to_serve(), lambda version: _opened(books, version))
    except ModelError as error:
        log.warning("%s; %s stands in", error, STAND_IN)
        return Serving(
            forecaster=_stand_in(books),
            warning=f"{error}. The mean of recent shifts stands in: {MEND}",
        )
    warning = f"{found.warning}: {MEND}" if found.warning else ""
    return Serving(forecaster=found.model, warning=warning)


def _opened(books: Books, version: str) -> BoundForecaster:
    key = f"{version} {_imported_at(books)} {beside.written_at(books)} {_left_out(books)}"
    known = books.opened.get(key)
    if isinstance(known, BoundForecaster):
        return known
    predictor = _loaded(books.workspace.folder, version)
    forecaster = _bound(books, predictor, version, _dependence(books, version))
    detector = books.opened.get(OPENED)
    books.opened.clear()
    books.opened[key] = forecaster
    if detector is not None:  # it knows nothing of what is believed
        books.opened[OPENED] = detector
    return forecaster


def _loaded(workspace: Path, version: str) -> Predictor:
    """The exported graphs where there are any and they are whole, else the model itself."""
    try:
        return load_exported(workspace, version)
    except ModelError as error:
        _, predictor = registry.load(workspace, version)
        log.warning("%s; the model serves without its export", error)
        return predictor


def _stand_in(books: Books) -> BoundForecaster:
    panel = history_panel(books, unseen=books.settings.anomaly_unseen)
    return mean_of_recent_shifts(panel, calendar_of(books, panel))


def _bound(
    books: Books, predictor: Predictor, version: str, dependence: Dependence
) -> BoundForecaster:
    panel = history_panel(books, unseen=books.settings.anomaly_unseen)
    return BoundForecaster(
        predictor=predictor,
        history=panel,
        calendar=calendar_of(books, panel),
        dependence=dependence,
        model_version=version,
    )


def _imported_at(books: Books) -> int:
    """When imported history was last written, in nanoseconds; 0 before that."""
    files = (books.workspace.history / "imported").glob("*.parquet")
    return max((file.stat().st_mtime_ns for file in files), default=0)


def _left_out(books: Books) -> str:
    """What of the history is not believed now: with other records left out it is another."""
    with books.store.read() as tx:
        found = cycle.left_out(tx, history.as_of(books), unseen=books.settings.anomaly_unseen)
    answered = [each.answered_at for each in found if each.answered_at is not None]
    waiting = [f"{each.anomaly_id} {each.end}" for each in found if each.answered_at is None]
    return f"{len(answered)} {max(answered, default=None)} {waiting}"


def _dependence(books: Books, version: str) -> Dependence:
    try:
        return Dependence(**load_metrics(books.workspace.folder, version)["dependence"])
    except (KeyError, TypeError) as error:
        raise ModelError(f"model {version} has no usable metrics; train again") from error


@dataclass(frozen=True, kw_only=True)
class ForecastResult:
    """A forecast for people and programs.

    Attributes:
        items: One row per series, period and quantile.
        wide: One row per series and period with the columns ``q0.05``, ``q0.5``, ``q0.95``.
        model_version: That made it.
        warning: See ``Serving``.
    """

    items: list[dict[str, Any]]
    wide: list[dict[str, Any]]
    model_version: str
    warning: str = ""


def forecast(
    folder: Path,
    *,
    location_id: str | None = None,
    part_id: str | None = None,
    horizon: int = 14,
    level: str | None = None,
) -> ForecastResult:
    """Forecast from where the workspace stands, see ``services.history.as_of``.

    Args:
        folder: The workspace.
        location_id: Only this location; None = all.
        part_id: Only this part; None = all.
        horizon: Periods ahead, the running one included.
        level: Sums of this level of ``Hierarchy.of_plant``, from joint sample paths; None = each
            line and part.

    Raises:
        NotFound: No model, no such series, or no such level.
    """
    books = open_books(folder)
    found = serving(books)
    forecaster = found.forecaster
    cutoff = history.as_of(books)
    with books.store.read() as tx:
        observed = cycle.observe(
            tx,
            books.workspace.history,
            books.plant,
            forecaster.history.series,
            since=forecaster.history.periods[-1].end,
            now=cutoff,
            unseen=books.settings.anomaly_unseen,
        )
    made = forecaster.forecast(observed, cutoff, steps=horizon)
    frame = made.frame() if level is None else _summed(books, made, forecaster.dependence, level)
    for name, wanted in (("location_id", location_id), ("part_id", part_id)):
        if wanted is not None:
            frame = frame.filter(pl.col(name) == wanted)
    if frame.is_empty():
        raise NotFound("series", f"{location_id or '*'}/{part_id or '*'}", "see supplynet doctor")
    wide = frame.filter(pl.col("quantile").is_in([0.05, 0.5, 0.95])).pivot(
        on="quantile",
        index=["location_id", "part_id", "period_start", "shift"],
        values="demand",
        maintain_order=True,
    )
    wide = wide.rename({str(q): f"q{q}" for q in (0.05, 0.5, 0.95)})
    return ForecastResult(
        items=frame.to_dicts(),
        wide=wide.to_dicts(),
        model_version=forecaster.model_version,
        warning=found.warning,
    )


def _summed(
    books: Books, made: QuantileForecast, dependence: Dependence, level: str
) -> pl.DataFrame:
    hierarchy = Hierarchy.of_plant(books.plant, made.series).select(level)
    settings = books.settings
    sums = sampled_node_paths(
        made, hierarchy, dependence=dependence, paths=settings.paths, seed=settings.seed
    )
    return sums.frame(made.periods, made.cutoff)
