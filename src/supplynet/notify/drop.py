"""Files: one per message, whole or not there, for a system that watches a folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from supplynet.core.ids import check_id
from supplynet.errors import ConfigError, InvalidId
from supplynet.files import sync_folder, write_atomically
from supplynet.notify.message import Outcome, Outgoing, Tools
from supplynet.notify.settings import FileChannel


class FileSender:
    """Writes ``20260105T215800Z-order-ID.json``; the same message again has the same name.

    While it is written its name begins with a dot and ends in ``.part``.
    """

    def __init__(self, channel: FileChannel, secrets: Sequence[str], tools: Tools) -> None:
        if secrets:
            raise ConfigError("secret_env, secret_file: a folder has no secret; leave them out")
        self._folder = tools.folder / channel.folder

    def send(self, message: Outgoing, now: datetime) -> Outcome:  # noqa: ARG002 - of all senders
        """Write one file. The folder must be there: a share that is away is not made up for."""
        try:
            check_id(message.message_id, "message id")
        except InvalidId as error:
            return Outcome(ok=False, said=str(error), retry=False)
        if not self._folder.is_dir():
            return Outcome(ok=False, said=f"the folder {self._folder} is not there; make it")
        stamp = message.created_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        path = self._folder / f"{stamp}-{message.kind}-{message.message_id}.json"
        try:
            write_atomically(path, message.body() + b"\n")
            sync_folder(self._folder)
        except OSError as error:
            return Outcome(ok=False, said=f"{self._folder} cannot be written ({error.strerror})")
        return Outcome(ok=True, said=f"written {path.name}")
