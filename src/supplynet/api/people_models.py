"""What goes over the wire about people and machines: bodies and rows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    StrictInt,
    StringConstraints,
)

from supplynet.api.bodies import Body, Reason
from supplynet.connectors.event_body import Id
from supplynet.security.access import Role
from supplynet.security.passwords import LONGEST
from supplynet.security.principal import Grant, How
from supplynet.services import contacts
from supplynet.services.tokens import DAYS, MOST_DAYS, NewToken
from supplynet.services.users import LONGEST_NAME, NewUser, UserChange

Line = StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")
Typed = Annotated[SecretStr, Field(min_length=1, max_length=LONGEST)]
Shown = Annotated[str, Line, Field(max_length=LONGEST_NAME)]
Contact = Annotated[str, Line, Field(max_length=contacts.LONGEST)]
SiteIds = Annotated[list[Id], Field(min_length=1, max_length=500)]


class SignInBody(Body):
    """Who wants in."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "ana", "password": "four words that I know"}]}
    )

    name: Annotated[str, Field(min_length=1, max_length=128)]
    password: Typed


class BadgeBody(Body):
    """A badge as a scanner reads it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"badge": "SNB-ABCDEFGHIJKLMNOPQRSTUVWXYZ"}]}
    )

    badge: Typed


class PasswordChange(Body):
    """Another password for oneself."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"current": "correct horse battery", "new": "staple of nine words"}]
        }
    )

    current: Typed
    new: Typed


class GrantBody(Body):
    """One role, at some sites or at all."""

    role: Role
    sites: SiteIds | None = Field(default=None, description="Null = everywhere, also later ones.")

    def grant(self) -> Grant:
        """As the services take it."""
        return Grant(role=self.role, sites=None if self.sites is None else frozenset(self.sites))


class UserAddition(Body):
    """Somebody new."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "ana", "grants": [{"role": "planner", "sites": ["SR1"]}]}]
        }
    )

    name: Id = Field(description="To sign in with, and for the audit log; stays for ever.")
    grants: Annotated[list[GrantBody], Field(min_length=1, max_length=20)]
    display_name: Shown = ""
    contact: Contact = ""
    password: Typed | None = Field(
        default=None, description="Null = none: a badge, or tokens only."
    )
    must_change_password: StrictBool = True

    def new_user(self) -> NewUser:
        """As the services take it."""
        return NewUser(
            name=self.name,
            grants=tuple(each.grant() for each in self.grants),
            display_name=self.display_name,
            contact=self.contact,
            password=None if self.password is None else self.password.get_secret_value(),
            must_change_password=self.must_change_password,
        )


class UserPatch(Body):
    """What becomes other; what is null or missing stays."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"state": "disabled", "reason": "left the company"}]}
    )

    display_name: Shown | None = None
    contact: Contact | None = Field(default=None, description='"" takes it away.')
    grants: Annotated[list[GrantBody], Field(min_length=1, max_length=20)] | None = None
    state: Literal["active", "disabled"] | None = None
    reason: Reason = ""

    def change(self) -> UserChange:
        """As the services take it."""
        grants = None if self.grants is None else tuple(each.grant() for each in self.grants)
        return UserChange(
            display_name=self.display_name,
            contact=self.contact,
            grants=grants,
            state=self.state,
        )


class PasswordReset(Body):
    """Another password for somebody else."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"must_change_password": True, "reason": "forgotten"}]}
    )

    password: Typed | None = Field(default=None, description="Null = one is made and shown once.")
    must_change_password: StrictBool = True
    reason: Reason = ""


class Why(Body):
    """Why, for the audit log."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "left the plant"}]})

    reason: Reason = ""


class TokenAddition(Body):
    """A token for a machine."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "plc-7", "scopes": ["events.send"], "sites": ["SR1"]}]
        }
    )

    name: Id
    scopes: Annotated[list[Id], Field(min_length=1, max_length=100)] = Field(
        description="Permissions, as `GET /access` lists them; the owner must have each."
    )
    sites: SiteIds | None = Field(default=None, description="Null = those of its owner.")
    expires_in_days: Annotated[StrictInt, Field(ge=1, le=MOST_DAYS)] | None = DAYS
    owner: Id | None = Field(default=None, description="A user's name; null = who asks.")

    def new_token(self) -> NewToken:
        """As the services take it."""
        return NewToken(
            name=self.name,
            scopes=frozenset(self.scopes),
            sites=None if self.sites is None else frozenset(self.sites),
            days=self.expires_in_days,
            owner=self.owner,
        )


class SessionRow(BaseModel):
    """Who asks, and what is open to them."""

    actor: str = Field(examples=["ana"], description="As the audit log says it.")
    display_name: str
    how: How
    must_change_password: bool = Field(description="Nothing else is open before that.")
    expires_at: AwareDatetime | None = Field(description="Over at the latest; null = not known.")
    permissions: dict[str, list[str] | None] = Field(
        description="Where each permission holds; null = everywhere."
    )
    sites: list[str] = Field(description="All sites of the plant.")
    csrf_token: str | None = Field(
        description="To be sent as `X-CSRF-Token` with every write; null without a cookie."
    )


class Ended(BaseModel):
    """Sessions that are over now."""

    ended: int


class GrantRow(BaseModel):
    """One role, at some sites or at all."""

    role: Role
    sites: list[str] | None


class UserRow(BaseModel):
    """A user; nothing of passwords and badges but whether there is one."""

    user_id: str
    name: str = Field(examples=["ana"])
    display_name: str
    contact: str | None = Field(description="Null also where its key is gone.")
    grants: list[GrantRow]
    state: Literal["active", "disabled"]
    has_password: bool
    has_badge: bool
    must_change_password: bool
    created_at: AwareDatetime
    updated_at: AwareDatetime
    version: int


class MadePassword(BaseModel):
    """A password that was reset."""

    user: UserRow
    password: str | None = Field(description="Shown this once; null where you brought it.")


class MadeBadge(BaseModel):
    """A new badge; print it, it is shown this once."""

    user: UserRow
    badge: str


class TokenRow(BaseModel):
    """A token; its secret is kept nowhere."""

    token_id: str
    owner: str
    name: str
    actor: str = Field(examples=["ana/plc-7"], description="As the audit log says it.")
    scopes: list[str]
    sites: list[str] | None
    state: Literal["good", "expired", "revoked"]
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    revoked_at: AwareDatetime | None
    last_used_at: AwareDatetime | None = Field(description="To the minute.")


class MadeTokenRow(BaseModel):
    """A new token."""

    token: TokenRow
    secret: str = Field(description="Shown this once: `Authorization: Bearer ...`.")


class PermissionRow(BaseModel):
    """What somebody may do, and the roles that may."""

    permission: str
    says: str
    roles: list[Role]


class AccessTable(BaseModel):
    """Permissions and roles, as they are enforced."""

    roles: list[Role]
    badge_roles: list[Role] = Field(description="All that a badge opens.")
    permissions: list[PermissionRow]
