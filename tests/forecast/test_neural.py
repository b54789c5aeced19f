"""What is special to the neural models; all else is in test_models.py."""

import runpy
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from supplynet.errors import ConfigError, HistoryTooShort, MissingExtra, ModelError  # noqa: E402
from supplynet.forecast import registry  # noqa: E402
from supplynet.forecast.covariates import Covariates  # noqa: E402
from supplynet.forecast.gru import Gru  # noqa: E402
from supplynet.forecast.lstm import Lstm  # noqa: E402
from supplynet.forecast.mlp import Mlp  # noqa: E402
from supplynet.forecast.neural import Neural  # noqa: E402
from supplynet.forecast.neural_examples import Examples, shortened  # noqa: E402
from supplynet.forecast.neural_network import Network, Shape  # noqa: E402
from supplynet.forecast.nhits import Nhits  # noqa: E402
from supplynet.forecast.quantiles import QUANTILES  # noqa: E402
from supplynet.forecast.transformer import Transformer  # noqa: E402
from supplynet.frames.panel import Panel, Period, daily_periods  # noqa: E402

CPU = torch.device("cpu")
SMALL: dict[str, Any] = {"epochs": 2, "finish": 0, "hidden": 8, "width": 8}
SCRIPT = Path(__file__).with_name("train_on_waves.py")


def counting(days: int, lines: int = 2) -> Panel:
    """Series k of line L has ``1000 k + day``: a value says which period it is of."""
    start = date(2026, 1, 5)
    series = tuple((f"L{i // 2}", f"p{i % 2}") for i in range(2 * lines))
    demand = np.add.outer(1000.0 * np.arange(2 * lines), np.arange(float(days)))
    periods = daily_periods(start, start + timedelta(days=days))
    return Panel(series=series, periods=periods, demand=demand)


def examples(panel: Panel, settings: Neural) -> Examples:
    return Examples(panel, ("",), 5.0, Covariates(), settings.cut, CPU)


def test_a_batch_holds_what_each_origin_sees_and_what_follows_it() -> None:
    settings = Lstm(lookback=10, horizon=4, fork=9, stride=3)
    panel = counting(90)
    whole = examples(panel, settings)
    last = whole.batch(whole.validation[-1:])  # last target = last period: origins 78, 81, 84 ...
    assert last.past.shape == (1, 10 + 6, whole.batch(whole.training[:1]).past.shape[-1])
    assert last.origins.tolist() == [9, 12, 15]
    assert last.target.shape == (1, 3, 4)
    assert last.series.tolist() == [3]
    changed = panel.demand.copy()
    changed[:, 78:] += 500  # the first origin of the last stretch and all after it
    other = examples(replace(panel, demand=changed), settings)
    same = other.batch(other.validation[-1:])
    assert torch.equal(last.past[:, :10], same.past[:, :10])
    assert torch.equal(last.known[:, 0], same.known[:, 0])
    assert not torch.equal(last.target[:, 0], same.target[:, 0])


def test_training_learns_nothing_of_the_validation_s_time() -> None:
    settings = Mlp(lookback=10, horizon=4, validation=0.2)
    panel = counting(100)
    whole = examples(panel, settings)
    origins = 100 - 4 - 2  # from 3 to 96
    assert len(whole.validation) == 4 * round(0.2 * origins)
    boundary = 97 - round(0.2 * origins)
    changed = panel.demand.copy()
    changed[:, boundary:] = 7
    other = examples(replace(panel, demand=changed), settings)
    for one, two in zip(
        vars(whole.batch(whole.training)).values(),
        vars(other.batch(whole.training)).values(),
        strict=True,
    ):
        torch.testing.assert_close(one, two, rtol=0, atol=0, equal_nan=True)


def test_of_too_many_stretches_some_are_kept_of_every_series() -> None:
    few = examples(counting(200, lines=8), Mlp(lookback=10, horizon=4, most_examples=320))
    for side, least in ((few.training, 14), (few.validation, 3)):
        counts = torch.bincount(few.batch(side).series, minlength=16)
        assert counts.min() == counts.max() >= least


@pytest.mark.parametrize(("periods", "fork"), [(400, 42), (130, 21), (48, 1)])
def test_a_short_history_gives_shorter_stretches(periods: int, fork: int) -> None:
    assert shortened(Lstm(lookback=30, horizon=14).cut, periods) == fork


