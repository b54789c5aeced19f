import math
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from supplynet.errors import TrainingDiverged  # noqa: E402
from supplynet.learning.checkpoints import Checkpoints  # noqa: E402
from supplynet.learning.torch_device import reproducible  # noqa: E402
from supplynet.learning.torch_training import Epoch, Training, pinball, train  # noqa: E402


def line(seed: int, **settings: float) -> tuple[nn.Linear, list[float]]:
    """Fit ``y = 2 x + 1``; returns the network and its validation losses."""
    with reproducible(seed):
        network = nn.Linear(1, 1)
        x = torch.linspace(-1, 1, 64).unsqueeze(1)

    def loss(batch: Tensor) -> Tensor:
        error: Tensor = network(x[batch]) - 2 * x[batch] - 1
        return error.square().mean()

    index = torch.arange(64)
    training = Training(**{"epochs": 60, "learning_rate": 0.1, "seed": seed, **settings})  # type: ignore[arg-type]  # floats and ints
    losses = train(network, loss, examples=index[::2], validation=index[1::2], training=training)
    return network, losses


def test_training_finds_the_line_and_is_the_same_for_the_same_seed() -> None:
    first, losses = line(1)
    again, same = line(1)
    assert losses == same
    assert first.weight.item() == again.weight.item() == pytest.approx(2, abs=0.05)
    assert first.bias.item() == pytest.approx(1, abs=0.05)


def test_it_stops_when_the_validation_loss_no_longer_falls() -> None:
    _, losses = line(1, learning_rate=0.0, patience=3)
    assert len(losses) == 1 + 3


def test_the_best_epoch_is_kept_not_the_last() -> None:
    network, losses = line(1, learning_rate=3.0, epochs=30, patience=30)
    assert losses[-1] > min(losses)
    x = torch.linspace(-1, 1, 64).unsqueeze(1)[1::2]
    kept = ((network(x) - 2 * x - 1) ** 2).mean().item()
    assert kept == pytest.approx(min(losses), rel=1e-4)


def test_progress_is_told_every_epoch() -> None:
    told: list[tuple[int, int, float]] = []
    network, index = nn.Linear(1, 1), torch.arange(4)
    losses = train(
        network,
        lambda batch: network(batch.float().unsqueeze(1)).square().mean(),
        examples=index,
        validation=index,
        training=Training(epochs=3),
        progress=lambda *figures: told.append(figures),
    )
    assert told == [(i + 1, 3, loss) for i, loss in enumerate(losses)]


def test_pinball_by_hand_and_unobserved_targets_count_nothing() -> None:
    levels = torch.tensor([0.1, 0.9])
    predicted = torch.tensor([[8.0, 12.0], [0.0, 0.0]])
    target = torch.tensor([10.0, float("nan")])
    # 0.1 * 2 for the low quantile, 0.1 * 2 for the high one
    assert pinball(predicted, target, levels).item() == pytest.approx(0.2)


class Killed(Exception):
    pass


def noisy(folder: Path | None, *, epochs: int = 6, kill_at: int = 0) -> tuple[Tensor, list[float]]:
    """A training whose course depends on momentum, schedule, shuffling and dropout."""
    x = torch.linspace(-1, 1, 48).unsqueeze(1)
    index, steps = torch.arange(48), 0

    def loss(batch: Tensor) -> Tensor:
        nonlocal steps
        steps += 1
        if steps == kill_at:
            raise Killed
        error: Tensor = network(x[batch]) - x[batch].sin()
        return error.square().mean()

    with reproducible(3):
        network = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 1))
        losses = train(
            network,
            loss,
            examples=index[::2],
            validation=index[1::2],
            training=Training(epochs=epochs, batch_size=5, learning_rate=0.05, patience=4),
            checkpoints=Checkpoints(folder=folder, key="noisy") if folder else None,
        )
    return torch.cat([p.detach().ravel() for p in network.parameters()]), losses


@pytest.mark.parametrize("kill_at", [1, 9, 20])  # 5 steps and a validation of 2 make an epoch
def test_a_killed_training_ends_as_if_it_had_not_been(tmp_path: Path, kill_at: int) -> None:
    weights, losses = noisy(None)
    with pytest.raises(Killed):
        noisy(tmp_path, kill_at=kill_at)
    again, same = noisy(tmp_path)
    assert same == losses
    assert torch.equal(again, weights)


def test_a_finished_training_is_not_repeated(tmp_path: Path) -> None:
    weights, losses = noisy(tmp_path)
    again, same = noisy(tmp_path, kill_at=1)  # no batch is looked at
    assert same == losses
    assert torch.equal(again, weights)


def failing(fail: Callable[[int], bool]) -> tuple[nn.Linear, list[Epoch]]:
    """Fit ``y = x`` in 4 steps and one validation an epoch; the loss is NaN where it fails."""
    with reproducible(0):
        network = nn.Linear(1, 1)
    x, told, calls = torch.linspace(-1, 1, 32).unsqueeze(1), list[Epoch](), 0

    def loss(batch: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        error: Tensor = network(x[batch]) - x[batch]
        return error.square().mean() * (math.nan if fail(calls) else 1.0)

    index = torch.arange(32)
    training = Training(epochs=5, batch_size=8, learning_rate=0.1)
    train(network, loss, examples=index, validation=index, training=training, log=told.append)
    return network, told


def test_after_a_loss_that_is_not_finite_it_goes_on_once_at_a_tenth_of_the_rate() -> None:
    network, told = failing(lambda call: call == 8)  # step 3 of the second epoch
    assert [round(epoch.learning_rate, 6) for epoch in told] == [0.1, 0.01, 0.01, 0.01, 0.01]
    assert [epoch.number for epoch in told] == [1, 2, 3, 4, 5]
    assert told[1].validation_loss <= told[0].validation_loss
    assert torch.isfinite(network.weight).all()


def test_the_second_time_it_is_reported_with_its_step() -> None:
    with pytest.raises(TrainingDiverged, match="epoch 2, step 2: the loss is not finite") as caught:
        failing(lambda call: call in {8, 10})
    assert (caught.value.epoch, caught.value.step) == (2, 2)
    assert caught.value.learning_rate == pytest.approx(0.01)
    with pytest.raises(TrainingDiverged, match="epoch 1, the validation"):
        failing(lambda call: call % 5 == 0)


def test_a_warm_start_is_kept_where_no_epoch_is_better() -> None:
    with reproducible(0):
        network = nn.Linear(1, 1)
    network.weight.data.fill_(1.01)
    network.bias.data.zero_()
    x, index = torch.linspace(-1, 1, 32).unsqueeze(1), torch.arange(32)
    losses = train(
        network,
        lambda batch: (network(x[batch]) - x[batch]).abs().mean(),
        examples=index,
        validation=index,
        training=Training(epochs=3, learning_rate=0.5),
        warm=True,
    )
    assert min(losses) > 0.01
    assert network.weight.item() == pytest.approx(1.01)
    assert network.bias.item() == 0.0
