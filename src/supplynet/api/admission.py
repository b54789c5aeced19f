"""Who asks, and whether they may: the door of every operation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from supplynet.api.door import address_of
from supplynet.api.identity import Identity
from supplynet.api.reading import note_read
from supplynet.core.sites import Sites, locations_in
from supplynet.cycle import Check
from supplynet.errors import NotAllowed, NotFound, NotSignedIn
from supplynet.security.access import Operation, Reach
from supplynet.security.principal import Principal
from supplynet.services.books import Books, plant_of
from supplynet.services.orders import Said
from supplynet.storage.requests import LONGEST_KEY
from supplynet.storage.transaction import ORIGIN

ALL: Sites = None
_MOST_ACTOR = 128


@dataclass(frozen=True)
class Access:
    """What one request may do.

    Attributes:
        who: Who asks; None where an operation is open to everybody.
        sites: Where the permission of the operation holds; None = everywhere.
    """

    books: Books
    operation: Operation
    who: Principal | None
    sites: Sites

    @property
    def actor(self) -> str:
        """The name for the audit log."""
        return "nobody" if self.who is None else self.who.actor[:_MOST_ACTOR]

    @cached_property
    def locations(self) -> frozenset[str] | None:
        """Ids of all locations at the sites; None = no limit."""
        if self.sites is None:
            return None
        plant = plant_of(self.books)
        return frozenset() if plant is None else locations_in(plant, self.sites)

    def reaches(self, *location_ids: str | None) -> bool:
        """Whether one of the locations is at the sites."""
        found = self.locations
        return found is None or any(each in found for each in location_ids)

    def must_reach(self, what: str, name: str, *location_ids: str | None) -> None:
        """Let nobody learn of an object at another site that it is there.

        Raises:
            NotFound: None of the locations is at the sites.
        """
        if not self.reaches(*location_ids):
            raise NotFound(what, name)

    def has(self, permission: str) -> bool:
        """Whether a second permission holds for the whole plant."""
        return self.who is not None and self.who.sites_for(permission) is None

    def must_have(self, permission: str) -> None:
        """Ask for a second permission, for the whole plant.

        Raises:
            NotAllowed: It is not there.
        """
        if not self.has(permission):
            raise NotAllowed(f"this needs the permission {permission!r} for the whole plant")

    def key(self, idempotency_key: str | None) -> str | None:
        """The key as it is kept: two people may choose the same one, and a token is not its owner.

        No actor has a colon, so that ``ana/plc-7`` with ``1`` is not ``ana`` with ``plc-7/1``.
        """
        if idempotency_key is None:
            return None
        kept = f"{self.actor}:{idempotency_key}"
        return kept if len(kept) <= LONGEST_KEY else sha256(kept.encode()).hexdigest()

    def said(
        self,
        reason: str | None,
        idempotency_key: str | None = None,
        check: Check | None = None,
    ) -> Said:
        """Who asks for something, why, and what is checked in the transaction of the write."""
        key = self.key(idempotency_key)
        return Said(
            actor=self.actor, reason=reason or "", key=key, check=check, within=self.locations
        )


async def admit(request: Request, operation: Operation) -> Access:
    """Find out who asks and whether they may.

    Raises:
        NotSignedIn: Nobody says who asks, or what is shown does not prove it.
        NotAllowed: They have no such permission, or not for the whole plant.
        TooManyRequests: They ask too often.
    """
    books: Books = request.app.state.books
    ORIGIN.set(f"http {address_of(request)}")
    if operation.reach is Reach.OPEN:
        return Access(books, operation, None, ALL)
    identify: Identity = request.app.state.identify
    known = identify.knows(request)
    who = identify(request) if known else await run_in_threadpool(identify, request)
    if who is None:
        raise NotSignedIn("sign in first, or send a token as `Authorization: Bearer ...`")
    sites = who.sites_for(operation.permission)
    # Before it is refused: the log and the audit log say who was.
    access = request.state.access = Access(books, operation, who, sites)
    if sites is not None and not sites:
        raise NotAllowed(f"{who.actor} has no permission {operation.permission!r}")
    if operation.reach is Reach.PLANT and sites is not None:
        raise NotAllowed(
            f"this concerns the whole plant; {who.actor} has {operation.permission!r} at "
            f"{', '.join(sorted(sites))} only"
        )
    note_read(request, operation, access.actor, ORIGIN.get())
    return access


async def _access(request: Request) -> Access:
    access: Access = request.state.access
    return access


AccessDep = Annotated[Access, Depends(_access)]
