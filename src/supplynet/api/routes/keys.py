"""Keys: which there are, new ones, and what is signed and sealed with them.

No key leaves the machine, and none can be dropped over HTTP: what it sealed could never be opened
again. That is done where the key file lies, see ``cli.keys``.
"""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from supplynet.api.admission import AccessDep
from supplynet.api.bodies import Body, Reason
from supplynet.api.depends import NO_PARAMETERS, BooksDep, RecordId
from supplynet.api.models import Page
from supplynet.api.routing import Router
from supplynet.services import keys, model_adoption, resealing

router = Router(tags=["keys"], dependencies=[NO_PARAMETERS])
Json = dict[str, Any]
_ONE_AT_A_TIME = threading.Lock()
"""Every file of every model is read: never twice at once."""
_Channel = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class KeyRow(BaseModel):
    """One key; what it is nobody is told."""

    key_id: str = Field(examples=["seal-1f2e3d4c"])
    kind: Literal["ed25519", "aes-256-gcm"] = Field(description="To sign, or to seal with.")
    state: Literal["active", "retired"] = Field(
        description="Retired keys still verify and open, and make nothing new."
    )
    made_at: AwareDatetime
    needed_by: dict[str, int] = Field(examples=[{"models": 3, "contacts": 12}])


class ResealedRow(BaseModel):
    """What was signed and sealed with the active keys."""

    models: list[str]
    graphs: list[str] = Field(description="Models whose ONNX export it was.")
    contacts: int
    files: list[str] = Field(description="Settings files with sealed values.")
    left: dict[str, str] = Field(description="What could not be, and why.")


class Rotation(Body):
    """New keys in place of the present ones."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "an admin has left"}]})

    reason: Reason = ""


class Secret(Body):
    """A secret for a settings file."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"secret": "whsec_...", "channel": "planners"}]}
    )

    secret: SecretStr = Field(min_length=1, max_length=4096)
    channel: _Channel | None = Field(
        default=None, description="Of `notify.toml`; left out: the key of `erp.toml`."
    )


class SealedSecret(BaseModel):
    """As it may stand in the file."""

    sealed: str = Field(examples=["sealed:v1:seal-1f2e3d4c:bm9uY2UuLi4="])


class Adoption(Body):
    """Trust a model that was trained elsewhere."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "trained at plant 2"}]})

    reason: Annotated[Reason, Field(min_length=1)]


class Adopted(BaseModel):
    """A version that may serve from now on."""

    version: str
    model_version: str
    model: str
    purpose: str


@router.get("/keys", response_model=Page[KeyRow])
def list_keys(books: BooksDep) -> Json:
    """Every key, the oldest first, and what needs it."""
    with _ONE_AT_A_TIME:
        return {"items": keys.list_keys(books), "next_cursor": None}


@router.post("/keys", response_model=ResealedRow, status_code=201)
def begin_sealing(books: BooksDep, access: AccessDep) -> Json:
    """Make the first key to seal with, and seal what is there. Keep a copy of the key file."""
    with _ONE_AT_A_TIME:
        return asdict(keys.seal_from_now(books, actor=access.actor))


@router.post("/keys/rotate", response_model=ResealedRow)
def rotate_keys(books: BooksDep, access: AccessDep, body: Rotation | None = None) -> Json:
    """Make new keys, retire those before, and sign and seal everything anew."""
    reason = "" if body is None else body.reason
    with _ONE_AT_A_TIME:
        return asdict(keys.rotate(books, actor=access.actor, reason=reason))


@router.post("/keys/reseal", response_model=ResealedRow)
def reseal_keys(books: BooksDep) -> Json:
    """Sign and seal with the active keys what was with others: the end of what was killed."""
    with _ONE_AT_A_TIME:
        return asdict(resealing.reseal(books))


@router.post("/keys/seal", response_model=SealedSecret)
def seal_secret(books: BooksDep, body: Secret) -> Json:
    """Seal a secret for a settings file; it is kept nowhere."""
    secret = body.secret.get_secret_value()
    return {"sealed": keys.seal_secret(books.workspace.folder, secret, channel=body.channel)}


@router.post("/models/{version}/adopt", response_model=Adopted)
def adopt_model(books: BooksDep, access: AccessDep, version: RecordId, body: Adoption) -> Json:
    """Check the sums of a version that was brought from elsewhere, and sign it."""
    return model_adoption.adopt(books, version, reason=body.reason, actor=access.actor)
