"""Every table. The migrations build them; a test holds both to be the same."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from supplynet.storage.column_types import BigInt, JsonText, UtcDateTime

metadata = MetaData()

events = Table(
    "events",
    metadata,
    Column("seq", BigInt, primary_key=True, autoincrement=False),
    Column("source", String(64), nullable=False),
    Column("event_id", String(128), nullable=False),
    Column("type", String(32), nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("location_id", String(64), nullable=False),
    Column("part_id", String(64)),
    Column("quantity", BigInt),
    Column("data", JsonText, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Index("events_key", "source", "event_id", unique=True),
    Index("events_occurred", "occurred_at"),
)

movements = Table(
    "movements",
    metadata,
    Column("seq", BigInt, primary_key=True, autoincrement=False),
    Column("movement_id", String(256), nullable=False),
    Column("part_id", String(64), nullable=False),
    Column("quantity", BigInt, nullable=False),
    Column("from_location", String(64), nullable=False),
    Column("from_account", String(16), nullable=False),
    Column("to_location", String(64), nullable=False),
    Column("to_account", String(16), nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("shift_id", String(160)),
    Column("event_id", String(256)),
    Column("order_id", String(64)),
    Column("reverses", String(256)),
    Column("lot_id", String(64)),
    Column("container_id", String(64)),
    CheckConstraint("quantity > 0", name="movements_quantity_positive"),
    Index("movements_id", "movement_id", unique=True),
    Index("movements_occurred", "occurred_at"),
    Index("movements_order", "order_id"),
)

balances = Table(
    "balances",
    metadata,
    Column("part_id", String(64), primary_key=True),
    Column("location_id", String(64), primary_key=True),
    Column("account", String(16), primary_key=True),
    Column("quantity", BigInt, nullable=False),
)

# on_hand - reserved = free - owed. Facts may make the left side negative (then parts are owed to
# those who reserved them); a reservation may not, and the checks are the last line of that.
free_stock = Table(
    "free_stock",
    metadata,
    Column("part_id", String(64), primary_key=True),
    Column("location_id", String(64), primary_key=True),
    Column("free", BigInt, nullable=False),
    Column("owed", BigInt, nullable=False),
    CheckConstraint("free >= 0", name="free_stock_free"),
    CheckConstraint("owed >= 0", name="free_stock_owed"),
    CheckConstraint("free = 0 OR owed = 0", name="free_stock_one_of_both"),
)

reservations = Table(
    "reservations",
    metadata,
    Column("reservation_id", String(64), primary_key=True),
    Column("part_id", String(64), nullable=False),
    Column("location_id", String(64), nullable=False),
    Column("quantity", BigInt, nullable=False),
    Column("order_id", String(64)),
    Column("state", String(16), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("quantity > 0", name="reservations_quantity_positive"),
    Index("reservations_due", "state", "expires_at"),
    Index("reservations_order", "order_id"),
)

OPEN_ORDER = "state IN ('proposed', 'approved', 'picked', 'shipped')"

orders = Table(
    "orders",
    metadata,
    Column("order_id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("part_id", String(64), nullable=False),
    Column("from_location", String(64), nullable=False),
    Column("to_location", String(64), nullable=False),
    Column("lane_id", String(64), nullable=False),
    Column("departure_at", UtcDateTime, nullable=False),
    Column("cutoff_at", UtcDateTime, nullable=False),
    Column("arrives_at", UtcDateTime, nullable=False),
    Column("quantity", BigInt, nullable=False),
    Column("received", BigInt, nullable=False),
    Column("state", String(16), nullable=False),
    Column("policy", String(64), nullable=False),
    Column("model_version", String(128)),
    Column("explanation", JsonText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("short", BigInt, nullable=False, server_default=text("0")),
    Column("damaged", BigInt, nullable=False, server_default=text("0")),
    Column("proposed_quantity", BigInt),
    Column("snoozed_until", UtcDateTime),
    CheckConstraint("quantity > 0", name="orders_quantity_positive"),
    CheckConstraint("received >= 0", name="orders_received"),
    Index(
        "orders_open_key",
        "part_id",
        "from_location",
        "to_location",
        "departure_at",
        unique=True,
        sqlite_where=text(OPEN_ORDER),
        postgresql_where=text(OPEN_ORDER),
    ),
    Index("orders_state", "state", "departure_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("payload", JsonText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Index("outbox_due", "sent_at", "due_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInt, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("before", JsonText),
    Column("after", JsonText),
    Column("reason", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("origin", String(256)),
    Index("audit_subject", "subject"),
)

changes = Table(
    "changes",
    metadata,
    Column("seq", BigInt, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("ref", String(256), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("changes_kind", "kind", "seq"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", String(64), primary_key=True),
    Column("open_key", String(256), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("message", Text, nullable=False),
    Column("location_id", String(64)),
    Column("part_id", String(64)),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("acknowledged_at", UtcDateTime),
    Column("acknowledged_by", String(128)),
    Column("snoozed_until", UtcDateTime),
    Column("escalations", Integer, nullable=False, server_default=text("0")),
    Column("escalated_at", UtcDateTime),
    CheckConstraint("severity IN ('critical', 'warning', 'info')", name="alerts_severity"),
    Index(
        "alerts_open_key",
        "open_key",
        unique=True,
        sqlite_where=text("resolved_at IS NULL"),
        postgresql_where=text("resolved_at IS NULL"),
    ),
)

plans = Table(
    "plans",
    metadata,
    Column("plan_id", String(64), primary_key=True),
    Column("made_at", UtcDateTime, nullable=False),
    Column("snapshot_seq", BigInt, nullable=False),
    Column("seed", BigInt, nullable=False),
    Column("model_version", String(128), nullable=False),
    Column("policy", String(64), nullable=False),
    Column("document", JsonText, nullable=False),
    Column("forecast", LargeBinary, nullable=False),
    Index("plans_made", "made_at"),
)

# One row per plan run with the compact numbers of every pair (Parquet), and one row per decision
# whose full numbers are worth keeping. Both are append-only until ``keep_until``.
decision_runs = Table(
    "decision_runs",
    metadata,
    Column("seq", BigInt, primary_key=True, autoincrement=False),
    Column("plan_id", String(64), nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("keep_until", UtcDateTime, nullable=False),
    Column("snapshot_seq", BigInt, nullable=False),
    Column("seed", BigInt, nullable=False),
    Column("paths", Integer, nullable=False),
    Column("model_version", String(128), nullable=False),
    Column("policy", String(64), nullable=False),
    Column("parameters", JsonText, nullable=False),
    Column("pairs", Integer, nullable=False),
    Column("compact", LargeBinary, nullable=False),
    Index("decision_runs_plan", "plan_id", unique=True),
    Index("decision_runs_decided", "decided_at"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("run_seq", BigInt, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("location_id", String(64), nullable=False),
    Column("part_id", String(64), nullable=False),
    Column("record", LargeBinary, nullable=False),
    Index("decisions_pair", "location_id", "part_id", "run_seq"),
)

# Reads of counters, so that a late one finds its neighbours: see ``core.counters``.
counter_reads = Table(
    "counter_reads",
    metadata,
    Column("location_id", String(64), primary_key=True),
    Column("part_id", String(64), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("occurred_at", UtcDateTime, primary_key=True),
    Column("event_id", String(128), primary_key=True),
    Column("value", BigInt, nullable=False),
    Column("data", JsonText, nullable=False),
)

# Who tells what a line uses of a part: one way of counting, never two.
consumption_sources = Table(
    "consumption_sources",
    metadata,
    Column("line_id", String(64), primary_key=True),
    Column("part_id", String(64), primary_key=True),
    Column("counted_by", String(16), nullable=False),
    Column("source", String(64), nullable=False),
    Column("since", UtcDateTime, nullable=False),
)

# What came in and could not be read or taken, as it came, until somebody decides.
dead_letters = Table(
    "dead_letters",
    metadata,
    Column("seq", BigInt, primary_key=True, autoincrement=False),
    Column("channel", String(16), nullable=False),
    Column("source", String(512), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("payload_hash", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("decided_by", String(128)),
    CheckConstraint("state IN ('waiting', 'replayed', 'dropped')", name="dead_letters_state"),
    Index("dead_letters_key", "channel", "source", "payload_hash", unique=True),
    Index("dead_letters_waiting", "state", "seq"),
)

# Answers to commands with an idempotency key: the same key again gets the same answer.
requests = Table(
    "requests",
    metadata,
    Column("key", String(288), primary_key=True),
    Column("content_hash", String(64), nullable=False),
    Column("answer", JsonText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("requests_at", "at"),
)

# The shadow diary: what people or another system did beside each proposal, scored afterwards.
diary = Table(
    "diary",
    metadata,
    Column("entry_id", String(64), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(16), nullable=False),
    Column("order_id", String(64)),
    Column("location_id", String(64), nullable=False),
    Column("part_id", String(64), nullable=False),
    Column("departure_at", UtcDateTime, nullable=False),
    Column("proposed", BigInt, nullable=False),
    Column("done", BigInt, nullable=False),
    Column("reason", Text, nullable=False),
    Column("policy", String(64)),
    Column("model_version", String(128)),
    Column("scored_at", UtcDateTime),
    Column("score", JsonText),
    CheckConstraint("proposed >= 0 AND done >= 0", name="diary_quantities"),
    Index("diary_at", "at"),
    Index("diary_unscored", "scored_at", "departure_at"),
    Index("diary_pair", "location_id", "part_id", "at"),
)

# What is odd in the consumption, one row per incident, and what people say of it. By part:
# ``sizes``, parts beyond what was expected, and ``ordered``, what automation has sent in spite of
# it; ``held`` are the orders of which a rest waits.
anomalies = Table(
    "anomalies",
    metadata,
    Column("anomaly_id", String(64), primary_key=True),
    Column("location_id", String(64), nullable=False),
    Column("parts", JsonText, nullable=False),
    Column("start", UtcDateTime, nullable=False),
    Column("end", UtcDateTime, nullable=False),
    Column("periods", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("size", Float, nullable=False),
    Column("sizes", JsonText, nullable=False),
    Column("expected", Float, nullable=False),
    Column("observed", Float, nullable=False),
    Column("p_value", Float, nullable=False),
    Column("score", Float, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("ongoing", Boolean, nullable=False),
    Column("detector_version", String(128), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("answered_by", String(128)),
    Column("answered_at", UtcDateTime),
    Column("note", Text, nullable=False),
    Column("ordered", JsonText, nullable=False),
    Column("held", JsonText, nullable=False),
    CheckConstraint(
        "state IN ('open', 'over', 'real', 'wrong_record', 'dismissed')", name="anomalies_state"
    ),
    CheckConstraint(
        "(answered_at IS NULL) = (state IN ('open', 'over'))", name="anomalies_answered"
    ),
    Index("anomalies_seen", "seen_at"),
    Index("anomalies_end", "end"),
    Index("anomalies_state", "state", "location_id"),
)

# One row per outgoing message and channel, with its life; ``attempts`` is the log of each try.
deliveries = Table(
    "deliveries",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("channel", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("leased_by", String(128)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("error", Text),
    CheckConstraint("state IN ('waiting', 'sent', 'dead')", name="deliveries_state"),
    Index("deliveries_due", "state", "due_at"),
)

delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("seq", BigInt, primary_key=True, autoincrement=False),
    Column("message_id", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("said", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Index("delivery_attempts_message", "message_id", "channel"),
    Index("delivery_attempts_at", "at"),
)

# Which of several servers does a piece of work now; a lease that is not renewed runs out.
leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(128), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(64), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("params", JsonText, nullable=False),
    Column("state", String(16), nullable=False),
    Column("progress", Float, nullable=False),
    Column("message", Text, nullable=False),
    Column("result", JsonText),
    Column("error", Text),
    Column("runner", String(128)),
    Column("heartbeat_at", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("submitted_by", String(128), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Index("jobs_state", "state", "created_at"),
)

settings = Table(
    "settings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", JsonText),
    Column("updated_at", UtcDateTime, nullable=False),
)

# People. ``grants`` is [[role, [site, ...] or null], ...]; ``contact`` is sealed where a key is.
users = Table(
    "users",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("display_name", String(128), nullable=False),
    Column("contact", Text),
    Column("password_hash", Text),
    Column("badge_hash", String(64)),
    Column("grants", JsonText, nullable=False),
    Column("state", String(16), nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("state IN ('active', 'disabled')", name="users_state"),
    Index("users_name", "name", unique=True),
    Index("users_badge", "badge_hash", unique=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_hash", String(64), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("how", String(16), nullable=False),
    Column("address", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    CheckConstraint("how IN ('password', 'badge')", name="sessions_how"),
    Index("sessions_user", "user_id"),
    Index("sessions_expires", "expires_at"),
)

# For machines: shown once, kept as SHA-256. Never more than what their owner may.
tokens = Table(
    "tokens",
    metadata,
    Column("token_id", String(64), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("token_hash", String(64), nullable=False),
    Column("scopes", JsonText, nullable=False),
    Column("sites", JsonText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Index("tokens_hash", "token_hash", unique=True),
    Index("tokens_user", "user_id"),
)

# Failed sign-ins by who was tried and from where; see ``services.sign_in``.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key", String(160), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("locked_until", UtcDateTime),
    Index("sign_in_failures_last", "last_at"),
)

# Of orders that need two people: who has said yes so far.
approvals = Table(
    "approvals",
    metadata,
    Column("order_id", String(64), primary_key=True),
    Column("actor", String(128), primary_key=True),
    Column("quantity", BigInt, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
)
