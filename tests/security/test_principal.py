"""Who asks: where a permission holds, and whose grants nobody may hand on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.sites import Sites
from supplynet.security.access import PERMISSIONS, Role
from supplynet.security.principal import (
    BADGE_ROLES,
    Grant,
    How,
    Principal,
    local_administrator,
    narrower,
)

SITES = ("SR1", "SR2", "WH1")
LIMITS = st.none() | st.frozensets(st.sampled_from(SITES))
GRANTS = st.lists(st.builds(Grant, role=st.sampled_from(Role), sites=LIMITS), max_size=4)
HOWS: list[How] = ["password", "badge", "token"]
PEOPLE = st.builds(
    Principal,
    actor=st.just("ana"),
    grants=GRANTS.map(tuple),
    how=st.sampled_from(HOWS),
    scopes=st.none() | st.frozensets(st.sampled_from(sorted(PERMISSIONS))),
    token_sites=LIMITS,
)
EVERYWHERE = "a site that comes later"


def holds(limit: Sites, site: str) -> bool:
    return limit is None or site in limit


def by_hand(who: Principal, permission: str, site: str) -> bool:
    """Grant by grant, as a person would read it."""
    if who.scopes is not None and permission not in who.scopes:
        return False
    if not holds(who.token_sites, site):
        return False
    return any(
        grant.role in PERMISSIONS[permission].roles
        and (who.how != "badge" or grant.role in BADGE_ROLES)
        and holds(grant.sites, site)
        for grant in who.grants
    )


@given(PEOPLE, st.sampled_from(sorted(PERMISSIONS)), st.sampled_from([*SITES, EVERYWHERE]))
def test_a_permission_holds_where_one_of_the_grants_gives_it_and_nowhere_else(
    who: Principal, permission: str, site: str
) -> None:
    assert holds(who.sites_for(permission), site) == by_hand(who, permission, site)


@given(PEOPLE)
def test_nobody_has_more_than_all_his_grants_together(who: Principal) -> None:
    everything = [grant.sites for grant in who.grants]
    for permission in PERMISSIONS:
        sites = who.sites_for(permission)
        if sites is None:
            assert None in everything
        else:
            assert all(any(holds(limit, site) for limit in everything) for site in sites)
        assert who.may(permission) == (sites is None or bool(sites))
    assert who.permissions == tuple(sorted(each for each in PERMISSIONS if who.may(each)))


@given(GRANTS, PEOPLE)
def test_nobody_can_grant_what_he_lacks(grants: list[Grant], giver: Principal) -> None:
    taker = Principal(actor="bea", grants=tuple(grants), how="password")
    gains = any(
        by_hand(taker, permission, site) and not by_hand(giver, permission, site)
        for permission in PERMISSIONS
        for site in (*SITES, EVERYWHERE)
    )
    assert narrower(grants, giver) is not gains


def test_each_of_two_grants_holds_at_its_own_site() -> None:
    who = Principal(
        actor="ana",
        grants=(
            Grant(role=Role.PICKER, sites=frozenset({"WH1"})),
            Grant(role=Role.LINE_LEADER, sites=frozenset({"SR1"})),
        ),
        how="badge",
    )
    assert who.sites_for("orders.ship") == frozenset({"WH1"})
    assert who.sites_for("anomalies.answer") == frozenset({"SR1"})
    assert who.sites_for("orders.receive") == frozenset({"SR1", "WH1"})
    assert who.sites_for("orders.decide") == frozenset()


def test_a_lost_badge_of_an_administrator_opens_nothing() -> None:
    who = Principal(actor="ana", grants=(Grant(role=Role.ADMINISTRATOR),), how="badge")
    assert who.permissions == ()


def test_who_sits_at_the_machine_of_a_demo_may_do_everything() -> None:
    assert local_administrator().permissions == tuple(sorted(PERMISSIONS))
