"""Files of the drop folder -> books: good rows are posted, the others become dead letters.

Taking a file again changes nothing, so a crash at any point is followed by reading it again: its
events have the same ids, its dead letters the same source. That holds for the same content under
another name as well: its rows go under the name that came first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

import structlog

from supplynet.connectors.drop_folder import DropFolder, problems_beside, state_of
from supplynet.connectors.drop_folder_problems import ProblemFile
from supplynet.connectors.drop_folder_rows import DropRow, content_hash, read_events
from supplynet.cycle.letters import Letter, TakenLetters, take_in_letters
from supplynet.errors import InvalidInput, StoreError
from supplynet.services.books import Books
from supplynet.storage import requests

log = structlog.get_logger()
ACTOR = "drop_folder"
CHANNEL = "file"
BATCH_ROWS = 1000
"""Rows of one transaction."""


@dataclass(frozen=True, kw_only=True)
class DroppedFile:
    """What became of a file.

    Attributes:
        name: Under which it was dropped.
        place: Where it lies now.
        new, known, dead: Rows that were posted, were there already, or were put aside.
        problem: Why the file as a whole could not be read; "" when it could.
    """

    name: str
    place: Path
    new: int = 0
    known: int = 0
    dead: int = 0
    problem: str = ""


def folder_of(books: Books, *, still_seconds: float = 3.0) -> DropFolder | None:
    """The drop folder of the settings, a relative one in the workspace; None without one."""
    name = books.settings.drop_folder
    if not name:
        return None
    return DropFolder(books.workspace.folder / name, still_seconds=still_seconds)


def take_all(
    books: Books, box: DropFolder, now: float, *, stop: Callable[[], bool] = lambda: False
) -> list[DroppedFile]:
    """Take what an earlier run left and every file that is complete; call it under ``only_one``.

    Args:
        books: The workspace.
        box: Its drop folder, prepared.
        now: Seconds of a clock that only rises.
        stop: Whether somebody waits for us to end; asked between two files and two batches.

    Raises:
        StoreError: The books cannot be written; what was begun is begun again next time.
        NotFound, PlantErrors: There is no plant, or it has mistakes.
    """
    taken = []
    _ = books.plant  # what is wrong with the plant is no problem of a file
    try:
        for path in _waiting(box, now):
            taken.append(_take_file(books, box, path, stop))  # noqa: PERF401 - kept on a stop
    except _Stopped:
        log.info("a dropped file was left for the next start")
    return taken


def _waiting(box: DropFolder, now: float) -> Iterator[Path]:
    """What was left, then what is complete, each moved into ``taking`` when its turn comes."""
    yield from box.left_over()
    for name in box.complete(now):
        path = box.take(name)
        if path is not None:
            yield path


class _Stopped(Exception):
    """Somebody waits for us to end; the file stays in ``taking`` and is read again."""


def _take_file(books: Books, box: DropFolder, path: Path, stop: Callable[[], bool]) -> DroppedFile:
    """Post the events of a file in ``taking`` and put the file away."""
    counts = {"new": 0, "known": 0, "dead": 0}
    problem = ""
    with ProblemFile(problems_beside(box.place_of(path, clean=False))) as problems:
        try:
            for taken in _take(books, path, problems):
                if stop():
                    raise _Stopped
                counts["new"] += taken.new
                counts["known"] += taken.known
                counts["dead"] += len(taken.dead)
        except InvalidInput as error:
            problem = str(error)
            problems.add_whole(problem)
        except OSError as error:
            problem = f"{path.name} cannot be read: {error.strerror or error}"
            problems.add_whole(problem)
        except (_Stopped, StoreError):
            raise
        except Exception as error:
            # Whatever it is, it would come again: one file must not hold up all others.
            log.exception("a dropped file could not be taken", name=path.name)
            problem = f"{path.name} cannot be taken: {type(error).__name__}: {error}"
            problems.add_whole(problem)
    place = box.put_away(path, clean=not (counts["dead"] or problem))
    log.info("a dropped file was taken", name=path.name, problem=problem, **counts)
    return DroppedFile(name=path.name, place=place, problem=problem, **counts)


def _take(books: Books, path: Path, problems: ProblemFile) -> Iterator[TakenLetters]:
    before = state_of(path)
    if before is None:
        raise InvalidInput(f"{path.name} is no plain file but a link, a folder or a device")
    content = content_hash(path)
    name = _first_name(books, content, path.name)
    for batch in _batches(read_events(path, content, time_zone=books.plant.time_zone)):
        rows = {f"{name}:{row.row}": row for row in batch}
        taken = take_in_letters(
            books.store,
            books.plant,
            [_letter(source, row) for source, row in rows.items()],
            actor=ACTOR,
            now=books.now(),
            skew=timedelta(minutes=books.settings.clock_skew_minutes),
        )
        problems.add((rows[letter.source], letter.problem) for letter in taken.dead)
        yield taken
    if state_of(path) != before:
        raise InvalidInput(
            f"{path.name} was written to while it was read, and what stood there was taken; "
            "write to NAME.part and rename it when it is whole"
        )


def _letter(source: str, row: DropRow) -> Letter:
    return Letter(
        channel=CHANNEL, source=source, payload=row.payload, event=row.event, problem=row.problem
    )


def _first_name(books: Books, content: str, name: str) -> str:
    """The name under which this content was dropped first, in the last week."""
    key = f"drop/{content}"
    with books.store.read() as tx:
        known = requests.recall(tx, key, content)
    if known is not None:
        return str(known["name"])
    with books.store.write(ACTOR, books.now()) as tx:
        requests.keep(tx, key, content, {"name": name})
        tx.note("file_taken", name, after={"sha256": content})
    return name


def _batches(rows: Iterator[DropRow]) -> Iterator[list[DropRow]]:
    while batch := list(islice(rows, BATCH_ROWS)):
        yield batch
