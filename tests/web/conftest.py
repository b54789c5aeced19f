"""A canned plant behind the API of the control room, and a Chromium that looks at its page.

Point the tests at another app by overriding ``control_room_app``: whatever it serves, the tests
read the expected figures from its own ``GET /api/v1/control-room``. Server, browser and tab are
those of a module; each test finds the tab opened anew, on a plant as it was.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi import Request as HttpRequest
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from supplynet import web

Json = dict[str, Any]
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
NOW = datetime(2026, 1, 5, 21, 58, tzinfo=UTC)
RED_LINE, RED_PART = "SR2.ST1.B", "P-017"
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
PARTS = [
    ("P-017", "Bracket, seat rail, left", 20),
    ("P-041", "Bolt M8 x 25, flanged", 400),
    ("P-008", "Wiring harness, door", 15),
    ("P-033", "Clip, trim panel", 250),
    ("P-052", "Damper, tailgate", 24),
    ("P-026", "Seal, window run channel", 40),
]


def utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def at(hour: int, minute: int, day: int = 6) -> str:
    """Local clock time in Berlin (UTC+1 in winter), as the API writes it."""
    return utc(datetime(2026, 1, day, hour, minute, tzinfo=UTC) - timedelta(hours=1))


def shifts(count: int = 14) -> list[Json]:
    first = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)
    rows = []
    for index in range(count):
        start = first + timedelta(hours=12 * index)
        name = ("night", "day")[index % 2]
        shift_id = f"SR1/{(start + timedelta(hours=1)).date()}/{name}"
        end = start + timedelta(hours=12)
        rows.append({"shift_id": shift_id, "name": name, "start": utc(start), "end": utc(end)})
    return rows


def cell(rng: np.random.Generator, column: int, start: datetime) -> Json:
    """Calm now, less sure with every shift, and mostly lost if no further order left."""
    risk = float(rng.beta(0.25, 14.0)) * (0.4 + 0.12 * column)
    committed = min(1.0, risk + float(rng.beta(1.2, 3.0)) * min(1.0, 0.02 + 0.13 * column))
    out = start + timedelta(minutes=int(rng.integers(90, 620)))
    known = risk >= 0.005
    spread = timedelta(minutes=50)
    return {
        "risk": round(risk, 4),
        "risk_committed": round(committed, 4),
        "part_id": str(rng.choice([part for part, _, _ in PARTS])),
        "runs_out_at": utc(out) if known else None,
        "runs_out_early": utc(out - spread) if known else None,
        "runs_out_late": utc(out + 2 * spread) if known else None,
        "last_departure_at": utc(out - timedelta(minutes=100)) if known else None,
    }


def lines(rng: np.random.Generator) -> list[Json]:
    starts = [datetime.fromisoformat(shift["start"]) for shift in shifts()]
    rows: list[Json] = []
    for showroom, station, letter in np.ndindex(3, 3, 3):
        station_id = f"SR{showroom + 1}.ST{station + 1}"
        row = {"line_id": f"{station_id}.{'ABC'[letter]}", "showroom_id": f"SR{showroom + 1}"}
        cells = [cell(rng, column, start) for column, start in enumerate(starts)]
        rows.append({**row, "station_id": station_id, "halted": False, "cells": cells})
    red = next(row for row in rows if row["line_id"] == RED_LINE)
    red["cells"][0] = {
        "risk": 0.62,
        "risk_committed": 0.71,
        "part_id": RED_PART,
        "runs_out_at": at(3, 10),
        "runs_out_early": at(2, 20),
        "runs_out_late": at(4, 40),
        "last_departure_at": at(1, 30),
    }
    red["cells"][1] = {**red["cells"][0], "risk": 0.24, "risk_committed": 0.93}
    return rows


def action(index: int, risk: tuple[float, float], minutes: float, cutoff: str, why: str) -> Json:
    part_id, description, size = PARTS[index]
    showroom = (2, 1, 3, 3, 1, 2)[index]
    boxes = (12, 3, 6, 2, 5, 4)[index]
    departure = datetime.fromisoformat(cutoff) + timedelta(minutes=20)
    return {
        "order_id": f"019b9000-0000-7000-8000-00000000000{index}",
        "part_id": part_id,
        "description": description,
        "from": "WH1",
        "to": f"SR{showroom}",
        "quantity": boxes * size,
        "unit": "pcs",
        "containers": boxes,
        "state": "proposed",
        "departure_at": utc(departure),
        "cutoff_at": cutoff,
        "arrives_at": utc(departure + timedelta(minutes=70)),
        "expected_lost_minutes": minutes,
        "risk_before": risk[0],
        "risk_after": risk[1],
        "lines": [RED_LINE] if index == 0 else [f"SR{showroom}.ST2.A", f"SR{showroom}.ST3.C"],
        "why": why,
    }


def actions() -> list[Json]:
    rows: list[Json] = [
        action(
            0,
            (0.62, 0.004),
            148.0,
            at(1, 10),
            "SR2.ST1.B runs at 39 an hour tonight and the store holds 168; the next planned "
            "truck comes at 04:50, after it is empty.",
        ),
        action(
            1,
            (0.18, 0.003),
            34.5,
            at(23, 40, day=5),
            "Consumption of the last two nights is 22 % above plan; cover falls below one shift.",
        ),
        action(
            2,
            (0.09, 0.006),
            12.0,
            at(5, 10),
            "The receipt of 16:20 was 30 short; this order makes up for it.",
        ),
        action(
            3, (0.07, 0.002), 8.2, at(5, 10), "Tomorrow's day shift builds the variant with trim."
        ),
        action(
            4,
            (0.05, 0.001),
            4.1,
            at(11, 10),
            "Regular refill: the store reaches its level at 11:30.",
        ),
    ]
    rows[3]["state"] = "approved"
    return rows


def alert(number: int, severity: str, kind: str, message: str, age: int) -> Json:
    """One that was raised ``age`` minutes ago and that nobody looks after."""
    return {
        "alert_id": f"alert-{number}",
        "severity": severity,
        "kind": kind,
        "message": message,
        "raised_at": utc(NOW - timedelta(minutes=age)),
        "location_id": None,
        "part_id": RED_PART if number == 0 else None,
        "state": "open",
        "resolved_at": None,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "snoozed_until": None,
        "escalations": 0,
        "escalated_at": None,
        "closes_itself": kind != "model",
    }


def alerts() -> list[Json]:
    texts = [
        ("critical", "halt_risk", f"{RED_LINE} halts tonight with 62 %: {RED_PART}.", 14, "SR2"),
        ("warning", "late_delivery", "Truck WH1 to SR1 of 20:30 is 25 min late.", 32, "SR1"),
        ("warning", "negative_stock", "SR3 books -12 of P-033: count it.", 71, "SR3"),
        ("info", "model", "Forecast models of showroom SR1 were trained again.", 118, None),
    ]
    return [
        alert(index, severity, kind, message, age) | {"location_id": place}
        for index, (severity, kind, message, age, place) in enumerate(texts)
    ]


def scoreboard() -> Json:
    keys = (
        "policy",
        "halts_per_line_month",
        "low",
        "high",
        "lost_minutes",
        "cover_days",
        "orders",
        "trips",
    )
    rows = [
        ("min_max", 0.81, 0.62, 1.04, 1834, 3.2, 400, 168),
        ("order_up_to", 0.21, 0.13, 0.30, 402, 2.5, 372, 161),
        ("perfect_foresight", 0.05, 0.02, 0.09, 66, 1.9, 350, 158),
    ]
    models = [
        ("lightgbm", 0.74, 0.181, 1.2),
        ("ensemble", 0.71, 0.174, 1.1),
        ("seasonal_naive", 0.98, 0.243, 1.7),
    ]
    return {
        "policies": [dict(zip(keys, row, strict=True)) for row in rows],
        "forecast": [
            dict(zip(("model", "mase", "wape", "pinball"), row, strict=True)) for row in models
        ],
    }


def control_room(seed: int = 0) -> Json:
    """27 lines x 14 shifts, one of them red; everything that the page can show."""
    return {
        "generated_at": utc(NOW),
        "change": 1234,
        "plant": {"plant_id": "demo", "name": "Demo plant", "time_zone": "Europe/Berlin"},
        "clock": {"now": utc(NOW), "speed": 60.0, "simulated": True},
        "shift": {**shifts()[0], "minutes_left": 422},
        "headline": "26 of 27 lines are safe to the end of the night shift; "
        f"{RED_LINE} needs 240 of {RED_PART} by 03:10.",
        "freshness": {"last_event_at": utc(NOW - timedelta(seconds=20)), "stale_after_seconds": 2},
        "shifts": shifts(),
        "lines": lines(np.random.default_rng(seed)),
        "actions": actions(),
        "set_aside": [],
        "alerts": alerts(),
        "automation": {"mode": "suggest", "paused": False},
        "scoreboard": scoreboard(),
    }


@dataclass
class CannedPlant:
    """State behind the canned API: orders change it, the stream tells of it."""

    room: Json = field(default_factory=control_room)
    started: float = field(default_factory=time.monotonic)

    def start_again(self) -> None:
        """As if nothing had happened."""
        self.room, self.started = control_room(), time.monotonic()

    def now(self) -> str:
        seconds = (time.monotonic() - self.started) * self.room["clock"]["speed"]
        return utc(NOW + timedelta(seconds=seconds))

    def tick(self) -> Json:
        return {
            "now": self.now(),
            "speed": self.room["clock"]["speed"],
            "change": self.room["change"],
        }

    def snapshot(self) -> Json:
        now = self.now()
        return {**self.room, "generated_at": now, "clock": {**self.room["clock"], "now": now}}

    def alter(self, change: Callable[[Json], None]) -> None:
        """Something happens in the plant."""
        change(self.room)
        self.room["change"] += 1

    def snooze(self, order_id: str, until: str | None) -> Json:
        """From what waits to what is set aside, and back again."""
        asleep: list[Json] = self.room["set_aside"]
        waiting: list[Json] = self.room["actions"]
        known = next(row for row in actions() if row["order_id"] == order_id)
        self.room["actions"] = [row for row in waiting if row["order_id"] != order_id]
        self.room["set_aside"] = [row for row in asleep if row["order_id"] != order_id]
        if until is None:
            self.room["actions"].insert(0, known)
        else:
            keys = ("order_id", "part_id", "to", "quantity", "unit", "cutoff_at")
            row = {key: known[key] for key in keys} | {"snoozed_until": until}
            self.room["set_aside"].append(row)
        self.room["change"] += 1
        return known

    def answer(self, alert_id: str, step: str, body: Json) -> Json:
        """What somebody does with an alert."""
        row: Json = next(row for row in self.room["alerts"] if row["alert_id"] == alert_id)
        if step == "acknowledge":
            row["acknowledged_by"] = SESSION["actor"]
        elif step == "snooze":
            row["snoozed_until"] = body["until"]
        else:
            row = row | {"resolved_at": self.now()}
            self.room["alerts"] = [each for each in self.room["alerts"] if each is not row]
        self.room["change"] += 1
        return dict(row)

    def set_state(self, order_id: str, state: str, quantity: int | None) -> Json | None:
        orders: list[Json] = self.room["actions"]
        order = next((row for row in orders if row["order_id"] == order_id), None)
        if order is None:
            return None
        order["state"] = state
        order["quantity"] = quantity or order["quantity"]
        self.room["actions"] = [row for row in orders if row["state"] != "cancelled"]
        self.room["change"] += 1
        return order


SESSION = {
    "actor": "local",
    "display_name": "local",
    "how": "local",
    "must_change_password": False,
    "expires_at": None,
    "permissions": dict.fromkeys(
        ("plant.read", "orders.decide", "plan.make", "alerts.handle"), None
    ),
    "sites": ["SR1", "SR2", "SR3", "WH1"],
    "csrf_token": None,
}


def flow_of(room: Json) -> Json:
    """A shift that is half over: every line used what was planned, and one half as much again."""
    lines = [
        {
            "line_id": line["line_id"],
            "showroom_id": line["showroom_id"],
            "planned": 100.0,
            "planned_by_now": 50.0,
            "used": 75 if line["line_id"] == RED_LINE else 50,
        }
        for line in room["lines"]
    ]
    road = {"from": "WH1", "planned": 400, "shipped": 400, "late": 0, "due": 400, "received": 0}
    roads = [{**road, "to": f"SR{n}", "on_road": 100 * n} for n in (1, 2, 3)]
    shift = {key: room["shifts"][0][key] for key in ("shift_id", "name", "start", "end")}
    return {
        "shift": shift,
        "elapsed": 0.5,
        "roads": roads,
        "deliveries": [],
        "lines": lines,
        "last_shift": None,
    }


def canned_app(plant: CannedPlant) -> FastAPI:
    """The routes of the API that the page uses, and the page."""
    app = FastAPI()

    @app.get("/api/v1/control-room")
    def read() -> Json:
        return plant.snapshot()

    @app.get("/api/v1/session")
    def who() -> Json:
        return SESSION

    @app.get("/api/v1/flow")
    def flow() -> Json:
        return flow_of(plant.snapshot())

    @app.post("/api/v1/orders/{order_id}/{step}")
    async def change(order_id: str, step: str, request: HttpRequest) -> JSONResponse:
        body = await request.json()
        if step == "snooze":
            return JSONResponse(plant.snooze(order_id, body["until"]))
        state = {"approve": "approved", "cancel": "cancelled"}[step]
        order = plant.set_state(order_id, state, body.get("quantity"))
        if order is None:
            problem = {"type": "about:blank", "title": "Not Found", "status": 404}
            return JSONResponse(problem, 404, media_type="application/problem+json")
        return JSONResponse(order)

    @app.post("/api/v1/alerts/{alert_id}/{step}")
    async def answer(alert_id: str, step: str, request: HttpRequest) -> Json:
        return plant.answer(alert_id, step, await request.json())

    @app.get("/api/v1/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(events(plant), media_type="text/event-stream")

    if folder := web.static_folder():
        app.mount("/", StaticFiles(directory=folder, html=True))
    app.middleware("http")(_with_policy)
    return app


async def _with_policy(request: HttpRequest, call_next: Any) -> Any:
    response = await call_next(request)
    response.headers["Content-Security-Policy"] = POLICY
    return response


async def events(plant: CannedPlant) -> AsyncIterator[str]:
    told = -1
    while True:
        change = plant.room["change"]
        if change != told:
            data = json.dumps({"change": change, "kinds": ["order"]})
            yield f"id: {change}\nevent: change\ndata: {data}\n\n"
        room = plant.snapshot()
        news = room if change != told else {"generated_at": room["generated_at"]}
        for screen, fields in (("control-room", news), ("flow", flow_of(room))):
            show = json.dumps({"screen": screen, "whole": told < 0, "fields": fields})
            yield f"event: show\ndata: {show}\n\n"
        told = change
        yield f"event: tick\ndata: {json.dumps(plant.tick())}\n\n"
        await asyncio.sleep(0.25)


class Silencer:
    """Around any app: while silent, the API answers 503 and open streams send nothing more."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.silent = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not str(scope.get("path", "")).startswith("/api/"):
            await self.app(scope, receive, send)
            return
        if self.silent:
            problem = {"type": "about:blank", "title": "The plant is silent.", "status": 503}
            await JSONResponse(problem, 503)(scope, receive, send)
            return

        async def send_unless_silent(message: Message) -> None:
            if not self.silent or message["type"] == "http.response.start":
                await send(message)

        await self.app(scope, receive, send_unless_silent)


