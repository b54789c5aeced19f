"""Logs: one line each on stderr, for people or as JSON, without secrets and without line breaks.

Everything that is logged here, by a library or with an exception, goes through ``redact``: what
stands under a telling name (``password``) and what looks like one of our secrets is not written.
Control characters are escaped, so that nobody writes a line of the log with what they send.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, TextIO

import structlog

HIDDEN = "[hidden]"
ACCESS = "supplynet.access"
"""Name of the logger that has a line for every request."""
ABOUT: ContextVar[Callable[[], Mapping[str, str]] | None] = ContextVar("about", default=None)
"""Tells who asks and under which id, while a request is answered."""
_NAMES = r"pass(?:word|wd|phrase)?|pwd|secret|token|authori[sz]ation|cookie|badge|csrf|api[_-]?key"
_SECRET_KEY = re.compile(rf"{_NAMES}|database_url|private[_-]?key", re.IGNORECASE)
# Every repetition is bounded: what is logged may have been sent by somebody who wants it slow.
_SAID = re.compile(
    rf"""(?P<head>(?:{_NAMES})[\w-]{{0,40}}["']?\s{{0,3}}(?:=>|[:=])\s{{0,3}})"""
    r"""(?:"(?:[^"\\]|\\.){0,500}"|'(?:[^'\\]|\\.){0,500}'|(?:bearer|basic)\s{1,3}\S+"""
    r"""|[^\s,;&)\]}]+)""",
    re.IGNORECASE,
)
_LOOKS_SECRET = re.compile(
    r"\bsn_[A-Za-z0-9_-]{16,}|\bSNB-[A-Z2-7]{10,}|(?i:\bbearer\s{1,3}[A-Za-z0-9._~+/=-]{8,})"
    r"|\[parameters:[^\n]*|\$argon2[^\s'\"]+|(?<=://)[^\s?#\"'@:]{0,200}:[^\s\"']{0,200}(?=@)"
    r"|-----BEGIN[^-]{0,40}PRIVATE KEY-----.*?(?:-----END|\Z)",
    re.DOTALL,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LONGEST = 16_000
_DEEPEST = 6
_SHORT = 64
_TRACE = "exception"
"""The one value with several lines: JSON escapes their ends, and people get them indented."""
_FIRST = ("time", "level", "logger", "message", "request_id", "actor")
Event = MutableMapping[str, Any]


def redact(text: str) -> str:
    """``text`` without what looks like a secret of ours, or stands under a telling name."""
    return _LOOKS_SECRET.sub(HIDDEN, _SAID.sub(lambda said: said["head"] + HIDDEN, text))


def one_line(text: str) -> str:
    """``text`` with its control characters escaped: no reader takes a part of it for a line."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def configure(
    *,
    style: Literal["text", "json"] = "text",
    level: str = "info",
    access: bool = True,
    stream: TextIO | None = None,
) -> None:
    """Send everything that this process logs to ``stream``; called once, by its first command.

    Args:
        style: ``json`` is one object per line: time, level, logger, message and more.
        level: The least that is written.
        access: Whether each request has a line, at ``info``.
        stream: Standard error unless named.
    """
    before: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _about,
    ]
    after: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _named,
        _redacted,
        _as_json if style == "json" else _as_text,
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=after)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in LIBRARIES.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    logging.getLogger(ACCESS).setLevel(logging.NOTSET if access else logging.WARNING)
    logging.captureWarnings(True)


LIBRARIES = {
    "uvicorn": logging.WARNING,  # it tells every start and stop; so do we
    "alembic": logging.WARNING,
    "httpx2": logging.WARNING,  # would log whole addresses of outside services
    "httpcore2": logging.WARNING,
    "sqlalchemy": logging.WARNING,  # at INFO it logs rows
}


def _about(_logger: Any, _method: str, event: Event) -> Event:
    """Who asks, where a request is behind it; what the line says itself wins."""
    tell = ABOUT.get()
    return event if tell is None else {**tell(), **event}


def _named(_logger: Any, _method: str, event: Event) -> Event:
    event["message"] = event.pop("event", "")
    event.pop("color_message", None)
    return {name: event[name] for name in _FIRST if name in event} | {
        name: value for name, value in event.items() if name not in _FIRST
    }


def _redacted(_logger: Any, _method: str, event: Event) -> Event:
    return {key: _safe(value, key) for key, value in event.items()}


def _safe(value: Any, key: str = "", depth: int = 0) -> Any:
    """``value`` in JSON types, without secrets, and not without end."""
    if value and _is_secret(key[:_SHORT]):
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return {str(k): _safe(v, str(k), depth + 1) for k, v in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        return [_safe(each, "", depth + 1) for each in value] if depth < _DEEPEST else "..."
    return _safe_text(str(value), lines=key == _TRACE)


def _safe_text(text: str, *, lines: bool) -> str:
    if not lines and len(text) <= _SHORT:
        return _clean(text)
    more = "..." if len(text) > _LONGEST else ""
    told = redact(text[:_LONGEST])
    return "\n".join(map(one_line, told.split("\n") if lines else [told])) + more


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None


def _clean(text: str) -> str:
    try:
        return _same(text)
    except ValueError:
        return one_line(redact(text))


@lru_cache(maxsize=1024)
def _same(text: str) -> str:
    """``text`` where it may be told as it is: operations, routes, addresses, again and again.

    Raises:
        ValueError: It may not; that is not remembered, for it may hold a secret.
    """
    if one_line(redact(text)) != text:
        raise ValueError
    return text


def _as_json(_logger: Any, _method: str, event: Event) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)


def _as_text(_logger: Any, _method: str, event: Event) -> str:
    """For people: ``2026-01-05T21:58:00Z warning  supplynet.worker.mqtt: not there key=value``."""
    head = f"{event.pop('time')} {event.pop('level', ''):8} {event.pop('logger', '')}: "
    trace = event.pop(_TRACE, None)
    line = head + str(event.pop("message"))
    line += "".join(f" {key}={_shown(value)}" for key, value in event.items())
    if trace is not None:
        line += "\n    " + str(trace).replace("\n", "\n    ")
    return line


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return json.dumps(text, ensure_ascii=False) if " " in text and isinstance(value, str) else text
