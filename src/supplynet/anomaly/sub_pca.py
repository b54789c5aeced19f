"""Subsequence PCA: how unlike the windows of a normal history a window is.

Windows of all series, in units of what was to be expected of each (``window_rows``), are taken for
draws of one normal distribution: a few main components and noise of one size off them, which is
probabilistic PCA (Tipping and Bishop, J. R. Stat. Soc. B 61, 1999, 611-622, eq. 6 and 8). A window
is odd by its distance within the components, weighted by their variance, as in the Sub-PCA of
published comparisons, and by its distance from them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from supplynet.anomaly.detector import Judged, Progress
from supplynet.anomaly.window_rows import SHORTEST, WindowRows
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError
from supplynet.forecast.model import check_history
from supplynet.frames.panel import Panel
from supplynet.learning.artifacts import ModelState

_MOST = 8.0  # spreads from the mean of one value, as far as it tells of others
_LEAST_NOISE = 0.01  # variance off the components, of a surprise's about 1
_BAND = (0.005, 0.995)


@dataclass(frozen=True, kw_only=True)
class SubPca:
    """Subsequence PCA, one for all series.

    Args:
        window: Periods in a window; None = a week, between 6 and 125 periods.
        share: Of the variance that the main components keep.
        drop: Share of the windows, the oddest by a first pass, that is not learnt from.
        most_rows: Windows that it learns from; of more, some are drawn by chance.
        seed: Of the drawing.
    """

    window: int | None = None
    share: float = 0.8
    drop: float = 0.05
    most_rows: int = 50_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.window is not None and self.window < SHORTEST:
            raise ConfigError(f"sub_pca: window must be {SHORTEST} or more, not {self.window}")
        if not (0 < self.share < 1 and 0 <= self.drop < 1):
            raise ConfigError("sub_pca: share is above 0 and below 1, drop from 0 to below 1")
        if self.most_rows < 1:
            raise ConfigError(f"sub_pca: most_rows must be 1 or more, not {self.most_rows}")

    def fit(self, panel: Panel, *, progress: Progress | None = None) -> FittedSubPca:  # noqa: ARG002
        """Learn the windows of a history, without its oddest.

        Raises:
            HistoryTooShort: Fewer than three windows.
        """
        cut = WindowRows.of(panel, self.window)
        check_history(panel, cut.needed)
        rows = cut.sample(panel, self.most_rows, np.random.default_rng(self.seed))
        mean, factor = _normal(rows, self.share)
        odd = (((rows - mean) @ np.linalg.inv(factor).T) ** 2).sum(axis=1)
        if self.drop and len(rows):
            rows = rows[odd <= np.quantile(odd, 1 - self.drop)]
            mean, factor = _normal(rows, self.share)
        last = ((rows - mean) @ np.linalg.inv(factor).T)[:, -1]
        band = np.quantile(last, _BAND) if len(rows) else np.array([-3.0, 3.0])
        return FittedSubPca(settings=self, cut=cut, mean=mean, factor=factor, band=band)

    @classmethod
    def restore(cls, state: ModelState) -> FittedSubPca:
        """Bring a saved detector back."""
        return FittedSubPca(
            settings=cls(**state.settings),
            cut=WindowRows.of_dict(dict(state.scaler)),
            mean=state.arrays["mean"],
            factor=state.arrays["factor"],
            band=state.arrays["band"],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedSubPca:
    """The normal distribution of windows.

    Attributes:
        mean: Shape (window,).
        factor: Lower Cholesky factor of the covariance, shape (window, window).
        band: Low and high innovation of the last period of a usual window, in its own spread.
    """

    settings: SubPca
    cut: WindowRows
    mean: FloatArray
    factor: FloatArray
    band: FloatArray

    @property
    def context(self) -> int:
        """Periods before a judged one that may be looked at."""
        return self.cut.context

    def judge(self, panel: Panel, last: int | None = None, *, hindsight: bool = False) -> Judged:
        """How many spreads windows are off; see ``WindowRows.judge``."""
        return self.cut.judge(panel, last, self._opinion, hindsight)

    def _opinion(self, rows: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        # What each period of a window adds to what those before it lead to expect.
        # One that is far off says so itself, and no more than _MOST of what comes after it.
        cut = np.clip(rows, self.mean - _MOST, self.mean + _MOST)
        new = (cut - self.mean) @ self._whiten + (rows - cut) / np.diagonal(self.factor)
        own = self.factor[-1, -1]
        usual = rows[:, -1] - own * new[:, -1]
        return new**2, usual, usual + own * self.band[0], usual + own * self.band[1]

    @cached_property
    def _whiten(self) -> FloatArray:
        return np.asarray(np.linalg.inv(self.factor).T)

    def state(self) -> ModelState:
        """The detector as plain data."""
        return ModelState(
            model="sub_pca",
            settings=asdict(self.settings),
            scaler=self.cut.as_dict(),
            arrays={"mean": self.mean, "factor": self.factor, "band": self.band},
        )


def _normal(rows: FloatArray, share: float) -> tuple[FloatArray, FloatArray]:
    """Mean, and Cholesky factor of the covariance by probabilistic PCA.

    One window of unit noise is added, so that few rows, or rows without noise, are no division
    by zero.
    """
    count, window = rows.shape
    mean = rows.sum(axis=0) / (count + 1)
    centred = rows - mean
    covariance = (centred.T @ centred + np.eye(window)) / (count + 1)
    variance, axes = np.linalg.eigh(covariance)  # ascending
    variance, axes = variance[::-1], axes[:, ::-1]
    kept = int(np.searchsorted(np.cumsum(variance) / variance.sum(), share)) + 1
    kept = min(kept, window - 1)
    noise = max(float(variance[kept:].mean()), _LEAST_NOISE)
    main = axes[:, :kept] * np.maximum(variance[:kept] - noise, 0.0)
    return mean, np.linalg.cholesky(main @ axes[:, :kept].T + noise * np.eye(window))
