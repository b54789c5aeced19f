import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from supplynet.learning.torch_adam import Adam  # noqa: E402
from supplynet.learning.torch_device import reproducible  # noqa: E402

TRAIN = """
import sys, torch
from supplynet.learning.torch_training import Training, train
network, index = torch.nn.Linear(1, 1), torch.arange(4)
loss = lambda batch: network(batch.float().unsqueeze(1)).square().mean()
train(network, loss, examples=index, validation=index, training=Training(epochs=2))
sys.exit("torch._dynamo" in sys.modules)
"""


def network(seed: int = 1) -> nn.Sequential:
    with reproducible(seed):
        return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))


def leave_gradients(of: nn.Module, step: int) -> None:
    """Large ones first, which are cut, then small ones."""
    x = torch.linspace(-1, 1, 12).reshape(4, 3)
    loss = ((of(x) - 1).square() * 20 / (step + 1) ** 2).sum()
    loss.backward()


def weights(of: nn.Module) -> Tensor:
    found: Tensor = torch.cat([p.detach().flatten() for p in of.parameters()])
    return found


def test_it_walks_as_torchs_own_adam_with_cut_gradients_does() -> None:
    mine, other = network(), network()
    adam = Adam(mine.parameters(), clip_norm=1.0, decay=(0.9, 0.99))
    reference = torch.optim.Adam(other.parameters(), lr=0.1, betas=(0.9, 0.99))
    for step in range(20):
        adam.clear()
        leave_gradients(mine, step)
        assert adam.step(0.1)
        reference.zero_grad()
        leave_gradients(other, step)
        nn.utils.clip_grad_norm_(other.parameters(), 1.0)
        reference.step()
    assert not torch.equal(weights(mine), weights(network()))
    torch.testing.assert_close(weights(mine), weights(other), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_gradient_that_is_not_finite_changes_nothing(value: float) -> None:
    mine = network()
    adam = Adam(mine.parameters(), clip_norm=1.0)
    leave_gradients(mine, 0)
    first = next(mine.parameters())
    assert first.grad is not None
    first.grad[0, 0] = value
    before, state = weights(mine), {name: v.clone() for name, v in adam.state().items()}
    assert not adam.step(0.1)
    assert torch.equal(weights(mine), before)
    assert all(torch.equal(adam.state()[name], v) for name, v in state.items())


def test_it_goes_on_from_a_kept_state_bit_for_bit() -> None:
    mine = network()
    adam = Adam(mine.parameters(), clip_norm=1.0)
    leave_gradients(mine, 0)
    adam.step(0.1)
    other = network()
    other.load_state_dict(mine.state_dict())
    again = Adam(other.parameters(), clip_norm=1.0)
    again.restore(adam.state())
    for one, optimiser in ((mine, adam), (other, again)):
        optimiser.clear()
        leave_gradients(one, 1)
        optimiser.step(0.1)
    assert torch.equal(weights(mine), weights(other))


def test_parameters_without_a_gradient_and_frozen_ones_stay() -> None:
    used, unused, frozen = (nn.Parameter(torch.ones(2)) for _ in range(3))
    frozen.requires_grad = False
    adam = Adam([used, unused, frozen], clip_norm=1.0)
    used.sum().backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    assert adam.step(0.5)
    assert used.tolist() == pytest.approx([0.5, 0.5])  # Adam's first step is the learning rate
    assert unused.tolist() == frozen.tolist() == [1.0, 1.0]


def test_a_training_does_not_load_torchs_compiler() -> None:
    assert subprocess.run([sys.executable, "-c", TRAIN], check=False).returncode == 0
