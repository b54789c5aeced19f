"""The table of who may do what: complete, and default deny."""

from __future__ import annotations

from pathlib import Path

import pytest

from supplynet.api.routing import Router
from supplynet.security.access import JOBS, OPERATIONS, PERMISSIONS, Reach, Role
from supplynet.security.roles_page import page

DOCS = Path(__file__).parents[2] / "docs" / "roles.md"


def test_every_operation_and_job_needs_a_permission_that_somebody_has() -> None:
    needed = {row.permission for row in OPERATIONS.values() if row.reach is not Reach.OPEN}
    assert needed | set(JOBS.values()) == set(PERMISSIONS)
    assert all(each.roles for each in PERMISSIONS.values())


def test_an_administrator_may_everything_and_a_viewer_may_change_nothing() -> None:
    assert all(Role.ADMINISTRATOR in each.roles for each in PERMISSIONS.values())
    seen = {name for name, each in PERMISSIONS.items() if Role.VIEWER in each.roles}
    assert seen == {"account.own", "plant.read"}


def test_only_what_tells_nothing_is_open() -> None:
    for name, row in OPERATIONS.items():
        assert (row.permission == "") is (row.reach is Reach.OPEN), name


def test_a_route_without_a_row_cannot_be_made() -> None:
    def list_secrets() -> None: ...

    with pytest.raises(KeyError, match="list_secrets"):
        Router().get("/secrets")(list_secrets)


def test_the_page_of_roles_says_what_the_table_says() -> None:
    assert DOCS.read_text(encoding="utf-8") == page(), (
        "write it again: python -m supplynet.security.roles_page > docs/roles.md"
    )
