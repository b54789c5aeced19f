"""JSON is read in one way or refused, and never read without limit."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.api.strict_json import DEEPEST, MOST_VALUES, JsonRefused, is_json, loads, scan

MEBIBYTE = 1024 * 1024
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@given(VALUES, st.booleans())
def test_what_python_writes_is_read_as_python_reads_it(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert loads(text.encode()) == json.loads(text)


@given(st.binary(max_size=200) | st.text('[]{}",:\\u0dF1e.-nul ', max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    with suppress(JsonRefused):
        loads(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xef\xbb\xbf{}", "no JSON"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b'"\xff"', "not UTF-8 at byte 1"),
        (b"NaN", "NaN, which is no number"),
        (b"[Infinity]", "Infinity, which is no number"),
        (b"-Infinity", "-Infinity, which is no number"),
        (b"1e999", "1e999, which is no number"),
        (b'{"a": 1, "b": 2, "a": 3}', "the key 'a' more than once"),
        (b'{"a": 1, "\\u0061": 3}', "the key 'a' more than once"),
        (b"1" * 100_000, "a number of 100000 characters"),
        (b"0." + b"1" * 100_000, "a number of 100002 characters"),
        (b'["\\u0000"]', "a NUL"),
        (b'{"\\u0000": 1}', "a NUL"),
        (b'["\\ud800"]', "half a surrogate pair"),
        (b'{"\\udfff": 1}', "half a surrogate pair"),
        (nested(DEEPEST + 1), "deeper than 32"),
        (b'{"a":' * (DEEPEST + 1), "deeper than 32"),
        (b"[" + b"1," * MOST_VALUES + b"1]", "more than 100,000 values"),
        (b"[" + b"[]," * (MOST_VALUES // 2) + b"[]]", "more than 100,000 values"),
    ],
)
def test_what_is_no_json_or_more_than_json_is_refused(text: bytes, says: str) -> None:
    with pytest.raises(JsonRefused, match=says):
        loads(text)


def test_what_is_just_within_the_limits_is_read() -> None:
    assert loads(nested(DEEPEST)) is not None
    assert len(loads(b"[" + b"1," * (MOST_VALUES - 2) + b"1]")) == MOST_VALUES - 1


def test_brackets_and_commas_in_texts_are_none() -> None:
    for text in ("[" * 100, "," * MOST_VALUES, '\\"[{' * 50, "é" * 99 + "{" * 40):
        assert loads(json.dumps({text: text}).encode()) == {text: text}


def test_a_pair_of_surrogates_is_one_letter() -> None:
    assert loads(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    "text", [b"[" * MEBIBYTE, b'"' * MEBIBYTE, b'"' + b"\\" * MEBIBYTE, b'"' + b'\\"' * 500_000]
)
def test_a_whole_body_of_one_sign_is_refused_and_the_stack_stands(text: bytes) -> None:
    with pytest.raises(JsonRefused):
        loads(text)


@pytest.mark.drill
@pytest.mark.parametrize("text", [b"[" * MEBIBYTE, b"," * MEBIBYTE, b"{" * MEBIBYTE])
def test_a_mebibyte_of_structure_is_scanned_in_ten_milliseconds(text: bytes) -> None:
    import time

    def once() -> float:
        began = time.perf_counter()
        with pytest.raises(JsonRefused):
            scan(text)
        return time.perf_counter() - began

    assert min(once() for _ in range(5)) < 0.010


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/merge-patch+json", True),
        ("text/json", False),
        ("text/plain", False),
        ("application/jsonx", False),
        ("", False),
        (None, False),
    ],
)
def test_json_is_what_says_that_it_is(said: str | None, meant: bool) -> None:
    assert is_json(said) is meant
