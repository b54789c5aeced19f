"""Who asks: a person or a machine, with the roles and sites that were granted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from supplynet.core.sites import Sites, both, either
from supplynet.security.access import PERMISSIONS, Role

How = Literal["password", "badge", "token", "local"]
BADGE_ROLES = frozenset({Role.LINE_LEADER, Role.PICKER})
"""A badge can be lost or copied: it opens the work of the floor and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One role, at some sites or at all."""

    role: Role
    sites: Sites = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A person or a machine that has proved who it is.

    Attributes:
        actor: The name that lands in the audit log: ``ana``, or ``ana/plc-7`` for her token.
        user_id: Whose grants these are; "" for the local user of a demo.
        how: What was shown to prove it.
        scopes: Permissions that a token is limited to; None = all that its owner has.
        token_sites: Sites that a token is limited to.
        session_hash: Of a session, so that it can be ended.
    """

    actor: str
    grants: tuple[Grant, ...]
    how: How
    user_id: str = ""
    scopes: frozenset[str] | None = None
    token_sites: Sites = None
    session_hash: str = ""

    def sites_for(self, permission: str) -> Sites:
        """Where a permission holds: None = everywhere, empty = nowhere."""
        if self.scopes is not None and permission not in self.scopes:
            return frozenset()
        roles = PERMISSIONS[permission].roles
        if self.how == "badge":
            roles &= BADGE_ROLES
        found: Sites = frozenset()
        for grant in self.grants:
            if grant.role in roles:
                found = either(found, grant.sites)
        return both(found, self.token_sites)

    def may(self, permission: str) -> bool:
        """Whether a permission holds anywhere."""
        sites = self.sites_for(permission)
        return sites is None or bool(sites)

    @property
    def permissions(self) -> tuple[str, ...]:
        """Every permission that holds anywhere, sorted."""
        return tuple(sorted(name for name in PERMISSIONS if self.may(name)))


def local_administrator(actor: str = "local") -> Principal:
    """Who sits at the machine of a demo: may do everything."""
    return Principal(actor=actor, grants=(Grant(role=Role.ADMINISTRATOR),), how="local")


def narrower(grants: Iterable[Grant], than: Principal) -> bool:
    """Whether nobody gains by these grants what ``than`` could not do himself."""
    for grant in grants:
        for name, permission in PERMISSIONS.items():
            if grant.role in permission.roles:
                own = than.sites_for(name)
                if own is not None and (grant.sites is None or not grant.sites <= own):
                    return False
    return True
