"""Saved models as ONNX files: made, in 8 bits where that costs next to nothing, and served from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import inf, isfinite
from pathlib import Path

from supplynet.errors import HistoryTooShort, InvalidInput, ModelError
from supplynet.forecast import registry
from supplynet.forecast.backtest import actuals, naive_scales, rolling_forecasts, score
from supplynet.forecast.model import Predictor
from supplynet.forecast.onnx_models import graph_of, parts_of, with_graphs
from supplynet.frames.panel import Panel
from supplynet.learning.artifacts import ModelState, load_model
from supplynet.learning.onnx_files import WHOLE, Graph, load_graphs, save_graphs

MOST_WORSE = 0.01
"""Share of the loss that 8 bits may cost; beyond it single precision stays."""
_STEPS, _ORIGINS = 7, 8
_TREES = ("lightgbm", "random_forest")  # their graphs have no weights to store in 8 bits


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What 8 bits cost a model on the end of a history.

    Attributes:
        pinball, mase: In single precision.
        pinball_int8, mase_int8: In 8 bits.
    """

    pinball: float
    pinball_int8: float
    mase: float
    mase_int8: float

    @property
    def worse(self) -> float:
        """By what share a loss grew, the larger of two; below 0 = both fell.

        Infinite where there is nothing to judge by.
        """
        pairs = ((self.pinball, self.pinball_int8), (self.mase, self.mase_int8))
        return max((after / before - 1 for before, after in pairs if before > 0), default=inf)


@dataclass(frozen=True, kw_only=True)
class Exported:
    """Files of an export.

    Attributes:
        files: Below the workspace, the list of graphs last.
        precision: ``fp32`` or ``int8``, by part of the model.
        sizes: Bytes, by part.
        costs: Of 8 bits, by part that was tried.
    """

    files: tuple[Path, ...]
    precision: dict[str, str]
    sizes: dict[str, int]
    costs: dict[str, Cost]


def export_model(
    workspace: Path, name: str, *, int8: bool = False, history: Panel | None = None
) -> Exported:
    """Write a saved model's graphs beside it; ``load_exported`` serves from them.

    Args:
        workspace: Folder with ``models``.
        name: Of the saved model.
        int8: See ``export_state``.
        history: See ``export_state``.

    Raises:
        ModelError: The model is missing or damaged. And as ``export_state``.
    """
    manifest, state = load_model(workspace, name)
    return export_state(workspace, name, manifest.model_version, state, int8=int8, history=history)


def export_state(
    workspace: Path,
    name: str,
    model_version: str,
    state: ModelState,
    *,
    int8: bool = False,
    history: Panel | None = None,
) -> Exported:
    """The same for a model that was saved with more than its state in it.

    Trees and networks have graphs, and so have those among the members of an ensemble. With
    ``int8`` each network is stored in 8 bits, unless its loss on the end of the history grows by
    more than 1 %.

    Args:
        workspace: Folder with ``models``.
        name: Of the saved model.
        model_version: Of the saved model; its graphs serve no other.
        state: Of the model, nothing else in it.
        int8: Whether 8 bits are tried.
        history: What they are judged by; its last weeks are forecast.

    Raises:
        ModelError: No part of it has a graph.
        InvalidInput: 8 bits without a history to judge them by.
        HistoryTooShort: The history leaves nothing to judge by.
        MissingExtra: onnx, or torch for a network, is not installed.
    """
    if int8 and history is None:
        raise InvalidInput("int8 is judged by its loss: give the history that the model serves")
    parts = parts_of(state)
    if not parts:
        raise ModelError(f"{state.model} has no graph in ONNX: it computes next to nothing")
    graphs, costs = {}, {}
    for part, member in parts.items():
        graphs[part] = Graph(content=graph_of(member))
        if int8 and history is not None and member.model not in _TREES:
            graphs[part], costs[part] = smaller(member, graphs[part].content, history)
    return Exported(
        files=save_graphs(workspace, name, model_version, graphs),
        precision={part: graph.precision for part, graph in graphs.items()},
        sizes={part: len(graph.content) for part, graph in graphs.items()},
        costs=costs,
    )


def load_exported(workspace: Path, name: str) -> Predictor:
    """A saved model that runs its graphs where it was exported, else as it was saved.

    Raises:
        ModelError: A file is missing, damaged, or of another training.
    """
    manifest, state = load_model(workspace, name)
    return restore_exported(workspace, name, manifest.model_version, state)


def restore_exported(
    workspace: Path, name: str, model_version: str, state: ModelState
) -> Predictor:
    """The same for a model that was saved with more than its state in it. Raises as that."""
    graphs = load_graphs(workspace, name, model_version)
    return registry.restore(
        with_graphs(state, {part: graph.content for part, graph in graphs.items()})
    )


def smaller(state: ModelState, graph: bytes, history: Panel) -> tuple[Graph, Cost]:
    """A network's graph in 8 bits, or as it is where that costs too much; and what it costs.

    Raises:
        HistoryTooShort: Too few periods to forecast some from others.
    """
    from supplynet.learning.onnx_int8 import quantised

    less = quantised(graph)
    both = [registry.restore(with_graphs(state, {WHOLE: one})) for one in (graph, less)]
    cost = _cost(both[0], both[1], history)
    kept, told = cost.worse <= MOST_WORSE, asdict(cost)
    return (
        Graph(
            content=less if kept else graph,
            precision="int8" if kept else "fp32",
            evidence={key: value if isfinite(value) else None for key, value in told.items()},
        ),
        cost,
    )


def _cost(whole: Predictor, less: Predictor, history: Panel) -> Cost:
    count, steps = len(history.periods), _STEPS
    origins = range(count - steps, count // 2, -steps)[:_ORIGINS][::-1]
    if not origins:
        raise HistoryTooShort(count, 4 * steps)
    actual = actuals(history, origins, steps)
    scale = naive_scales(history.head(origins[0]))[0]
    losses = [
        score(rolling_forecasts(one, history, origins, steps), actual, scale)
        for one in (whole, less)
    ]
    return Cost(
        pinball=losses[0]["pinball"],
        pinball_int8=losses[1]["pinball"],
        mase=losses[0]["mase"],
        mase_int8=losses[1]["mase"],
    )
