from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.forecast.adida import Adida
from supplynet.forecast.croston_sba import CrostonSba
from supplynet.forecast.intermittent import FittedIntermittent, Intermittent, Prior
from supplynet.forecast.tsb import Tsb
from supplynet.frames.panel import Panel, Period, daily_periods

MONDAY = date(2026, 1, 5)
NAN = float("nan")


def days(*series: list[float]) -> Panel:
    periods = daily_periods(MONDAY, MONDAY + timedelta(days=len(series[0])))
    names = tuple(("L", f"p{i}") for i in range(len(series)))
    return Panel(series=names, periods=periods, demand=np.array(series, dtype=float))


def after(panel: Panel, count: int = 1, holiday: bool = False) -> tuple[Period, ...]:
    end = panel.periods[-1].local_date + timedelta(days=1)
    dates = [end + timedelta(days=i) for i in range(count)]
    return daily_periods(end, end + timedelta(days=count), holidays=dates if holiday else ())


def rate(model: CrostonSba | Tsb | Adida, *demand: float) -> float:
    panel = days(list(demand))
    return float(model.fit(panel).mean(panel, after(panel))[0, 0])


MODELS = (CrostonSba, Tsb, Adida)


def test_croston_sba_by_hand() -> None:
    # sizes 2, 4: 2 + 0.1 * 2 = 2.2; intervals 2, 3: 2 + 0.1 * 1 = 2.1; factor 1 - 0.1 / 2
    model = CrostonSba(weights=(0.1,), start="first")
    assert rate(model, 0, 2, 0, 0, 4) == pytest.approx(0.95 * 2.2 / 2.1)
    # Nothing moves while there is no demand: Croston 1972, section 3
    assert rate(model, 0, 2, 0, 0, 4, 0, 0, 0) == pytest.approx(0.95 * 2.2 / 2.1)


def test_tsb_by_hand() -> None:
    # probabilities 1, 0.9, 0.81, 0.81 + 0.1 * 0.19; sizes 2, 4: 2.2
    model = Tsb(weights=(0.1,), start="first")
    assert rate(model, 2, 0, 0, 4) == pytest.approx(0.829 * 2.2)
    # and the forecast of a part that has run out fades by a tenth each period
    assert rate(model, 2, 0, 0, 4, 0, 0) == pytest.approx(0.829 * 2.2 * 0.81)


def test_adida_by_hand() -> None:
    # demand is 2 periods apart: blocks (0, 4), (0, 6) are 2 and 3 a period: 2 + 0.5 * 1
    model = Adida(weights=(0.5,), start="first")
    assert rate(model, 0, 4, 0, 6) == pytest.approx(2.5)
    assert rate(model, 3, 3, 3) == pytest.approx(3)


@pytest.mark.parametrize("kind", [CrostonSba, Tsb])  # a gap moves the borders of ADIDA's blocks
def test_what_was_not_observed_is_skipped_and_never_a_zero(kind: type[CrostonSba | Tsb]) -> None:
    model = kind(weights=(0.1,), start="first")
    gaps = rate(model, 0, NAN, 2, 0, NAN, NAN, 0, 4)
    assert gaps == pytest.approx(rate(model, 0, 2, 0, 0, 4))


def test_a_block_that_was_observed_in_part_counts_with_its_rate() -> None:
    model = Adida(weights=(0.5,), start="first")
    assert rate(model, 0, 4, 0, 4, NAN, 2) == pytest.approx(2)


@pytest.mark.parametrize("kind", MODELS)
def test_the_mean_of_the_quantiles_is_the_point_forecast(
    kind: type[CrostonSba | Tsb | Adida],
) -> None:
    rng = np.random.default_rng(5)
    chance, size = rng.uniform(0.05, 0.9, (30, 1)), rng.uniform(0, 8, (30, 1))
    demand = (rng.random((30, 200)) < chance) * (1 + rng.poisson(size, (30, 200)))
    panel = days(*demand.astype(float).tolist())
    fitted = kind().fit(panel)
    levels = tuple((np.arange(2000) + 0.5) / 2000)
    dense = fitted.predict(panel, after(panel), levels)[:, 0]
    np.testing.assert_allclose(
        dense.mean(axis=1), fitted.mean(panel, after(panel))[:, 0], rtol=0.02
    )
    assert (dense == np.round(dense)).all()  # counts stay counts


