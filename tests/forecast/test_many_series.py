"""Very many series: what is learnt from is drawn before it is made, so that memory is bounded."""

from datetime import date, timedelta

import numpy as np
import pytest

from supplynet.errors import HistoryTooShort
from supplynet.forecast import tree_rows
from supplynet.forecast.covariates import Covariates
from supplynet.forecast.features import FEATURES
from supplynet.frames.panel import Panel, daily_periods
from supplynet.learning.scaling import Profile, Scaling, typical_level


def counting(lines: int, parts: int, days: int) -> Panel:
    """Series k has ``1000 k + day``: a value says whose it is, and of which day."""
    start = date(2026, 1, 5)
    series = tuple((f"L{line:03d}", f"p{part}") for line in range(lines) for part in range(parts))
    demand = np.add.outer(1000.0 * np.arange(len(series)), np.arange(float(days)))
    periods = daily_periods(start, start + timedelta(days=days))
    return Panel(series=series, periods=periods, demand=demand)


def rows(panel: Panel, most: int) -> tree_rows.TreeRows:
    return tree_rows.training_rows(
        panel, ("",), 5.0, Covariates(), horizon=7, most_rows=most, seed=1
    )


def test_rows_are_drawn_from_all_lines_and_days_and_no_more_than_wanted() -> None:
    found = rows(counting(60, 5, 150), 2_000)
    assert 1_000 < len(found.demand) <= 2_000
    np.testing.assert_array_equal(found.series, found.demand // 1000)
    assert len(np.unique(found.series // 5)) > 50
    assert len(np.unique(found.demand % 1000)) > 140


def test_a_drawn_row_is_scaled_as_among_all_series() -> None:
    panel = counting(60, 5, 150)
    found = rows(panel, 2_000)
    scaling = Scaling.of(Profile.of(panel, (), ("",), 5.0))
    steps = found.table[:, FEATURES.index("step")].astype(int)
    targets = (found.demand % 1000).astype(int)
    for row in (0, 700, len(targets) - 1):
        target, origin = targets[row : row + 1], targets[row : row + 1] - steps[row]
        location, spread = scaling.at(target, origin)
        assert found.location[row] == pytest.approx(location[found.series[row], 0])
        assert found.spread[row] == pytest.approx(spread[found.series[row], 0])


def test_of_few_rows_all_are_made() -> None:
    panel = counting(2, 2, 50)
    assert len(rows(panel, 1_000).demand) == 4 * 49


def test_many_series_without_any_observation_are_refused() -> None:
    panel = counting(60, 5, 150)
    panel.demand[:] = np.nan
    with pytest.raises(HistoryTooShort):
        rows(panel, 10)


def test_stretches_are_drawn_from_all_over_and_about_as_many_as_wanted() -> None:
    torch = pytest.importorskip("torch")
    from supplynet.forecast.lstm import Lstm
    from supplynet.forecast.neural_examples import Examples

    panel = counting(200, 5, 250)  # 5 stretches each
    cut = Lstm(horizon=7, most_examples=800).cut
    none, level = Covariates(), typical_level(panel)
    found = Examples(panel, ("",), level, none, cut, torch.device("cpu"))
    drawn = len(found.training) + len(found.validation)
    assert 600 < drawn < 1_000
    assert 0.1 < len(found.validation) / drawn < 0.3
    again = Examples(panel, ("",), level, none, cut, torch.device("cpu"))
    assert torch.equal(found.training, again.training)
    every = Examples(panel, ("",), level, none, Lstm(horizon=7).cut, torch.device("cpu"))
    assert len(every.training) + len(every.validation) == 5_000


def test_one_stretch_of_each_side_is_kept_however_few_are_wanted() -> None:
    torch = pytest.importorskip("torch")
    from supplynet.forecast.lstm import Lstm
    from supplynet.forecast.neural_examples import Examples

    cut = Lstm(horizon=7, most_examples=1).cut
    found = Examples(counting(50, 1, 250), ("",), 5.0, Covariates(), cut, torch.device("cpu"))
    assert len(found.training) >= 1
    assert len(found.validation) >= 1


def test_inputs_of_any_unit_have_a_spread_that_a_network_learns_from() -> None:
    pytest.importorskip("torch")
    from supplynet.forecast.neural_inputs import OWN_KNOWN, Inputs, calendar_width

    random = np.random.default_rng(1)
    week = random.uniform(0.5, 1.5, (8, 7))[:, np.arange(210) % 7]
    panel = counting(2, 4, 210)
    for unit in (5.0, 500.0):
        demand = random.poisson(unit * week).astype(float)
        told = Panel(series=panel.series, periods=panel.periods, demand=demand)
        inputs = Inputs.of(told, (), names=("",), typical=unit, covariates=Covariates(), horizon=7)
        known, _ = inputs.examples(np.arange(100, 190)[:, None])
        spread = known[..., :OWN_KNOWN].std(axis=(0, 1, 2, 3))
        assert 0.3 < np.median(spread) < 3
        weekday = inputs.calendar[:, :7]
        np.testing.assert_allclose(weekday.mean(axis=0), 0, atol=0.01)
        assert inputs.calendar.shape[1] == calendar_width(1)
