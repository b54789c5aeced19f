"""Every command of the command line has its twin in the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from starlette.testclient import TestClient

from supplynet.api.job_bodies import JobRequest
from supplynet.cli.app import app
from supplynet.security.access import JOBS
from supplynet.worker.jobs import KINDS

TWINS: dict[str, str] = {
    "alerts ack": "acknowledge_alert handle_alerts",
    "alerts list": "list_alerts get_alert",
    "alerts snooze": "snooze_alert handle_alerts",
    "anomalies answer": "answer_anomaly",
    "anomalies list": "list_anomalies get_anomaly",
    "audit anchor": "anchor_audit",
    "audit list": "list_audit",
    "audit export": "list_audit",
    "audit verify": "verify_audit",
    "backtest": "job:backtest",
    "backup": "make_backup verify_backup",
    "backups list": "list_backups",
    "detect": "job:detect detect_anomalies",
    "doctor": "get_checks",
    "eda": "get_exploration get_import_exploration",
    "erp check": "check_erp",
    "erp export": "export_erp",
    "erp import": "upload_import take_import",
    "erp pull": "job:erp_pull",
    "erp push": "job:erp_push",
    "erp template": "get_erp_template",
    "forecast": "forecast_demand job:forecast",
    "generate": "job:generate",
    "history rebuild": "job:rebuild_history",
    "import": "upload_import get_import get_import_problems take_import drop_import "
    "list_imports list_import_profiles get_template",
    "intake drop": "drop_dead_letter",
    "intake letters": "list_dead_letters",
    "intake replay": "replay_dead_letter replay_dead_letters",
    "intake send": "take_in_events take_in_event",
    "keys list": "list_keys",
    "keys new": "begin_sealing",
    "keys reseal": "reseal_keys",
    "keys rotate": "rotate_keys",
    "keys seal": "seal_secret",
    "models adopt": "adopt_model",
    "models compare": "job:compare",
    "models export": "export_model job:export_model",
    "models list": "list_models",
    "models promote": "promote_model",
    "models prune": "prune_models",
    "models remove": "remove_model",
    "models rollback": "roll_back_model",
    "models show": "get_model",
    "orders add": "add_order",
    "orders approve": "approve_order decide_orders",
    "orders change": "change_order",
    "orders close": "close_order",
    "orders diary": "list_diary sum_diary",
    "orders list": "list_orders",
    "orders pick": "pick_order pick_shipment",
    "orders receive": "receive_order receive_shipment",
    "orders reject": "cancel_order decide_orders",
    "orders reverse": "reverse_order",
    "orders ship": "ship_order ship_shipment",
    "orders show": "get_order",
    "orders snooze": "snooze_order decide_orders",
    "orders split": "split_order",
    "outbox list": "list_deliveries get_message",
    "outbox replay": "replay_message",
    "outbox test": "run_channel_test",
    "plan": "make_plan get_plan",
    "quality": "get_quality get_import_quality",
    "signals fetch": "job:signals_fetch",
    "signals list": "list_signal_providers",
    "signals show": "list_signals",
    "simulate": "job:simulate",
    "stock count": "report_stock",
    "stock movements": "list_movements",
    "stock return": "report_stock",
    "stock scrap": "report_stock",
    "stock show": "list_stock",
    "stock transfer": "report_stock",
    "stock undo": "undo_movement",
    "token add": "add_token",
    "token list": "list_tokens",
    "token revoke": "revoke_token",
    "train": "job:train train_model retrain_all_models",
    "triggers": "job:triggers",
    "tune": "job:tune",
    "user add": "add_user",
    "user badge": "give_badge take_badge",
    "user change": "change_user",
    "user disable": "change_user",
    "user enable": "change_user",
    "user list": "list_users",
    "user password": "reset_password change_my_password",
    "user show": "get_user",
    "user sign-out": "end_sessions",
    "verify": "verify_books job:verify",
    "what-if": "ask_what_if job:what_if",
    "why": "explain_decision",
}
"""Command -> operations, and kinds of jobs that `submit_job` takes."""
WITHOUT: dict[str, str] = {
    "backups prune": "what the server does by itself after every backup",
    "bench": "measures this machine and this program, not a plant",
    "demo": "makes a workspace and serves it: there is nobody to ask before",
    "init": "makes the workspace that a server serves",
    "keys drop": "throws away for ever: only by somebody at the machine",
    "mqtt acl": "writes a file for the broker beside it",
    "restore": "puts a backup in the place of books that no server may have open",
    "serve": "is the server",
    "worker": "is the other half of the server",
}
"""Commands that need no twin, and why."""
OWN_ADDRESS = {"import", "backup", "verify_backup"}
"""Jobs that `submit_job` does not take: each has an operation of its own."""


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    if not hasattr(command, "commands"):
        yield " ".join(path)
        return
    for name, below in command.commands.items():
        yield from commands(below, (*path, name))


def test_every_command_has_its_twin(reader: TestClient) -> None:
    document = reader.get("/api/v1/openapi.json").json()
    served = {each["operationId"] for path in document["paths"].values() for each in path.values()}
    served |= {f"job:{kind}" for kind in KINDS}
    there = set(commands(typer.main.get_command(app)))
    assert there - TWINS.keys() - WITHOUT.keys() == set(), "commands without a row"
    for command in there & TWINS.keys():
        assert set(TWINS[command].split()) <= served, command


def test_every_kind_of_job_can_run_and_says_who_may_ask_for_it() -> None:
    bodies = JobRequest.__origin__.__args__  # type: ignore[attr-defined]
    submitted = {body.model_fields["kind"].annotation.__args__[0] for body in bodies}
    assert KINDS.keys() == JOBS.keys() == submitted | OWN_ADDRESS
