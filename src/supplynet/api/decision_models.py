"""Decisions over the wire."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, Field


class DecisionRow(BaseModel):
    """What one plan decided for one part at one stock point; orders of 0 included.

    With the snapshot, the seed and the number of paths it can be made again.
    """

    decision_id: str = Field(examples=["019b9000-0000-7000-8000-000000000000.12"])
    plan_id: str
    decided_at: AwareDatetime
    snapshot_seq: int = Field(description="The newest change that it knew of.")
    seed: int
    paths: int = Field(description="Sample paths of demand that it looked at.")
    model_version: str
    policy: str
    parameters: dict[str, Any] = Field(description="Of the policy.")
    location_id: str
    part_id: str
    departure_at: AwareDatetime = Field(description="Of the vehicle that was decided.")
    arrives_at: AwareDatetime = Field(description="When it can usually be used.")
    window_until: AwareDatetime = Field(
        description="When the order after this one can be used: this one must last until then."
    )
    runs_out_at: AwareDatetime | None = Field(
        description="Likely, with released orders only; null beyond the next 14 shifts."
    )
    on_hand: int
    on_order: int
    window_low: int = Field(description="Use until `window_until`, 5 % quantile.")
    window_likely: int
    window_high: int = Field(description="95 % quantile.")
    wanted: int
    granted: int
    target: float | None = Field(description="Chance of a stock-out that the policy allows.")
    stockout_before: float = Field(
        description="Chance that the part runs out before this order arrives."
    )
    stockout_without: float = Field(
        description="Chance that it runs out from then until `window_until` without this order."
    )
    stockout_with: float
    binding: str = Field(description="What set the size.", examples=["level", "warehouse short"])
    outcome: str = Field(
        description="`proposed`, `none`, `released` (an order was released already) or "
        "`dismissed` (a person cancelled it)."
    )
    why: str = Field(description="The decision in a sentence, times in the plant's zone.")
    record: dict[str, Any] | None = Field(
        description="Full numbers, as in the explanation of an order; null where nothing was new."
    )
    unchanged_since: AwareDatetime | None = None
