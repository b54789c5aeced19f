"""Kinds of channels; a sender's libraries load only when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

from supplynet.errors import ConfigError
from supplynet.notify.message import TOTAL_SECONDS, Sender, Tools
from supplynet.notify.settings import AnyChannel, NotifySettings
from supplynet.notify.settings_file import NOTIFY_FILE, secrets_of
from supplynet.outbound.hosts import HostGuard, resolve

SENDERS = {
    "webhook": "supplynet.notify.webhook:WebhookSender",
    "file": "supplynet.notify.drop:FileSender",
    "apprise": "supplynet.notify.people:AppriseSender",
}


def tools_of(
    settings: NotifySettings, folder: Path, zone: ZoneInfo, *, seconds: float = TOTAL_SECONDS
) -> Tools:
    """What the senders of a workspace work with; ``zone`` is the plant's."""
    private = frozenset(host.lower() for host in settings.allow_private_hosts)
    guard = HostGuard(
        hosts=frozenset(host.lower() for host in settings.allow_hosts) | private,
        private_hosts=private,
        resolve=resolve,
        hosts_key="allow_hosts",
        private_key="allow_private_hosts",
        file=NOTIFY_FILE,
    )
    own = ZoneInfo(settings.time_zone) if settings.time_zone else zone
    return Tools(guard=guard, folder=folder, zone=own, total_seconds=seconds)


def open_sender(channel: AnyChannel, tools: Tools, environment: Mapping[str, str]) -> Sender:
    """The sender of a channel.

    Raises:
        ConfigError: Its secret is not there, or its address may not be reached.
    """
    module, _, name = SENDERS[channel.kind].partition(":")
    secrets = secrets_of(channel, tools.folder, environment)
    try:
        sender: Sender = getattr(import_module(module), name)(channel, secrets, tools)
    except ConfigError as error:
        raise ConfigError(f"{NOTIFY_FILE}: channel {channel.name!r}: {error}") from None
    return sender