@pytest.mark.parametrize("kind", MODELS)
def test_the_share_of_zeros_is_forecast(kind: type[CrostonSba | Tsb | Adida]) -> None:
    panel = days([0.0, 0, 0, 5] * 40)
    values = kind().fit(panel).predict(panel, after(panel), (0.5, 0.7, 0.8, 0.95))[0, 0]
    np.testing.assert_array_equal(values, [0, 0, 5, 5])


@pytest.mark.parametrize("kind", MODELS)
def test_an_unknown_series_gets_the_level_of_the_panel(
    kind: type[CrostonSba | Tsb | Adida],
) -> None:
    panel = days([0.0, 6] * 30, [0.0, 4] * 30, [0.0, 5] * 30)
    fitted = kind().fit(panel)
    unseen = days([NAN] * 60)
    assert fitted.mean(unseen, after(unseen))[0, 0] == pytest.approx(2.5, rel=0.2)
    three = days([0.0, 50, 0])
    assert 5 < fitted.mean(three, after(three))[0, 0] < 30


@pytest.mark.parametrize("kind", MODELS)
def test_a_closed_day_is_no_zero_and_is_forecast_as_closed(
    kind: type[CrostonSba | Tsb | Adida],
) -> None:
    closed = {MONDAY + timedelta(days=i) for i in range(0, 60, 10)}
    periods = daily_periods(MONDAY, MONDAY + timedelta(days=60), holidays=closed)
    demand = np.array([[0.0 if p.is_holiday else 8.0 for p in periods]])
    panel = Panel(series=(("L", "p"),), periods=periods, demand=demand)
    fitted = kind(weights=(0.1,)).fit(panel)
    assert fitted.mean(panel, after(panel))[0, 0] == pytest.approx(8, rel=0.1)
    assert fitted.predict(panel, after(panel, holiday=True), (0.9,)).max() == 0


def test_weights_are_those_that_would_have_forecast_best() -> None:
    rng = np.random.default_rng(0)
    steady = rng.poisson(5.0, 300)
    moving = rng.poisson(np.repeat(rng.uniform(1, 40, 12), 25))
    panel = days(steady.tolist(), moving.tolist())
    chosen = Tsb().fit(panel).chosen
    assert chosen["L", "p0"][0] < chosen["L", "p1"][0]


def slow_tsb(demand: list[float], weight: float) -> float:
    chance = size = None
    for value in demand:
        if np.isnan(value):
            continue
        hit = float(value > 0)
        chance = hit if chance is None else chance + weight * (hit - chance)
        if hit:
            size = value if size is None else size + weight * (value - size)
    return (chance or 0.0) * (size or 0.0)


@given(st.lists(st.sampled_from([0.0, 0.0, 1.0, 3.0, 8.0, NAN]), min_size=1, max_size=30))
def test_tsb_equals_a_loop_over_one_series(demand: list[float]) -> None:
    if not np.nansum(demand):
        return
    assert rate(Tsb(weights=(0.2,), start="first"), *demand) == pytest.approx(slow_tsb(demand, 0.2))


@pytest.mark.parametrize("kind", MODELS)
def test_the_numbers_are_those_of_statsforecast(kind: type[CrostonSba | Tsb | Adida]) -> None:
    models = pytest.importorskip("statsforecast.models")
    # ADIDA there searches its weight between 0.1 and 0.3, the others have 0.1.
    weights = tuple(np.linspace(0.1, 0.3, 41)) if kind is Adida else (0.1,)
    peer = {
        CrostonSba: models.CrostonSBA(),
        Tsb: models.TSB(alpha_d=0.1, alpha_p=0.1),
        Adida: models.ADIDA(),
    }[kind]
    rng = np.random.default_rng(2)
    for row in (rng.random((12, 90)) < 0.35) * (1.0 + rng.poisson(3, (12, 90))):
        ours = rate(kind(weights=weights, start="first"), *row)
        assert ours == pytest.approx(peer.forecast(y=row, h=1)["mean"][0], rel=0.01)


def test_an_empty_prior_forecasts_nothing() -> None:
    assert Prior.of(np.zeros((2, 5))).occurrence < 1e-3
    panel = days([0.0] * 20)
    smoother: Intermittent = Tsb()
    fitted: FittedIntermittent = Tsb().fit(panel)
    assert fitted.settings == smoother
    assert fitted.predict(panel, after(panel, 3), (0.5, 0.99)).max() == 0
