"""The table of who may do what: enforcement, documentation and the tests are made from it.

``PERMISSIONS`` says which roles have a permission; ``OPERATIONS`` which permission an operation of
the API needs and how far it reaches. An operation without a row cannot be served.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person does in the plant."""

    VIEWER = "viewer"
    LINE_LEADER = "line_leader"
    PICKER = "picker"
    PLANNER = "planner"
    DATA_SCIENTIST = "data_scientist"
    ADMINISTRATOR = "administrator"


class Reach(StrEnum):
    """What an operation touches, and so what the sites of a grant mean for it."""

    OPEN = "open"
    """Nothing of the plant: also without signing in."""
    OWN = "own"
    """The person's own account."""
    ANY = "any"
    """Nothing that belongs to a site: whoever has the permission anywhere."""
    ROWS = "rows"
    """Many rows: those of the person's sites are shown, the others are as if they were not."""
    OBJECT = "object"
    """One object: at another site it is not found."""
    PLANT = "plant"
    """The whole plant at once: only a grant that is not limited to sites."""


@dataclass(frozen=True, slots=True)
class Permission:
    """What somebody may do, and the roles that may."""

    says: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operation of the API needs."""

    permission: str
    reach: Reach


_V, _L, _K, _P, _D, _A = Role
_ALL = frozenset(Role)


def _of(says: str, *roles: Role) -> Permission:
    return Permission(says, frozenset(roles))


PERMISSIONS: dict[str, Permission] = {
    "account.own": Permission("see and change one's own account", _ALL),
    "plant.read": Permission("see risk, plan, stock, orders, alerts and the network", _ALL),
    "plan.make": _of("plan now; pause automation; ask what if", _P, _A),
    "orders.decide": _of("add, approve, change, split, snooze, reject, reverse orders", _P, _A),
    "orders.ship": _of("pick and ship", _K, _P, _A),
    "orders.receive": _of("receive, short and damaged too", _L, _K, _P, _A),
    "stock.report": _of("count, scrap, return and move stock; undo a mis-scan", _L, _K, _P, _A),
    "events.send": _of("send events of machines, scanners and people", _L, _K, _P, _A),
    "letters.handle": _of("see, replay and drop what could not be taken in", _P, _A),
    "alerts.handle": _of("acknowledge, snooze and resolve alerts", _L, _K, _P, _A),
    "anomalies.answer": _of("say what an odd value was", _L, _P, _D, _A),
    "data.read": _of("judge, explore and export the history", _P, _D, _A),
    "data.import": _of("import data", _P, _D, _A),
    "network.edit": _of("change rows of the plant", _P, _A),
    "models.read": _of("see models, their backtests and forecasts", _P, _D, _A),
    "models.train": _of("train, tune, backtest and detect", _D, _A),
    "models.promote": _of("promote, roll back and remove models", _D, _A),
    "simulate": _of("simulate policies", _P, _D, _A),
    "jobs.read": _of("see and cancel long work", _P, _D, _A),
    "signals.fetch": _of("fetch signals from outside", _D, _A),
    "erp.exchange": _of("pull from and push to the ERP", _P, _A),
    "outbox.handle": _of("see and repeat outgoing messages, test channels", _P, _A),
    "users.manage": _of("add, change and remove users, badges and tokens", _A),
    "tokens.own": _of("make and revoke one's own tokens", _D, _A),
    "keys.manage": _of("see and rotate keys, seal secrets, adopt models", _A),
    "audit.read": _of("read and verify the audit log", _A),
    "backups.run": _of("back up, verify and list backups", _A),
    "system.read": _of("see health, checks and metrics", _A),
}


def _rows(permission: str, reach: Reach, names: str) -> dict[str, Operation]:
    return {name: Operation(permission, reach) for name in names.split()}


OPERATIONS: dict[str, Operation] = {
    **_rows("", Reach.OPEN, "get_health get_readiness"),
    **_rows("system.read", Reach.PLANT, "get_metrics get_checks"),
    **_rows("plant.read", Reach.ANY, "stream_changes get_automation get_template"),
    **_rows(
        "plant.read",
        Reach.ROWS,
        "get_control_room get_flow get_plan get_network list_alerts list_anomalies list_decisions "
        "list_diary list_forecasts list_movements list_orders list_picking list_shipments "
        "list_stock get_timetable get_what_changed",
    ),
    **_rows("network.edit", Reach.PLANT, "change_network"),
    **_rows("plant.read", Reach.OBJECT, "get_anomaly get_decision get_order get_shipment"),
    **_rows("plant.read", Reach.PLANT, "sum_diary"),
    **_rows("plant.read", Reach.ANY, "list_changes"),
    **_rows("plant.read", Reach.OBJECT, "get_alert explain_decision get_part"),
    **_rows("orders.decide", Reach.OBJECT, "decide_orders"),
    **_rows("alerts.handle", Reach.OBJECT, "handle_alerts"),
    **_rows("letters.handle", Reach.PLANT, "replay_dead_letters"),
    **_rows(
        "data.import",
        Reach.PLANT,
        "upload_import list_imports get_import get_import_problems take_import drop_import "
        "get_import_quality get_import_exploration list_import_profiles",
    ),
    **_rows("data.read", Reach.PLANT, "list_signals list_signal_providers export_history"),
    **_rows("plant.read", Reach.ROWS, "export_table"),
    **_rows("erp.exchange", Reach.PLANT, "check_erp export_erp"),
    **_rows("plant.read", Reach.ANY, "get_erp_template"),
    **_rows("models.read", Reach.ROWS, "forecast_demand"),
    **_rows("models.read", Reach.OBJECT, "get_forecast"),
    **_rows("models.read", Reach.PLANT, "get_model_performance"),
    **_rows("models.train", Reach.PLANT, "train_model retrain_all_models detect_anomalies"),
    **_rows("models.promote", Reach.PLANT, "export_model remove_model prune_models"),
    **_rows("plan.make", Reach.PLANT, "make_plan set_automation ask_what_if"),
    **_rows(
        "orders.decide",
        Reach.OBJECT,
        "add_order approve_order change_order snooze_order split_order cancel_order close_order "
        "reverse_order",
    ),
    **_rows("orders.ship", Reach.OBJECT, "pick_order ship_order pick_shipment ship_shipment"),
    **_rows("orders.receive", Reach.OBJECT, "receive_order receive_shipment"),
    **_rows("stock.report", Reach.OBJECT, "report_stock undo_movement"),
    **_rows("events.send", Reach.OBJECT, "take_in_event take_in_events"),
    **_rows("letters.handle", Reach.PLANT, "list_dead_letters replay_dead_letter drop_dead_letter"),
    **_rows("alerts.handle", Reach.OBJECT, "acknowledge_alert snooze_alert resolve_alert"),
    **_rows("anomalies.answer", Reach.OBJECT, "answer_anomaly"),
    **_rows("data.read", Reach.PLANT, "get_quality get_exploration verify_books"),
    **_rows("models.read", Reach.PLANT, "list_models get_model"),
    **_rows("models.promote", Reach.PLANT, "promote_model roll_back_model"),
    **_rows(
        "keys.manage",
        Reach.PLANT,
        "list_keys begin_sealing rotate_keys reseal_keys seal_secret adopt_model",
    ),
    **_rows("audit.read", Reach.PLANT, "list_audit verify_audit anchor_audit"),
    **_rows("", Reach.OPEN, "sign_in sign_in_by_badge"),
    **_rows(
        "account.own",
        Reach.OWN,
        "get_session sign_out end_my_sessions change_my_password get_access",
    ),
    **_rows("users.manage", Reach.ANY, "add_user"),
    **_rows("users.manage", Reach.ROWS, "list_users"),
    **_rows(
        "users.manage",
        Reach.OBJECT,
        "get_user change_user reset_password give_badge take_badge end_sessions",
    ),
    **_rows("tokens.own", Reach.OWN, "list_tokens add_token revoke_token"),
    **_rows("backups.run", Reach.PLANT, "list_backups make_backup verify_backup"),
    **_rows("jobs.read", Reach.PLANT, "list_jobs submit_job get_job cancel_job"),
    **_rows(
        "outbox.handle",
        Reach.PLANT,
        "list_channels list_deliveries get_message replay_message run_channel_test",
    ),
}

JOBS: dict[str, str] = {
    "train": "models.train",
    "compare": "models.read",
    "simulate": "simulate",
    "what_if": "plan.make",
    "train_detector": "models.train",
    **dict.fromkeys(
        ("backtest", "tune", "detect", "triggers", "train_series", "retrain_all", "detect_series"),
        "models.train",
    ),
    "forecast": "models.read",
    "export_model": "models.promote",
    **dict.fromkeys(("import", "generate", "rebuild_history"), "data.import"),
    "verify": "data.read",
    "signals_fetch": "signals.fetch",
    "erp_pull": "erp.exchange",
    "erp_push": "erp.exchange",
    **dict.fromkeys(("backup", "verify_backup"), "backups.run"),
}
"""What submitting and cancelling each kind of job needs, over ``jobs.read``."""
