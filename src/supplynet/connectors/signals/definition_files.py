"""The files of definitions: ``definitions/*.toml`` here, ``signals/*.toml`` of a workspace."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from supplynet.connectors.signals.definition import Definition
from supplynet.errors import ConfigError

SHIPPED = Path(__file__).parent / "definitions"
RESERVED = frozenset({"csv", "http", "synthetic"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


def read_definition(path: Path) -> Definition:
    """The definition in one file; its name is the file's.

    Raises:
        ConfigError: It is not TOML, or a key is missing, unknown or wrong.
    """
    if not _NAME.match(path.stem) or path.stem in RESERVED:
        raise ConfigError(
            f"{path}: a provider's name is 1 to 40 of a-z 0-9 _ and none of {sorted(RESERVED)}"
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return Definition.model_validate({**content, "name": path.stem})
    except ValidationError as error:
        raise ConfigError(f"{path}: {_mistakes(error)}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def shipped_definitions() -> dict[str, Definition]:
    """The definitions that come with SupplyNet, by name."""
    return {path.stem: read_definition(path) for path in sorted(SHIPPED.glob("*.toml"))}


def shipped_hosts() -> frozenset[str]:
    """What the word ``shipped`` in ``signal_hosts`` stands for."""
    return frozenset(each.host for each in shipped_definitions().values())


def definition_file(name: str, folder: Path) -> Path | None:
    """The file of a provider: the workspace's own goes before the shipped one; None if neither."""
    if not _NAME.match(name):
        return None
    places = (folder / f"{name}.toml", SHIPPED / f"{name}.toml")
    return next((path for path in places if path.is_file()), None)


def definition_names(folder: Path) -> list[str]:
    """Names of all definitions, the shipped and the workspace's."""
    return sorted({path.stem for place in (SHIPPED, folder) for path in place.glob("*.toml")})


def _mistakes(error: ValidationError) -> str:
    found = []
    for each in error.errors(include_url=False, include_input=False)[:3]:
        key = ".".join(str(step) for step in each["loc"])
        found.append(f"{key}: {each['msg']}" if key else each["msg"])
    more = error.error_count() - len(found)
    return "; ".join(found) + (f" (and {more} more)" if more > 0 else "")
