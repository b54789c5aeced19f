"""A graph in ONNX, opened in onnxruntime: what serving needs instead of torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import onnxruntime

from supplynet.errors import ModelError

Float32 = npt.NDArray[np.float32]
_ERRORS_ONLY = 3  # onnxruntime's level of its own log


class OnnxSession:
    """An opened graph with one output. Running it changes nothing in it; threads may share it.

    Args:
        graph: Serialised ``onnx.ModelProto``; the caller has checked where it comes from.
        threads: Of the processor, for one run.

    Raises:
        ModelError: It is no graph that this onnxruntime can run.
    """

    def __init__(self, graph: bytes, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        try:
            self._session = onnxruntime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors have no common base of their own
            raise ModelError(f"the graph cannot be opened: {error}; export it again") from error
        self.inputs = tuple(entry.name for entry in self._session.get_inputs())

    def run(self, **inputs: npt.NDArray[np.generic]) -> Float32:
        """The output for these inputs; those that the graph does not have are left out.

        Raises:
            ModelError: An input is missing or has another shape.
        """
        try:
            found: Sequence[object] = self._session.run(
                None, {name: inputs[name] for name in self.inputs}
            )
        except Exception as error:
            raise ModelError(f"the graph does not take this input: {error}") from error
        return cast("Float32", found[0])
