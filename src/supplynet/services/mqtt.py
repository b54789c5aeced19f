"""Users and topic limits at the MQTT broker, for the plant of a workspace."""

from __future__ import annotations

from pathlib import Path

from supplynet.connectors.mqtt_acl import MqttUser, users_of, write_files
from supplynet.services.books import open_books

READER = "supplynet"


def write_acl(workspace: Path, folder: Path, *, rotate: bool = False) -> list[MqttUser]:
    """Write Mosquitto's ``acl`` and ``passwords`` into ``folder``; new passwords are returned.

    SupplyNet's own user is the setting ``mqtt_username``, or ``supplynet``.

    Raises:
        NotFound: The workspace has no plant.
        ConfigError: A file is there that is not ours.
    """
    books = open_books(workspace)
    users = users_of(books.plant, books.settings.mqtt_username or READER)
    return write_files(folder, users, rotate=rotate)
