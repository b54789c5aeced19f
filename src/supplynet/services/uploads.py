"""Files that were sent to be imported: checked at once, kept for a day, taken in on demand.

Each has a folder in the workspace: the file, ``upload.json`` with what was said of it and found in
it, and ``.problems.csv`` with every mistake. Taking one in is a job with the id of the upload, so
that it cannot be done twice.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import polars as pl

from supplynet.core.ids import uuid7
from supplynet.errors import InvalidInput, NotFound, StoreError
from supplynet.files import write_atomically
from supplynet.services.books import Books, open_books
from supplynet.services.erp_import import import_file
from supplynet.services.import_asking import Asked
from supplynet.services.importing import import_table
from supplynet.services.orders import Said
from supplynet.services.upload_files import check_name, check_unpacked
from supplynet.storage import jobs, requests
from supplynet.storage.column_types import encode_json

Row = dict[str, Any]
Report = Callable[[float, str], None]
FOLDER = "uploads"
JOB = "import"
KEPT_FOR = timedelta(days=1)
MOST_KEPT = 50
SHOWN = 1000
"""Mistakes that are told of; ``.problems.csv`` has all of them."""
ERP_KINDS = ("erp_stock", "erp_orders", "erp_receipts")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TOLD, _PROBLEMS = "upload.json", ".problems.csv"
"""What no file that is sent can be called: see ``upload_files.check_name``."""


def begin(books: Books, name: str) -> Path:
    """Make room for a file that is about to come; old ones go first.

    Args:
        books: The workspace.
        name: As its sender calls it.

    Returns:
        Where its bytes are to be written; the folder's name is the id of the upload.

    Raises:
        InvalidInput: It has no name that can be, or too many wait.
        StoreError: The workspace cannot be written.
    """
    check_name(name)
    forget_old(books)
    home = _home(books.workspace.folder)
    if len(_ids(home)) >= MOST_KEPT:
        raise InvalidInput(f"{MOST_KEPT} files wait already: take them in or delete some first")
    folder = home / uuid7(books.wall_clock(), random.SystemRandom())
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made: {error.strerror}") from error
    return folder / name


def check(books: Books, file: Path, asked: Asked, said: Said) -> Row:
    """Look through a file that has come, take nothing, and keep what was found.

    Args:
        books: The workspace.
        file: From ``begin``; it goes when it cannot be read at all.
        asked: What was said of it.
        said: Who sends it, and under which key: the same file again gets the same answer.

    Raises:
        InvalidInput: The file is broken, or what was said of it is wrong. Mistakes in its cells
            are no error.
        ConflictingContent: The key was used for another file.
    """
    digest = _sha256(file)
    content = requests.content_hash(["upload", digest, asdict(asked)])
    with books.store.read() as tx:
        known = None if said.key is None else requests.recall(tx, said.key, content)
    try:
        if known is not None:
            shutil.rmtree(file.parent)
            return get(books, known["import_id"])
        check_unpacked(file)
        told = {
            "import_id": file.parent.name,
            "file": file.name,
            "size": file.stat().st_size,
            "sha256": digest,
            "sent_by": said.actor,
            "sent_at": books.wall_clock(),
            "asked": asdict(asked),
            "found": _taken(books, file, asked, dry_run=True),
        }
        write_atomically(file.parent / _TOLD, encode_json(told).encode())
        if said.key is not None:
            with books.store.write(said.actor, books.wall_clock(), audited=False) as tx:
                requests.keep(tx, said.key, content, {"import_id": file.parent.name})
    except BaseException:
        shutil.rmtree(file.parent, ignore_errors=True)
        raise
    return get(books, file.parent.name)


def get(books: Books, import_id: str) -> Row:
    """One upload; ``state`` is ``refused``, ``checked``, or that of its job.

    Raises:
        NotFound: There is none, or it has gone.
    """
    told = _told(books.workspace.folder, import_id)
    job = _job(books, import_id)
    state = "checked" if told["found"]["accepted"] else "refused"
    return told | {
        "sent_at": datetime.fromisoformat(told["sent_at"]),
        "state": state if job is None else job.state.value,
        "job_id": None if job is None else job.job_id,
    }


def every(books: Books) -> list[Row]:
    """All uploads, the newest first."""
    found = []
    for import_id in sorted(_ids(_home(books.workspace.folder)), reverse=True):
        with suppress(NotFound):
            found.append(get(books, import_id))
    return found


def take(books: Books, import_id: str, said: Said) -> str:
    """Queue the job that takes a file in; the id of the job. Twice is once.

    Raises:
        NotFound: There is no such upload.
        InvalidInput: Nothing in it can be taken.
    """
    told = _told(books.workspace.folder, import_id)
    if not told["found"]["accepted"]:
        raise InvalidInput(
            f"nothing of {told['file']} can be taken: correct its {told['found']['total']:,} "
            "mistakes and send it again, or choose on_error skip"
        )
    with books.store.write(said.actor, books.wall_clock()) as tx:
        jobs.submit(tx, import_id, JOB, {"import_id": import_id})
    return import_id


def take_in(folder: Path, import_id: str, *, report: Report) -> Row:
    """Take a file in, all or nothing: what the job does.

    Raises:
        NotFound: It has gone.
        InvalidInput: What was good when it was checked is not now.
    """
    books, told = open_books(folder), _told(folder, import_id)
    asked = Asked(**told["asked"])
    return _taken(books, _file(folder, told), asked, dry_run=False, report=report)


def drop(books: Books, import_id: str, said: Said) -> None:
    """Delete an upload, with a line in the audit log.

    Raises:
        NotFound: There is none.
        InvalidInput: It is being taken in.
    """
    told = _told(books.workspace.folder, import_id)
    job = _job(books, import_id)
    if job is not None and not job.finished:
        raise InvalidInput(f"import {import_id} is being taken in; cancel the job first")
    with books.store.write(said.actor, books.wall_clock()) as tx:
        what = {name: told[name] for name in ("file", "sha256", "sent_by")}
        tx.note("import_dropped", import_id, before=what)
    shutil.rmtree(_home(books.workspace.folder) / import_id)


def forget_old(books: Books) -> None:
    """Delete what was sent longer than a day ago and is not being taken in."""
    home, oldest = _home(books.workspace.folder), books.wall_clock() - KEPT_FOR
    for import_id in _ids(home):
        job = _job(books, import_id)
        # Of a killed server nothing but the bytes may be there: the folder itself tells its age.
        if (home / import_id).stat().st_mtime < oldest.timestamp() and (
            job is None or job.finished
        ):
            shutil.rmtree(home / import_id, ignore_errors=True)


def file_of(folder: Path, import_id: str) -> Path:
    """The file of an upload.

    Raises:
        NotFound: There is none.
    """
    return _file(folder, _told(folder, import_id))


def problems_of(books: Books, import_id: str) -> Path:
    """The CSV file with all mistakes of an upload.

    Raises:
        NotFound: There is none; files from an ERP have only those that are told of.
    """
    _told(books.workspace.folder, import_id)
    path = _home(books.workspace.folder) / import_id / _PROBLEMS
    if not path.is_file():
        raise NotFound("file of problems of import", import_id, "its first mistakes are all told")
    return path


def _taken(
    books: Books,
    file: Path,
    asked: Asked,
    *,
    dry_run: bool,
    report: Report = lambda _fraction, _what: None,
) -> Row:
    """What was found, or taken, in one shape for tables and for files of an ERP."""
    if asked.kind in ERP_KINDS:
        found = asdict(import_file(books, asked.kind[4:], file, dry_run=dry_run))
        mistakes = [_mistake(each) for each in found["mistakes"][:SHOWN]]
        accepted = 0 if found["total"] else found["rows"] - found["left_out"]
        return found | {
            "kind": asked.kind,
            "accepted": accepted,
            "skipped": found["left_out"],
            "mistakes": mistakes,
        }
    problems = file.parent / _PROBLEMS
    asked = replace(asked, save_profile=None) if dry_run else asked
    request = asked.request(file, dry_run=dry_run, problems=problems if dry_run else None)
    outcome = import_table(books.workspace.folder, request, report=report)
    row = asdict(outcome) | {"total": outcome.total, "skipped": outcome.rows - outcome.accepted}
    row["mistakes"] = (
        _first(problems) if dry_run else [_mistake(each) for each in row["mistakes"][:SHOWN]]
    )
    del row["problems_file"], row["saved_profile"]
    return row


def _first(problems: Path) -> list[Row]:
    frame = pl.read_csv(problems, n_rows=SHOWN, infer_schema=False)
    return [
        {
            "row": None if each["row"] is None else int(each["row"]),
            "column": each["column"],
            "value": each["value"],
            "kind": each["kind"],
            "wrong": each["reason"],
            "right": each["what_to_do"],
        }
        for each in frame.iter_rows(named=True)
    ]


def _mistake(said: Row) -> Row:
    return {name: said[name] for name in ("row", "column", "value", "kind", "wrong", "right")}


def _job(books: Books, import_id: str) -> jobs.Job | None:
    with books.store.read() as tx, suppress(NotFound):
        return jobs.get(tx, import_id)
    return None


def _home(folder: Path) -> Path:
    return folder / FOLDER


def _ids(home: Path) -> list[str]:
    return [each.name for each in home.iterdir() if each.is_dir()] if home.is_dir() else []


def _file(folder: Path, told: Row) -> Path:
    return _home(folder) / str(told["import_id"]) / str(told["file"])


def _told(folder: Path, import_id: str) -> Row:
    gone = NotFound("import", import_id, "files are kept for a day; send it again")
    if not _ID.fullmatch(import_id):  # it becomes a path
        raise gone
    try:
        text = (_home(folder) / import_id / _TOLD).read_bytes()
    except OSError as error:
        raise gone from error
    return cast("Row", json.loads(text))


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
