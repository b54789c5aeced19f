"""What goes over the wire about anomalies: the answer, the question and the rows."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from supplynet.api.bodies import Body, Reason
from supplynet.api.depends import Moment, SeriesQuery
from supplynet.storage.anomalies import AnomalyState

State = Literal["open", "over", "real", "wrong_record", "dismissed"]


class AnomalyAnswer(Body):
    """What an anomaly is: it truly happened, its record is wrong, or it is not worth a question."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"state": "wrong_record", "note": "the scanner sent the pallet twice"}]
        }
    )

    state: Literal["real", "wrong_record", "dismissed"]
    note: Reason = ""


class AnomalyQuery(SeriesQuery):
    """Anomalies of which all that is given holds."""

    state: AnomalyState | None = None
    since: Moment | None = Field(default=None, description="Those that ended after this moment.")


AnomalyParameters = Annotated[AnomalyQuery, Query()]


class HeldRow(BaseModel):
    """An order of which automation has not sent all."""

    order_id: str
    part_id: str
    quantity: int = Field(description="What the books asked for, in parts.", examples=[120])
    released: int = Field(description="What went of it.", examples=[60])


class AnomalyRow(BaseModel):
    """Odd consumption of a line, told once, however long it lasts."""

    anomaly_id: str = Field(examples=["019b9000-0000-7000-8000-000000000000"])
    location_id: str = Field(description="The line.", examples=["SR2.ST1.B"])
    parts: list[str] = Field(examples=[["P-017"]])
    start: AwareDatetime = Field(description="Begin of the first odd shift.")
    end: AwareDatetime = Field(description="End of the last one so far.")
    periods: int = Field(description="Odd shifts.")
    kind: str = Field(examples=["spike"])
    size: float = Field(description="Parts beyond what was expected; below 0 = too few.")
    sizes: dict[str, float] = Field(description="The same by part.")
    expected: float
    observed: float
    p_value: float = Field(description="How often a normal history shows something as odd.")
    score: float = Field(description="0 to 1; 0.5 = once in 1,000 shifts, 1 = in a million.")
    sentence: str = Field(description="What, where, when and how much, for people.")
    ongoing: bool = Field(description="Whether the last shift belongs to it.")
    detector_version: str = Field(description="What found it; `rule` = the books themselves.")
    seen_at: AwareDatetime = Field(description="When it was first found.")
    state: State = Field(
        description="`over`: ended, and nobody has said what it was. `wrong_record`: its demand is "
        "not observed: no model learns from it; the history and the books keep it."
    )
    answered_by: str | None
    answered_at: AwareDatetime | None
    note: str = Field(description="What the person said, or why it is over.")
    ordered: dict[str, float] = Field(
        description="Parts that automation has sent in spite of it, by part."
    )
    held: list[HeldRow] = Field(description="Orders of which a rest waits for the answer.")
    believed: bool = Field(
        description="False: forecasts leave its values out, for the record is wrong, or may be and "
        "nobody has answered yet."
    )
    next_step: str = Field(description="What a person does next; empty = nothing.")


class SeriesPoint(BaseModel):
    """One shift of a series around an anomaly, in parts; null = not known."""

    part_id: str
    period_start: AwareDatetime
    period_end: AwareDatetime
    shift: str
    observed: float | None
    expected: float | None
    low: float | None = Field(description="99 of 100 usual values lie between `low` and `high`.")
    high: float | None
    score: float | None
    odd: bool = Field(description="Whether the shift lies within the anomaly.")


class BookingRow(BaseModel):
    """A movement behind an anomaly, as `POST /movements/{movement_id}/undo` takes it."""

    movement_id: str
    part_id: str
    quantity: int
    occurred_at: AwareDatetime


class AnomalyDetail(AnomalyRow):
    """An anomaly with what is around it."""

    bookings: list[BookingRow] = Field(description="The largest bookings of use within it.")
    series: list[SeriesPoint] = Field(description="Two weeks before and after it, part by part.")
