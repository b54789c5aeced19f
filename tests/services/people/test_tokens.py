"""Tokens: never more than their owner may, at any time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from supplynet.errors import AccountError, InvalidInput, NotAllowed, NotFound
from supplynet.security.access import Role
from supplynet.security.credentials import fingerprint
from supplynet.security.principal import Grant, Principal
from supplynet.services import tokens, users
from supplynet.services.books import Books
from supplynet.services.recognition import by_token
from supplynet.services.tokens import NewToken
from supplynet.services.users import UserChange
from supplynet.storage import audit

Add = Callable[..., dict[str, Any]]
Make = Callable[..., tokens.MadeToken]


@pytest.fixture
def make(books: Books, root: Principal) -> Make:
    def token(name: str = "plc-7", *scopes: str, by: Principal = root, **other: Any) -> Any:
        wanted: dict[str, Any] = {"owner": "ana"}
        chosen = frozenset(scopes or {"events.send"})
        return tokens.add(books, NewToken(name=name, scopes=chosen, **wanted | other), by)

    return token


def principal(row: dict[str, Any]) -> Principal:
    """The user as he signs in with his password."""
    grants = tuple(
        Grant(role=Role(each["role"]), sites=each["sites"] and frozenset(each["sites"]))
        for each in row["grants"]
    )
    return Principal(actor=row["name"], grants=grants, how="password", user_id=row["user_id"])


def test_a_token_is_its_owner_within_its_limits(books: Books, add: Add, make: Make) -> None:
    add("ana", Role.PLANNER, sites=["SR1", "WH1"])
    made = make("plc-7", "events.send", "plant.read", sites=frozenset({"SR1"}))
    found = by_token(books, made.secret)
    assert found is not None
    assert found.who.actor == "ana/plc-7"
    assert found.who.permissions == ("events.send", "plant.read")
    assert found.who.sites_for("events.send") == frozenset({"SR1"})
    assert found.who.sites_for("plan.make") == frozenset()
    assert by_token(books, made.secret[:-1] + "-") is None


def test_a_token_is_shown_once_and_its_secret_is_nowhere_else(
    books: Books, add: Add, make: Make, root: Principal
) -> None:
    add("ana")
    made = make()
    with books.store.read() as tx:
        told = str(audit.entries(tx))
    listed, _ = tokens.list_tokens(books, root)
    assert listed == [made.token]
    for text in (repr(made), str(listed), told):
        assert made.secret not in text
        assert fingerprint(made.secret) not in text
    lasts = made.token["expires_at"] - made.token["created_at"]
    assert lasts == timedelta(days=365)


def test_a_token_of_a_demoted_owner_has_what_the_owner_has_left(
    books: Books, add: Add, make: Make, root: Principal
) -> None:
    add("ana", Role.PLANNER)
    made = make("plc-7", "events.send", "plant.read")
    for grants, left in (
        ((Grant(role=Role.PICKER, sites=frozenset({"SR2"})),), ("events.send", "plant.read")),
        ((Grant(role=Role.VIEWER),), ("plant.read",)),
    ):
        users.change(books, "ana", UserChange(grants=grants), root)
        found = by_token(books, made.secret)
        assert found is not None
        assert found.who.permissions == left
        assert found.who.sites_for("plant.read") == grants[0].sites


def test_tokens_of_a_disabled_owner_are_dead_and_live_again_with_him(
    books: Books, add: Add, make: Make, root: Principal
) -> None:
    add("ana")
    made = make()
    users.change(books, "ana", UserChange(state="disabled"), root)
    assert by_token(books, made.secret) is None
    users.change(books, "ana", UserChange(state="active"), root)
    assert by_token(books, made.secret) is not None


def test_a_token_ends_after_its_days_or_when_it_is_revoked(
    books: Books, add: Add, make: Make, root: Principal, clock: Any
) -> None:
    add("ana")
    one, two, three = make("a", days=1), make("b", days=None), make("c", days=2)
    assert tokens.revoke(books, two.token["token_id"], root)["state"] == "revoked"
    assert tokens.revoke(books, two.token["token_id"], root)["state"] == "revoked"
    assert [by_token(books, each.secret) is not None for each in (one, two, three)] == [
        *(True, False, True)
    ]
    clock.forward(days=1)
    assert [by_token(books, each.secret) is not None for each in (one, two, three)] == [
        *(False, False, True)
    ]
    states = {row["name"]: row["state"] for row in tokens.list_tokens(books, root)[0]}
    assert states == {"a": "expired", "b": "revoked", "c": "good"}


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        ({"scopes": ["plan.make"]}, NotAllowed, "no permission 'plan.make'"),
        ({"scopes": ["fly"]}, InvalidInput, "no permission 'fly'"),
        ({"scopes": []}, InvalidInput, "needs a scope"),
        ({"sites": ["SR2"]}, NotAllowed, "no permission 'events.send'"),
        ({"sites": ["SR1", "SR2"]}, NotAllowed, "none of these permissions at SR2"),
        ({"sites": ["SR7"]}, InvalidInput, "no site 'SR7'"),
        ({"name": "a/b"}, InvalidInput, "is not an id"),
        ({"days": 0}, InvalidInput, "1 to 3650 days"),
        ({"owner": "eve"}, NotFound, "no user 'eve'"),
        ({"owner": None}, InvalidInput, "say whose token"),
    ],
)
def test_a_token_is_never_more_than_its_owner(
    books: Books,
    add: Add,
    root: Principal,
    wanted: dict[str, Any],
    error: type[Exception],
    words: str,
) -> None:
    add("ana", Role.PICKER, sites=["SR1"])
    values: dict[str, Any] = {"name": "plc", "scopes": ["events.send"], "owner": "ana"} | wanted
    for key in ("scopes", "sites"):
        if key in values:
            values[key] = frozenset(values[key])
    with pytest.raises(error, match=words):
        tokens.add(books, NewToken(**values), root)
    assert tokens.list_tokens(books, root)[0] == []


def test_a_name_is_used_by_one_good_token_of_an_owner(
    books: Books, add: Add, make: Make, root: Principal
) -> None:
    add("ana")
    add("ben")
    made = make()
    make(owner="ben")
    with pytest.raises(AccountError, match="has a token 'plc-7'"):
        make()
    tokens.revoke(books, made.token["token_id"], root)
    make()


def test_an_owner_has_so_many_good_tokens_and_no_more(
    add: Add, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MOST_TOKENS", 2)
    add("ana")
    make("a")
    make("b")
    with pytest.raises(AccountError, match="has 2 tokens"):
        make("c")


def test_only_who_manages_users_makes_tokens_for_others(books: Books, add: Add, make: Make) -> None:
    ana, ben = add("ana", Role.DATA_SCIENTIST), add("ben", Role.ADMINISTRATOR)
    add("cleo", Role.ADMINISTRATOR, sites=["SR1"])
    scientist, boss = principal(ana), principal(ben)
    assert make("mine", "data.read", by=scientist, owner=None).token["owner"] == "ana"
    with pytest.raises(NotAllowed, match="for another"):
        make("not-mine", "data.read", by=scientist, owner="ben")
    assert make("hers", "data.read", by=boss, owner="ana").token["actor"] == "ana/hers"
    of_one_site = principal(users.show(books, "cleo", boss))
    with pytest.raises(NotFound, match="no user 'ben'"):
        make("higher", "data.read", by=of_one_site, owner="ben")


def test_a_token_makes_no_tokens(books: Books, add: Add, make: Make) -> None:
    add("ana", Role.DATA_SCIENTIST)
    found = by_token(books, make("one", "tokens.own", "data.read").secret)
    assert found is not None
    with pytest.raises(NotAllowed, match="makes no tokens"):
        make("two", "data.read", by=found.who, owner=None)


def test_who_does_not_manage_users_sees_and_revokes_his_own_tokens(
    books: Books, clock: Any, add: Add, make: Make, root: Principal
) -> None:
    ana, _ = add("ana", Role.DATA_SCIENTIST), add("ben", Role.DATA_SCIENTIST)
    mine = make("a", "data.read")
    clock.forward(minutes=1)  # those of one millisecond are in no order
    his = make("b", "data.read", owner="ben")
    who = principal(ana)
    assert [row["name"] for row in tokens.list_tokens(books, who)[0]] == ["a"]
    assert [row["name"] for row in tokens.list_tokens(books, root)[0]] == ["a", "b"]
    first, following = tokens.list_tokens(books, root, limit=1)
    second, last = tokens.list_tokens(books, root, limit=1, after=following)
    assert ([row["name"] for row in first + second], last) == (["a", "b"], None)
    with pytest.raises(NotFound, match="no token"):
        tokens.revoke(books, his.token["token_id"], who)
    assert tokens.revoke(books, mine.token["token_id"], who)["state"] == "revoked"
