"""LSTM reconstruction: what is special to it."""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from supplynet.anomaly import registry
from supplynet.anomaly.lstm_reconstruction import FittedLstmReconstruction, LstmReconstruction
from supplynet.errors import ConfigError, MissingExtra, ModelError
from supplynet.frames.panel import Panel

SMALL: dict[str, Any] = {"hidden": 4, "epochs": 3, "examples_per_epoch": 512, "most_rows": 1024}


@pytest.fixture(scope="module")
def fitted(panel: Panel) -> FittedLstmReconstruction:
    return LstmReconstruction(**SMALL).fit(panel)


def test_the_guide_asks_for_windows_of_30_and_two_sigmas() -> None:
    assert (LstmReconstruction().window, LstmReconstruction().threshold_sigmas) == (30, 2.0)


def test_half_is_the_threshold_and_one_is_twice_it(fitted: FittedLstmReconstruction) -> None:
    limit = fitted.threshold
    errors = np.array([0.0, limit / 2, limit, 2 * limit, 9 * limit, np.nan])
    found = fitted.guide_score(errors)
    np.testing.assert_allclose(found, [0.0, 0.25, 0.5, 1.0, 1.0, np.nan])


def test_the_threshold_flags_a_few_in_a_hundred_normal_values(
    fitted: FittedLstmReconstruction, panel: Panel
) -> None:
    found = fitted.judge(panel).strangeness
    flagged = (found[np.isfinite(found)] > fitted.threshold).mean()
    assert 0.005 < flagged < 0.08


def test_more_sigmas_are_a_higher_threshold(fitted: FittedLstmReconstruction, panel: Panel) -> None:
    higher = LstmReconstruction(**SMALL, threshold_sigmas=3.0).fit(panel)
    assert higher.threshold > fitted.threshold


def test_a_dead_sensor_is_above_the_threshold(
    fitted: FittedLstmReconstruction, panel: Panel
) -> None:
    demand = panel.demand.copy()
    demand[2, -6:] = 0
    found = fitted.judge(replace(panel, demand=demand), 4).strangeness[2]
    assert (found > fitted.threshold).all()


def test_progress_is_told_of_every_epoch(panel: Panel) -> None:
    told: list[tuple[int, int]] = []
    LstmReconstruction(**SMALL).fit(
        panel, progress=lambda epoch, most, _: told.append((epoch, most))
    )
    assert told[0] == (1, 3)
    assert told[-1][0] <= 3


def test_training_leaves_the_callers_random_state_and_threads_alone(panel: Panel) -> None:
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    LstmReconstruction(**SMALL).fit(panel).judge(panel, 3)
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.get_num_threads() == threads


def test_a_state_of_another_network_is_refused(fitted: FittedLstmReconstruction) -> None:
    state = fitted.state()
    arrays = {**state.arrays, "encoder.weight_ih_l0": np.zeros((8, 3), dtype=np.float32)}
    with pytest.raises(ModelError, match="another network"):
        registry.restore(replace(state, arrays=arrays))


def test_without_torch_it_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "supplynet.anomaly.lstm_reconstruction")
    with pytest.raises(MissingExtra, match="neural"):
        registry.detector("lstm_reconstruction")


@pytest.mark.parametrize("settings", [{"window": 3}, {"hidden": 0}, {"epochs": 0}])
def test_settings_out_of_range_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        LstmReconstruction(**settings)
