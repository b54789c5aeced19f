"""Classes by name. A class's libraries load only when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any

from supplynet.errors import ConfigError, MissingExtra, ModelError, NotFound
from supplynet.learning.artifacts import ModelState

_EXTRAS = {"statsforecast": "forecast", "torch": "neural"}


@dataclass(frozen=True, slots=True)
class ByName:
    """What can be made by name: models, detectors.

    Args:
        kind: What they are called in messages: ``forecasting model``.
        places: ``module:Class`` by name; each is a frozen dataclass of its settings.
    """

    kind: str
    places: Mapping[str, str]

    def make(self, name: str, settings: Mapping[str, Any]) -> Any:
        """One with these settings.

        Raises:
            NotFound: No such name.
            MissingExtra: A library that it needs is not installed.
            ConfigError: It has no such setting.
        """
        try:
            return self.of(name)(**settings)
        except TypeError as error:
            raise ConfigError(f"{self.kind} {name}: {error}") from error

    def settings_of(self, name: str) -> tuple[str, ...]:
        """Names of the settings that one has. Raises as ``of``."""
        return tuple(option.name for option in fields(self.of(name)))

    def restore(self, state: ModelState) -> Any:
        """The fitted one that gave this state.

        Raises:
            ModelError: It was made with other inputs or settings, or there is no such one.
            MissingExtra: A library that it needs is not installed.
        """
        try:
            return self.of(state.model).restore(state)
        except (KeyError, TypeError, NotFound) as error:
            raise ModelError(
                f"{state.model} was saved by another version of it ({error}); train again"
            ) from error

    def of(self, name: str) -> Any:
        """The class of that name.

        Raises:
            NotFound: No such name.
            MissingExtra: A library that it needs is not installed.
        """
        if name not in self.places:
            raise NotFound(self.kind, name, f"choose one of {', '.join(sorted(self.places))}")
        module, _, attribute = self.places[name].partition(":")
        try:
            return getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            library = (error.name or "").partition(".")[0]
            if library not in _EXTRAS:
                raise
            raise MissingExtra(f"{self.kind} {name}", _EXTRAS[library]) from error