def test_a_hundred_days_are_enough_to_train_on() -> None:
    Lstm(**SMALL).fit(counting(100))
    with pytest.raises(HistoryTooShort, match="needs 60"):
        Lstm(**SMALL).fit(counting(59))


def test_forks_and_windows_give_the_same_forecast_from_the_same_past() -> None:
    """One pass over a stretch says at its first origin what a window that ends there says."""
    settings = Gru(lookback=12, horizon=4, fork=9, stride=4, hidden=8)
    whole = examples(counting(120), settings)
    network = untrained(settings)
    batch = whole.batch(whole.training[:5])
    forked = network(batch.past, batch.origins, batch.known, batch.series[:, None])
    window = network(
        batch.past[:, :12], batch.origins[:1], batch.known[:, :1], batch.series[:, None]
    )
    torch.testing.assert_close(forked[:, :1], window)


def untrained(settings: Neural) -> Network:
    """With a head that looks at its input, as one that has learnt."""
    network = settings.network(Shape.of(1, 0, Covariates()))
    torch.nn.init.normal_(network.head.weight)
    return network


@pytest.mark.parametrize("settings", [Mlp(), Nhits(), Transformer(dropout=0.0)])
def test_a_window_model_sees_its_look_back_alone(settings: Neural) -> None:
    network = untrained(settings)
    past, known = torch.randn(2, 40, 15), torch.randn(2, 2, 14, 16)
    origins, none = torch.tensor([34, 39]), torch.zeros(2, dtype=torch.long)
    before = network(past, origins, known, none)
    assert before.shape == (2, 2, 14, len(QUANTILES))
    outside = past.clone()
    outside[:, :5] = 9.0  # before the look-back of the first origin
    torch.testing.assert_close(network(outside, origins, known, none), before)
    outside[:, 5] = 9.0
    assert not torch.allclose(network(outside, origins, known, none)[:, 0], before[:, 0])
    outside = past.clone()
    outside[:, 35:] = 9.0  # after the first origin
    torch.testing.assert_close(network(outside, origins, known, none)[:, 0], before[:, 0])


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_process_killed_while_it_trained_goes_on_to_the_same_model(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(tmp_path)]
    killed = subprocess.run([*command, "4"], check=False)  # in the first epoch that finishes
    assert killed.returncode == -signal.SIGKILL
    saved = [path.name.split("-")[1] for path in tmp_path.iterdir()]
    assert sorted(saved) == ["00001", "00002", "00003"]  # 2 and 3 of the first, 1 of the second
    fit = runpy.run_path(str(SCRIPT))["fit"]
    resumed, whole = fit(tmp_path), fit(None)
    for name, weight in whole.weights.items():
        np.testing.assert_array_equal(resumed.weights[name], weight)


def test_checkpoints_of_other_data_or_settings_are_not_taken_up(
    panel: Panel, tmp_path: Path
) -> None:
    told: list[int] = []
    finished = SMALL | {"finish": 1}
    for settings, data in (
        (Mlp(**finished), panel),
        (Mlp(**finished, seed=1), panel),
        (Mlp(**finished), replace(panel, demand=panel.demand + 1)),
        (Mlp(**finished), panel),
    ):
        settings.fit(data, checkpoints=tmp_path, progress=lambda epoch, *_: told.append(epoch))
    assert told == [1, 2, 3] * 3  # the last one had only to be read


def test_a_warm_start_goes_on_from_the_model_and_never_gets_worse(
    panel: Panel, longer: Panel
) -> None:
    first = Mlp(hidden=16, width=16, epochs=3, learning_rate=0.01).fit(panel)
    settings = Mlp(hidden=16, width=16, epochs=1, finish=0, learning_rate=1e-5)
    fresh, warm = list[float](), list[float]()
    settings.fit(longer, progress=lambda _, __, loss: fresh.append(loss))
    settings.fit(longer, start=first, progress=lambda _, __, loss: warm.append(loss))
    assert warm[0] < fresh[0]
    still = replace(settings, learning_rate=0.0).fit(longer, start=first)
    for name, weight in first.weights.items():
        np.testing.assert_array_equal(still.weights[name], weight)


def test_a_start_that_does_not_fit_is_refused(panel: Panel) -> None:
    first = Mlp(**SMALL).fit(panel)
    with pytest.raises(ModelError, match="train afresh"):
        Mlp(**SMALL | {"hidden": 9}).fit(panel, start=first)
    with pytest.raises(ModelError, match="train afresh"):
        Lstm(**SMALL).fit(panel, start=first)
    with pytest.raises(ModelError, match="other shifts"):
        Mlp(**SMALL).fit(counting(200), start=first)


