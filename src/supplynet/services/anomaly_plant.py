"""What is odd in the workspace's history, or in a file. ``detect``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from supplynet.anomaly import registry
from supplynet.anomaly.alarms import Alarms, Budget
from supplynet.anomaly.anomaly_detector import alarms_of
from supplynet.anomaly.calibrated import DEFAULT, CalibratedDetector
from supplynet.anomaly.incident import Incident
from supplynet.anomaly.readings import learning_refusals
from supplynet.anomaly.seen import Seen, constants, see
from supplynet.config import load_settings
from supplynet.errors import InsufficientData, InvalidInput, ModelError, NotFound
from supplynet.frames.panel import Panel
from supplynet.learning.manifest import free_name, read_manifest
from supplynet.learning.opening import first_good
from supplynet.learning.versions import Versions
from supplynet.services import plant_detector
from supplynet.services.anomaly_picture import draw
from supplynet.services.anomaly_review import review_rows, write_review
from supplynet.services.anomaly_training import origin_of, wanted
from supplynet.services.books import Books, open_books, system_now
from supplynet.services.evaluation_data import data_facts, file_panel
from supplynet.services.forecasting import history_panel
from supplynet.services.model_index import PLANT_ANOMALIES, own_purpose, versions_for

_BEFORE = timedelta(days=28)  # judged too, so that an incident is told from its beginning
_ALL = 36_500  # days; more than any history has
Report = Callable[[float, str], None]
Clock = Callable[[], datetime]
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class DetectRequest:
    """What is asked for.

    Attributes:
        file: A table to judge, and to learn from; None = the workspace's history.
        model: Name in ``anomaly.registry``; None = the detector that watches the plant, and of a
            file the default.
        alarms_per_week, false_discovery_rate: See ``AnomalyDetector``; not both.
        location, part: Only incidents of it; None = of all.
        days: Only the last days are reported; None = all.
        retrain: Train again although a detector is there.
        plot: Where a picture goes, ``.html`` or ``.svg``; None = nowhere.
        review: Where a table goes that a person fills in for cleaning; None = nowhere.
        seed: None = the setting.
    """

    file: Path | None = None
    model: str | None = None
    alarms_per_week: float | None = None
    false_discovery_rate: float | None = None
    location: str | None = None
    part: str | None = None
    days: int | None = None
    retrain: bool = False
    plot: Path | None = None
    review: Path | None = None
    seed: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Trained:
    """A detector and where it comes from; a file's is kept nowhere and has no version."""

    scorer: CalibratedDetector
    version: str | None = None
    trained_now: bool = True
    known_until: datetime | None = None
    warning: str = ""
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)


def detect(
    folder: Path,
    request: DetectRequest,
    *,
    report: Report = lambda _fraction, _what: None,
    clock: Clock = system_now,
) -> Json:
    """Say what is odd in a history, the oddest first.

    A detector of the workspace is trained once and kept; without a name it is the one that watches
    the plant, and ``retrain`` trains that one. A file's learns from the file itself.

    Returns:
        ``data`` (see ``evaluation_data.data_facts``), ``model, model_version`` (null for a file),
        ``trained_now, known_until, alarms`` (what was asked for, and ``p_value`` from which on a
        value alarms; null for a false-discovery rate), ``judged`` (``first, end, periods,
        values, flagged``), ``incidents`` (see ``incident_row``), ``refused`` (reasons by series),
        ``plot, review`` (files written, or null) and ``warning``.

    Raises:
        InvalidInput: There is no history, the file cannot be read, or an option cannot be.
        InsufficientData: No series can be learnt from.
        HistoryTooShort: For the detector.
        NotFound: No such detector, line or part.
        MissingExtra: A library of the detector is not installed.
    """
    if request.plot is not None and request.plot.suffix not in {".html", ".svg"}:
        raise InvalidInput(f"{request.plot}: a plot is an .html or an .svg file")
    rule = alarms_of(request.alarms_per_week, request.false_discovery_rate)
    report(0.0, "reading the history")
    panel = file_panel(request.file) if request.file else history_panel(open_books(folder))
    _check_names(panel, request)
    trained = _trained(folder, request, panel, report, clock)
    report(0.7, "judging")
    seen, since = _seen(trained.scorer, rule, panel, request.days)
    incidents = [each for each in seen.incidents if _asked(each, request) and each.end > since]
    if request.plot is not None:
        title = request.file.name if request.file else str(folder.resolve().name)
        request.plot.write_text(draw(seen, incidents, title, request.plot.suffix), "utf-8")
    if request.review is not None:
        write_review(request.review, review_rows(seen, incidents))
    return {
        "data": data_facts(panel),
        "model": trained.scorer.settings.model,
        "model_version": trained.version,
        "trained_now": trained.trained_now,
        "known_until": trained.known_until,
        "alarms": _alarms_told(rule, seen),
        "judged": _judged(seen, since),
        "incidents": [incident_row(seen, each) for each in incidents],
        "refused": {"/".join(name): said for name, said in trained.refused.items()},
        "plot": request.plot,
        "review": request.review,
        "warning": trained.warning,
    }


def incident_row(seen: Seen, incident: Incident) -> Json:
    """An incident as JSON: parts as a list, what was expected as sums over its odd periods."""
    low, high = _bounds(seen, incident)
    return {
        "since": incident.start,
        "end": incident.end,
        "ongoing": incident.ongoing,
        "location_id": incident.location_id,
        "parts": list(incident.parts),
        "kind": incident.kind.value,
        "periods": incident.periods,
        "observed": incident.observed,
        "expected": incident.expected,
        "low": low,
        "high": high,
        "size": incident.size,
        "ratio": incident.ratio,
        "p_value": incident.p_value,
        "score": incident.score,
        "sentence": incident.sentence,
    }


