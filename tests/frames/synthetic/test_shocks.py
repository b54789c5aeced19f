import numpy as np
import pytest

from supplynet.frames.synthetic.scenario import DemandShape, PlanShape
from supplynet.frames.synthetic.shocks import line_shocks, product_shocks

LINES = tuple(f"L{n}" for n in range(400))


def autocorrelation(logs: np.ndarray, lag: int) -> float:
    return float(np.corrcoef(logs[:, :-lag].ravel(), logs[:, lag:].ravel())[0, 1])


@pytest.mark.parametrize("adherence", [0.0, 0.04, 0.08])
def test_units_vary_as_the_shock_says_however_well_they_are_planned(adherence: float) -> None:
    shape = DemandShape(shock_sd=0.1, shock_carried=0.6)
    made = line_shocks(LINES, 200, shape, PlanShape(adherence_cv=adherence), seed=1)
    units = made.planned * made.adherence
    assert units.mean() == pytest.approx(1, abs=0.003)
    logs = np.log(units)
    assert logs.std() == pytest.approx(0.1, abs=0.002)
    assert logs[:, 0].std() == pytest.approx(0.1, abs=0.01)
    assert autocorrelation(logs, 1) == pytest.approx(0.6, abs=0.02)
    assert autocorrelation(logs, 2) == pytest.approx(0.36, abs=0.02)


def test_adherence_cannot_be_told_from_the_plan_and_is_right_on_average() -> None:
    made = line_shocks(LINES, 200, DemandShape(), PlanShape(adherence_cv=0.05), seed=2)
    assert made.adherence.mean() == pytest.approx(1, abs=0.001)
    assert made.adherence.std() == pytest.approx(0.05, abs=0.001)
    correlation = np.corrcoef(made.planned.ravel(), made.adherence.ravel())[0, 1]
    assert abs(correlation) < 0.02


def test_adherence_worse_than_the_shock_makes_units_vary_more() -> None:
    shape = DemandShape(shock_sd=0.0, shock_carried=0.0)
    made = line_shocks(LINES, 100, shape, PlanShape(adherence_cv=0.2), seed=1)
    assert np.allclose(made.planned, 1)
    assert made.adherence.std() == pytest.approx(0.2, abs=0.005)


def test_the_first_plan_errs_as_it_is_told() -> None:
    made = line_shocks(LINES, 100, DemandShape(), PlanShape(first_error_cv=0.1), seed=1)
    assert made.first_error.mean() == pytest.approx(1, abs=0.003)
    assert made.first_error.std() == pytest.approx(0.1, abs=0.002)


def test_a_product_has_one_shock_a_day_that_fades() -> None:
    shape = DemandShape(product_shock_sd=0.2, product_shock_carried=0.8)
    days = np.array([product_shocks(f"model-{n}", 300, shape, seed=1) for n in range(300)])
    assert days.mean() == pytest.approx(1, abs=0.01)
    assert np.log(days).std() == pytest.approx(0.2, abs=0.005)
    assert autocorrelation(np.log(days), 1) == pytest.approx(0.8, abs=0.02)
    assert np.array_equal(product_shocks("model-3", 30, shape, seed=1), days[3, :30])


def test_lines_without_shifts_have_no_shocks() -> None:
    assert line_shocks(("A",), 0, DemandShape(), PlanShape(), seed=1).planned.shape == (1, 0)
