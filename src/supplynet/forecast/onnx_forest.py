"""A quantile regression forest as an ONNX graph, and a fitted model that runs it.

Every tree says the number of the leaf that a row ends in; the leaves' samples are put side by side
and sorted, and quantiles are read between them, as ``forest_arrays`` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.forest_arrays import ForestArrays
from supplynet.forecast.onnx_models import ExportedState
from supplynet.forecast.quantiles import QUANTILES
from supplynet.forecast.random_forest import FittedRandomForest, RandomForest
from supplynet.learning.artifacts import ModelState
from supplynet.learning.onnx_session import OnnxSession

_QUANTILES = "quantiles"
_EXACT = 2**24
_ROWS = 1024  # at a time: their samples stay in the processor's cache


def forest_graph(state: ModelState) -> bytes:
    """The graph of a saved forest, with its quantiles at ``QUANTILES``, serialised.

    Raises:
        ModelError: It was made with other features.
    """
    from supplynet.learning.onnx_trees import TreeTable, tree_graph

    forest = RandomForest.restore(state).forest
    trees = len(forest.roots)
    assert len(forest.sketches) < _EXACT, "a single counts no further"
    size = trees * forest.sketches.shape[1]
    place = (size * np.asarray(QUANTILES) - 0.5).clip(0, size - 1)  # each stands for 1 / size
    low = np.floor(place).astype(np.int64)
    return tree_graph(
        "random_forest",
        TreeTable(list(_trees(forest)), features=len(state.features), targets=trees),
        after=_sampling(),
        constants={
            "sketches": forest.sketches,
            "side_by_side": np.array([-1, size], dtype=np.int64),
            "size": np.array([size], dtype=np.int64),
            "low": low,
            "high": np.minimum(low + 1, size - 1),
            "share": (place - low).astype(np.float32),
        },
        output=_QUANTILES,
        columns=len(QUANTILES),
    )


def _trees(forest: ForestArrays) -> Iterator[tuple[Any, int]]:
    """Each with its number: what it says is the row of its leaf's sketch."""
    from supplynet.learning.onnx_trees import Tree

    ends = [*forest.roots[1:], len(forest.left)]
    for number, (first, end) in enumerate(zip(forest.roots, ends, strict=True)):
        own = slice(int(first), int(end))
        yield (
            Tree(
                feature=forest.feature[own],
                threshold=forest.threshold[own],
                left=forest.left[own] - first,
                right=forest.right[own] - first,
                missing_left=forest.missing_left[own],
                leaf=forest.leaf[own] >= 0,
                value=forest.leaf[own],
            ),
            number,
        )


def _sampling() -> list[Any]:
    """From the leaves of a row to its quantiles."""
    from onnx import TensorProto, helper

    from supplynet.learning.onnx_trees import VALUES

    steps: tuple[tuple[str, list[str], list[str], dict[str, Any]], ...] = (
        ("Cast", [VALUES], ["leaf"], {"to": TensorProto.INT64}),
        ("Gather", ["sketches", "leaf"], ["by_tree"], {"axis": 0}),
        ("Reshape", ["by_tree", "side_by_side"], ["mixed"], {}),
        ("TopK", ["mixed", "size"], ["samples", "order"], {"largest": 0}),
        ("Gather", ["samples", "low"], ["below"], {"axis": 1}),
        ("Gather", ["samples", "high"], ["above"], {"axis": 1}),
        ("Sub", ["above", "below"], ["gap"], {}),
        ("Mul", ["gap", "share"], ["part"], {}),
        ("Add", ["below", "part"], [_QUANTILES], {}),
    )
    return [helper.make_node(kind, given, made, **how) for kind, given, made, how in steps]


class OnnxRandomForest:
    """Brings back what ``random_forest.FittedRandomForest`` says, its trees in onnxruntime."""

    @classmethod
    def restore(cls, state: ExportedState) -> FittedRandomForest:
        """Open a saved model's graph.

        Raises:
            ModelError: It was made with other features, or cannot be opened.
        """
        fitted = RandomForest.restore(state)
        own = {entry.name: getattr(fitted.forest, entry.name) for entry in fields(fitted.forest)}
        return replace(fitted, forest=_OnnxForest(**own, session=OnnxSession(state.graph)))


@dataclass(frozen=True, kw_only=True, eq=False)
class _OnnxForest(ForestArrays):
    session: OnnxSession

    def quantiles(self, table: npt.NDArray[np.float32], levels: Sequence[float]) -> FloatArray:
        """Quantiles of the target, shape (row, quantile); see ``ForestArrays.quantiles``."""
        if tuple(levels) != QUANTILES:
            return super().quantiles(table, levels)
        parts = [
            self.session.run(table=table[first : first + _ROWS])
            for first in range(0, len(table), _ROWS)
        ]
        return np.concatenate(parts).astype(float) if parts else np.empty((0, len(levels)))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """By name, to save."""
        return {entry.name: getattr(self, entry.name) for entry in fields(ForestArrays)}
