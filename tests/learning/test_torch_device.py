import pytest

torch = pytest.importorskip("torch")

from supplynet.errors import ConfigError  # noqa: E402
from supplynet.learning.torch_device import (  # noqa: E402
    choose_device,
    limited_threads,
    precision,
    reproducible,
)

GPU = torch.cuda.is_available()


def test_auto_takes_a_gpu_when_there_is_one() -> None:
    assert choose_device("auto").type == ("cuda" if GPU else "cpu")
    assert choose_device("cpu").type == "cpu"


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="choose one of auto, cpu, cuda"):
        choose_device("tpu")
    if not GPU:
        with pytest.raises(ConfigError, match="needs a GPU"):
            choose_device("cuda")


def test_precision_changes_nothing_on_the_processor() -> None:
    product = torch.eye(3) / 3
    with precision(torch.device("cpu"), mixed=True):
        mixed = product @ product
    assert mixed.dtype == torch.float32
    assert torch.equal(mixed, product @ product)


def test_the_callers_random_state_and_threads_are_left_alone() -> None:
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    with reproducible(7), limited_threads(threads + 1):
        torch.rand(3)
        assert torch.get_num_threads() == threads + 1
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.get_num_threads() == threads
