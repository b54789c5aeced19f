"""Forecasts that were made, told by all that they depend on: nothing has to be invalidated."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.model import Predictor
from supplynet.frames.panel import Panel, Period
from supplynet.frames.panel_hash import panel_hash
from supplynet.learning.timelines import timeline

_MOST_VALUES = 4_000_000  # 32 MB

Key = tuple[object, ...]


class ForecastCache:
    """The forecasts used last, in memory; threads may share it.

    A forecast is told by the model version, the content of the history (its calendar too), the
    periods ahead and the levels. Another version, or data with one more order in it, is another
    key: an old forecast is never given for it, and falls out when room is needed.

    Args:
        most_values: Quantiles that are kept, over all forecasts.
    """

    def __init__(self, most_values: int = _MOST_VALUES) -> None:
        self.most_values = most_values
        self._kept: OrderedDict[Key, FloatArray] = OrderedDict()
        self._values = 0
        self._lock = threading.Lock()

    def predict(
        self,
        predictor: Predictor,
        model_version: str,
        panel: Panel,
        future: Sequence[Period],
        quantiles: Sequence[float],
    ) -> FloatArray:
        """What ``predictor.predict`` says, now or when it was asked before.

        Args:
            predictor: The model of ``model_version``.
            model_version: Tells every training from every other.
            panel: History.
            future: Periods to forecast.
            quantiles: Levels in (0, 1), ascending.

        Returns:
            Shape (series, step, quantile), not writeable: others have the same array.
        """
        key = (model_version, _content(panel), tuple(future), tuple(quantiles))
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
                return known
        made = predictor.predict(panel, future, quantiles).copy()
        made.flags.writeable = False
        if made.size <= self.most_values:
            self._keep(key, made)
        return made

    def _keep(self, key: Key, made: FloatArray) -> None:
        with self._lock:
            before = self._kept.pop(key, None)  # another thread may have been quicker
            self._kept[key] = made
            self._values += made.size - (0 if before is None else before.size)
            while self._values > self.most_values:
                self._values -= self._kept.popitem(last=False)[1].size

    def __len__(self) -> int:
        """Forecasts that are kept."""
        return len(self._kept)


def _content(panel: Panel) -> str:
    """Sum over the panel and all that its calendar tells a model."""
    line = timeline(panel.periods)
    digest = hashlib.sha256(panel_hash(panel).encode())
    for column in (line.ends, line.days, line.holidays, line.shift_codes(line.shift_names)):
        digest.update(column.tobytes())
    digest.update("\n".join(line.shift_names).encode())
    return digest.hexdigest()