def _bounds(seen: Seen, incident: Incident) -> tuple[float, float]:
    """Sums of the usual ranges over the odd periods."""
    rows = [seen.panel.series.index((incident.location_id, part)) for part in incident.parts]
    span = np.array([incident.start <= p.start < incident.end for p in seen.periods])
    columns = span & seen.alarms[rows].any(axis=0)
    if columns.sum() != incident.periods:
        columns = span & np.isfinite(seen.demand[rows]).any(axis=0)
    judged = seen.scored.judged
    low, high = (np.nansum(each[rows][:, columns]) for each in (judged.low, judged.high))
    return float(low), float(high)


def _check_names(panel: Panel, request: DetectRequest) -> None:
    for place, (what, name) in enumerate((("line", request.location), ("part", request.part))):
        if name is not None and name not in {series[place] for series in panel.series}:
            raise NotFound(what, name, "it has no row in the history")


def _asked(incident: Incident, request: DetectRequest) -> bool:
    return request.location in {None, incident.location_id} and (
        request.part is None or request.part in incident.parts
    )


def _trained(
    folder: Path, request: DetectRequest, panel: Panel, report: Report, clock: Clock
) -> _Trained:
    refused = learning_refusals(panel)
    if request.file is None and request.model is None:
        return _watching(open_books(folder, wall_clock=clock), request, refused, report)
    model = request.model or DEFAULT
    detector = wanted(model, load_settings(folder).seed if request.seed is None else request.seed)
    if request.file is None and not request.retrain:
        found = _kept(_versions(folder, model, clock), refused)
        if found is not None:
            return found
    usable = panel.select([name for name in panel.series if name not in refused])
    if not usable.series:
        raise InsufficientData(f"nothing to learn from: {next(iter(refused.values()))}")
    report(0.1, f"training {model} on {len(usable.series)} series")
    scorer = detector.fit(usable)
    known_until = usable.periods[-1].end
    if request.file is not None:
        return _Trained(scorer=scorer, known_until=known_until, refused=refused)
    versions, now = _versions(folder, model, clock), clock()
    version = free_name(folder, f"{model}-{now.astimezone(UTC):%Y%m%dT%H%M%S%f}")
    origin = origin_of(versions.purpose, usable, now)
    registry.save(folder, version, scorer, {"model": model, "serves": []}, origin)
    versions.promote(version, reason="trained")
    return _Trained(scorer=scorer, version=version, known_until=known_until, refused=refused)


def _watching(
    books: Books, request: DetectRequest, refused: Mapping[tuple[str, str], str], report: Report
) -> _Trained:
    """The detector that watches the plant; trained where there is none, or where that is wanted."""
    found = None if request.retrain else plant_detector.trained_detector(books)
    trained_now = found is None
    if found is None:
        report(0.1, f"training {plant_detector.WATCHER}, which watches the plant")
        plant_detector.train_detector(books, seed=request.seed)
        found = plant_detector.serving_detector(books)
    return _Trained(
        scorer=found.detector,
        version=found.version,
        trained_now=trained_now,
        known_until=read_manifest(books.workspace.folder, found.version).known_until,
        warning=found.warning,
        refused=refused,
    )


def _versions(folder: Path, model: str, clock: Clock) -> Versions:
    return versions_for(folder, own_purpose(model, PLANT_ANOMALIES), clock)


def _kept(versions: Versions, refused: Mapping[tuple[str, str], str]) -> _Trained | None:
    """The detector that was trained before; None before the first, or when none is whole."""
    names = list(versions.to_serve())

    def opened(name: str) -> tuple[Any, Any]:
        return registry.load(versions.workspace, name)

    try:
        found = first_good(names, opened)
    except ModelError:  # it is trained again, which needs nothing of the old ones
        return None
    manifest, scorer = found.model
    return _Trained(
        scorer=scorer,
        version=found.version,
        trained_now=False,
        known_until=manifest.known_until,
        warning=found.warning,
        refused=refused,
    )


def _seen(
    scorer: CalibratedDetector, rule: Alarms, panel: Panel, days: int | None
) -> tuple[Seen, datetime]:
    """What was seen, and the moment from which on it is reported."""
    since = panel.periods[0].start
    if days is not None:
        since = max(since, panel.periods[-1].end - timedelta(days=min(days, _ALL)))
    count = sum(period.end > since - _BEFORE for period in panel.periods)
    return see(scorer, rule, panel, count, constant=constants(panel)), since


def _alarms_told(rule: Alarms, seen: Seen) -> Json:
    if isinstance(rule, Budget):
        limit = rule.limit(len(seen.panel.series), seen.periods)
        return {"alarms_per_week": rule.alarms_per_week, "p_value": limit}
    return {"false_discovery_rate": getattr(rule, "rate", None), "p_value": None}


def _judged(seen: Seen, since: datetime) -> Json:
    shown = np.array([period.end > since for period in seen.periods])
    return {
        "first": next(p.start for p in seen.periods if p.end > since),
        "end": seen.periods[-1].end,
        "periods": int(shown.sum()),
        "values": int(np.isfinite(seen.scored.score[:, shown]).sum()),
        "flagged": int(seen.alarms[:, shown].sum()),
    }
