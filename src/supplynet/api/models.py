"""What goes over the wire: documented rows."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, Field

from supplynet.core.ledger import Account
from supplynet.core.orders import OrderState
from supplynet.storage.dead_letters import LetterState

Row = TypeVar("Row", bound=BaseModel)


class Page(BaseModel, Generic[Row]):
    """One page of a list; ask again with ``cursor=next_cursor`` until that is null."""

    items: list[Row]
    next_cursor: str | None = None


class Mistake(BaseModel):
    """One mistake of a request."""

    where: str = Field(examples=["body.events.0.quantity"])
    wrong: str = Field(examples=["Input should be a valid integer"])


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["order 7 is shipped and cannot become approved"])
    errors: list[Mistake] | None = Field(
        default=None, description="The first mistakes of a request that is not valid."
    )
    request_id: str | None = Field(
        default=None, description="Number of the request, also in `X-Request-Id` and in the log."
    )


class Health(BaseModel):
    """The books answer."""

    status: Literal["ok"]
    change: int = Field(description="Number of the newest change.")
    version: str
    read_only: str | None = Field(
        default=None,
        description="Why the last write failed, such as a full disk; null once one went through.",
    )


class StockRow(BaseModel):
    """Stock of one part at one stock point, in the part's unit."""

    location_id: str = Field(examples=["SR2"])
    part_id: str = Field(examples=["P-017"])
    on_hand: int = Field(description="By the ledger; below 0 means a missing receipt or count.")
    reserved: int | None = Field(
        description="Of what is on hand, promised to orders that have not left; null of the past."
    )
    on_order: int | None = Field(
        description="Released and not yet received, in transit included; null of the past."
    )
    in_transit: int
    blocked: int = Field(description="Damaged, and no part of what is on hand.")
    unit: str = Field(examples=["pcs"])
    cover_shifts: float | None = Field(
        description="Shifts that the stock lasts at the median forecast of these shifts; null "
        "without a forecast, or without use."
    )


class OrderApproval(BaseModel):
    """Somebody's yes to an order as it is."""

    actor: str = Field(examples=["ana"])
    at: AwareDatetime
    quantity: int


class OrderRow(BaseModel):
    """One part on one lane and departure."""

    order_id: str = Field(examples=["019b9000-0000-7000-8000-000000000000"])
    kind: Literal["transfer", "purchase"]
    part_id: str
    from_location: str
    to_location: str
    lane_id: str
    departure_at: AwareDatetime
    cutoff_at: AwareDatetime = Field(description="Last moment at which it can be released.")
    arrives_at: AwareDatetime
    quantity: int
    received: int
    short: int = Field(description="Will not come.")
    damaged: int
    proposed_quantity: int | None = Field(
        description="What the policy proposed, where a person said otherwise; else null."
    )
    snoozed_until: AwareDatetime | None = Field(description="A proposal set aside until then.")
    state: OrderState
    policy: str
    model_version: str | None
    created_at: AwareDatetime
    explanation: dict[str, Any] = Field(description="Why, as numbers; `why` is a sentence.")
    approvals: list[OrderApproval] = Field(
        default=[], description="Of an order that takes two people: who has said yes so far."
    )
    approvals_needed: int = Field(
        default=1, description="How many people it takes: 2 beyond `four_eyes_cost`."
    )


class ListedOrder(OrderRow):
    """An order of a list, with what a change of it is made from."""

    etag: str = Field(description="As of the order's own GET: for `If-Match`.")


class AlertRow(BaseModel):
    """Something a person should look at."""

    alert_id: str
    severity: Literal["critical", "warning", "info"]
    kind: str = Field(examples=["halt_risk"])
    message: str
    raised_at: AwareDatetime
    location_id: str | None
    part_id: str | None
    state: Literal["open", "acknowledged", "snoozed", "resolved"]
    resolved_at: AwareDatetime | None
    acknowledged_at: AwareDatetime | None
    acknowledged_by: str | None = Field(description="Who looks after it.")
    snoozed_until: AwareDatetime | None = Field(description="Nobody is told of it before that.")
    escalations: int = Field(description="How often it was passed on for want of an answer.")
    escalated_at: AwareDatetime | None
    closes_itself: bool = Field(description="When its cause is gone; it cannot be resolved.")


class ForecastRow(BaseModel):
    """One quantile of the demand of one series in one period."""

    location_id: str
    part_id: str
    period_start: AwareDatetime
    shift: str | None
    cutoff: AwareDatetime
    step: int = Field(description="0 is the rest of the running shift.")
    quantile: float
    demand: float