def test_heads_of_their_own_tell_series_apart_that_share_a_past(
    panel: Panel, calendar: tuple[Period, ...], tmp_path: Path
) -> None:
    fitted = Mlp(**SMALL, heads="individual").fit(panel)
    ahead = calendar[len(panel.periods) : len(panel.periods) + 3]
    one, other = ("SR1.ST1.L0", "P-0"), ("SR1.ST1.L1", "P-0")
    rows = panel.demand[:1]

    def forecast(name: tuple[str, str]) -> Any:
        alone = Panel(series=(name,), periods=panel.periods, demand=rows)
        return fitted.predict(alone, ahead, QUANTILES)

    assert not np.array_equal(forecast(one), forecast(other))
    shared = replace(
        fitted, weights=fitted.weights | {"own.weight": 0 * fitted.weights["own.weight"]}
    )
    alone = Panel(series=(("NEW", "p"),), periods=panel.periods, demand=rows)
    np.testing.assert_array_equal(forecast(("NEW", "p")), shared.predict(alone, ahead, QUANTILES))
    registry.save(tmp_path, "own", fitted)
    _, loaded = registry.load(tmp_path, "own")
    np.testing.assert_array_equal(
        loaded.predict(panel, ahead, QUANTILES), fitted.predict(panel, ahead, QUANTILES)
    )
    fewer = panel.select([other])  # heads are matched by name, not by place
    again = Mlp(**SMALL, heads="individual", learning_rate=0.0).fit(fewer, start=fitted)
    np.testing.assert_array_equal(again.weights["own.weight"][1], fitted.weights["own.weight"][4])


def test_a_model_saved_before_there_were_more_settings_is_still_loaded(panel: Panel) -> None:
    state = Lstm(**SMALL).fit(panel).state()
    names = {"lookback", "hidden", "width", "horizon", "fork", "stride", "epochs", "batch_size"}
    names |= {"examples_per_epoch", "patience", "learning_rate", "threads", "seed"}
    old = {name: value for name, value in state.settings.items() if name in names}
    Lstm.restore(replace(state, settings=old))
    with pytest.raises(ModelError, match="other settings"):
        Lstm.restore(replace(state, settings=old | {"moon_phase": 1}))
    with pytest.raises(ModelError, match="another network"):
        Lstm.restore(replace(state, settings=old | {"hidden": 9}))


@pytest.mark.parametrize(
    ("model", "wrong", "message"),
    [
        (Mlp, {"heads": "own"}, "shared, individual"),
        (Mlp, {"device": "tpu"}, "auto, cpu, cuda"),
        (Mlp, {"lookback": 0, "epochs": -1}, "lookback, epochs must be 1 or more"),
        (Mlp, {"validation": 1.0}, "below 1"),
        (Transformer, {"patch": 31}, "patch lies between"),
        (Transformer, {"attention_heads": 5}, "multiple"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    model: type[Neural], wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        model(**wrong)


def test_a_log_without_tensorboard_is_refused_before_the_training(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("supplynet.learning.tensorboard_log.find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match="tensorboard"):
        Mlp(**SMALL).fit(counting(100), log=tmp_path)


def test_a_log_gets_the_figures_of_every_epoch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[tuple[str, float, int]] = []
    writer = SimpleNamespace(
        add_scalar=lambda *row: told.append(row), flush=lambda: None, close=lambda: None
    )
    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = lambda _folder: writer  # type: ignore[attr-defined]  # stands in
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    monkeypatch.setattr("supplynet.learning.tensorboard_log.find_spec", lambda _: True)
    losses: list[float] = []
    Mlp(**SMALL).fit(counting(100), log=tmp_path, progress=lambda _, __, loss: losses.append(loss))
    assert [value for name, value, _ in told if name == "validation_loss"] == losses
    assert [epoch for name, _, epoch in told if name == "learning_rate"] == [1, 2]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_trains_nearly_the_same_model(panel: Panel, calendar: tuple[Period, ...]) -> None:
    ahead = calendar[len(panel.periods) : len(panel.periods) + 6]
    here, there = (
        Lstm(hidden=16, epochs=3, device=device, mixed_precision=False).fit(panel)
        for device in ("cpu", "cuda")
    )
    np.testing.assert_allclose(
        here.predict(panel, ahead, (0.5,)), there.predict(panel, ahead, (0.5,)), rtol=0.05
    )
