"""Training figures as a TensorBoard log, on request. Needs the package tensorboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path

from supplynet.errors import MissingExtra
from supplynet.learning.torch_training import Epoch

Log = Callable[[Epoch], None]


def tensorboard_log(folder: Path | None) -> AbstractContextManager[Log | None]:
    """A log of epochs in ``folder``, closed on leaving; None when no folder is given.

    Raises:
        MissingExtra: tensorboard is not installed.
    """
    if folder is None:
        return nullcontext()
    if find_spec("tensorboard") is None:
        raise MissingExtra("a TensorBoard log", "tensorboard")
    return _open(folder)


@contextmanager
def _open(folder: Path) -> Iterator[Log]:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(folder))

    def log(epoch: Epoch) -> None:
        for name in ("training_loss", "validation_loss", "learning_rate"):
            writer.add_scalar(name, getattr(epoch, name), epoch.number)
        writer.flush()

    try:
        yield log
    finally:
        writer.close()
