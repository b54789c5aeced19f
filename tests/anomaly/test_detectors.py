"""What every registered detector must do. A new detector is picked up by its name."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from supplynet.anomaly import registry
from supplynet.anomaly.detector import FittedDetector, Judged
from supplynet.errors import HistoryTooShort, ModelError
from supplynet.frames.panel import Panel, Period, daily_periods
from supplynet.frames.periods import regular_periods

SMALL_LSTM: dict[str, Any] = {
    "window": 10,
    "hidden": 4,
    "epochs": 2,
    "examples_per_epoch": 256,
    "most_rows": 512,
}
SMALL_FOREST: dict[str, Any] = {"settings": {"rounds": 8, "most_rows": 2000}}
TINY: dict[str, dict[str, Any]] = {
    "calibrated": {"model": "sub_pca"},
    "ensemble": {
        "members": [
            {"model": "forecast_residual", "settings": SMALL_FOREST},
            {"model": "sub_pca"},
            {"model": "robust_seasonal"},
        ]
    },
    "forecast_residual": SMALL_FOREST,
    "lstm_reconstruction": SMALL_LSTM,
}
NEURAL = ("lstm_reconstruction",)
FIELDS = ("strangeness", "expected", "low", "high")


def fit(name: str, panel: Panel) -> FittedDetector:
    return registry.detector(name, **TINY.get(name, {})).fit(panel)


@pytest.fixture(scope="module", params=sorted(registry.DETECTORS))
def name(request: pytest.FixtureRequest) -> str:
    if request.param in NEURAL:
        pytest.importorskip("torch")
    return str(request.param)


@pytest.fixture(scope="module")
def fitted(name: str, panel: Panel) -> FittedDetector:
    return fit(name, panel)


@pytest.fixture(scope="module")
def judged(fitted: FittedDetector, panel: Panel) -> Judged:
    return fitted.judge(panel)


def assert_same(one: Judged, other: Judged, tolerance: float = 0.0) -> None:
    for field in FIELDS:
        np.testing.assert_allclose(
            getattr(one, field), getattr(other, field), rtol=tolerance, atol=tolerance
        )


@pytest.mark.parametrize("hindsight", [False, True])
def test_all_arrays_have_the_shape_of_the_panel_and_nothing_is_infinite(
    fitted: FittedDetector, panel: Panel, hindsight: bool
) -> None:
    found = fitted.judge(panel, hindsight=hindsight)
    for field in FIELDS:
        values = getattr(found, field)
        assert values.shape == panel.demand.shape
        assert not np.isinf(values).any()
    told = np.isfinite(found.low) & np.isfinite(found.high)
    assert (found.low[told] <= found.high[told]).all()


def test_most_of_a_long_history_is_judged_and_what_nobody_saw_is_not(
    judged: Judged, panel: Panel
) -> None:
    later = judged.strangeness[:, panel.demand.shape[1] // 2 :]
    assert np.isfinite(later).mean() > 0.9
    assert np.isnan(judged.strangeness[np.isnan(panel.demand)]).all()


def test_the_band_holds_most_normal_values(judged: Judged, panel: Panel) -> None:
    half = panel.demand.shape[1] // 2
    value, low, high = (a[:, half:] for a in (panel.demand, judged.low, judged.high))
    told = np.isfinite(value) & np.isfinite(low)
    inside = (value >= low - 1e-9) & (value <= high + 1e-9)
    assert inside[told].mean() > 0.9


def test_later_values_change_nothing(fitted: FittedDetector, panel: Panel) -> None:
    cut = panel.demand.shape[1] - 40
    demand = panel.demand.copy()
    demand[:, cut:] = 7 * demand[:, cut:] + 50
    changed, before = fitted.judge(replace(panel, demand=demand)), fitted.judge(panel)
    for field in FIELDS:
        np.testing.assert_allclose(
            getattr(changed, field)[:, :cut], getattr(before, field)[:, :cut], rtol=1e-6, atol=1e-6
        )


@pytest.mark.parametrize("last", [1, 30])
def test_the_last_periods_are_judged_as_when_all_are(
    fitted: FittedDetector, judged: Judged, panel: Panel, last: int
) -> None:
    found = fitted.judge(panel, last)
    assert found.strangeness.shape == (len(panel.series), last)
    assert_same(found, judged.tail(last), 1e-5)


def test_more_before_the_context_changes_nothing(
    name: str, fitted: FittedDetector, calendar: tuple[Period, ...]
) -> None:
    if fitted.context > 2 * len(calendar):
        pytest.skip(f"{name} may look at {fitted.context} periods")
    periods = regular_periods(
        "1d", datetime(2019, 1, 7, tzinfo=UTC), datetime(2023, 1, 7, tzinfo=UTC)
    )
    rng = np.random.default_rng(5)
    demand = rng.poisson(60.0, (3, len(periods))).astype(float)
    demand[1, 400:430] = np.nan
    days = Panel(series=tuple(("L", f"p{i}") for i in range(3)), periods=periods, demand=demand)
    daily = fit(name, days)
    near = daily.judge(days.tail(daily.context + 5), 5)
    assert_same(near, daily.judge(days, 5), 1e-5)


def test_the_same_seed_gives_the_same_detector(name: str, judged: Judged, panel: Panel) -> None:
    assert_same(fit(name, panel).judge(panel), judged)


@pytest.mark.parametrize("hindsight", [False, True])
def test_a_saved_detector_judges_bit_for_bit_the_same(
    fitted: FittedDetector, panel: Panel, tmp_path: Path, hindsight: bool
) -> None:
    registry.save(tmp_path, "saved", fitted, {"vus_pr": 0.4})
    _, loaded = registry.load(tmp_path, "saved")
    assert loaded.context == fitted.context
    assert_same(fitted.judge(panel, hindsight=hindsight), loaded.judge(panel, hindsight=hindsight))


def test_a_flipped_bit_is_refused(fitted: FittedDetector, tmp_path: Path) -> None:
    registry.save(tmp_path, "saved", fitted)
    path = tmp_path / "models/saved.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ModelError, match="was changed"):
        registry.load(tmp_path, "saved")


def test_a_detector_with_unknown_settings_is_refused(fitted: FittedDetector) -> None:
    state = fitted.state()
    with pytest.raises(ModelError, match="another version"):
        registry.restore(replace(state, settings={**state.settings, "moon_phase": 1}))


def test_other_lines_do_not_change_what_is_found(
    fitted: FittedDetector, judged: Judged, panel: Panel
) -> None:
    line = panel.series[-1][0]
    alone = panel.select([series for series in panel.series if series[0] == line])
    rest = replace(
        judged, **{field: getattr(judged, field)[-len(alone.series) :] for field in FIELDS}
    )
    assert_same(fitted.judge(alone), rest, 1e-5)


def test_a_series_that_was_never_observed_is_not_judged_and_stops_nobody(
    name: str, panel: Panel
) -> None:
    demand = panel.demand.copy()
    demand[0] = np.nan
    found = fit(name, replace(panel, demand=demand)).judge(replace(panel, demand=demand))
    assert np.isnan(found.strangeness[0]).all()
    assert np.isfinite(found.strangeness[1:, -60:]).mean() > 0.9


def test_where_nothing_was_ever_observed_nothing_is_judged_or_learnt(
    name: str, panel: Panel
) -> None:
    empty = replace(panel, demand=np.full_like(panel.demand, np.nan))
    try:
        fitted = fit(name, empty)
    except HistoryTooShort:
        return  # it needs something to learn from
    assert np.isnan(fitted.judge(empty).strangeness).all()


@pytest.mark.parametrize("level", [0.0, 5.0, 1e6])
def test_what_never_changes_is_not_infinitely_odd(name: str, panel: Panel, level: float) -> None:
    still = replace(panel, demand=np.full_like(panel.demand, level))
    found = fit(name, still).judge(still)
    for field in FIELDS:
        assert not np.isinf(getattr(found, field)).any()


def test_gaps_are_tolerated(name: str, panel: Panel) -> None:
    demand = panel.demand.copy()
    demand[np.random.default_rng(3).random(demand.shape) < 0.2] = np.nan
    demand[1, 100:150] = np.nan
    holes = replace(panel, demand=demand)
    found = fit(name, holes).judge(holes)
    seen = ~np.isnan(demand)
    assert np.isnan(found.strangeness[~seen]).all()
    assert np.isfinite(found.strangeness[:, -100:][seen[:, -100:]]).mean() > 0.6


def test_too_short_a_history_is_refused_with_what_is_needed(name: str, panel: Panel) -> None:
    for periods in (0, 3):
        with pytest.raises(HistoryTooShort) as caught:
            fit(name, panel.head(periods))
        assert caught.value.periods == periods
        assert caught.value.needed > periods


@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_huge_spike_is_the_oddest_value_within_two_periods(
    fitted: FittedDetector, panel: Panel, row: int
) -> None:
    at = panel.demand.shape[1] - 20
    demand = panel.demand.copy()
    demand[row, at] = 20 * np.nanmean(demand[row])
    found = fitted.judge(replace(panel, demand=demand)).strangeness[row, -100:]
    oddest = panel.demand.shape[1] - 100 + int(np.nanargmax(found))
    assert at <= oddest <= at + 2


def test_what_is_odd_does_not_depend_on_the_unit(name: str, panel: Panel) -> None:
    large = replace(panel, demand=1000 * panel.demand)
    one, thousand = (fit(name, each).judge(each).strangeness[2] for each in (panel, large))
    both = np.isfinite(one) & np.isfinite(thousand)
    both[: len(both) // 2] = False
    assert spearmanr(one[both], thousand[both]).statistic > 0.9


def hours() -> tuple[Period, ...]:
    start = datetime(2025, 1, 6, tzinfo=UTC)
    return regular_periods("1h", start, start + timedelta(weeks=5))


def days() -> tuple[Period, ...]:
    return daily_periods(date(2024, 1, 1), date(2025, 1, 1))


def weeks() -> tuple[Period, ...]:
    return regular_periods("1w", datetime(2022, 1, 3, tzinfo=UTC), datetime(2025, 1, 6, tzinfo=UTC))


@pytest.mark.parametrize("periods", [hours, days, weeks])
def test_other_calendars_work(name: str, periods: Callable[[], tuple[Period, ...]]) -> None:
    made = periods()
    demand = np.random.default_rng(7).poisson(50.0, (3, len(made))).astype(float)
    demand[0, -3] = 1000
    other = Panel(series=tuple(("L", f"p{i}") for i in range(3)), periods=made, demand=demand)
    found = fit(name, other).judge(other).strangeness
    assert np.nanargmax(found[0]) >= len(made) - 3
    assert np.isfinite(found[:, -20:]).mean() > 0.9
