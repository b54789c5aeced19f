"""Users and what they may do."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import Response

from supplynet.api import cursors
from supplynet.api.depends import NO_PARAMETERS, BooksDep, PageParameters, RecordId
from supplynet.api.etags import IfMatch, check_match, etag
from supplynet.api.identity import PasswordsDep, WhoDep
from supplynet.api.models import Page
from supplynet.api.people_models import (
    AccessTable,
    Ended,
    MadeBadge,
    MadePassword,
    PasswordReset,
    UserAddition,
    UserPatch,
    UserRow,
    Why,
)
from supplynet.api.routing import Router
from supplynet.security.access import PERMISSIONS, Role
from supplynet.security.principal import BADGE_ROLES
from supplynet.services import user_secrets, users

router = Router(tags=["users"])
Json = dict[str, Any]


@router.get("/users", response_model=Page[UserRow])
def list_users(books: BooksDep, who: WhoDep, query: PageParameters) -> Json:
    """Users by name: those whom you may change."""
    after = cursors.decode(query.cursor, str)
    rows, following = users.list_users(
        books, who, after=None if after is None else after[0], limit=query.limit
    )
    return {"items": rows, "next_cursor": cursors.encode(following and (following,))}


@router.post("/users", response_model=UserRow, dependencies=[NO_PARAMETERS])
def add_user(books: BooksDep, who: WhoDep, passwords: PasswordsDep, body: UserAddition) -> Json:
    """Add a user.

    403 when the roles or sites are more than your own, 409 when the name is taken.
    """
    return users.add(books, passwords, body.new_user(), who)


@router.get("/users/{name}", response_model=UserRow, dependencies=[NO_PARAMETERS])
def get_user(response: Response, books: BooksDep, who: WhoDep, name: RecordId) -> Json:
    """One user, with the `ETag` that a change is made from."""
    return _tagged(response, users.show(books, name, who))


@router.patch("/users/{name}", response_model=UserRow, dependencies=[NO_PARAMETERS])
def change_user(
    response: Response,
    books: BooksDep,
    who: WhoDep,
    name: RecordId,
    body: UserPatch,
    if_match: IfMatch = None,
) -> Json:
    """Change, disable or enable a user; other roles and being disabled end the user's sessions.

    403 for more than your own rights, 409 for the last administrator of the whole plant.
    """
    check = partial(check_match, if_match)
    row = users.change(books, name, body.change(), who, reason=body.reason, check=check)
    return _tagged(response, row)


@router.post("/users/{name}/password", response_model=MadePassword, dependencies=[NO_PARAMETERS])
def reset_password(
    books: BooksDep, who: WhoDep, passwords: PasswordsDep, name: RecordId, body: PasswordReset
) -> Json:
    """Give somebody another password; it is to be changed at the next sign-in."""
    given = body.password
    made = user_secrets.reset_password(
        books,
        passwords,
        name,
        who,
        password=None if given is None else given.get_secret_value(),
        must_change=body.must_change_password,
        reason=body.reason,
    )
    return {"user": made.user, "password": made.secret}


@router.post("/users/{name}/badge", response_model=MadeBadge, dependencies=[NO_PARAMETERS])
def give_badge(books: BooksDep, who: WhoDep, name: RecordId, body: Why | None = None) -> Json:
    """Make a badge for a line leader or picker; the one before opens nothing any more."""
    made = user_secrets.give_badge(books, name, who, reason=_why(body))
    return {"user": made.user, "badge": made.secret}


@router.delete("/users/{name}/badge", response_model=UserRow, dependencies=[NO_PARAMETERS])
def take_badge(books: BooksDep, who: WhoDep, name: RecordId, body: Why | None = None) -> Json:
    """Make somebody's badge worthless, and end the sessions that it opened."""
    return user_secrets.take_badge(books, name, who, reason=_why(body))


@router.post("/users/{name}/end-sessions", response_model=Ended, dependencies=[NO_PARAMETERS])
def end_sessions(books: BooksDep, who: WhoDep, name: RecordId, body: Why | None = None) -> Json:
    """Sign somebody out everywhere; tokens stay good."""
    return {"ended": user_secrets.end_sessions(books, name, who, reason=_why(body))}


@router.get("/access", response_model=AccessTable, dependencies=[NO_PARAMETERS])
def get_access() -> Json:
    """The table of roles and permissions, as it is enforced."""
    rows = [
        {"permission": name, "says": each.says, "roles": sorted(each.roles)}
        for name, each in PERMISSIONS.items()
    ]
    return {"roles": list(Role), "badge_roles": sorted(BADGE_ROLES), "permissions": rows}


def _tagged(response: Response, row: Json) -> Json:
    response.headers["etag"] = etag(row["version"])
    return row


def _why(body: Why | None) -> str:
    return "" if body is None else body.reason
