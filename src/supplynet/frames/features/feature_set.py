"""A declared list of features: written to and read from TOML or JSON, with a version of its own."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from typing import Any, Literal, TypeAlias

import tomli_w

from supplynet.core.spelling import nearest
from supplynet.errors import ConfigError, InvalidInput
from supplynet.frames.features.default_set import default_features
from supplynet.frames.features.feature import Feature, Need, Role
from supplynet.frames.features.registry import KINDS
from supplynet.frames.inputs import FeatureInputs

FORMAT = 1
KEY_COLUMNS = ("location_id", "part_id", "period_start", "shift", "cutoff", "step", "target")
Freq: TypeAlias = Literal["shift", "1d"]

_TABLES: dict[Need, str] = {
    "plan": "the production plan",
    "drivers": "the drivers table",
    "stock": "stock rows",
    "statics": "static facts",
}


@dataclass(frozen=True)
class FeatureSet:
    """What a model is given, as data: the same set makes the rows of training and of live use.

    Attributes:
        features: In the order of the columns.

    Raises:
        ConfigError: Two features give a column of the same name, or there is none.
    """

    features: tuple[Feature, ...]

    def __post_init__(self) -> None:
        names = Counter(self.columns)
        names.update(KEY_COLUMNS)
        twice = [name for name, number in names.items() if number > 1]
        if twice:
            raise ConfigError(
                f"{len(twice)} columns are there twice, the first {twice[0]}; "
                "leave one feature out or change its settings"
            )
        if not self.features:
            raise ConfigError("the feature set is empty; name at least one feature")

    @classmethod
    def default(
        cls,
        freq: Freq = "shift",
        *,
        shifts_a_day: int = 2,
        country: str | None = None,
        subdivision: str | None = None,
        time_zone: str = "UTC",
    ) -> FeatureSet:
        """About forty features that need nothing but demand and the calendar.

        Args:
            freq: ``shift`` or ``1d``.
            shifts_a_day: Of the site, so that windows are whole weeks; not asked for ``1d``.
            country: Of the public holidays; None = the days that the site closes.
            subdivision: State or province where holidays differ.
            time_zone: Of the site.

        Raises:
            ConfigError: No such frequency, country or zone.
        """
        return cls(default_features(freq, shifts_a_day, country, subdivision, time_zone))

    def plus(self, *more: Feature) -> FeatureSet:
        """This set with further features."""
        return FeatureSet((*self.features, *more))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(name for feature in self.features for name in feature.columns)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Columns that hold names; all others hold numbers."""
        chosen = (feature for feature in self.features if feature.is_category)
        return tuple(name for feature in chosen for name in feature.columns)

    def by_role(self, role: Role) -> tuple[str, ...]:
        """Columns that depend on the target, on the past, or on the series alone."""
        chosen = (feature for feature in self.features if feature.role == role)
        return tuple(name for feature in chosen for name in feature.columns)

    @cached_property
    def version(self) -> str:
        """SHA-256 (hex) of every kind, revision and setting in order; a model keeps it."""
        content = [feature.to_dict() | {"revision": feature.revision} for feature in self.features]
        text = json.dumps([FORMAT, content], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def check(self, inputs: FeatureInputs) -> None:
        """Refuse inputs that lack a table which a feature needs.

        Raises:
            InvalidInput: Names the feature and the table.
        """
        for feature in self.features:
            for need in feature.needs:
                if getattr(inputs, need) is None:
                    raise InvalidInput(
                        f"feature {feature.name} needs {_TABLES[need]}; "
                        f"give {need}= or leave it out"
                    )

    def to_dict(self) -> dict[str, Any]:
        """As plain data, see ``from_dict``."""
        return {"format": FORMAT, "feature": [feature.to_dict() for feature in self.features]}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> FeatureSet:
        """Read plain data: ``format`` and a list ``feature`` of kinds with their settings.

        Raises:
            ConfigError: An unknown key or kind, a missing setting, or a value it does not take.
        """
        _refuse_unknown(content, ("format", "feature"), "the feature set")
        if content.get("format", FORMAT) != FORMAT:
            raise ConfigError(
                f"the feature set has format {content['format']!r}; this version reads {FORMAT}"
            )
        listed = content.get("feature", [])
        if not isinstance(listed, list):
            raise ConfigError("feature is no list; write one [[feature]] table per feature")
        return cls(tuple(read_feature(one) for one in listed))

    def to_toml(self) -> str:
        """One ``[[feature]]`` table per feature."""
        return tomli_w.dumps(self.to_dict())

    @classmethod
    def from_toml(cls, text: str) -> FeatureSet:
        """Read ``to_toml``.

        Raises:
            ConfigError: It is no TOML, or see ``from_dict``.
        """
        try:
            return cls.from_dict(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"the feature set is no TOML: {error}") from error

    def to_json(self) -> str:
        """The same content as JSON."""
        return json.dumps(self.to_dict(), indent=1)

    @classmethod
    def from_json(cls, text: str) -> FeatureSet:
        """Read ``to_json``.

        Raises:
            ConfigError: It is no JSON, or see ``from_dict``.
        """
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"the feature set is no JSON: {error}") from error
        if not isinstance(content, dict):
            raise ConfigError("the feature set is no JSON object with a list 'feature'")
        return cls.from_dict(content)


def read_feature(content: object) -> Feature:
    """One feature from its kind and settings.

    Raises:
        ConfigError: An unknown kind or setting, a missing setting, or a value it does not take.
    """
    if not isinstance(content, Mapping) or not isinstance(content.get("kind"), str):
        raise ConfigError(f"{content!r} is no feature; give its kind and settings")
    settings = dict(content)
    kind = settings.pop("kind")
    if kind not in KINDS:
        near = nearest(kind, KINDS)
        hint = f"did you mean {near!r}?" if near else f"choose one of {', '.join(KINDS)}"
        raise ConfigError(f"no feature kind {kind!r}; {hint}")
    known = fields(KINDS[kind])
    _refuse_unknown(settings, [field.name for field in known], f"feature {kind}")
    missing = [f.name for f in known if f.default is MISSING and f.name not in settings]
    if missing:
        raise ConfigError(f"feature {kind} needs {', '.join(missing)}")
    return KINDS[kind](**settings)


def _refuse_unknown(
    content: Mapping[str, Any], known: list[str] | tuple[str, ...], of: str
) -> None:
    for key in content:
        if key not in known:
            near = nearest(str(key), known)
            takes = ", ".join(known) or "no settings"
            hint = f"did you mean {near!r}?" if near else f"it takes {takes}"
            raise ConfigError(f"unknown key {key!r} in {of}; {hint}")
