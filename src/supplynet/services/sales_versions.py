"""A model of sales on disk and in memory, with the history that it forecasts from."""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from supplynet.errors import ModelError
from supplynet.forecast import registry
from supplynet.forecast.model import Predictor
from supplynet.forecast.onnx_export import restore_exported
from supplynet.frames.panel import Panel, daily_periods
from supplynet.learning.artifacts import ModelState, load_model, save_model
from supplynet.learning.manifest import Origin
from supplynet.learning.scaling import tail_of

log = logging.getLogger(__name__)
MOST_OPENED = 256
"""Models that are kept in memory."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Served:
    """A model in memory with the history that it forecasts from."""

    predictor: Predictor
    history: Panel

    def save(
        self, workspace: Path, version: str, metrics: Mapping[str, Any], origin: Origin
    ) -> None:
        """Write it under a name of its own."""
        kept = with_days(self.predictor.state(), self.history)
        save_model(workspace, version, kept, metrics, origin)


def with_days(state: ModelState, history: Panel) -> ModelState:
    """A model's state with the end of a history of days, for ``without_days``."""
    return replace(
        state,
        arrays={**state.arrays, "history": history.demand},
        texts={
            **state.texts,
            "history_series": json.dumps(history.series),
            "history_first_day": history.periods[0].local_date.isoformat(),
        },
    )


def without_days(version: str, state: ModelState) -> tuple[ModelState, Panel]:
    """The state and the history that ``with_days`` put together.

    Raises:
        ModelError: There is no history.
    """
    arrays, texts = dict(state.arrays), dict(state.texts)
    try:
        demand = arrays.pop("history")
        series = tuple((line, part) for line, part in json.loads(texts.pop("history_series")))
        first = date.fromisoformat(texts.pop("history_first_day"))
    except (KeyError, ValueError) as error:
        raise ModelError(f"model {version} has no history to go on from; train again") from error
    periods = daily_periods(first, first + timedelta(days=demand.shape[1]))
    history = Panel(series=series, periods=periods, demand=demand)
    return replace(state, arrays=arrays, texts=texts), history


def open_version(workspace: Path, version: str) -> Served:
    """A saved model, checked byte by byte before it is opened.

    Raises:
        ModelError: It is missing, damaged, or of another version of SupplyNet.
    """
    manifest, state = load_model(workspace, version)
    clean, history = without_days(version, state)
    try:
        predictor = restore_exported(workspace, version, manifest.model_version, clean)
    except ModelError as error:
        predictor = registry.restore(clean)
        log.warning("%s; the model serves without its export", error)
    return Served(predictor=predictor, history=history)


@dataclass(frozen=True, kw_only=True, eq=False)
class OpenedVersions:
    """The versions of a workspace that were used last, in memory."""

    workspace: Path
    _known: OrderedDict[str, Served] = field(default_factory=OrderedDict, repr=False)

    def get(self, version: str) -> Served:
        """A version, opened now unless it was opened before. Raises as ``open_version``."""
        if version not in self._known:
            self.put(version, open_version(self.workspace, version))
        self._known.move_to_end(version)
        return self._known[version]

    def put(self, version: str, served: Served) -> None:
        """Keep a version that was made here."""
        self._known[version] = served
        while len(self._known) > MOST_OPENED:
            self._known.popitem(last=False)


def served_of(predictor: Predictor, history: Panel) -> Served:
    """A model with as much of the history as a forecast looks at."""
    return Served(predictor=predictor, history=tail_of(history))
