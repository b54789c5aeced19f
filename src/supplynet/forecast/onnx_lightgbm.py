"""Boosters as one ONNX graph, and a fitted model that runs it."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.lightgbm import FittedLightGbm, LightGbm
from supplynet.forecast.onnx_models import ExportedState
from supplynet.forecast.tree_rows import TreeRows
from supplynet.learning.artifacts import ModelState
from supplynet.learning.onnx_session import OnnxSession

_RESULT = "forecast"


def booster_graph(state: ModelState) -> bytes:
    """The graph of all boosters of a saved model, a column for each, serialised.

    Raises:
        ModelError: A booster has something that no graph can say.
    """
    from onnx import helper

    from supplynet.learning.lightgbm_text import read_booster
    from supplynet.learning.onnx_trees import VALUES, TreeTable, tree_graph

    boosters = [read_booster(text) for text in _boosters(state).values()]
    table = TreeTable(
        [(tree, place) for place, one in enumerate(boosters) for tree in one.trees],
        features=boosters[0].features,
        targets=len(boosters),
    )
    if not any(one.exponential for one in boosters):
        return tree_graph("lightgbm", table)
    after = [helper.make_node("Exp", [VALUES], [_RESULT])]  # the one for the mean stands alone
    return tree_graph("lightgbm", table, after=after, output=_RESULT)


def _boosters(state: ModelState) -> dict[str, str]:
    """Texts of a state that are boosters, in their order."""
    return dict(LightGbm.restore(state).boosters)


@dataclass(frozen=True, kw_only=True)
class OnnxLightGbm(FittedLightGbm):
    """What ``lightgbm.FittedLightGbm`` says, its trees walked by onnxruntime.

    Attributes:
        session: All boosters at once.
    """

    session: OnnxSession
    _last: list[tuple[weakref.ref[TreeRows], Mapping[str, FloatArray]]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    @classmethod
    def restore(cls, state: ExportedState) -> OnnxLightGbm:
        """Open a saved model's graph.

        Raises:
            ModelError: It was made with other features, or cannot be opened.
        """
        fitted = LightGbm.restore(state)
        own = {entry.name: getattr(fitted, entry.name) for entry in fields(fitted)}
        return cls(**own, session=OnnxSession(state.graph, fitted.settings.threads))

    def _raw(self, name: str, rows: TreeRows) -> FloatArray:
        """What one booster says of the rows; they are all asked for the same ones, in turn."""
        known = self._last[:1]
        if not known or known[0][0]() is not rows:
            values = np.empty((0, len(self.boosters)))
            if len(rows.table):  # onnxruntime dies of nothing to compute
                values = self.session.run(table=rows.table).astype(float)
            columns = dict(zip(self.boosters, np.moveaxis(values, 1, 0), strict=True))
            known = [(weakref.ref(rows), columns)]
            self._last[:] = known
        return known[0][1][name]
