"""Filling a definition's placeholders: a symbol, dates and values into a URL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from supplynet.connectors.signals.definition import Definition
from supplynet.connectors.signals.provider import SignalRequest
from supplynet.errors import ConfigError, InvalidInput

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def placeholders(
    definition: Definition, symbol: str, request: SignalRequest, now: datetime
) -> dict[str, str]:
    """What each placeholder stands for: symbol and its parts, start, end, further values.

    Raises:
        InvalidInput: The symbol does not have the parts, or a value has no placeholder.
    """
    written = _written(definition, symbol)
    filled = {**definition.defaults, "symbol": written, **_parts(definition, written)}
    known = filled.keys() | _wanted(definition)
    for name, value in request.values.items():
        if name not in known or name in {"symbol", "start", "end"}:
            raise InvalidInput(
                f"provider {definition.name} knows no value {name!r}; it takes "
                f"{', '.join(sorted(known - {'symbol', 'start', 'end'})) or 'none'}"
            )
        filled[name] = value
    return {**filled, **_dates(definition, request, now)}


def url_of(definition: Definition, filled: Mapping[str, str]) -> str:
    """The URL without its key; every filled value is percent-encoded.

    Raises:
        InvalidInput: A placeholder is not filled.
    """
    path = fill(definition, definition.url, {name: _path(text) for name, text in filled.items()})
    query = {name: fill(definition, text, filled) for name, text in definition.parameters.items()}
    return f"{path}?{urlencode(query, quote_via=quote)}" if query else path


def fill(definition: Definition, template: str, filled: Mapping[str, str]) -> str:
    """``template`` with its placeholders replaced.

    Raises:
        InvalidInput: One is not filled.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] not in filled:
            raise InvalidInput(
                f"provider {definition.name} needs a value for {found[1]!r}, such as "
                f"--set {found[1]}=..."
            )
        return filled[found[1]]

    return _PLACEHOLDER.sub(value, template)


def _written(definition: Definition, symbol: str) -> str:
    rule = definition.symbol
    text = symbol if not rule.suffix or set(symbol) & {".", "^"} else symbol + rule.suffix
    return {"kept": text, "lower": text.lower(), "upper": text.upper()}[rule.case]


def _parts(definition: Definition, written: str) -> dict[str, str]:
    rule = definition.symbol
    if not rule.parts:
        return {}
    pieces = written.split(rule.separator, len(rule.parts) - 1)
    if len(pieces) != len(rule.parts) or not all(pieces):
        raise InvalidInput(
            f"symbol {written!r} of {definition.name} must be "
            f"{rule.separator.join(rule.parts)}: {rule.means}"
        )
    return dict(zip(rule.parts, pieces, strict=True))


def _dates(definition: Definition, request: SignalRequest, now: datetime) -> dict[str, str]:
    place, rule = ZoneInfo(definition.rows.zone), definition.dates
    # The day before the first moment not wanted is the last day wanted.
    last = (request.end - timedelta(microseconds=1)).astimezone(place)
    if not rule.future:
        last = min(last, now.astimezone(place))
    first = min(request.start.astimezone(place), last)
    try:
        end = last.strftime(rule.end_format or rule.format)
        return {"start": first.strftime(rule.format), "end": end}
    except ValueError as error:
        raise ConfigError(f"provider {definition.name}: dates.format: {error}") from error


def _path(text: str) -> str:
    """One or more steps of a path, divided by ``/``."""
    if {".", ".."} & set(text.split("/")):
        raise InvalidInput(f"{text!r} would leave the service's path")
    return quote(text, safe="/,.-_~:@+!$'()*")


def _wanted(definition: Definition) -> set[str]:
    templates = (definition.url, *definition.parameters.values(), *definition.rows.where.values())
    return {name for text in templates for name in _PLACEHOLDER.findall(text)}
