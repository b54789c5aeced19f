"""Signals from outside: who has them and which ones are here; fetching is a job."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from supplynet.api.depends import NO_PARAMETERS, BooksDep
from supplynet.api.models import Page
from supplynet.api.routing import Router
from supplynet.services import signals

router = Router(prefix="/signals", tags=["signals"], dependencies=[NO_PARAMETERS])
Json = dict[str, Any]


class SignalRow(BaseModel):
    """One signal of the workspace."""

    driver: str = Field(examples=["frankfurter_eur_usd"])
    location_id: str | None = Field(description="What it is about; null = everywhere.")
    part_id: str | None
    rows: int
    first_at: AwareDatetime
    last_at: AwareDatetime
    last_value: float
    last_known_at: AwareDatetime


class ProviderRow(BaseModel):
    """Somebody who can be asked for signals."""

    name: str
    kind: str
    title: str
    host: str | None = Field(description="Who is asked; null = nobody.")
    allowed: bool = Field(description="Whether the setting `signal_hosts` allows it.")
    needs_key: bool
    has_key: bool = Field(description="Whether the key that it needs is there.")


@router.get("", response_model=Page[SignalRow])
def list_signals(books: BooksDep) -> Json:
    """Signals that the workspace has, and up to when."""
    return {"items": [asdict(each) for each in signals.stored(books.workspace.folder)]}


@router.get("/providers", response_model=Page[ProviderRow])
def list_signal_providers(books: BooksDep) -> Json:
    """Providers, what they have, and whether they can be asked."""
    found = signals.providers(books.workspace.folder)
    return {"items": [asdict(each) | {"needs_key": each.key is not None} for each in found]}
