"""The table of kinds in the docs, made from the registry."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, Field, fields
from typing import Any

from supplynet.frames.features.feature import Feature
from supplynet.frames.features.registry import KINDS
from supplynet.frames.features.settings import type_hints, wanted_text

_HEAD = ("kind", "what it is", "depends on", "needs", "settings")
_ROLES = {"known_ahead": "target", "past_only": "past", "static": "series"}


def kinds_table() -> str:
    """Every kind as a row of a Markdown table."""
    rows = [_HEAD, tuple("---" for _ in _HEAD), *(_row(kind) for kind in KINDS.values())]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


def _row(kind: type[Feature]) -> tuple[str, ...]:
    summary = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
    settings = ", ".join(_setting(kind, field) for field in fields(kind))
    return (
        f"`{kind.kind}`",
        summary.replace("|", "\\|"),
        _ROLES[kind.role],
        ", ".join(kind.tables),
        settings,
    )


def _setting(kind: type[Feature], field: Field[Any]) -> str:
    if field.default is MISSING:
        return f"`{field.name}` ({wanted_text(type_hints(kind)[field.name])}, needed)"
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{field.name}` = {'none' if value is None else value}"
