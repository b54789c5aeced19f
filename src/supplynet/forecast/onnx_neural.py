"""A fitted neural model that runs in onnxruntime: serving needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ModelError
from supplynet.forecast.covariates import Covariates
from supplynet.forecast.model import check_features
from supplynet.forecast.neural_inputs import KNOWN, PAST
from supplynet.forecast.neural_window import NeuralWindow, Sight
from supplynet.forecast.onnx_models import ExportedState
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.onnx_session import OnnxSession

INPUTS, OUTPUT = ("past", "known", "series"), "scaled"


@dataclass(frozen=True, kw_only=True, eq=False)
class OnnxNeural:
    """What ``neural_fitted.Fitted`` says, to the rounding of single precision.

    Attributes:
        sight: What the network looks at.
        session: The network.
        source: The model that it was made from.
    """

    sight: Sight
    session: OnnxSession
    source: ModelState

    @classmethod
    def restore(cls, state: ExportedState) -> OnnxNeural:
        """Open a saved model's graph.

        Raises:
            ModelError: It was made with other features, or cannot be opened.
        """
        scaler, settings = state.scaler, state.settings
        covariates = Covariates.from_dict(scaler.get("covariates", {}))
        check_features(state, (*PAST, *KNOWN, *covariates.columns))
        try:
            sight = Sight(
                lookback=settings["lookback"],
                horizon=settings["horizon"],
                shifts=tuple(scaler["shifts"]),
                typical=scaler["typical"],
                covariates=covariates,
                series=tuple((line, part) for line, part in scaler.get("series", ())),
            )
        except KeyError as error:
            raise ModelError(f"{state.model} was saved without {error}; train again") from error
        return cls(
            sight=sight,
            session=OnnxSession(state.graph, settings.get("threads", 1)),
            source=state,
        )

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``."""
        if not (panel.series and future):  # onnxruntime dies of nothing to compute
            return np.empty((len(panel.series), len(future), len(quantiles)))
        window = NeuralWindow.of(self.sight, panel, future)
        scaled = self.session.run(past=window.past, known=window.known, series=window.series)
        return window.quantiles(scaled, quantiles)

    def state(self) -> ModelState:
        """The model that it was made from, as plain data."""
        return self.source
