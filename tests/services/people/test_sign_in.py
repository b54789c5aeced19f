"""Signing in: the same words for all that is wrong, lockout by the clock, new sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from supplynet.errors import InvalidInput, NotAllowed, NotSignedIn, TooManyRequests
from supplynet.security.access import Role
from supplynet.security.passwords import Cost, Passwords
from supplynet.security.principal import Grant, Principal
from supplynet.services import sign_in, user_secrets, users
from supplynet.services.books import Books
from supplynet.services.recognition import by_session
from supplynet.services.sign_in import SignedIn
from supplynet.services.users import UserChange
from supplynet.storage import audit
from supplynet.storage import users as stored

GOOD, OTHER, HERE = "thing lamp seven cow", "cloud brick nine elk", "10.1.2.3"
Add = Callable[..., dict[str, Any]]
Enter = Callable[..., SignedIn]
Said = Callable[[], list[tuple[str, str, str]]]


@pytest.fixture
def enter(books: Books, passwords: Passwords) -> Enter:
    def try_it(
        name: str = "ana", password: str = GOOD, address: str = HERE, instead: str = ""
    ) -> SignedIn:
        return sign_in.by_password(
            books, passwords, name, password, address=address, instead=instead
        )

    return try_it


def refusals(enter: Enter, times: int, name: str = "ana", address: str = HERE) -> list[str]:
    kinds = []
    for _ in range(times):
        with pytest.raises((NotSignedIn, TooManyRequests)) as refused:
            enter(name, "wrong wrong wrong", address)
        kinds.append(type(refused.value).__name__)
    return kinds


def test_the_right_password_opens_a_session_that_the_books_know_by_its_hash(
    books: Books, add: Add, enter: Enter
) -> None:
    add("ana")
    opened = enter("  ANA ")
    found = by_session(books, opened.secret)
    assert found == opened.found
    assert (found.who.actor, found.who.how) == ("ana", "password")
    assert opened.secret not in repr(opened)


def test_unknown_wrong_and_disabled_hear_the_same_words(
    books: Books, add: Add, enter: Enter, root: Principal
) -> None:
    for name in ("ana", "ben"):
        add(name)
    add("cleo", password=None)
    users.change(books, "ben", UserChange(state="disabled"), root)
    words = set()
    for name, password in [
        *(("ana", OTHER), ("ben", GOOD), ("ben", OTHER), ("cleo", GOOD), ("eve", GOOD)),
        *(("no name at all\0", GOOD), ("", GOOD)),
    ]:
        with pytest.raises(NotSignedIn) as refused:
            enter(name, password)
        words.add(str(refused.value))
    assert words == {"the name or the password is wrong"}


def test_one_hash_is_compared_whatever_is_wrong(
    books: Books, add: Add, enter: Enter, root: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    hasher = type(Passwords()._hasher)
    verify = hasher.verify

    def spy(self: object, kept: str, password: bytes) -> bool:
        compared.append(kept.rpartition("$")[0].rpartition("$")[0])
        return verify(self, kept, password)  # type: ignore[arg-type]

    for name in ("ana", "ben"):
        add(name)
    add("cleo", password=None)
    users.change(books, "ben", UserChange(state="disabled"), root)
    monkeypatch.setattr(hasher, "verify", spy)
    for name in ("ana", "ben", "cleo", "eve"):
        refusals(enter, 1, name)
    assert compared == ["$argon2id$v=19$m=8,t=1,p=1"] * 4


def test_five_failures_lock_one_name_from_one_address_for_longer_each_time(
    add: Add, enter: Enter, clock: Any
) -> None:
    add("ana")
    add("ben")
    assert refusals(enter, 6) == ["NotSignedIn"] * 5 + ["TooManyRequests"]
    with pytest.raises(TooManyRequests, match="try again in a minute") as locked:
        enter()  # the right one neither: it is not even tried
    assert locked.value.retry_after_seconds == 60
    assert enter("ben").found.who.actor == "ben"
    assert enter(address="10.1.2.4").found.who.actor == "ana"
    clock.forward(seconds=60)
    assert refusals(enter, 2) == ["NotSignedIn", "TooManyRequests"]
    with pytest.raises(TooManyRequests, match="try again in 2 minutes"):
        enter()
    clock.forward(minutes=2)
    assert enter().found.who.actor == "ana"


def test_a_name_that_nobody_has_locks_like_any_other(enter: Enter) -> None:
    assert refusals(enter, 6, "eve") == ["NotSignedIn"] * 5 + ["TooManyRequests"]


def test_a_success_forgets_the_failures_of_this_name_from_this_address(
    add: Add, enter: Enter
) -> None:
    add("ana")
    for _ in range(3):
        assert refusals(enter, 4) == ["NotSignedIn"] * 4
        enter()


def test_a_name_is_locked_for_everybody_after_50_failures_from_many_addresses(
    add: Add, enter: Enter, clock: Any
) -> None:
    add("ana")
    for guesser in range(12):
        refusals(enter, 4, address=f"10.9.0.{guesser}")
    assert enter().found.who.actor == "ana"  # 48: one address alone locks itself, not her
    refusals(enter, 2, address="10.9.1.1")
    with pytest.raises(TooManyRequests, match="15 minutes"):
        enter()
    clock.forward(minutes=15)
    assert enter().found.who.actor == "ana"


def test_an_address_is_locked_after_100_failures_with_many_names_or_badges(
    books: Books, add: Add, enter: Enter, clock: Any
) -> None:
    add("ana")
    for number in range(99):
        refusals(enter, 1, f"name-{number}")
    with pytest.raises(NotSignedIn):
        sign_in.by_badge(books, "SNB-" + "A" * 26, address=HERE)
    with pytest.raises(TooManyRequests, match="15 minutes"):
        enter()
    with pytest.raises(TooManyRequests, match="15 minutes"):
        sign_in.by_badge(books, "SNB-", address=HERE)
    assert enter(address="10.1.2.4").found.who.actor == "ana"
    clock.forward(minutes=15)
    assert enter().found.who.actor == "ana"


def test_a_guesser_writes_five_failures_and_a_lock_and_no_more(
    add: Add, enter: Enter, said: Said, books: Books
) -> None:
    add("ana")
    refusals(enter, 30)
    refusals(enter, 30, "My-Password-By-Mistake")
    actions = [(actor, action, subject) for actor, action, subject in said()[1:]]
    failed, locked = ("nobody", "sign_in_failed"), ("nobody", "sign_in_locked")
    assert actions == [
        *[(*failed, "ana")] * 5,
        (*locked, "ana"),
        *[(*failed, "unknown")] * 5,
        (*locked, "unknown"),
    ]
    with books.store.read() as tx:
        assert "mistake" not in str(audit.entries(tx)).lower()


def test_a_sign_in_gives_a_new_session_and_ends_the_one_of_the_same_browser(
    books: Books, add: Add, enter: Enter
) -> None:
    add("ana")
    first = enter()
    second = enter(instead=first.secret)
    assert first.secret != second.secret
    assert by_session(books, first.secret) is None
    assert by_session(books, second.secret) is not None


def test_a_password_is_hashed_anew_when_its_cost_has_changed(
    books: Books, add: Add, enter: Enter
) -> None:
    add("ana")
    dearer = Passwords(cost=Cost(memory_kib=16, passes=1))
    sign_in.by_password(books, dearer, "ana", GOOD, address=HERE)
    with books.store.read() as tx:
        ana = stored.get(tx, "ana")
    assert (ana.password_hash or "").startswith("$argon2id$v=19$m=16,")
    assert ana.version == 1
    assert enter().found.who.actor == "ana"


def test_a_new_password_ends_every_session_and_begins_one(
    books: Books, add: Add, enter: Enter, passwords: Passwords
) -> None:
    add("ana", must_change_password=True)
    old = [enter(), enter()]
    assert old[0].found.who.permissions == ("account.own",)
    opened = sign_in.change_password(books, passwords, old[0].found.who, GOOD, OTHER, address=HERE)
    assert [by_session(books, each.secret) for each in old] == [None, None]
    found = by_session(books, opened.secret)
    assert found is not None
    assert "plan.make" in found.who.permissions
    assert enter(password=OTHER).found.who.actor == "ana"
    assert refusals(enter, 1) == ["NotSignedIn"]


def test_a_stolen_session_cannot_guess_the_current_password(
    books: Books, add: Add, enter: Enter, passwords: Passwords
) -> None:
    add("ana")
    who = enter().found.who
    for _ in range(5):
        with pytest.raises(NotAllowed, match="current password is wrong"):
            sign_in.change_password(books, passwords, who, OTHER, OTHER, address=HERE)
    with pytest.raises(TooManyRequests):
        sign_in.change_password(books, passwords, who, GOOD, OTHER, address=HERE)


def test_the_new_password_must_be_another_and_a_good_one(
    books: Books, add: Add, enter: Enter, passwords: Passwords
) -> None:
    add("ana", display_name="Ana Silva")
    who = enter().found.who
    for wrong, words in ((GOOD, "current one"), ("short", "12 to 128"), ("silva " * 3, "name")):
        with pytest.raises(InvalidInput, match=words):
            sign_in.change_password(books, passwords, who, GOOD, wrong, address=HERE)


def test_signing_out_ends_this_session_and_end_all_every_one(
    books: Books, add: Add, enter: Enter, said: Said
) -> None:
    add("ana")
    one, two, three = enter(), enter(), enter()
    assert sign_in.sign_out(books, one.found.who) == 1
    assert sign_in.sign_out(books, one.found.who) == 0
    found = [by_session(books, each.secret) for each in (one, two, three)]
    assert [each is not None for each in found] == [False, True, True]
    assert sign_in.end_own(books, two.found.who) == 2
    assert [action for _, action, _ in said()] == [
        *("user_added", "signed_in", "signed_in", "signed_in", "signed_out", "sessions_ended")
    ]


def test_a_badge_opens_the_floor_and_nothing_else(
    books: Books, add: Add, root: Principal, clock: Any
) -> None:
    add("ben", Role.PICKER, Role.PLANNER, password=None)
    code = user_secrets.give_badge(books, "ben", root).secret
    assert code is not None
    opened = sign_in.by_badge(books, f"{code.lower()}\n", address=HERE)
    assert opened.found.who.may("orders.ship")
    assert not opened.found.who.may("orders.decide")
    with pytest.raises(NotAllowed, match="sign in with your password"):
        sign_in.change_password(books, Passwords(), opened.found.who, GOOD, OTHER, address=HERE)
    clock.forward(minutes=15)
    assert by_session(books, opened.secret) is None


def test_a_new_badge_stands_for_the_old_one_and_a_taken_one_opens_nothing(
    books: Books, add: Add, root: Principal
) -> None:
    add("ben", Role.PICKER)
    old = user_secrets.give_badge(books, "ben", root).secret
    assert old is not None
    session = sign_in.by_badge(books, old, address=HERE)
    new = user_secrets.give_badge(books, "ben", root).secret
    assert new is not None
    assert by_session(books, session.secret) is None
    with pytest.raises(NotSignedIn, match="opens nothing"):
        sign_in.by_badge(books, old, address=HERE)
    sign_in.by_badge(books, new, address=HERE)
    assert not user_secrets.take_badge(books, "ben", root)["has_badge"]
    with pytest.raises(NotSignedIn):
        sign_in.by_badge(books, new, address=HERE)


def test_a_badge_of_somebody_who_left_the_floor_opens_nothing(
    books: Books, add: Add, root: Principal
) -> None:
    add("ben", Role.PICKER)
    code = user_secrets.give_badge(books, "ben", root).secret
    assert code is not None
    users.change(books, "ben", UserChange(grants=(Grant(role=Role.PLANNER),)), root)
    with pytest.raises(NotSignedIn):
        sign_in.by_badge(books, code, address=HERE)
    with pytest.raises(InvalidInput, match="line leaders and pickers only"):
        user_secrets.give_badge(books, "ben", root)
