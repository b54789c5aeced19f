"""A model in ONNX says what it says by itself; in 8 bits only where that costs next to nothing."""

import subprocess
import sys
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from supplynet.errors import HistoryTooShort, InvalidInput, MissingExtra, ModelError
from supplynet.forecast import onnx_export, onnx_models, registry
from supplynet.forecast.model import Predictor
from supplynet.forecast.onnx_export import Cost, export_model, load_exported
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import load_model
from supplynet.learning.onnx_files import load_graphs

TREES: dict[str, dict[str, Any]] = {
    "lightgbm": {"rounds": 8, "most_rows": 2000},
    "random_forest": {"trees": 5, "rows_per_tree": 2000, "most_rows": 2000},
}
NETWORK: dict[str, Any] = {"epochs": 1, "finish": 0, "hidden": 16, "width": 16}
NETWORKS: dict[str, dict[str, Any]] = {
    "gru": NETWORK | {"examples_per_epoch": 32},
    "lstm": NETWORK | {"examples_per_epoch": 32, "heads": "individual"},
    "mlp": NETWORK | {"stride": 9},
    "nhits": NETWORK | {"stride": 9},
    "transformer": NETWORK | {"stride": 9, "layers": 1},
}
VARIANTS: dict[str, dict[str, Any]] = {
    "tweedie": {"objective": "tweedie", "rounds": 8, "most_rows": 2000},
    "recursive": {"strategy": "recursive", "rounds": 8, "most_rows": 2000},
}
ENSEMBLE = {
    "members": [
        {"model": "lightgbm", "settings": TREES["lightgbm"]},
        {"model": "mlp", "settings": NETWORKS["mlp"], "seeds": 2},
        {"model": "shift_mean"},
    ],
    "cutoffs": 2,
}


def fit(name: str, panel: Panel) -> Predictor:
    if name in NETWORKS or name == "ensemble":
        pytest.importorskip("torch")
    model = "lightgbm" if name in VARIANTS else name
    known = {**TREES, **NETWORKS, **VARIANTS, "ensemble": ENSEMBLE, "shift_mean": {}}
    return registry.estimator(model, **known[name]).fit(panel)


