"""The anomaly detector of a plant: train one, and open the one that watches."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from supplynet import cycle
from supplynet.anomaly import registry
from supplynet.anomaly.calibrated import CalibratedDetector
from supplynet.errors import HistoryTooShort, InvalidInput, ModelError
from supplynet.frames.panel import Panel
from supplynet.learning.manifest import free_name, read_manifest, saved_names
from supplynet.learning.opening import first_good
from supplynet.services import beside
from supplynet.services.anomaly_training import origin_of, wanted
from supplynet.services.books import Books
from supplynet.services.forecasting import history_panel

log = logging.getLogger(__name__)
PURPOSE = "anomaly"
"""Purpose of the versions; see ``manifest.Origin``."""
WATCHER = "forecast_residual"
"""What watches a plant: it finds there what the default finds, with fewer false alarms."""
STAND_IN = "robust_seasonal"
"""What is fitted on the spot, in seconds, where nobody has trained a detector."""
LEAST_PERIODS = 42
"""Periods below which nothing on the spot can tell what is usual: three weeks of two shifts."""
OPENED = "detector"
"""Where it lies in ``Books.opened``."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, eq=False)
class ServingDetector:
    """What watches now.

    Attributes:
        warning: Why it is not the newest version, in a sentence; "" when it is.
    """

    detector: CalibratedDetector
    version: str
    warning: str = ""


def train_detector(books: Books, model: str | None = None, *, seed: int | None = None) -> str:
    """Fit a detector on all history, keep it, and return its version; the newest one serves.

    What people said was recorded wrongly is no part of what it learns from.

    Args:
        books: The workspace.
        model: Name in the registry of detectors; None = ``WATCHER``.
        seed: Of what is drawn; None = the setting.

    Raises:
        NotFound: No such detector.
        InvalidInput: There is no history, or lines have different shifts.
        HistoryTooShort: For the detector.
        MissingExtra: Its library is not installed.
    """
    return _trained(books, history_panel(books), model or WATCHER, seed)


def serving_detector(books: Books) -> ServingDetector:
    """The newest detector that is whole, opened once; a quick one is fitted where there is none.

    Raises:
        InvalidInput: There is no history, or lines have different shifts.
        HistoryTooShort: There is no detector, and too little history to fit the quick one.
    """
    names = list(_newest_first(books))
    known = books.opened.get(OPENED)
    if isinstance(known, ServingDetector) and names[:1] == [known.version]:
        return known
    found = _opened(books, names)
    books.opened[OPENED] = found
    return found


def trained_detector(books: Books) -> ServingDetector | None:
    """The newest detector that is whole; None where there is none."""
    names = list(_newest_first(books))
    try:
        found = first_good(names, lambda name: _load(books, name))
    except ModelError:
        return None
    return ServingDetector(detector=found.model, version=found.version, warning=found.warning)


def watcher_of(books: Books) -> cycle.Watcher:
    """What watches the plant's finished shifts, see ``cycle.watch``."""

    def serving() -> tuple[CalibratedDetector, str]:
        found = serving_detector(books)
        if found.warning:
            log.warning("anomalies: %s", found.warning)
        return found.detector, found.version

    def warning() -> str:
        known = books.opened.get(OPENED)
        return known.warning if isinstance(known, ServingDetector) else ""

    return cycle.Watcher(
        open=serving,
        alarms_per_week=books.settings.anomaly_alarms_per_week,
        beside=lambda periods: beside.inputs_of(books, periods),
        warning=warning,
    )


def _opened(books: Books, names: list[str]) -> ServingDetector:
    try:
        found = first_good(names, lambda name: _load(books, name))
    except ModelError as error:
        version = _stand_in(books)
        made = ServingDetector(detector=_load(books, version), version=version)
        if not names:
            return made
        return replace(made, warning=f"{error}; {version} was fitted and watches instead")
    return ServingDetector(detector=found.model, version=found.version, warning=found.warning)


def _stand_in(books: Books) -> str:
    panel = history_panel(books)
    if len(panel.periods) < LEAST_PERIODS:
        raise HistoryTooShort(len(panel.periods), LEAST_PERIODS)
    return _trained(books, panel, STAND_IN, None)


def _trained(books: Books, panel: Panel, model: str, seed: int | None) -> str:
    if model == "calibrated":
        raise InvalidInput("every detector of a plant is calibrated: name the one inside")
    fitted = wanted(model, books.settings.seed if seed is None else seed).fit(panel)
    folder, now = books.workspace.folder, books.wall_clock()
    version = free_name(folder, f"{PURPOSE}-{model}-{now:%Y%m%dT%H%M%S%f}")
    registry.save(folder, version, fitted, {"model": model}, origin_of(PURPOSE, panel, now))
    return version


def _load(books: Books, version: str) -> CalibratedDetector:
    """A saved detector.

    Raises:
        ModelError: It is damaged, or is no calibrated detector.
    """
    _, fitted = registry.load(books.workspace.folder, version)
    if not isinstance(fitted, CalibratedDetector):
        raise ModelError(f"detector {version} is not calibrated; train it again")
    return fitted


def _newest_first(books: Books) -> Iterator[str]:
    """Versions of the purpose; one whose manifest is damaged is known by its name."""
    found = []
    for name in saved_names(books.workspace.folder):
        if not name.startswith(f"{PURPOSE}-"):
            continue
        try:
            manifest = read_manifest(books.workspace.folder, name)
        except ModelError:
            found.append((_LONG_AGO, name))
            continue
        if manifest.purpose == PURPOSE:
            found.append((manifest.trained_at or _LONG_AGO, name))
    yield from (name for _, name in sorted(found, reverse=True))
