"""What goes over the wire about the audit log."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from supplynet.api.depends import Moment, PageQuery
from supplynet.storage.audit import Wanted

_Text = Annotated[str | None, Field(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]


class AuditQuery(PageQuery):
    """Entries of which all that is given holds."""

    actor: _Text = Field(default=None, description="Exactly: `ana`, `ana/plc-7`, `cli:ana`.")
    action: _Text = Field(default=None, description="Such as `order_approved`, `read`.")
    subject: _Text = Field(default=None, description="An id, as the entry has it.")
    since: Moment | None = None
    until: Moment | None = Field(default=None, description="Not included.")

    def wanted(self) -> Wanted:
        """As the books take it."""
        return Wanted(
            actor=self.actor,
            action=self.action,
            subject=self.subject,
            since=self.since,
            until=self.until,
        )


AuditParameters = Annotated[AuditQuery, Query()]


class AuditRow(BaseModel):
    """Who did what to what, when, from where and why."""

    seq: int = Field(description="Its number, from 1 on without gaps.")
    at: AwareDatetime
    actor: str = Field(examples=["ana"])
    origin: str | None = Field(
        description="From where; null = the server itself.", examples=["http 10.1.2.3"]
    )
    action: str = Field(examples=["order_approved"])
    subject: str
    reason: str
    before: Any = None
    after: Any = None
    hash: str = Field(description="SHA-256 over the hash of the row before and this row.")


class AnchorRow(BaseModel):
    """The head of the audit log, signed."""

    seq: int
    hash: str
    at: AwareDatetime
    signature: str = Field(description="`key id:base64url`.")


class AnchorMade(BaseModel):
    """What was anchored."""

    anchor: AnchorRow | None = Field(description="Null while the log is empty.")


class AuditFault(BaseModel):
    """Something that is not as it was written."""

    row: int = Field(description="The first row that it touches.")
    kind: Literal[
        "edited",
        "missing",
        "inserted",
        "out_of_order",
        "rewritten",
        "truncated",
        "anchor",
    ]
    says: str


class AuditVerdict(BaseModel):
    """Whether the audit log is what was written."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "proven": False,
                    "rows": 41,
                    "head": "9f" * 32,
                    "anchors": 0,
                    "newest": None,
                    "faults": [
                        {
                            "row": 42,
                            "kind": "edited",
                            "says": "audit row 42 was edited: its hash is not that of what it says",
                        }
                    ],
                }
            ]
        }
    )

    proven: bool
    rows: int = Field(description="How many rows follow from one another.")
    head: str = Field(description="Hash of the last of them.")
    anchors: int = Field(description="How many anchors agree.")
    newest: AnchorRow | None = Field(
        description="The newest of them; null = nothing would show that the end was cut off."
    )
    faults: list[AuditFault] = Field(description="The first bad row first.")