@pytest.fixture(scope="module")
def exported(panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a saved and exported network."""
    folder = tmp_path_factory.mktemp("exported")
    registry.save(folder, "mlp", fit("mlp", panel))
    export_model(folder, "mlp")
    return folder


@pytest.mark.parametrize("name", [*TREES, *VARIANTS, *NETWORKS, "ensemble"])
def test_the_answers_are_the_same(
    name: str, panel: Panel, calendar: tuple[Period, ...], tmp_path: Path
) -> None:
    fitted = fit(name, panel)
    registry.save(tmp_path, "saved", fitted)
    files = export_model(tmp_path, "saved").files
    assert all((tmp_path / file).is_file() for file in files)
    served = load_exported(tmp_path, "saved")
    ahead = calendar[len(panel.periods) :]
    young = Panel(series=(("NEW", "p"),), periods=panel.periods[-6:], demand=panel.demand[:1, -6:])
    unseen = Panel(series=(("L", "p"),), periods=(), demand=np.empty((1, 0)))
    holes = replace(panel, demand=np.where(panel.demand > 30, np.nan, panel.demand))
    for history, steps in ((panel, 14), (panel.select(panel.series[:1]), 1), (panel, 40)):
        compare(fitted, served, history, ahead[:steps])
    for history in (young, unseen, holes):
        compare(fitted, served, history, ahead[:3])
    assert served.predict(panel.select(()), ahead[:3], (0.5,)).shape == (0, 3, 1)
    assert served.predict(young, (), (0.5,)).shape == (1, 0, 1)
    np.testing.assert_allclose(
        served.predict(panel, ahead[:3], (0.3, 0.6)),
        fitted.predict(panel, ahead[:3], (0.3, 0.6)),
        rtol=1e-5,
        atol=1e-4,
    )


def compare(fitted: Predictor, served: Predictor, history: Panel, ahead: Any) -> None:
    wanted = fitted.predict(history, ahead, QUANTILES)
    found = served.predict(history, ahead, QUANTILES)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-4)
    assert (np.diff(found, axis=-1) >= 0).all()


@pytest.mark.parametrize("name", ["mlp", "ensemble"])
def test_serving_needs_no_torch(name: str, panel: Panel, exported: Path) -> None:
    """Nor onnx itself."""
    if name == "ensemble":
        registry.save(exported, name, fit(name, panel))
        export_model(exported, name)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from supplynet.forecast.onnx_export import load_exported\n"
        f"load_exported(Path({str(exported)!r}), {name!r})\n"
        "print([n for n in ('torch', 'onnx') if n in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["[]"]


def test_what_was_exported_can_be_saved_again(exported: Path, tmp_path: Path) -> None:
    served = load_exported(exported, "mlp")
    registry.save(tmp_path, "again", served)
    before, after = load_model(exported, "mlp")[1], load_model(tmp_path, "again")[1]
    assert (before.model, before.features) == (after.model, after.features)
    for name, array in before.arrays.items():
        np.testing.assert_array_equal(after.arrays[name], array)


def test_a_model_without_an_export_is_loaded_as_it_was_saved(panel: Panel, tmp_path: Path) -> None:
    registry.save(tmp_path, "plain", fit("shift_mean", panel))
    assert type(load_exported(tmp_path, "plain")).__name__ == "FittedShiftMean"


def test_a_model_that_computes_next_to_nothing_has_no_graph(panel: Panel, tmp_path: Path) -> None:
    registry.save(tmp_path, "plain", fit("shift_mean", panel))
    with pytest.raises(ModelError, match="shift_mean has no graph"):
        export_model(tmp_path, "plain")


def test_a_damaged_graph_is_never_opened(exported: Path, panel: Panel, tmp_path: Path) -> None:
    registry.save(tmp_path, "mlp", load_exported(exported, "mlp"))
    export_model(tmp_path, "mlp")
    path = tmp_path / "models/mlp.whole.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ModelError, match="was changed"):
        load_exported(tmp_path, "mlp")
    registry.save(tmp_path, "mlp", fit("lightgbm", panel))  # another training, the same name
    with pytest.raises(ModelError, match="export the model again"):
        load_exported(tmp_path, "mlp")


def test_eight_bits_are_smaller_and_say_what_they_cost(
    panel: Panel, calendar: tuple[Period, ...], tmp_path: Path
) -> None:
    fitted = fit("mlp", panel)
    registry.save(tmp_path, "mlp", fitted)
    whole = export_model(tmp_path, "mlp").sizes["whole"]
    found = export_model(tmp_path, "mlp", int8=True, history=panel)
    assert found.precision == {"whole": "int8"}
    assert found.sizes["whole"] < whole
    cost = found.costs["whole"]
    assert cost.worse <= 0.01
    version = load_model(tmp_path, "mlp")[0].model_version
    evidence = load_graphs(tmp_path, "mlp", version)["whole"].evidence
    assert evidence is not None
    assert evidence["pinball_int8"] == pytest.approx(cost.pinball_int8)
    ahead = calendar[len(panel.periods) :][:6]
    wanted = fitted.predict(panel, ahead, QUANTILES)
    served = load_exported(tmp_path, "mlp").predict(panel, ahead, QUANTILES)
    assert 0 < np.abs(served - wanted).mean() < 0.02 * wanted.mean()


def test_eight_bits_that_cost_too_much_are_refused(
    panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.save(tmp_path, "mlp", fit("mlp", panel))
    monkeypatch.setattr(onnx_export, "MOST_WORSE", -inf)
    found = export_model(tmp_path, "mlp", int8=True, history=panel)
    assert found.precision == {"whole": "fp32"}
    assert found.costs["whole"].pinball > 0


@pytest.mark.parametrize(
    ("cost", "worse"),
    [
        (Cost(pinball=2.0, pinball_int8=2.1, mase=1.0, mase_int8=1.01), 0.05),
        (Cost(pinball=2.0, pinball_int8=1.9, mase=1.0, mase_int8=1.02), 0.02),
        (Cost(pinball=2.0, pinball_int8=1.0, mase=np.nan, mase_int8=np.nan), -0.5),
        (Cost(pinball=np.nan, pinball_int8=np.nan, mase=np.nan, mase_int8=np.nan), inf),
    ],
)
def test_the_cost_is_that_of_the_loss_that_grew_most(cost: Cost, worse: float) -> None:
    assert cost.worse == pytest.approx(worse)


def test_eight_bits_need_a_history_to_be_judged_by(panel: Panel, exported: Path) -> None:
    with pytest.raises(InvalidInput, match="give the history"):
        export_model(exported, "mlp", int8=True)
    with pytest.raises(HistoryTooShort):
        export_model(exported, "mlp", int8=True, history=panel.head(8))


def test_a_library_that_is_missing_is_named_by_its_extra(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(_path: str) -> object:
        raise ModuleNotFoundError("No module named 'onnx'", name="onnx")

    monkeypatch.setattr(onnx_models, "_named", without)
    with pytest.raises(MissingExtra, match=r"supplynet\[neural\]"):
        export_model(exported, "mlp")
