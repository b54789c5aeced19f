"""Which models have a graph in ONNX, and their states with the graph that serves instead.

A graph computes what lies between a model's inputs and its quantiles. Making the inputs and putting
the output back into parts is the same code with and without ONNX. Models without a graph compute
next to nothing, or in libraries of their own; they stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from importlib import import_module
from typing import Any, cast

from supplynet.errors import MissingExtra
from supplynet.forecast.model import Predictor
from supplynet.learning.artifacts import ModelState
from supplynet.learning.onnx_files import WHOLE

_NEURAL = ("gru", "lstm", "mlp", "nhits", "transformer")
_GRAPHS = {
    "lightgbm": "supplynet.forecast.onnx_lightgbm:booster_graph",
    "random_forest": "supplynet.forecast.onnx_forest:forest_graph",
    **dict.fromkeys(_NEURAL, "supplynet.forecast.onnx_network:network_graph"),
}
_SERVED = {
    "lightgbm": "supplynet.forecast.onnx_lightgbm:OnnxLightGbm",
    "random_forest": "supplynet.forecast.onnx_forest:OnnxRandomForest",
    **dict.fromkeys(_NEURAL, "supplynet.forecast.onnx_neural:OnnxNeural"),
}
_BETWEEN = "-"  # the parts of a path through members of members
_LIBRARIES = ("onnx", "torch")  # of the extra neural


@dataclass(frozen=True, kw_only=True, eq=False)
class ExportedState(ModelState):
    """A state with a graph: ``forecast.registry`` brings back what runs the graph.

    Attributes:
        graph: Serialised ``onnx.ModelProto``.
    """

    graph: bytes

    def restored(self) -> Predictor:
        """The model, run in onnxruntime.

        Raises:
            ModelError: It was made with other features, or the graph cannot be opened.
        """
        return cast("Predictor", _named(_SERVED[self.model]).restore(self))


def parts_of(state: ModelState, part: str = "") -> dict[str, ModelState]:
    """The model and those of its members that have a graph, by the path to them."""
    if state.model in _GRAPHS:
        return {part or WHOLE: state}
    found: dict[str, ModelState] = {}
    for name, member in state.members.items():
        inside = parts_of(member, _below(part, name))
        assert not found.keys() & inside.keys(), inside
        found |= inside
    return found


def graph_of(state: ModelState) -> bytes:
    """The graph of one of ``parts_of``, serialised.

    Raises:
        ModelError: The state is damaged, or its trees have something that no graph can say.
        MissingExtra: onnx, or torch for a network, is not installed.
    """
    try:
        return cast("bytes", _named(_GRAPHS[state.model])(state))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _LIBRARIES:
            raise
        raise MissingExtra("ONNX export", "neural") from error


def with_graphs(state: ModelState, graphs: Mapping[str, bytes], part: str = "") -> ModelState:
    """The state with these graphs in it, and in its members, where there is one."""
    graph = graphs.get(part or WHOLE)
    if graph is not None and state.model in _SERVED:
        return ExportedState(
            **{f.name: getattr(state, f.name) for f in fields(ModelState)}, graph=graph
        )
    members = {
        name: with_graphs(member, graphs, _below(part, name))
        for name, member in state.members.items()
    }
    return replace(state, members=members)


def _below(part: str, name: str) -> str:
    return f"{part}{_BETWEEN}{name}" if part else name


def _named(path: str) -> Any:
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)
