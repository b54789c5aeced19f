from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest

from supplynet.core.protocols import Forecaster, Observed
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.shift_mean import FittedShiftMean, ShiftMean
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState


class Counting:
    """Passes questions on and counts them."""

    def __init__(self, inner: FittedShiftMean) -> None:
        self.inner, self.calls = inner, 0

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        self.calls += 1
        return self.inner.predict(panel, future, quantiles)

    def state(self) -> ModelState:
        return self.inner.state()


@pytest.fixture
def counting(panel: Panel) -> Counting:
    return Counting(ShiftMean().fit(panel))


@pytest.fixture
def bound(counting: Counting, panel: Panel, calendar: tuple[Period, ...]) -> BoundForecaster:
    return BoundForecaster(
        predictor=counting,
        history=panel,
        calendar=calendar,
        model_version="m@1",
    )


def seen(longer: Panel, panel: Panel, count: int, running: FloatArray | None = None) -> Observed:
    """The first ``count`` periods after the panel's."""
    new = slice(len(panel.periods), len(panel.periods) + count)
    return Observed(
        series=longer.series,
        period_starts=longer.period_starts[new],
        period_ends=longer.period_ends[new],
        demand=longer.demand[:, new],
        running=running,
    )


def moment(panel: Panel, shifts: float) -> datetime:
    return panel.periods[-1].end + shifts * timedelta(hours=12)


def test_it_is_a_forecaster_whose_steps_start_with_the_running_period(
    bound: BoundForecaster, longer: Panel, panel: Panel
) -> None:
    forecaster: Forecaster = bound
    cutoff = moment(panel, 2.5)
    paths = forecaster.sample(seen(longer, panel, 2), cutoff, steps=3, paths=20, seed=1)
    assert paths.values.shape == (20, len(panel.series), 3)
    assert paths.period_starts == tuple(p.start for p in bound.calendar[366:369])
    assert (paths.cutoff, paths.model_version) == (cutoff, "m@1")


def test_cutoffs_within_a_shift_share_one_forecast(
    bound: BoundForecaster, counting: Counting, longer: Panel, panel: Panel
) -> None:
    for part in (0.0, 0.25, 0.5):
        running = np.zeros(len(panel.series)) if part else None
        observed = seen(longer, panel, 2, running)
        bound.sample(observed, moment(panel, 2 + part), steps=3, paths=5, seed=1)
    assert counting.calls == 1
    bound.sample(seen(longer, panel, 3), moment(panel, 3), steps=3, paths=5, seed=1)
    assert counting.calls == 2


def test_what_was_remembered_equals_what_is_made_anew(
    bound: BoundForecaster, counting: Counting, longer: Panel, panel: Panel
) -> None:
    running = np.full(len(panel.series), 3.0)
    observed, cutoff = seen(longer, panel, 2, running), moment(panel, 2.3)
    bound.sample(seen(longer, panel, 2), moment(panel, 2), steps=3, paths=9, seed=1)
    warm = bound.sample(observed, cutoff, steps=3, paths=9, seed=1)
    cold = BoundForecaster(predictor=counting.inner, history=panel, calendar=bound.calendar).sample(
        observed, cutoff, steps=3, paths=9, seed=1
    )
    np.testing.assert_array_equal(warm.values, cold.values)


def test_nothing_after_the_cutoff_is_looked_at(
    bound: BoundForecaster, longer: Panel, panel: Panel
) -> None:
    cutoff = moment(panel, 2)
    honest = bound.quantiles(seen(longer, panel, 2), cutoff, steps=2)
    cheating = bound.quantiles(seen(longer, panel, 9), cutoff, steps=2)
    assert honest.equals(cheating)


def test_running_consumption_is_matched_by_name(
    bound: BoundForecaster, longer: Panel, panel: Panel
) -> None:
    running = np.linspace(0.0, 70.0, len(panel.series))
    observed = seen(longer, panel, 1, running)
    turned = Observed(
        series=observed.series[::-1],
        period_starts=observed.period_starts,
        period_ends=observed.period_ends,
        demand=observed.demand[::-1],
        running=running[::-1],
    )
    cutoff = moment(panel, 1.5)
    one, other = (bound.quantiles(o, cutoff, steps=2) for o in (observed, turned))
    assert one.equals(other)


def test_periods_that_nobody_reported_yet_are_forecast_over(
    bound: BoundForecaster, longer: Panel, panel: Panel
) -> None:
    frame = bound.quantiles(seen(longer, panel, 1), moment(panel, 4), steps=2)
    assert frame["period_start"].unique().sort().to_list() == list(
        longer.period_starts[len(panel.periods) + 4 : len(panel.periods) + 6]
    )


def test_a_part_that_was_never_seen_before_is_forecast(
    bound: BoundForecaster, longer: Panel, panel: Panel
) -> None:
    periods = longer.periods[len(panel.periods) : len(panel.periods) + 2]
    new = Observed(
        series=(("SR1.ST1.L0", "NEW"),),
        period_starts=tuple(p.start for p in periods),
        period_ends=tuple(p.end for p in periods),
        demand=np.array([[40.0, 20.0]]),
    )
    paths = bound.sample(new, moment(panel, 2), steps=2, paths=50, seed=1)
    values = paths.values[:, paths.series.index(("SR1.ST1.L0", "NEW"))]
    assert 15 < values.mean() < 60


def test_a_calendar_that_ends_too_early_is_refused(
    bound: BoundForecaster, longer: Panel, panel: Panel
) -> None:
    with pytest.raises(InvalidInput, match="bind the forecaster to a longer one"):
        bound.sample(seen(longer, panel, 0), moment(panel, 0), steps=57, paths=1, seed=1)
