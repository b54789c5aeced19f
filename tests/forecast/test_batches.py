"""Some lines at a time say what all of them at once say."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast import registry
from supplynet.forecast.batches import batches, predict_in_batches
from supplynet.forecast.model import Predictor
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState


@pytest.fixture(scope="module")
def fitted(panel: Panel) -> Predictor:
    return registry.estimator("lightgbm", rounds=5, most_rows=1000).fit(panel)


@pytest.mark.parametrize("most", [1, 3, 4, 7, 100])
def test_batches_say_the_same_as_all_at_once(
    most: int, fitted: Predictor, panel: Panel, calendar: tuple[Period, ...]
) -> None:
    ahead = calendar[len(panel.periods) :][:5]
    np.testing.assert_allclose(
        predict_in_batches(fitted, panel, ahead, QUANTILES, most=most),
        fitted.predict(panel, ahead, QUANTILES),
        rtol=1e-9,
    )


def test_without_series_there_is_nothing_to_forecast(
    fitted: Predictor, panel: Panel, calendar: tuple[Period, ...]
) -> None:
    found = predict_in_batches(fitted, panel.select(()), calendar[-3:], (0.5,), most=1)
    assert found.shape == (0, 3, 1)


@given(st.lists(st.integers(1, 6), max_size=8), st.integers(1, 8))
def test_every_series_is_in_one_batch_and_every_line_in_one_piece(
    parts: list[int], most: int
) -> None:
    series = [(f"L{line}", f"p{part}") for line, count in enumerate(parts) for part in range(count)]
    found = [series[rows] for rows in batches(series, most)]
    assert [name for batch in found for name in batch] == series
    lines = [{line for line, _ in batch} for batch in found]
    assert sum(map(len, lines)) == len(parts)
    assert all(len(batch) <= most or len(own) == 1 for batch, own in zip(found, lines, strict=True))
    for one, two in pairwise(found):  # none could have taken one line more
        following = [name for name in two if name[0] == two[0][0]]
        assert len(one) + len(following) > most


class Watched:
    """Says how many series it is asked for at once."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        self.asked.append(len(panel.series))
        return np.zeros((len(panel.series), len(future), len(quantiles)))

    def state(self) -> ModelState:
        raise NotImplementedError


def test_no_more_are_asked_for_at_once(calendar: tuple[Period, ...]) -> None:
    series = tuple((f"L{i // 10:04}", f"p{i % 10}") for i in range(10_000))
    panel = Panel(series=series, periods=calendar[:2], demand=np.zeros((10_000, 2)))
    watched = Watched()
    assert predict_in_batches(watched, panel, calendar[2:4], QUANTILES).shape[0] == 10_000
    assert watched.asked == [1_000] * 10
