import sys

import pytest

from supplynet.errors import ConfigError, MissingExtra, NotFound
from supplynet.forecast import registry


def test_an_unknown_model_is_not_found_and_the_others_are_named() -> None:
    with pytest.raises(NotFound, match=r"choose one of .*lightgbm, .*seasonal_naive"):
        registry.estimator("crystal_ball")


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="phase"):
        registry.estimator("seasonal_naive", phase=1)


def test_without_torch_the_lstm_names_the_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "supplynet.forecast.lstm", raising=False)
    with pytest.raises(MissingExtra, match=r"supplynet\[neural\]"):
        registry.estimator("lstm")
