"""``bench speed``: what its tasks count and how they are judged; seconds are never tested."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from supplynet.cli import benchmarking  # noqa: E402
from supplynet.forecast.covariates import Covariates  # noqa: E402
from supplynet.forecast.lstm import Lstm  # noqa: E402
from supplynet.forecast.neural_examples import Examples  # noqa: E402
from supplynet.forecast.neural_network import Shape  # noqa: E402
from supplynet.forecast.quantiles import QUANTILES  # noqa: E402
from supplynet.learning.torch_training import pinball  # noqa: E402

CHECKOUT = benchmarking.find_checkout()
TINY = Lstm(hidden=8, width=8, horizon=3, lookback=10, fork=6, stride=2, epochs=2, finish=1)


@pytest.fixture(scope="module")
def ours() -> ModuleType:
    return script("speed_supplynet")


def script(name: str) -> ModuleType:
    path = CHECKOUT / "benchmarks" / "peers" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def task(series: int = 4, days: int = 120) -> dict[str, Any]:
    demand = np.random.default_rng(1).poisson(20, (series, days)).astype(float)
    cutoffs, levels = np.array([days - 6, days - 3]), np.array(QUANTILES)
    whole = {"first": days - 6, "steps": 3, "lookback": 10, "seed": 1}
    return {"demand": demand, "cutoffs": cutoffs, "levels": levels, **whole}


@pytest.mark.filterwarnings("ignore:TF32")  # said by torch when its LSTM is taken apart
def test_multiply_adds_are_those_that_torch_counts(ours: ModuleType) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    panel = ours.daily_panel(task()["demand"])
    none, cpu = Covariates(), torch.device("cpu")
    examples = Examples(panel, ("",), 20.0, none, TINY.cut, cpu)
    network, levels = TINY.network(Shape.of(1, 0, none)), torch.tensor(QUANTILES)
    batch = examples.batch(examples.training)
    with torch.backends.mkldnn.flags(enabled=False), FlopCounterMode(display=False) as counter:
        codes = torch.zeros(len(examples.training), 1, dtype=torch.long)
        found = network(batch.past, batch.origins, batch.known, codes)
        pinball(found, batch.target, levels).backward()  # type: ignore[no-untyped-call]  # torch's
    one, two = (ours.work_of(TINY, panel, epochs)["multiply_adds"] for epochs in (2, 3))
    with (
        torch.no_grad(),
        FlopCounterMode(display=False) as held,
        torch.backends.mkldnn.flags(enabled=False),
    ):
        batch = examples.batch(examples.validation)
        codes = torch.zeros(len(examples.validation), 1, dtype=torch.long)
        network(batch.past, batch.origins, batch.known, codes)
    counted = (counter.get_total_flops() + held.get_total_flops()) / 2
    # The first step has no state before it, for which torch counts one product less.
    assert two - one == pytest.approx(counted, rel=0.05)


def test_gradient_samples_are_the_origins_of_every_stretch_of_every_epoch(
    ours: ModuleType,
) -> None:
    panel = ours.daily_panel(task()["demand"])
    examples = Examples(panel, ("",), 20.0, Covariates(), TINY.cut, torch.device("cpu"))
    training, validation = len(examples.training), len(examples.validation)
    samples = ours.work_of(TINY, panel, 3)["samples"]
    assert samples == 3 * (2 * training + (training + validation))  # 3 forks; the last on all


@pytest.mark.parametrize("name", ["lstm", "seasonal_naive"])
def test_a_task_forecasts_every_cutoff_and_says_what_it_took(ours: ModuleType, name: str) -> None:
    few = {"epochs": 1, "finish": 0, "hidden": 4} if name == "lstm" else {}
    found = ours.estimator(task(), {"model": name, **few})
    assert found["quantiles"].shape == (2, 4, 3, len(QUANTILES))
    assert 0 <= found["fit_cpu_seconds"] <= found["cpu_seconds"]
    assert ("samples" in found) == (name == "lstm")


def test_a_large_panel_is_of_named_shifts_in_a_row(ours: ModuleType) -> None:
    demand = benchmarking.load(CHECKOUT, "speed").shift_demand(40, 120, 1)
    assert np.isnan(demand).any()
    found = ours.large({"demand": demand, "steps": 3}, {"model": "seasonal_naive"})
    assert found["peak_before_mb"] > 0


def test_a_median_alone_has_an_error_but_no_pinball(tmp_path: Path) -> None:
    speed = benchmarking.load(CHECKOUT, "speed")
    setup = benchmarking.Setup(
        seed=1, seeds=1, quick=True, checkout=CHECKOUT, report=lambda _fraction, _what: None
    )
    bench = speed._Bench.of(setup, tmp_path)
    actual = bench.panel.demand[:, -28:].reshape(20, 4, 7, 1).swapaxes(0, 1)
    assert bench._judge(actual) == {"mase": 0.0, "pinball": None}
    exact = np.repeat(actual, len(QUANTILES), axis=-1)
    assert bench._judge(exact) == {"mase": 0.0, "pinball": 0.0}
    late = bench._judge(actual[:, [3, 5]] + 1.0, [3, 5])["mase"]
    assert late > 0


def test_peers_are_told_the_weekday_of_the_days_asked_for() -> None:
    pytest.importorskip("pandas")
    frame = script("speed_peers")._frame(task(), 2, 9)
    assert frame["y"].tolist() == task()["demand"][:, 2:9].ravel().tolist()
    assert frame.groupby("unique_id").size().tolist() == [7] * 4
    assert frame["ds"].iloc[0].strftime("%A") == "Friday"  # the data begin on a Wednesday
    assert frame.filter(like="weekday").iloc[0].tolist() == [0, 0, 0, 0, 1, 0, 0]


def test_tasks_are_run_with_the_given_allocator(tmp_path: Path) -> None:
    from supplynet.cli.peers import KEPT_MEMORY, run_task

    told = tmp_path / "told.py"
    told.write_text("import json, os; print(json.dumps(dict(os.environ)))")
    found = run_task(told, python=Path(sys.executable), environment=KEPT_MEMORY)
    assert found.items() >= KEPT_MEMORY.items()
    assert not run_task(told).keys() & KEPT_MEMORY.keys()
