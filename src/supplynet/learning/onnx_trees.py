"""Trees as an ONNX graph: one operator walks them all. Needs ``onnx``.

Inputs are single precision, thresholds double: each threshold is rounded down to the next single,
so that every input goes the way that it went before. A split of a category asks whether it is in a
set; the operator only compares numbers, so that each set becomes a column of 0 and 1, looked up by
the category.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, checker, helper, numpy_helper

OPSET, TREE_OPSET = 17, 3
IR_VERSION = 10  # of the file format; newer ones are not read by every onnxruntime
TABLE, VALUES = "table", "values"
"""Input, shape (row, feature), and what ``TreeTable.nodes`` gives, shape (row, target)."""

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tree:
    """One tree; nodes in any order, the first is the root.

    Attributes:
        feature: Column that a node asks for, shape (node,).
        threshold: A row with at most this goes left, shape (node,).
        left, right: Children, shape (node,).
        missing_left: Whether a row without a value goes left, shape (node,).
        leaf: Whether a node is one, shape (node,).
        value: Of the leaves, shape (node,).
        sets: Categories that go left, by node; its threshold is not looked at.
    """

    feature: Array
    threshold: Array
    left: Array
    right: Array
    missing_left: Array
    leaf: Array
    value: Array
    sets: Mapping[int, frozenset[int]] = field(default_factory=dict)


class TreeTable:
    """Trees with the target that each adds to, and the columns that they look at.

    Args:
        trees: Each with the place of its target.
        features: Columns of the input.
        targets: How many.
    """

    def __init__(self, trees: Sequence[tuple[Tree, int]], *, features: int, targets: int) -> None:
        self.features, self.targets = features, targets
        self._trees = trees
        asked = {
            (int(tree.feature[node]), chosen)
            for tree, _ in trees
            for node, chosen in tree.sets.items()
        }
        self._sets = sorted(asked, key=lambda one: (one[0], sorted(one[1])))

    def nodes(self) -> tuple[list[NodeProto], list[TensorProto]]:
        """Operators from ``TABLE`` to ``VALUES``, and their constants."""
        lookup, constants, table = self._lookups()
        walk = helper.make_node(
            "TreeEnsembleRegressor",
            [table],
            [VALUES],
            domain="ai.onnx.ml",
            n_targets=self.targets,
            aggregate_function="SUM",
            post_transform="NONE",
            **self._attributes(),
        )
        return [*lookup, walk], constants

    def _lookups(self) -> tuple[list[NodeProto], list[TensorProto], str]:
        """A column per set beside the table; the name of the table with them."""
        if not self._sets:
            return [], [], TABLE
        nodes: list[NodeProto] = []
        constants = [_constant("zero", np.array(0, dtype=np.int64))]
        parts = [TABLE]
        for column in sorted({feature for feature, _ in self._sets}):
            sets = [chosen for feature, chosen in self._sets if feature == column]
            unknown = max((max(chosen, default=0) for chosen in sets), default=0) + 1
            member = np.zeros((unknown + 1, len(sets)), dtype=np.float32)
            for place, chosen in enumerate(sets):
                member[sorted(chosen), place] = 1.0
            name = f"sets_{column}"
            constants += [
                _constant(f"{name}_place", np.array(column, dtype=np.int64)),
                _constant(f"{name}_unknown", np.array(unknown, dtype=np.int64)),
                _constant(f"{name}_member", member),
            ]
            nodes += _lookup(name)
            parts.append(name)
        joined = helper.make_node("Concat", parts, ["told"], axis=1)
        return [*nodes, joined], constants, "told"

    def _attributes(self) -> dict[str, Any]:
        column = {one: self.features + place for place, one in enumerate(self._sets)}
        found: dict[str, Any] = {name: [] for name in (*_NODES, *_TARGETS)}
        for number, (tree, target) in enumerate(self._trees):
            feature, threshold = tree.feature.copy(), _single(tree.threshold)
            greater = np.zeros(len(feature), dtype=bool)
            missing = tree.missing_left.astype(bool)
            for node, chosen in tree.sets.items():
                feature[node] = column[int(tree.feature[node]), chosen]
                threshold[node], greater[node], missing[node] = 0.5, True, False
            modes = np.where(greater, "BRANCH_GT", "BRANCH_LEQ")
            modes = np.where(tree.leaf, "LEAF", modes)
            count, leaves = len(feature), np.flatnonzero(tree.leaf)
            own = (
                [number] * count,
                range(count),
                np.where(tree.leaf, 0, feature).tolist(),
                np.where(tree.leaf, 0.0, threshold).tolist(),
                modes.tolist(),
                np.where(tree.leaf, 0, tree.left).tolist(),
                np.where(tree.leaf, 0, tree.right).tolist(),
                (missing & ~tree.leaf).astype(int).tolist(),
                [number] * len(leaves),
                leaves.tolist(),
                [target] * len(leaves),
                tree.value[leaves].astype(np.float32).tolist(),
            )
            for name, values in zip(found, own, strict=True):
                found[name].extend(values)
        return found


_NODES = (
    *("nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_values", "nodes_modes"),
    *("nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true"),
)
_TARGETS = ("target_treeids", "target_nodeids", "target_ids", "target_weights")


def tree_graph(
    name: str,
    table: TreeTable,
    *,
    after: Sequence[NodeProto] = (),
    constants: Mapping[str, Array] | None = None,
    output: str = VALUES,
    columns: int | None = None,
) -> bytes:
    """A graph that takes a table and gives what the trees say, or what is made of it.

    Args:
        name: Of the graph.
        table: The trees.
        after: Operators from ``VALUES`` to ``output``.
        constants: Of these operators, by name.
        output: Name of the output, shape (row, column).
        columns: Of the output; None = the targets.
    """
    nodes, own = table.nodes()
    made: ModelProto = helper.make_model(
        helper.make_graph(
            [*nodes, *after],
            name,
            [_info(TABLE, table.features)],
            [_info(output, table.targets if columns is None else columns)],
            [*own, *(_constant(key, value) for key, value in (constants or {}).items())],
        ),
        opset_imports=[
            helper.make_opsetid("", OPSET),
            helper.make_opsetid("ai.onnx.ml", TREE_OPSET),
        ],
        ir_version=IR_VERSION,
        producer_name="supplynet",
    )
    checker.check_model(made)
    return bytes(made.SerializeToString())


def _lookup(name: str) -> list[NodeProto]:
    """The sets that a row's category is in; none without a category, or with a new one."""
    steps: tuple[tuple[str, list[str], str, dict[str, Any]], ...] = (
        ("Gather", [TABLE, f"{name}_place"], "value", {"axis": 1}),
        ("IsNaN", [f"{name}_value"], "missing", {}),
        ("Cast", [f"{name}_value"], "code", {"to": TensorProto.INT64}),
        ("Less", [f"{name}_code", "zero"], "negative", {}),
        ("Or", [f"{name}_missing", f"{name}_negative"], "strange", {}),
        ("Min", [f"{name}_code", f"{name}_unknown"], "bounded", {}),
        ("Where", [f"{name}_strange", f"{name}_unknown", f"{name}_bounded"], "row", {}),
    )
    nodes = [
        helper.make_node(operator, inputs, [f"{name}_{result}"], **options)
        for operator, inputs, result, options in steps
    ]
    return [*nodes, helper.make_node("Gather", [f"{name}_member", f"{name}_row"], [name], axis=0)]


def _single(values: Array) -> npt.NDArray[np.float32]:
    """The largest singles that are not above the values."""
    near = values.astype(np.float32)
    below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near.astype(float) > values, below, near).astype(np.float32)


def _info(name: str, columns: int) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["row", columns])


def _constant(name: str, value: Array) -> TensorProto:
    return numpy_helper.from_array(np.asarray(value), name)
