"""Providers by name. A provider's libraries load only when it is used."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from supplynet.connectors.signals.definition import Definition
from supplynet.connectors.signals.definition_files import (
    SHIPPED,
    definition_file,
    definition_names,
    read_definition,
)
from supplynet.connectors.signals.provider import Provider, SignalSetup
from supplynet.core.spelling import nearest
from supplynet.errors import NotFound

PROVIDERS = {
    "csv": "supplynet.connectors.signals.csv_folder:CsvFolder",
    "http": "supplynet.connectors.signals.http_service:HttpService",
    "synthetic": "supplynet.connectors.signals.synthetic:Synthetic",
}
"""``http`` is used through a definition's name; the others by their own."""
_TITLES = {
    "csv": "CSV and Parquet files in the workspace's folder signals",
    "synthetic": "made-up prices for examples and tests; never used unless named",
}


@dataclass(frozen=True, kw_only=True)
class ProviderInfo:
    """What a person chooses a provider by.

    Attributes:
        kind: ``market``, ``weather``, ``economy``, ``sentiment``, ``other``, ``files`` or
            ``made up``.
        symbol: What a symbol is.
        values: Names of its values.
        host: Whom it asks; None for none.
        allowed: Whether that host may be asked.
        key: Environment variable of its key; None when it needs none.
        has_key: Whether that variable is set.
        own: Defined in the workspace.
    """

    name: str
    title: str
    kind: str
    symbol: str
    values: tuple[str, ...]
    host: str | None = None
    allowed: bool = True
    key: str | None = None
    has_key: bool = True
    own: bool = False


def open_provider(name: str, setup: SignalSetup) -> Provider:
    """The provider of that name.

    Raises:
        NotFound: No such provider.
        ConfigError: Its definition is wrong.
    """
    if name in PROVIDERS and name != "http":
        return cast("Provider", _class_of(name)(setup))
    return cast("Provider", _class_of("http")(find_definition(name, setup.folder), setup))


def find_definition(name: str, folder: Path) -> Definition:
    """The definition of that name in the workspace's ``folder`` or as shipped.

    Raises:
        NotFound: No such definition.
        ConfigError: It is wrong.
    """
    path = definition_file(name, folder)
    if path is None:
        known = [*(each for each in PROVIDERS if each != "http"), *definition_names(folder)]
        near = nearest(name, known)
        hint = f"did you mean {near!r}? " if near else ""
        raise NotFound("provider of signals", name, f"{hint}there are {', '.join(known)}")
    return read_definition(path)


def is_dated(name: str, folder: Path) -> bool:
    """Whether the provider says itself when each value was known.

    A file is its owner's word; made-up prices are never revised.
    """
    if name in PROVIDERS:
        return True
    return find_definition(name, folder).publication.known != "lag"


def zone_of(name: str, folder: Path) -> str:
    """The zone of whose days the provider speaks."""
    return "UTC" if name in PROVIDERS else find_definition(name, folder).rows.zone


def looks_ahead(name: str, folder: Path) -> bool:
    """Whether the provider forecasts."""
    return name not in PROVIDERS and find_definition(name, folder).dates.future


def describe(setup: SignalSetup) -> list[ProviderInfo]:
    """All providers: files, the synthetic one, then those of definitions by name.

    Raises:
        ConfigError: A definition is wrong.
    """
    plain = [
        ProviderInfo(
            name="csv",
            title=_TITLES["csv"],
            kind="files",
            symbol="the name of a file",
            values=("as in the file",),
        ),
        ProviderInfo(
            name="synthetic",
            title=_TITLES["synthetic"],
            kind="made up",
            symbol="any name",
            values=("open", "high", "low", "close", "volume"),
        ),
    ]
    found = [find_definition(name, setup.folder) for name in definition_names(setup.folder)]
    return [*plain, *(_info(each, setup) for each in found)]


def _info(definition: Definition, setup: SignalSetup) -> ProviderInfo:
    key = definition.key
    own = definition_file(definition.name, setup.folder) != SHIPPED / f"{definition.name}.toml"
    return ProviderInfo(
        name=definition.name,
        title=definition.title,
        kind=definition.kind,
        symbol=definition.symbol.means,
        values=tuple(definition.values),
        host=definition.host,
        allowed=definition.host in setup.hosts,
        key=None if key is None else key.variable,
        has_key=key is None or bool(setup.environment.get(key.variable)),
        own=own,
    )


def _class_of(name: str) -> Any:
    module, _, attribute = PROVIDERS[name].partition(":")
    return getattr(import_module(module), attribute)
