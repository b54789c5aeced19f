"""A detector of odd sales on disk and in memory, with the end of its history."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from supplynet.anomaly import registry
from supplynet.anomaly.calibrated import CalibratedDetector
from supplynet.errors import ModelError
from supplynet.frames.panel import Panel
from supplynet.learning.artifacts import load_model, save_model
from supplynet.learning.manifest import Origin
from supplynet.services.sales_versions import with_days, without_days

MOST_OPENED = 256
"""Detectors that are kept in memory."""
OVERLAP = 92
"""Days of the history that recent data may have once more; what comes before them is kept too."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Kept:
    """A detector with the history that comes before what it judges."""

    scorer: CalibratedDetector
    history: Panel

    @classmethod
    def of(cls, scorer: CalibratedDetector, history: Panel) -> Kept:
        """A detector with as much of the history as it looks at, and ``OVERLAP`` more."""
        return cls(scorer=scorer, history=history.tail(scorer.context + OVERLAP))

    def save(
        self, workspace: Path, version: str, metrics: Mapping[str, Any], origin: Origin
    ) -> None:
        """Write it under a name of its own."""
        state = with_days(self.scorer.state(), self.history)
        save_model(workspace, version, state, metrics, origin)


def open_kept(workspace: Path, version: str) -> Kept:
    """A saved detector, checked byte by byte before it is opened.

    Raises:
        ModelError: It is missing, damaged, or of another version of SupplyNet.
    """
    state, history = without_days(version, load_model(workspace, version)[1])
    if state.model != "calibrated":
        raise ModelError(f"{version} is a {state.model} and no calibrated detector; train again")
    return Kept(scorer=cast("CalibratedDetector", registry.restore(state)), history=history)


@dataclass(frozen=True, kw_only=True, eq=False)
class OpenedDetectors:
    """The detectors of a workspace that were used last, in memory."""

    workspace: Path
    _known: OrderedDict[str, Kept] = field(default_factory=OrderedDict, repr=False)

    def get(self, version: str) -> Kept:
        """A version, opened now unless it was opened before. Raises as ``open_kept``."""
        if version not in self._known:
            self.put(version, open_kept(self.workspace, version))
        self._known.move_to_end(version)
        return self._known[version]

    def put(self, version: str, kept: Kept) -> None:
        """Keep a version that was made here."""
        self._known[version] = kept
        while len(self._known) > MOST_OPENED:
            self._known.popitem(last=False)
