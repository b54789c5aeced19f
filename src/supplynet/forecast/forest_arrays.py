"""A quantile regression forest as plain arrays: what is saved, and all that predicting needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray

Index = npt.NDArray[np.int32]
_ROWS = 1024  # predicted at a time: their samples stay in the processor's cache


@dataclass(frozen=True, kw_only=True, eq=False)
class ForestArrays:
    """Trees one after another; a leaf is its own child.

    Attributes:
        roots: First node of each tree, shape (tree,).
        left, right: Children, shape (node,).
        feature: Column that a node asks for, shape (node,).
        threshold: A row with at most this goes left, shape (node,).
        missing_left: Whether a row without a value goes left, shape (node,).
        leaf: Row of ``sketches`` of a leaf, -1 for other nodes, shape (node,).
        sketches: Order statistics of the training targets in each leaf, at equal steps of
            probability, ascending, shape (leaf, point).
    """

    roots: Index
    left: Index
    right: Index
    feature: Index
    threshold: FloatArray
    missing_left: npt.NDArray[np.bool_]
    leaf: Index
    sketches: npt.NDArray[np.float32]

    @classmethod
    def of(
        cls, trees: Iterable[Any], table: npt.NDArray[np.float32], target: FloatArray, points: int
    ) -> ForestArrays:
        """Take scikit-learn's trees over and fill their leaves with all training rows.

        Args:
            trees: ``tree_`` of each estimator.
            table: Training rows, shape (row, feature).
            target: Shape (row,).
            points: Values kept of each leaf; a smaller leaf repeats some.
        """
        parts: list[dict[str, npt.NDArray[Any]]] = []
        nodes = leaves = 0
        for tree in trees:
            own = np.arange(tree.node_count, dtype=np.int32)
            is_leaf = tree.children_left < 0
            sketches = _sketches(np.cumsum(is_leaf)[tree.apply(table)] - 1, target, points)
            parts.append(
                {
                    "roots": np.array([nodes], dtype=np.int32),
                    "left": nodes + np.where(is_leaf, own, tree.children_left).astype(np.int32),
                    "right": nodes + np.where(is_leaf, own, tree.children_right).astype(np.int32),
                    "feature": np.where(is_leaf, 0, tree.feature).astype(np.int32),
                    "threshold": tree.threshold,
                    "missing_left": tree.missing_go_to_left.astype(bool),
                    "leaf": np.where(is_leaf, leaves + np.cumsum(is_leaf) - 1, -1).astype(np.int32),
                    "sketches": sketches,
                }
            )
            nodes, leaves = nodes + tree.node_count, leaves + len(sketches)
        return cls(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})

    def apply(self, table: npt.NDArray[np.float32]) -> Index:
        """The leaf that each row ends in, shape (row, tree); a node number over all trees."""
        trees = len(self.roots)
        nodes = np.tile(self.roots, len(table))
        going = np.arange(nodes.size)
        while going.size:
            here = nodes[going]
            value = table[going // trees, self.feature[here]]
            left = np.where(np.isnan(value), self.missing_left[here], value <= self.threshold[here])
            nodes[going] = np.where(left, self.left[here], self.right[here])
            going = going[self.leaf[nodes[going]] < 0]
        return nodes.reshape(len(table), trees)

    def quantiles(self, table: npt.NDArray[np.float32], levels: Sequence[float]) -> FloatArray:
        """Quantiles of the target, shape (row, quantile); linear between the forest's samples.

        A training row weighs ``mean over trees of [same leaf] / (rows in the leaf)`` (Meinshausen
        2006, eq. 4): every tree gives its leaf's rows the same total, which the sketches keep.
        """
        size = len(self.roots) * self.sketches.shape[1]
        place = (size * np.asarray(levels) - 0.5).clip(0, size - 1)  # each stands for 1 / size
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, size - 1)
        result = np.empty((len(table), len(levels)))
        for rows in _chunks(len(table)):
            leaves = self.leaf[self.apply(table[rows])]
            samples = np.sort(self.sketches[leaves].reshape(len(leaves), size), axis=1)
            result[rows] = samples[:, low] + (place - low) * (samples[:, high] - samples[:, low])
        return result

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """By name, to save."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def restore(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> ForestArrays:
        """Bring saved arrays back."""
        return cls(**{field.name: arrays[field.name] for field in fields(cls)})


def _sketches(leaves: Any, target: FloatArray, points: int) -> npt.NDArray[np.float32]:
    """Order statistics at probabilities (k + 1/2) / points of each leaf, shape (leaf, point)."""
    ordered = target[np.lexsort((target, leaves))]
    counts = np.bincount(leaves)
    first = np.cumsum(counts) - counts
    inside = ((np.arange(points) + 0.5) / points * counts[:, None]).astype(np.int64)
    return np.asarray(ordered[first[:, None] + inside], dtype=np.float32)


def _chunks(rows: int) -> Iterator[slice]:
    return (slice(first, first + _ROWS) for first in range(0, rows, _ROWS))
