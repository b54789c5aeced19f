"""Whoever may not run a job any more has none: disabled, other roles, a revoked token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from supplynet.security.access import PERMISSIONS, Role
from supplynet.security.principal import Grant, Principal
from supplynet.services import tokens, users
from supplynet.services.books import Books
from supplynet.services.tokens import NewToken
from supplynet.services.users import UserChange
from supplynet.storage import jobs
from supplynet.worker.runner import submit

Add = Callable[..., dict[str, Any]]
SCIENTIST = (Role.DATA_SCIENTIST, Role.ADMINISTRATOR)


def states(books: Books, *ids: str) -> list[str]:
    with books.store.read() as tx:
        found = [jobs.get(tx, job_id) for job_id in ids]
    return ["stopping" if job.cancel_requested else job.state.value for job in found]


def queued(books: Books, actor: str, kind: str = "train") -> str:
    return submit(books.store, kind, {}, actor, books.wall_clock())


@pytest.fixture
def cleo(add: Add) -> str:
    add("cleo", *SCIENTIST)
    add("root", Role.ADMINISTRATOR)
    return "cleo"


def test_who_is_disabled_has_no_jobs_left_and_others_keep_theirs(
    books: Books, cleo: str, root: Principal
) -> None:
    own, by_token = queued(books, cleo), queued(books, f"{cleo}/plc-7")
    other, alike = queued(books, "root"), queued(books, "cleopatra")
    with books.store.write("runner", books.wall_clock()) as tx:
        assert jobs.claim(tx, ["train"], job_id=own) is not None
    users.change(books, cleo, UserChange(state="disabled"), root)
    assert states(books, own, by_token) == ["stopping", "cancelled"]
    assert states(books, other, alike) == ["queued", "queued"]


def test_other_roles_stop_what_they_do_not_allow(books: Books, cleo: str, root: Principal) -> None:
    train, backup = queued(books, cleo), queued(books, cleo, "backup")
    only = (Grant(role=Role.DATA_SCIENTIST),)
    users.change(books, cleo, UserChange(grants=only), root)
    assert Role.DATA_SCIENTIST not in PERMISSIONS["backups.run"].roles
    assert states(books, train, backup) == ["queued", "cancelled"]


def test_a_revoked_token_stops_its_own_jobs(books: Books, cleo: str, root: Principal) -> None:
    new = NewToken(name="plc-7", scopes=frozenset({"models.train"}), owner=cleo)
    token_id = tokens.add(books, new, root).token["token_id"]
    its, own = queued(books, f"{cleo}/plc-7"), queued(books, cleo)
    tokens.revoke(books, token_id, root)
    assert states(books, its, own) == ["cancelled", "queued"]
