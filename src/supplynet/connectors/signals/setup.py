"""How the providers of a workspace work: its folder, its settings, the environment."""

from __future__ import annotations

import os
from pathlib import Path

from supplynet.config import Settings, load_settings
from supplynet.connectors.signals.definition_files import shipped_hosts
from supplynet.connectors.signals.provider import SignalSetup

SHIPPED_HOSTS = "shipped"
"""In ``signal_hosts``: the hosts of the definitions that come with SupplyNet."""


def setup_of(folder: Path, settings: Settings | None = None) -> SignalSetup:
    """How providers work in the workspace in ``folder``.

    Raises:
        ConfigError: The settings or a shipped definition cannot be used.
    """
    chosen = load_settings(folder) if settings is None else settings
    hosts = {host.lower() for host in chosen.signal_hosts}
    if SHIPPED_HOSTS in hosts:
        hosts = (hosts - {SHIPPED_HOSTS}) | shipped_hosts()
    return SignalSetup(
        folder=folder.resolve() / "signals",
        hosts=frozenset(hosts),
        private_hosts=frozenset(host.lower() for host in chosen.signal_private_hosts),
        environment=os.environ,
        seed=chosen.seed,
    )
