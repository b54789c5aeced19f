"""Reading ``notify.toml``, and the secrets that it names."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from supplynet.core.spelling import nearest
from supplynet.errors import ConfigError, SealError
from supplynet.notify.settings import CHANNEL_KINDS, AnyChannel, Channel, NotifySettings, Rule
from supplynet.security.keyring import keyring_of

NOTIFY_FILE = "notify.toml"
_TABLES = {"channel": "channels", "rule": "rules"}
_LONGEST_SECRET_FILE = 10_000
_Model = TypeVar("_Model", bound=BaseModel)


def read_settings(folder: Path) -> NotifySettings:
    """The file in ``folder``; without one there are no channels.

    Raises:
        ConfigError: It is not TOML, or a key is missing, unknown or wrong.
    """
    path = folder / NOTIFY_FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return NotifySettings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    top = {key: value for key, value in content.items() if key not in _TABLES}
    top["channels"] = tuple(_channel(path, row) for row in _rows(path, content, "channel"))
    top["rules"] = tuple(
        _read(path, f"rule {row.get('role', number)!r}", Rule, row)
        for number, row in enumerate(_rows(path, content, "rule"), start=1)
    )
    known = set(NotifySettings.model_fields) - set(_TABLES.values()) | set(_TABLES)
    for key in content.keys() - known:
        raise _unknown(path, "", key, known)
    return _read(path, "", NotifySettings, top)


def secrets_of(channel: Channel, folder: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The secrets of a channel, the newest first.

    Raises:
        ConfigError: A variable is not set, a file cannot be read or a seal not be opened; never
            says what is in it.
    """
    found = [_from_variable(channel, name, environment) for name in channel.secret_env]
    found += [_unsealed(channel, text, folder) for text in channel.secret_sealed]
    return (*found, *(_from_file(channel, folder / name) for name in channel.secret_file))


def sealed_values(folder: Path) -> dict[str, str]:
    """Every sealed value of the file in ``folder``, with its context.

    Raises:
        ConfigError: As for ``read_settings``.
    """
    channels = read_settings(folder).channels
    return {text: context_of(each.name) for each in channels for text in each.secret_sealed}


def context_of(channel: str) -> str:
    """What a secret of a channel is sealed for: in another channel it does not open."""
    return f"{NOTIFY_FILE} channel {channel}"


def _channel(path: Path, row: Mapping[str, Any]) -> AnyChannel:
    where = f"channel {row.get('name', '')!r}"
    kind = row.get("kind")
    model = CHANNEL_KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        near = nearest(kind, CHANNEL_KINDS) if isinstance(kind, str) else None
        hint = f"did you mean {near!r}?" if near else "it is " + ", ".join(CHANNEL_KINDS)
        raise ConfigError(f"{path}: {where}: kind {kind!r} is none; {hint}")
    return _read(path, where, model, row)


def _rows(path: Path, content: Mapping[str, Any], table: str) -> list[dict[str, Any]]:
    rows = content.get(table, [])
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        return rows
    raise ConfigError(f"{path}: write each {table} under a line [[{table}]]")


def _read(path: Path, where: str, model: type[_Model], row: Mapping[str, Any]) -> _Model:
    try:
        return model.model_validate(row)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    # A misspelt key is both unknown and missing; the first of the two is what helps.
    first = min(found, key=lambda each: each["type"] != "extra_forbidden")
    key = ".".join(str(step) for step in first["loc"])
    if first["type"] == "extra_forbidden":
        raise _unknown(path, where, key, set(model.model_fields))
    said = first["msg"].removeprefix("Value error, ")
    place = ": ".join(each for each in (where, key) if each)
    raise ConfigError(f"{path}: {place}: {said}" if place else f"{path}: {said}")


def _unknown(path: Path, where: str, key: str, known: set[str]) -> ConfigError:
    near = nearest(key, sorted(known))
    hint = f"did you mean {near!r}?" if near else "known are " + ", ".join(sorted(known))
    place = f"{where}: " if where else ""
    return ConfigError(f"{path}: {place}unknown key {key!r}; {hint}")


def _from_variable(channel: Channel, name: str, environment: Mapping[str, str]) -> str:
    secret = environment.get(name, "").strip()
    if not secret:
        raise ConfigError(
            f"{NOTIFY_FILE}: channel {channel.name!r}: secret_env: the environment variable "
            f"{name} is not set; set it where supplynet is started"
        )
    return _plain(channel, f"secret_env {name}", secret)


def _from_file(channel: Channel, path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            secret = file.read(_LONGEST_SECRET_FILE).strip()
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(
            f"{NOTIFY_FILE}: channel {channel.name!r}: secret_file: {path} cannot be read ({said})"
        ) from None
    return _plain(channel, f"secret_file {path}", secret)


def _unsealed(channel: Channel, text: str, folder: Path) -> str:
    try:
        secret = keyring_of(folder).open_text(text, context_of(channel.name))
    except SealError as error:
        raise ConfigError(f"secret_sealed: {error}") from None
    return _plain(channel, "secret_sealed", secret)


def _plain(channel: Channel, where: str, secret: str) -> str:
    if not secret or not secret.isprintable():
        raise ConfigError(
            f"{NOTIFY_FILE}: channel {channel.name!r}: {where}: a secret is one line of printable "
            "characters"
        )
    return secret
