"""Backups: which there are, a new one, and whether one is whole.

None is handed out over HTTP, nor can one be restored: whoever holds an administrator's session
would hold everybody's password hashes and the whole plant. Where backups are written is a setting.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool

from supplynet.api.admission import AccessDep
from supplynet.api.bodies import Body
from supplynet.api.depends import NO_PARAMETERS, BooksDep, IdempotencyKey
from supplynet.api.models import JobRow, Page
from supplynet.api.queueing import queued
from supplynet.api.routing import Router
from supplynet.services import backup

router = Router(prefix="/backups", tags=["backups"], dependencies=[NO_PARAMETERS])
Json = dict[str, Any]
Name = Annotated[str, Path(max_length=64, pattern=f"^{backup.NAME.pattern}$")]
_EXAMPLE = "supplynet-20260105T220000Z.backup"


class BackupRow(BaseModel):
    """One backup."""

    name: str = Field(examples=[_EXAMPLE])
    made_at: AwareDatetime
    size: int | None = Field(description="Bytes of the file; null = it is gone.")
    change: int | None = Field(description="Number of the newest change in it; null = not known.")
    sealed: bool | None = Field(description="Whether it is encrypted; null = not known.")
    state: Literal["ok", "changed", "missing", "unknown"] = Field(
        description="`changed`: not the size it was made with; `unknown`: somebody put it there."
    )


class VerifyBackup(Body):
    """How closely to look."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"deep": True}]})

    deep: StrictBool = Field(
        default=False, description="Bring its books up beside, prove them, and undo that (SQLite)."
    )


@router.get("", response_model=Page[BackupRow])
def list_backups(books: BooksDep) -> Json:
    """The scheduled backups, the newest first."""
    return {"items": backup.list_backups(books), "next_cursor": None}


@router.post("", response_model=JobRow, status_code=202)
def make_backup(
    books: BooksDep, access: AccessDep, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Back up now: a job. What retention no longer wants is deleted after it."""
    return queued(books, access, "backup", {}, idempotency_key)


@router.post("/{name}/verify", response_model=JobRow, status_code=202)
def verify_backup(
    books: BooksDep,
    access: AccessDep,
    name: Name,
    body: VerifyBackup | None = None,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Check every byte of a backup and its signature: a job."""
    backup.find(books, name)
    params = {"name": name, **(body or VerifyBackup()).model_dump(mode="json")}
    return queued(books, access, "verify_backup", params, idempotency_key)
