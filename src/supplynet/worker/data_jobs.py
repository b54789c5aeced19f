"""Long work on data: import, generate, rebuild, verify; signals and the ERP."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from supplynet.services import (
    erp,
    generating,
    ledger_history,
    signals,
    uploads,
    verification,
)
from supplynet.services.books import open_books
from supplynet.worker.job_process import JobContext

Json = dict[str, Any]


def take_import(context: JobContext, params: Json) -> Json:
    """``{"import_id"}`` -> what was taken, see ``services.uploads``."""
    return uploads.take_in(context.workspace, params["import_id"], report=context.progress)


def generate(context: JobContext, params: Json) -> Json:
    """``{"days", "start", "scenario", "seed"}`` -> what was made, into the workspace."""
    start = None if params["start"] is None else date.fromisoformat(params["start"])
    if params["scenario"] is None:
        made = generating.generate(
            context.workspace,
            days=params["days"] or generating.DAYS,
            start=start,
            seed=params["seed"],
            report=context.progress,
        )
        return asdict(made) | {"first_day": made.first_day.isoformat()}
    world = generating.generate_world(
        params["scenario"],
        workspace=context.workspace,
        days=params["days"],
        start=start,
        seed=params["seed"],
        report=context.progress,
    )
    told = asdict(world) | {"first_day": world.first_day.isoformat()}
    del told["folder"]  # a path of the server, which is nobody's business
    return told


def rebuild_history(context: JobContext, params: Json) -> Json:
    """``{}`` -> ``{"rows"}``: the history of the ledger's shifts, made again from it."""
    del params
    context.progress(0.1, "summing up the ledger")
    return {"rows": ledger_history.rebuild(open_books(context.workspace))}


def verify(context: JobContext, params: Json) -> Json:
    """``{}`` -> ``{"proven", "findings"}``."""
    del params
    context.progress(0.1, "summing up the ledger")
    findings = verification.verify_books(context.workspace)
    return {"proven": not findings, "findings": findings}


def fetch_signals(context: JobContext, params: Json) -> Json:
    """``{"provider", "symbols", "start", ...}`` -> how many values, and how many are new."""
    found = signals.collect(
        context.workspace,
        params["provider"],
        params["symbols"],
        _day(params["start"]),
        _day(params["end"]),
        fields=params["fields"],
        scope=(params["location_id"], params["part_id"]),
        values=params["values"],
        lag=None if params["lag_hours"] is None else timedelta(hours=params["lag_hours"]),
        report=context.progress,
    )
    return {"values": found.frame.height, "added": found.added, "warnings": found.warnings}


def pull_from_erp(context: JobContext, params: Json) -> Json:
    """``{"what", "since", "dry_run"}`` -> what came of it."""
    since = None if params["since"] is None else datetime.fromisoformat(params["since"])
    context.progress(0.1, f"asking for {params['what']}")
    books = open_books(context.workspace)
    return asdict(erp.pull(books, params["what"], since=since, dry_run=params["dry_run"]))


def push_to_erp(context: JobContext, params: Json) -> Json:
    """``{"what", "dry_run"}`` -> what came of it."""
    context.progress(0.1, f"telling {params['what']}")
    books = open_books(context.workspace)
    return asdict(erp.push(books, params["what"], dry_run=params["dry_run"]))


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
