"""Passwords: what may be one, and how they are compared."""

from __future__ import annotations

import threading

import pytest

from supplynet.errors import InvalidInput, TooManyRequests
from supplynet.security.passwords import LONGEST, SHORTEST, Cost, Passwords, check_password

GOOD = "thing lamp seven cow"
CHEAP = Cost(memory_kib=8, passes=1)


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(cost=CHEAP)


def test_a_hash_is_argon2id_at_the_cost_that_was_asked_for() -> None:
    assert Passwords(cost=CHEAP).hash(GOOD).startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert Cost() == Cost(memory_kib=46 * 1024, passes=2)


def test_the_same_password_has_another_hash_each_time_and_matches_both(
    passwords: Passwords,
) -> None:
    one, other = passwords.hash(GOOD), passwords.hash(GOOD)
    assert one != other
    assert passwords.matches(one, GOOD)
    assert passwords.matches(other, GOOD)
    assert not passwords.matches(one, GOOD + " ")


def test_nobody_has_a_password_and_the_whole_cost_is_paid_to_find_out(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    hasher = type(passwords._hasher)
    verify = hasher.verify

    def spy(self: object, kept: str, password: bytes) -> bool:
        asked.append(kept)
        return verify(self, kept, password)  # type: ignore[arg-type]

    monkeypatch.setattr(hasher, "verify", spy)
    assert not passwords.matches(None, GOOD)
    assert asked[0].startswith(passwords.hash(GOOD)[: len("$argon2id$v=19$m=8,t=1,p=1$")])
    assert [len(piece) for piece in asked[0].split("$")] == [
        len(piece) for piece in passwords.hash(GOOD).split("$")
    ]


def test_a_damaged_hash_matches_nothing(passwords: Passwords) -> None:
    assert not passwords.matches("$argon2id$v=19$m=8,t=1,p=1$abc", GOOD)
    assert not passwords.matches("no hash", GOOD)


def test_every_character_of_a_long_password_counts(passwords: Passwords) -> None:
    kept = passwords.hash("x" * (LONGEST - 1) + "y")
    assert not passwords.matches(kept, "x" * LONGEST)


def test_keyboards_compose_letters_differently_and_mean_the_same(passwords: Passwords) -> None:
    assert passwords.matches(passwords.hash("caf\u00e9 caf\u00e9 12"), "cafe\u0301 cafe\u0301 12")


def test_a_hash_at_another_cost_is_outdated(passwords: Passwords) -> None:
    kept = passwords.hash(GOOD)
    assert not passwords.is_outdated(kept)
    assert Passwords(cost=Cost(memory_kib=16, passes=1)).is_outdated(kept)


def test_who_finds_no_room_in_the_queue_is_sent_away_at_once() -> None:
    passwords = Passwords(cost=CHEAP, at_once=1, waiting=1)
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with passwords._turn():
            inside.set()
            leave.wait()

    first, second = threading.Thread(target=stay), threading.Thread(target=stay)
    first.start()
    inside.wait()
    assert passwords._room.acquire(blocking=False)  # the one that may wait
    with pytest.raises(TooManyRequests, match="try again"):
        passwords.hash(GOOD)
    passwords._room.release()
    leave.set()
    second.start()
    first.join()
    second.join()
    assert passwords.matches(passwords.hash(GOOD), GOOD)


@pytest.mark.parametrize("password", ["x1" * 5 + "z", "q" + "w" * LONGEST])
def test_a_password_has_12_to_128_characters(password: str) -> None:
    with pytest.raises(InvalidInput, match=f"{SHORTEST} to {LONGEST} characters, not"):
        check_password(password)


def test_a_password_needs_no_digits_and_no_capitals() -> None:
    assert check_password("meadowlanternfox") == "meadowlanternfox"
    assert check_password(
        "\u65e5\u672c\u8a9e\u306e\u9577\u3044\u5408\u8a00\u8449\u3067\u3059\u3002\u306d"
    )


@pytest.mark.parametrize(
    "password",
    [
        *("password1234", "Passwort-2026!", "P@ssw0rd12345", "letmein!!!!!!", "SupplyNet 2026"),
        *("123456789012", "890123456789", "210987654321", "qwertyuiopqwe", "abcdefghijklm"),
        *("aaaaaaaaaaaa", "abcabcabcabc", "1212121212121", "correct horse battery staple"),
    ],
)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput, match="first that are guessed"):
        check_password(password)


def test_a_password_must_not_have_the_users_name_in_it() -> None:
    for wrong in ("my name is ANA, hello", "winter with da Silva 9"):
        with pytest.raises(InvalidInput, match="has the name"):
            check_password(wrong, "ana", "Ana da Silva")
    assert check_password("data on dada walls 9", "jo", "Jo da Ux")  # of two letters: everywhere


def test_a_password_is_in_no_text_about_it(passwords: Passwords) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_password("secret-word")
    assert "secret-word" not in str(refused.value) + repr(passwords)
