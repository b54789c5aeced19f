"""Weights of a graph in 8 bits, the activations quantised as they come. Needs ``onnx``.

Matrix products and LSTM cells are computed in integers (onnxruntime's dynamic quantisation). GRU
cells have no integer kernel there: their weights are stored in 8 bits and told in single precision
when they are used, which saves space and no time. Weights are unsigned, a scale for each output:
signed ones overflow on processors without VNNI, by 9 % of the output where these lose 1 %.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from supplynet.learning.onnx_session import Float32

_CELLS = ("GRU",)  # told in single precision
_CELL_WEIGHTS = (1, 2)  # places of W and R among the inputs, shape (direction, row, column)
_PREPARED = {"onnx.quant.pre_process": "onnxruntime.quant"}  # or the quantiser advises to do so


def quantised(graph: bytes) -> bytes:
    """The same graph with 8-bit weights."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = _folded(graph, folder)
        _give_each_its_own(model)
        helper.set_model_props(model, _PREPARED)
        path = folder / "quantised.onnx"
        quantize_dynamic(model, str(path), weight_type=QuantType.QUInt8, per_channel=True)
        less = onnx.load(str(path))
    _store_cells(less)
    return bytes(less.SerializeToString())


def _folded(graph: bytes, folder: Path) -> ModelProto:
    """The graph with constants computed: a weight that is turned first would stay as it is."""
    path = folder / "folded.onnx"
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return onnx.load(str(path))


def _give_each_its_own(model: ModelProto) -> None:
    """A weight that two layers share would be turned twice by the quantiser."""
    known = {weight.name: weight for weight in model.graph.initializer}
    taken: set[str] = set()
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            if name in taken and name in known:
                node.input[place] = f"{name}/{len(taken)}"
                copy = TensorProto()
                copy.CopyFrom(known[name])
                copy.name = node.input[place]
                model.graph.initializer.append(copy)
            taken.add(node.input[place])


def _store_cells(model: ModelProto) -> None:
    """8-bit weights in front of every recurrent cell that has no integer kernel."""
    known = {weight.name: weight for weight in model.graph.initializer}
    added: list[NodeProto] = []
    for node in model.graph.node:
        for place in _CELL_WEIGHTS if node.op_type in _CELLS else ():
            weight = known[node.input[place]]
            name = weight.name
            whole, scale = _stored(numpy_helper.to_array(weight))
            model.graph.initializer.remove(weight)
            model.graph.initializer.extend(
                [
                    numpy_helper.from_array(whole, f"{name}/whole"),
                    numpy_helper.from_array(scale, f"{name}/scale"),
                ]
            )
            added.append(
                helper.make_node(
                    "DequantizeLinear", [f"{name}/whole", f"{name}/scale"], [name], axis=1
                )
            )
    for node in reversed(added):
        model.graph.node.insert(0, node)


def _stored(weight: Float32) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int8]], Float32]:
    """Whole numbers and the scale of each row."""
    scale = np.abs(weight).max(axis=(0, 2)) / 127
    scale = np.where(scale > 0, scale, 1.0).astype(np.float32)
    return np.rint(weight / scale[:, None]).astype(np.int8), scale
