"""``python -m tests.web.screens OUT``: a picture of every screen, dark and light, desk and phone.

Exit status 1: a page logged an error, scrolls sideways, could not be opened, or stays loading.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.pages import browser as chromium
from fastapi import FastAPI
from tests.web.screens import plant
from tests.web.screens.camera import Addresses, Camera
from tests.web.screens.sheet import write_sheet
from tests.web.screens.shots import SHOTS, Shot

from supplynet.api.app import create_app
from supplynet.services.books import Books
from supplynet.worker.crew import Jobs


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures that are asked for; the exit status."""
    asked = _parser().parse_args(arguments)
    shots = [
        shot for shot in SHOTS if not asked.only or any(each in shot.name for each in asked.only)
    ]
    if asked.list:
        sys.stdout.write("".join(f"{shot.name}\n" for shot in shots))
        return 0
    if lacking := chromium.missing():
        _say(lacking)
        return 2
    if not shots:
        _say("no screen is called so; see --list")
        return 2
    begun = time.monotonic()
    asked.out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory(prefix="supplynet-screens-") as folder:
        camera = _run(shots, asked, Path(folder))
    sheet = write_sheet(asked.out, [shot.name for shot in SHOTS], camera.problems)
    for problem in camera.problems:
        sys.stdout.write(f"WRONG {problem}\n")
    took = time.monotonic() - begun
    sys.stdout.write(f"{len(camera.taken)} pictures in {took:.0f} s: {sheet}\n")
    return 1 if camera.problems else 0


def _run(shots: Sequence[Shot], asked: argparse.Namespace, folder: Path) -> Camera:
    books = plant.make_plant(folder / "plant", asked.demo, _say)
    empty = plant.make_empty(folder / "empty")

    def signed(closing: Callable[[], bool]) -> FastAPI:
        app = create_app(books, closing=closing)
        app.state.passwords = plant.CHEAP
        return app

    with ExitStack() as stack:
        stack.callback(books.store.close)
        stack.callback(empty.store.close)
        stack.enter_context(Jobs(books))  # answers what is asked in the background
        local, server = stack.enter_context(plant.serving(partial(_at_desk, books)))
        addresses = Addresses(
            local=local,
            signed=stack.enter_context(plant.serving(signed))[0],
            empty=stack.enter_context(plant.serving(partial(_at_desk, empty)))[0],
        )
        browser = stack.enter_context(chromium.opened())
        camera = Camera(browser, addresses, asked.out, _say, whole=asked.whole)
        alone = [shot for shot in shots if shot.who == "left alone"]
        camera.take([shot for shot in shots if shot not in alone])
        if alone:
            camera.take_left_alone(alone, lambda: plant.stop(server))
    return camera


def _at_desk(books: Books, closing: Callable[[], bool]) -> FastAPI:
    """Whoever sits at the server may do everything."""
    return create_app(books, local=True, closing=closing)


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.web.screens", description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=Path("build/screens"), metavar="OUT")
    parser.add_argument(
        "--only", action="append", metavar="TEXT", help="screens whose name has this; repeatable"
    )
    parser.add_argument("--demo", type=Path, metavar="FOLDER", help="a demo that is there; copied")
    parser.add_argument("--whole", action="store_true", help="the whole length of each page")
    parser.add_argument("--list", action="store_true", help="say the names, and take nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
