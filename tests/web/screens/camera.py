"""Takes the pictures: one browser, a context per person and form, from screen to screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request
from tests.web.screens.plant import PASSWORD, PEOPLE, Say
from tests.web.screens.shots import Shot

FORMS = {"1080p": (1920, 1080), "phone": (390, 844)}
THEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
REST_SECONDS, MOST_SECONDS = 0.25, 20.0
GONE_SECONDS = 30.0
IS_BUSY = """() => {
    const waits = (each) => each.textContent.includes('One moment');
    const told = [...document.querySelectorAll('[role=status]')];
    return document.querySelector('.bones') !== null || told.some(waits);
}"""
IS_WIDE = "() => document.documentElement.scrollWidth - innerWidth"
OLD = "[role=alert][aria-label=Connection], p.old, .silent"
SAYS_GONE = f"() => document.querySelector('{OLD}') !== null"


@dataclass(frozen=True)
class Addresses:
    """Where the servers are: for who sits there, for who signs in, and of an empty workspace."""

    local: str
    signed: str
    empty: str

    def of(self, who: str) -> str:
        if who == "newcomer":
            return self.empty
        return self.signed if who in PEOPLE or who == "nobody" else self.local


@dataclass
class Eye:
    """One page in its own browser context, and what went wrong in it since it was last asked."""

    context: BrowserContext
    page: Page
    wrong: list[str] = field(default_factory=list)
    _open: set[Request] = field(default_factory=set)

    def __post_init__(self) -> None:
        page = self.page
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.wrong.append(f"exception: {error}"))
        page.on("request", self._asked)
        page.on("requestfinished", self._answered)
        page.on("requestfailed", self._answered)

    def _asked(self, asked: Request) -> None:
        if "/stream" not in asked.url:  # which never ends
            self._open.add(asked)

    def _answered(self, asked: Request) -> None:
        self._open.discard(asked)

    def _heard(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.wrong.append(f"console: {said.text} {said.location.get('url', '')}")

    def settle(self) -> None:
        """Wait until nothing is asked for and nothing says that it waits."""
        begun = calm_since = time.monotonic()
        while time.monotonic() - calm_since < REST_SECONDS:
            self.page.wait_for_timeout(50)
            if self._open or self.page.evaluate(IS_BUSY):
                calm_since = time.monotonic()
            if time.monotonic() - begun > MOST_SECONDS:
                self.wrong.append(f"does not come to rest in {MOST_SECONDS:.0f} s")
                return

    def told(self, expected: Iterable[str]) -> list[str]:
        """What went wrong and was not expected; forgotten from here on."""
        wrong = [each for each in self.wrong if not any(part in each for part in expected)]
        self.wrong.clear()
        return wrong


@dataclass
class Camera:
    """Takes pictures into a folder, and remembers what is wrong with the pages.

    Attributes:
        whole: The whole length of each page, not only what a screen shows.
        problems: ``<picture>: what is wrong``.
        taken: Names of the files.
    """

    browser: Browser
    addresses: Addresses
    folder: Path
    say: Say
    whole: bool = False
    problems: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    def take(self, shots: Sequence[Shot]) -> None:
        """All these, of everybody who looks, in all forms and themes."""
        for form in FORMS:
            for who in dict.fromkeys(shot.who for shot in shots):
                eye = self._open(who, form)
                for shot in (each for each in shots if each.who == who):
                    self.say(f"{shot.name}, {form}")
                    self._visit(eye, shot)
                    self._picture(eye, shot, form)
                eye.context.close()

    def take_left_alone(self, shots: Sequence[Shot], leave: Callable[[], None]) -> None:
        """Open these, let the server go, and picture what the pages say then."""
        eyes = [(self._open(shot.who, form), shot, form) for form in FORMS for shot in shots]
        for eye, shot, _ in eyes:
            self._visit(eye, shot)
        leave()
        self.say("waiting until the pages notice that the server is gone")
        until = time.monotonic() + GONE_SECONDS
        for eye, shot, form in eyes:
            while not eye.page.evaluate(SAYS_GONE) and time.monotonic() < until:
                eye.page.wait_for_timeout(100)
            if not eye.page.evaluate(SAYS_GONE):
                self.problems.append(f"{shot.name}-{form}: does not say that the server is gone")
        for eye, shot, form in eyes:
            self._picture(eye, shot, form)
            eye.context.close()

    def _open(self, who: str, form: str) -> Eye:
        width, height = FORMS[form]
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            service_workers="block",
            locale="en-GB",
        )
        context.set_default_timeout(8_000)
        eye = Eye(context, context.new_page())
        if who == "cut off":
            context.route("**/api/**", lambda route: route.abort("connectionrefused"))
        eye.page.goto(self.addresses.of(who))
        if who in PEOPLE:
            eye.page.get_by_label("Name").fill(who)
            eye.page.get_by_label("Password", exact=True).fill(PASSWORD)
            eye.page.get_by_role("button", name="Sign in", exact=True).click()
            eye.page.get_by_label("Password", exact=True).wait_for(state="detached")
            eye.told(("401",))  # who is not signed in yet is told so
        return eye

    def _visit(self, eye: Eye, shot: Shot) -> None:
        """By way of nowhere, which closes what was open before."""
        for to in ("nowhere", shot.to):
            eye.page.evaluate("to => { location.hash = to }", f"#/{to}")
            eye.page.wait_for_timeout(50)
        eye.settle()
        try:
            shot.act(eye.page)
        except Error as error:
            eye.wrong.append(f"cannot be opened: {error.message.splitlines()[0]}")
        eye.page.mouse.move(2, 2)
        eye.settle()

    def _picture(self, eye: Eye, shot: Shot, form: str) -> None:
        for theme in THEMES:
            name = f"{shot.name}-{theme}-{form}.png"
            eye.page.emulate_media(color_scheme=theme)
            eye.page.wait_for_timeout(50)
            eye.page.screenshot(
                path=self.folder / name, animations="disabled", full_page=self.whole
            )
            self.taken.append(name)
        wide = eye.page.evaluate(IS_WIDE)
        if wide > 0:
            eye.wrong.append(f"scrolls sideways by {wide} px")
        told = dict.fromkeys(eye.told(shot.expects))
        self.problems += [f"{shot.name}-{form}: {each}" for each in told]
