"""8 bits: smaller, nearly the same, whatever the network is made of."""

import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import torch
from torch import Tensor, nn

from supplynet.learning.onnx_int8 import quantised
from supplynet.learning.onnx_session import OnnxSession


class Recurrent(nn.Module):
    def __init__(self, cell: type[nn.LSTM] | type[nn.GRU]) -> None:
        super().__init__()
        self.cell = cell(6, 48, batch_first=True)
        self.head = nn.Linear(48, 9)

    def forward(self, past: Tensor) -> Tensor:
        said: Tensor = self.head(self.cell(past)[0][:, -1])
        return said


def twins() -> nn.Module:
    """Two layers that have the same weights, which a graph stores once."""
    first, second = nn.Linear(48, 48), nn.Linear(48, 48)
    second.load_state_dict(first.state_dict())
    flat = [nn.Flatten(), nn.Linear(180, 48), first, nn.ReLU(), second]
    return nn.Sequential(*flat)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "lstm": lambda: Recurrent(nn.LSTM),
    "gru": lambda: Recurrent(nn.GRU),
    "twins": twins,
}


def graph_of(network: nn.Module, folder: Path) -> bytes:
    path = folder / "network.onnx"
    axes = {"past": {0: "series"}, "said": {0: "series"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (torch.zeros(2, 30, 6),),
            path,
            dynamo=False,
            input_names=["past"],
            output_names=["said"],
            dynamic_axes=axes,
            opset_version=17,
        )
    return path.read_bytes()


@pytest.mark.parametrize("name", NETWORKS)
def test_half_the_size_and_nearly_the_same(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torch.manual_seed(1)
    whole = graph_of(NETWORKS[name](), tmp_path)
    with caplog.at_level(logging.WARNING):
        less = quantised(whole)
    assert not caplog.records
    assert len(less) < 0.5 * len(whole)
    past = np.random.default_rng(2).standard_normal((300, 30, 6)).astype(np.float32)
    wanted, found = OnnxSession(whole).run(past=past), OnnxSession(less).run(past=past)
    assert np.sqrt(((found - wanted) ** 2).mean()) < 0.1 * wanted.std()
    assert quantised(whole) == less  # nothing is drawn
