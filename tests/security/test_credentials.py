"""Secrets that we make: their forms, and what is said of a session's page."""

from __future__ import annotations

import re

import pytest

from supplynet.security import credentials as made
from supplynet.security.passwords import check_password


def test_each_secret_has_its_form() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", made.new_session())
    assert re.fullmatch(r"sn_[A-Za-z0-9_-]{43}", made.new_token())
    assert re.fullmatch(r"SNB-[A-Z2-7]{26}", made.new_badge())
    assert re.fullmatch(r"([a-z2-7]{4}-){4}[a-z2-7]{4}", made.new_password())


def test_no_secret_comes_twice() -> None:
    for make in (made.new_session, made.new_token, made.new_badge, made.new_password):
        assert len({make() for _ in range(50)}) == 50


def test_a_password_that_we_make_may_be_one() -> None:
    assert check_password(made.new_password(), "ana")


@pytest.mark.parametrize("wrong", ["", "sn_", "sn_" + "a" * 42, "sn_" + "a" * 44, "a" * 46])
def test_what_does_not_look_like_a_token_is_none(wrong: str) -> None:
    assert not made.is_token(wrong)
    assert made.is_token(made.new_token())


def test_a_scanner_may_change_letter_case_and_add_a_line_end() -> None:
    badge = made.new_badge()
    assert made.badge_of(f" {badge.lower()}\r\n") == badge
    assert made.badge_of(badge[:-1]) is None
    assert made.badge_of("4006381333931") is None


def test_only_the_page_of_a_session_knows_its_csrf_token() -> None:
    session = made.new_session()
    said = made.csrf_of(session)
    assert re.fullmatch(r"[0-9a-f]{64}", said)
    assert made.is_csrf_of(session, said)
    for wrong in (
        None,
        "",
        said[:-1],
        said.upper() + "x",
        made.csrf_of(made.new_session()),
        "\xe9",
    ):
        assert not made.is_csrf_of(session, wrong)


def test_a_fingerprint_is_sha_256() -> None:
    """FIPS 180-2, appendix B.1."""
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert made.fingerprint("abc") == expected
