import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from supplynet.learning.torch_training import (  # noqa: E402
    Training,
    limited_threads,
    pinball,
    reproducible,
    train,
)


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


def test_the_callers_random_state_and_threads_are_left_alone() -> None:
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    with reproducible(7), limited_threads(threads + 1):
        torch.rand(3)
        assert torch.get_num_threads() == threads + 1
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.get_num_threads() == threads
