"""JSON from outside, read in the one way in which it can be meant (RFC 8259), or refused.

Python's reader takes more than JSON and takes it without limit: ``NaN``, a key twice, a number of
any length, brackets in brackets until the stack is full. So the text is scanned before it is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NoReturn

import numpy as np
from starlette.exceptions import HTTPException
from starlette.requests import Request

DEEPEST, MOST_VALUES, LONGEST_NUMBER = 32, 100_000, 64
# The quote at the end may be missing, so that a text without it is read once and not again and
# again from each of its quotes.
_TEXTS = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)
_NOT_STRUCTURE = bytes(set(range(256)) - set(b"[]{},"))
_STEPS = np.zeros(256, dtype=np.int8)
_STEPS[list(b"[{")], _STEPS[list(b"]}")] = 1, -1
_INDEX = bytes.maketrans(b"", b"")


class JsonRefused(ValueError):
    """The text is not JSON as we take it; says why."""


def loads(text: bytes) -> Any:
    """The value that ``text`` means.

    Raises:
        JsonRefused: Not UTF-8 or no JSON; nested deeper than 32 or with more than 100,000 values;
            with a key twice, a number that is not finite or has more than 64 characters, a NUL or
            half a surrogate pair.
    """
    scan(text)
    try:
        value = json.loads(
            text.decode("utf-8"),
            parse_constant=_no_number,
            parse_int=_whole,
            parse_float=_finite,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError as error:
        raise JsonRefused(f"the body is not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise JsonRefused(f"the body is no JSON: {error}") from error
    if b"\\u" in text or b"\\U" in text:
        _check_texts(value)
    return value


def scan(text: bytes) -> None:
    """Count brackets and values without reading any; a few milliseconds for a mebibyte.

    Each value but the outermost is the first of its container or follows a comma, so there are at
    most as many as containers and commas together, and one.

    Raises:
        JsonRefused: Too deep or too many.
    """
    structure = _TEXTS.sub(b"", text).translate(_INDEX, _NOT_STRUCTURE)
    opened = structure.count(b"[") + structure.count(b"{")
    if opened > DEEPEST:
        steps = _STEPS[np.frombuffer(structure, dtype=np.uint8)]
        if int(steps.cumsum(dtype=np.int32).max()) > DEEPEST:
            raise JsonRefused(f"the body is nested deeper than {DEEPEST}")
    if opened + structure.count(b",") + 1 > MOST_VALUES:
        raise JsonRefused(f"the body has more than {MOST_VALUES:,} values; send it in pieces")


class StrictRequest(Request):
    """A request whose JSON is read by ``loads``."""

    async def json(self) -> Any:
        """The body's value.

        Raises:
            HTTPException: 400, it is refused.
        """
        if not hasattr(self, "_json"):
            try:
                self._json = loads(await self.body())
            except JsonRefused as error:
                raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from error
        return self._json


def is_json(content_type: str | None) -> bool:
    """Whether a body says that it is JSON."""
    kind = (content_type or "").split(";", 1)[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _no_number(name: str) -> NoReturn:
    raise JsonRefused(f"the body has {name}, which is no number of JSON")


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise JsonRefused(f"the body has a number of {len(digits)} characters")
    return int(digits)


def _finite(text: str) -> float:
    if len(text) > LONGEST_NUMBER:
        raise JsonRefused(f"the body has a number of {len(text)} characters")
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise JsonRefused(f"the body has {text}, which is no number that can be kept")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonRefused(f"the body has the key {twice[:64]!r} more than once")
    return found


def _check_texts(value: Any) -> None:
    for text in _texts(value):
        if "\0" in text:
            raise JsonRefused("the body has a text with a NUL in it")
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise JsonRefused("the body has half a surrogate pair in a text")


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, keys too; it is at most ``DEEPEST`` deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts(item)