@dataclass(frozen=True)
class Site:
    """A running server."""

    url: str
    silencer: Silencer

    def control_room(self) -> Json:
        room: Json = httpx2.get(f"{self.url}/api/v1/control-room").json()
        return room


@pytest.fixture(scope="module")
def canned_plant() -> CannedPlant:
    return CannedPlant()


@pytest.fixture(scope="module")
def control_room_app(canned_plant: CannedPlant) -> ASGIApp:
    """The app under test; override this to run tests against another one."""
    return canned_app(canned_plant)


@pytest.fixture(scope="module")
def running_site(
    control_room_app: ASGIApp, serve: Callable[..., AbstractContextManager[uvicorn.Server]]
) -> Iterator[Site]:
    silencer = Silencer(control_room_app)
    with serve(silencer, lifespan="auto", timeout_graceful_shutdown=1) as server:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Site(url=f"http://127.0.0.1:{port}", silencer=silencer)


@pytest.fixture
def site(running_site: Site, canned_plant: CannedPlant) -> Site:
    canned_plant.start_again()
    running_site.silencer.silent = False
    return running_site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module; not for the session, because Playwright keeps an event loop."""
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}; set CHROMIUM")
    if web.static_folder() is None:
        pytest.skip("the pages are not built")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Tab:
    """One tab and what it did that it should not: other hosts asked, errors, broken policies."""

    page: Page
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, url: str) -> None:
        def asked(request: Request) -> None:
            if not request.url.startswith(url):
                self.elsewhere.append(request.url)

        def said(message: ConsoleMessage) -> None:
            if "Content Security" in message.text:
                self.errors.append(message.text)

        self.page.on("request", asked)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", said)


@pytest.fixture(scope="module")
def tab(browser: Browser, running_site: Site) -> Iterator[Tab]:
    context = browser.new_context()
    context.set_default_timeout(5_000)
    opened = Tab(context.new_page())
    opened.watch(running_site.url)
    yield opened
    context.close()


@pytest.fixture
def page(tab: Tab, site: Site) -> Iterator[Page]:
    """The control room, open at 1920 x 1080; at the end it must not have broken a rule.

    No request may go to another host, no error or broken content policy to the console.
    """
    page = tab.page
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.emulate_media(color_scheme="dark")
    page.mouse.move(5, 5)
    page.goto(site.url)
    page.get_by_role("grid").wait_for()
    yield page
    page.goto("about:blank")  # closes its stream, so that nothing of this test reaches the next
    page.unroute_all(behavior="ignoreErrors")
    broken = [*tab.elsewhere, *tab.errors]
    tab.elsewhere.clear()
    tab.errors.clear()
    assert broken == []
