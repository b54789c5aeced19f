"""A fitted network as an ONNX graph. Needs torch and ``onnx``.

Inputs ``past`` (series, period, feature), ``known`` (series, 1, step, feature) and ``series``
(series, 1 + category); output ``scaled`` (series, step, quantile). Any number of series and steps.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import cast

import onnx
import torch
from torch import Tensor, nn

from supplynet.forecast import registry
from supplynet.forecast.neural_fitted import Fitted
from supplynet.forecast.neural_network import Network, Shape
from supplynet.forecast.onnx_neural import INPUTS, OUTPUT
from supplynet.learning.artifacts import ModelState
from supplynet.learning.onnx_trees import OPSET
from supplynet.learning.torch_device import reproducible

_SERIES, _STEPS = 2, 3  # of the example; neither stays in the graph
_AXES = {"past": {0: "series"}, "known": {0: "series", 2: "step"}, "series": {0: "series"}}


def network_graph(state: ModelState) -> bytes:
    """The graph of a saved network, serialised.

    torch's exporter by tracing: the newer one by ``torch.export`` takes 10 to 40 s for a network
    of this size where this one takes one, and turns LSTM cells into loops.

    Raises:
        ModelError: The model was made with other features, settings or shapes.
    """
    fitted = cast("Fitted", registry.restore(state))
    shape = Shape.of(len(fitted.shifts), len(fitted.series), fitted.covariates)
    with reproducible(fitted.settings.seed):  # leaves the caller's random state alone
        network = fitted.settings.network(shape)
    network.load_state_dict({k: torch.from_numpy(v) for k, v in fitted.weights.items()})
    lookback = fitted.settings.lookback
    example = (
        torch.zeros(_SERIES, lookback, shape.past),
        torch.zeros(_SERIES, 1, _STEPS, shape.known),
        torch.zeros(_SERIES, 1 + len(shape.categories), dtype=torch.long),
    )
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        path = Path(folder) / "network.onnx"
        warnings.simplefilter("ignore")  # it is deprecated, and says what tracing cannot see
        torch.onnx.export(
            _AtTheEnd(network, lookback).eval(),
            example,
            path,
            dynamo=False,
            input_names=list(INPUTS),
            output_names=[OUTPUT],
            dynamic_axes={**_AXES, OUTPUT: {0: "series", 1: "step"}},
            opset_version=OPSET,
        )
        content = path.read_bytes()
    onnx.checker.check_model(content)
    return content


class _AtTheEnd(nn.Module):
    """The network with one origin, the last period of its past."""

    def __init__(self, network: Network, lookback: int) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("origins", torch.tensor([lookback - 1]))

    def forward(self, past: Tensor, known: Tensor, series: Tensor) -> Tensor:
        scaled: Tensor = self.network(past, self.origins, known, series)
        return scaled[:, 0]
