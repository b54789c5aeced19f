"""Users: nobody gives or touches more than he may himself, and somebody can let others in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from supplynet.api.etags import check_match, etag
from supplynet.errors import AccountError, InvalidInput, NotAllowed, NotFound, VersionMoved
from supplynet.security import keyring
from supplynet.security.access import Role
from supplynet.security.passwords import Passwords
from supplynet.security.principal import Grant, Principal
from supplynet.services import sign_in, user_secrets, users
from supplynet.services.books import Books
from supplynet.services.recognition import by_session
from supplynet.services.users import NewUser, UserChange
from supplynet.storage import Workspace, audit
from supplynet.storage import users as stored

GOOD = "thing lamp seven cow"
Add = Callable[..., dict[str, Any]]


def may(*roles: Role, sites: Iterable[str] | None = None) -> tuple[Grant, ...]:
    where = None if sites is None else frozenset(sites)
    return tuple(Grant(role=role, sites=where) for role in roles)


def administrator_of(*sites: str) -> Principal:
    grants = may(Role.ADMINISTRATOR, sites=sites)
    return Principal(actor="boss", grants=grants, how="password", user_id="boss")


def test_a_user_is_shown_without_any_secret(add: Add) -> None:
    row = add("Ana", Role.PLANNER, Role.PICKER, Role.PICKER, sites=["SR2", "SR1"], contact="a@b")
    assert row["name"] == row["display_name"] == "ana"
    assert row["grants"] == [
        {"role": "picker", "sites": ["SR1", "SR2"]},
        {"role": "planner", "sites": ["SR1", "SR2"]},
    ]
    assert (row["contact"], row["state"], row["version"]) == ("a@b", "active", 1)
    assert (row["has_password"], row["has_badge"]) == (True, False)
    assert GOOD not in str(row)
    assert "argon2" not in str(row)


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (NewUser(name="a b", grants=may(Role.VIEWER)), "is not an id"),
        (NewUser(name="Automation", grants=may(Role.VIEWER)), "calls itself"),
        (NewUser(name="ana", grants=()), "needs a role"),
        (NewUser(name="ana", grants=may(Role.VIEWER, sites=["SR9"])), "no site 'SR9'"),
        (NewUser(name="ana", grants=may(Role.VIEWER, sites=["SR1.ST1"])), "no site 'SR1.ST1'"),
        (NewUser(name="ana", grants=may(Role.VIEWER, sites=[])), "at no site"),
        (NewUser(name="ana", grants=may(Role.VIEWER), password="ana and her dog"), "name 'ana'"),
        (NewUser(name="ana", grants=may(Role.VIEWER), display_name="a\nb"), "one line"),
        (NewUser(name="ana", grants=may(Role.VIEWER), contact="x" * 201), "at most 200"),
    ],
)
def test_what_cannot_be_a_user_is_refused_and_nothing_is_written(
    books: Books, passwords: Passwords, root: Principal, new: NewUser, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        users.add(books, passwords, new, root)
    with books.store.read() as tx:
        assert stored.is_empty(tx)


def test_a_name_is_taken_in_any_letter_case(add: Add) -> None:
    add("ana")
    with pytest.raises(AccountError, match="'ana' already"):
        add("ANA")


@pytest.mark.parametrize(
    ("grants", "allowed"),
    [
        (may(Role.VIEWER, sites=["SR1"]), True),
        (may(Role.ADMINISTRATOR, sites=["SR1"]), True),
        (may(Role.VIEWER, sites=["SR1", "SR2"]), False),
        (may(Role.VIEWER), False),
        (may(Role.ADMINISTRATOR), False),
    ],
)
def test_nobody_gives_more_than_he_may_himself(
    books: Books, passwords: Passwords, add: Add, grants: tuple[Grant, ...], allowed: bool
) -> None:
    boss = administrator_of("SR1")
    add("cleo", sites=["SR1"])
    if allowed:
        users.add(books, passwords, NewUser(name="ana", grants=grants), boss)
        users.change(books, "cleo", UserChange(grants=grants), boss)
        return
    with pytest.raises(NotAllowed, match="more than he may do himself"):
        users.add(books, passwords, NewUser(name="ana", grants=grants), boss)
    with pytest.raises(NotAllowed, match="more than he may do himself"):
        users.change(books, "cleo", UserChange(grants=grants), boss)


def test_who_may_do_more_is_not_there_for_an_administrator_of_a_site(
    books: Books, passwords: Passwords, add: Add
) -> None:
    add("ana", Role.ADMINISTRATOR)
    add("ben", Role.PICKER, sites=["SR1"])
    add("cleo", Role.PICKER, sites=["SR2"])
    boss = administrator_of("SR1")
    rows, following = users.list_users(books, boss)
    assert ([row["name"] for row in rows], following) == (["ben"], None)
    for name in ("ana", "cleo", "eve"):
        for touch in (
            lambda name: users.show(books, name, boss),
            lambda name: users.change(books, name, UserChange(state="disabled"), boss),
            lambda name: user_secrets.reset_password(books, passwords, name, boss),
            lambda name: user_secrets.give_badge(books, name, boss),
            lambda name: user_secrets.take_badge(books, name, boss),
            lambda name: user_secrets.end_sessions(books, name, boss),
        ):
            with pytest.raises(NotFound, match=f"no user '{name}'"):
                touch(name)


def test_users_are_listed_page_by_page(books: Books, add: Add, root: Principal) -> None:
    for name in ("cleo", "ana", "ben"):
        add(name)
    first, following = users.list_users(books, root, limit=2)
    assert ([row["name"] for row in first], following) == (["ana", "ben"], "ben")
    last, following = users.list_users(books, root, after=following, limit=2)
    assert ([row["name"] for row in last], following) == (["cleo"], None)


@pytest.mark.parametrize(
    "wanted",
    [
        UserChange(state="disabled"),
        UserChange(grants=may(Role.PLANNER)),
        UserChange(grants=may(Role.ADMINISTRATOR, sites=["SR1"])),
    ],
)
def test_the_last_administrator_of_the_plant_stays(
    books: Books, add: Add, root: Principal, wanted: UserChange
) -> None:
    add("ana", Role.ADMINISTRATOR)
    add("ben", Role.ADMINISTRATOR, sites=["SR1"])
    with pytest.raises(AccountError, match="last active administrator"):
        users.change(books, "ana", wanted, root)
    assert users.show(books, "ana", root)["version"] == 1
    add("cleo", Role.ADMINISTRATOR)
    assert users.change(books, "ana", wanted, root)["version"] == 2
    with pytest.raises(AccountError):
        users.change(books, "cleo", wanted, root)


@pytest.mark.parametrize(
    ("wanted", "ends"),
    [
        (UserChange(state="disabled"), True),
        (UserChange(grants=may(Role.VIEWER)), True),
        (UserChange(grants=may(Role.PLANNER)), False),  # as it is
        (UserChange(display_name="Ana", contact="x"), False),
    ],
)
def test_other_grants_and_being_disabled_end_the_sessions_at_once(
    books: Books, passwords: Passwords, add: Add, root: Principal, wanted: UserChange, ends: bool
) -> None:
    add("ana")
    opened = sign_in.by_password(books, passwords, "ana", GOOD, address="here")
    assert by_session(books, opened.secret) is not None  # and is remembered
    users.change(books, "ana", wanted, root)
    assert (by_session(books, opened.secret) is None) is ends


def test_a_change_that_changes_nothing_is_no_version(
    books: Books, add: Add, root: Principal
) -> None:
    add("ana", display_name="Ana")
    same = UserChange(display_name="Ana", state="active", grants=may(Role.PLANNER))
    assert users.change(books, "ana", same, root)["version"] == 1


def test_a_change_from_an_old_version_is_refused(books: Books, add: Add, root: Principal) -> None:
    add("ana")
    users.change(books, "ana", UserChange(display_name="A"), root)
    with pytest.raises(VersionMoved):
        users.change(
            books,
            "ana",
            UserChange(display_name="B"),
            root,
            check=lambda version: check_match(etag(1), version),
        )
    assert users.show(books, "ana", root)["display_name"] == "A"


def test_a_reset_password_is_shown_once_ends_sessions_and_is_to_be_changed(
    books: Books, passwords: Passwords, add: Add, root: Principal
) -> None:
    add("ana")
    opened = sign_in.by_password(books, passwords, "ana", GOOD, address="here")
    made = user_secrets.reset_password(books, passwords, "ana", root)
    assert made.secret is not None
    assert made.secret not in repr(made)
    assert by_session(books, opened.secret) is None
    again = sign_in.by_password(books, passwords, "ana", made.secret, address="here")
    assert again.found.must_change_password
    assert again.found.who.permissions == ("account.own",)
    mine = user_secrets.reset_password(books, passwords, "ana", root, password=GOOD + "!")
    assert mine.secret is None
    with books.store.read() as tx:
        told = str(audit.entries(tx))
    assert made.secret not in told
    assert GOOD not in told


def test_nobody_resets_his_own_password(books: Books, passwords: Passwords, add: Add) -> None:
    add("ana", Role.ADMINISTRATOR)
    ana = sign_in.by_password(books, passwords, "ana", GOOD, address="here").found.who
    with pytest.raises(NotAllowed, match="asks for the current one"):
        user_secrets.reset_password(books, passwords, "ana", ana)


def test_a_user_can_be_signed_out_everywhere(
    books: Books, passwords: Passwords, add: Add, root: Principal
) -> None:
    add("ana")
    for _ in range(2):
        sign_in.by_password(books, passwords, "ana", GOOD, address="here")
    assert user_secrets.end_sessions(books, "ana", root) == 2
    assert user_secrets.end_sessions(books, "ana", root) == 0


def test_a_contact_is_sealed_where_there_is_a_key(
    books: Books, add: Add, root: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(books.workspace.folder, tmp_path / "own")
    books = replace(books, workspace=Workspace(tmp_path / "own"))

    class Ring:
        def seal_text(self, text: str, context: str) -> str:
            return f"sealed:v1:k1:{text[::-1]}/{context}"

        def open_text(self, text: str, context: str) -> str:
            head, _, place = text.rpartition("/")
            assert place == context
            return head.removeprefix("sealed:v1:k1:")[::-1]

    monkeypatch.setattr("supplynet.services.contacts.keyring_of", lambda _folder: Ring())
    row = add("ana", contact="ana@plant")
    assert row["contact"] == "ana@plant"
    with books.store.read() as tx:
        kept = stored.get(tx, "ana").contact
        told = str(audit.entries(tx))
    assert kept == f"sealed:v1:k1:tnalp@ana/users.contact:{row['user_id']}"
    assert "ana@plant" not in told
    monkeypatch.setattr("supplynet.services.contacts.keyring_of", keyring.keyring_of)
    assert users.show(books, "ana", root)["contact"] is None  # its key is gone: not shown
    assert users.change(books, "ana", UserChange(contact=""), root)["contact"] is None
    with books.store.read() as tx:
        assert stored.get(tx, "ana").contact is None