class JobRow(BaseModel):
    """One piece of long work."""

    job_id: str
    kind: str = Field(examples=["train"])
    params: dict[str, Any]
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float = Field(description="Share that is done, 0 to 1.")
    message: str
    result: Any = Field(description="What it returned; null unless done.")
    error: str | None
    cancel_requested: bool
    submitted_by: str
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None


class TakenIn(BaseModel):
    """What became of a batch of events."""

    new: int
    known: int = Field(description="Were there already, with the same content.")


class MovementRow(BaseModel):
    """One posting: parts left one account and entered another."""

    seq: int = Field(description="Its number in the ledger, without gaps.")
    movement_id: str = Field(examples=["scanner-3/4711#0"])
    part_id: str
    quantity: int = Field(description="In the part's unit, > 0.")
    from_location: str
    from_account: Account
    to_location: str
    to_account: Account
    occurred_at: AwareDatetime
    recorded_at: AwareDatetime = Field(description="When the books learned of it.")
    reason: str
    actor: str
    shift_id: str | None
    event_id: str | None
    order_id: str | None
    reverses: str | None = Field(description="The movement that it undoes.")
    lot_id: str | None
    container_id: str | None


class StockReported(BaseModel):
    """What a report by hand did."""

    location_id: str
    part_id: str
    unit: str = Field(examples=["pcs"])
    quantity: int = Field(description="Reported, in the part's unit.")
    on_hand: int = Field(description="There now, by the ledger.")
    event_ids: list[str]


class Proof(BaseModel):
    """Whether the books prove themselves."""

    proven: bool
    findings: list[str] = Field(description="Each says what is wrong, and what to do.")


class DeadLetterRow(BaseModel):
    """What came in and could not be taken."""

    seq: int
    channel: str = Field(description="How it came: `mqtt` or `file`.")
    source: str = Field(description="A topic, or a file and row.")
    payload: str
    reason: str = Field(description="Why it was not taken, when it was last tried.")
    state: LetterState
    tries: int
    received_at: AwareDatetime
    decided_at: AwareDatetime | None
    decided_by: str | None


class ReplayedRow(BaseModel):
    """What became of a dead letter that was tried again."""

    seq: int
    taken: bool
    reason: str = Field(description='Why not; "" when it was taken.')


class Proposal(BaseModel):
    """An order that the plan wants, as it stands in the books."""

    order_id: str
    part_id: str
    from_location: str = Field(alias="from")
    to_location: str = Field(alias="to")
    quantity: int
    departure_at: AwareDatetime
    arrives_at: AwareDatetime
    expected_lost_minutes: float
    why: str


class QualityRule(BaseModel):
    """Outcome of one rule of the quality report."""

    rule: str
    severity: Literal["error", "warning", "info"]
    count: int
    total: int
    unit: str
    share: float
    sentence: str = Field(description="Empty where nothing was found.")


class Quality(BaseModel):
    """How far the history can be trusted."""

    quality_score: float = Field(ge=0, le=100)
    ok: bool = Field(description="Whether no rule found an error.")
    rows: int
    issues: list[str] = Field(description="What, where, how much and what to do; worst first.")
    errors: list[str]
    warnings: list[str]
    rules: list[QualityRule]


class PlanMade(BaseModel):
    """What a planning run decided and changed."""

    plan_id: str
    as_of: AwareDatetime = Field(description="The moment that it was made for.")
    historical: bool = Field(description="Whether that is where an old history ends.")
    policy: str
    model_version: str
    new: int
    changed: int
    confirmed: int
    withdrawn: int
    not_planned: int = Field(description="Positions whose stock was never counted.")
    alerts: list[str]
    proposals: list[Proposal]


class ModelRow(BaseModel):
    """One version of the model that plans."""

    version: str = Field(examples=["lightgbm-20260301T080000000000"])
    model: str = Field(examples=["lightgbm"])
    aliases: list[Literal["champion", "challenger"]]
    state: Literal["ok", "damaged"]
    damage: str = Field(description="Why it cannot be opened; empty when it can.")
    trained_at: AwareDatetime | None
    series: int | None = Field(description="How many it learnt from.")
    data_hash: str = Field(description="SHA-256 of what it learnt from; empty when not noted.")
    parent: str = Field(description="Version that it goes on from; empty = trained afresh.")
    settings: dict[str, Any]
    packages: dict[str, str]
    backtest: dict[str, Any] = Field(description="Its figures on the weeks it was judged on.")
    size: int = Field(description="Bytes of its files.")


class AliasChangeRow(BaseModel):
    """Who made a version champion or challenger, when and why."""

    alias: Literal["champion", "challenger"]
    version: str
    at: AwareDatetime
    actor: str
    reason: str
    rolled_back: str = Field(description="Version gone back from; empty = no rollback.")


class ModelDetail(ModelRow):
    """One version with the history of its aliases."""

    history: list[AliasChangeRow]
