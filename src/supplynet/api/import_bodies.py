"""What comes in and goes out with files to import."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from supplynet.services.import_asking import Asked

_OPTIONS = (
    *("duplicates", "brackets", "negatives", "fractions", "date_order", "clean_ids", "gaps"),
    *("thousands", "time_zone", "on_error"),
)
# A name and never a path: the command line also takes a TOML file here.
_Profile = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
_Pair = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f=]{1,128}=[^\x00-\x1f]{1,256}$")]
_Pairs = Annotated[list[_Pair], Field(default_factory=list, max_length=100)]
ImportId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description="Of an upload.")
]
ImportKind = Literal[
    "demand",
    "consumption",
    "stock",
    "plan",
    "deliveries",
    "erp_stock",
    "erp_orders",
    "erp_receipts",
]


class ImportQuery(BaseModel):
    """What is said of a file; what is left out is recognised."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        min_length=1, max_length=120, examples=["sales.csv"], description="Its kind is its end."
    )
    kind: ImportKind | None = Field(
        default=None, description="Null = as recognised, else demand. `erp_`: files of an ERP."
    )
    profile: _Profile | None = Field(default=None, description="A layout, or `none`.")
    save_profile: _Profile | None = Field(
        default=None, description="Remember under this name how it was read."
    )
    map: _Pairs = Field(description="`ours=theirs`, one each.")
    constant: _Pairs = Field(description="`ours=value` for all rows.")
    where: _Pairs = Field(description="`theirs=value,value`: only these rows.")
    lead_time_days: float | None = Field(
        default=None, ge=0, le=3660, allow_inf_nan=False, description="Of new locations."
    )
    container_size: int = Field(default=1, ge=1, le=1_000_000)
    duplicates: Literal["error", "sum", "drop"] | None = None
    brackets: Literal["error", "negative", "positive"] | None = None
    negatives: Literal["error", "return"] | None = None
    fractions: Literal["error", "round"] | None = None
    date_order: Literal["dmy", "mdy"] | None = None
    clean_ids: bool | None = None
    gaps: Literal["zero", "missing"] | None = None
    thousands: Literal[",", ".", " ", "'"] | None = None
    time_zone: str | None = Field(default=None, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$")
    on_error: Literal["stop", "skip"] | None = None

    def asked(self) -> Asked:
        """The same for the service."""
        return Asked(
            kind=self.kind,
            columns=self.map,
            constants=self.constant,
            where=self.where,
            options={name: getattr(self, name) for name in _OPTIONS},
            profile=self.profile,
            save_profile=self.save_profile,
            lead_time_days=self.lead_time_days,
            container_size=self.container_size,
        )


ImportParameters = Annotated[ImportQuery, Query()]


class CellMistake(BaseModel):
    """One mistake of a file."""

    row: int | None = Field(description="As a spreadsheet counts: the header is row 1.")
    column: str | None
    value: str | None
    kind: str | None = Field(examples=["not_a_date"])
    wrong: str
    right: str


class Found(BaseModel):
    """What was found in a file; nothing is taken yet."""

    model_config = ConfigDict(extra="ignore")

    kind: str
    profile: str | None = None
    recognised_as: str | None = None
    rows: int
    accepted: int = Field(description="Rows that would be taken.")
    skipped: int
    series: int | None = None
    new: int = Field(description="Days or rows that would be new.")
    changed: int
    unchanged: int
    mapping: dict[str, str] = Field(default_factory=dict, description="Our column to theirs.")
    unused: list[str] = Field(default_factory=list, description="Columns that are not read.")
    decisions: list[str] = Field(
        default_factory=list, description="What is done without asking, in sentences."
    )
    counts: dict[str, int] = Field(default_factory=dict, description="Mistakes by kind.")
    total: int = Field(description="All mistakes.")
    mistakes: list[CellMistake] = Field(description="The first 1,000.")


class ImportRow(BaseModel):
    """A file that was sent, and what would become of it."""

    import_id: str
    file: str
    size: int = Field(description="Bytes.")
    sha256: str
    sent_by: str
    sent_at: AwareDatetime
    state: Literal["refused", "checked", "queued", "running", "done", "failed", "cancelled"] = (
        Field(description="`refused`: nothing in it can be taken. From `queued` on: of its job.")
    )
    job_id: str | None
    found: Found


class ProfileRow(BaseModel):
    """A layout of files that is recognised."""

    name: str
    title: str
    kind: str
    about: str
    columns: str = Field(description="What a file needs to be recognised.")
    saved: bool = Field(description="Saved in this workspace.")
