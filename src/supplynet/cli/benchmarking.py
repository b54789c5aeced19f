"""What a benchmark is handed and what it gives back; the document it becomes.

Benchmarks are files of the source checkout: ``benchmarks/<name>.py`` with a docstring and
``run(setup: Setup) -> Result``; on the command line ``_`` is written ``-``. One that has options of
its own declares them as ``OPTIONS``, a tuple of ``bench_options.Option``. What they share lies in
folders beside them and is imported as ``benchmarks.<folder>.<module>``.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

from supplynet._version import __version__
from supplynet.cli.output import Report
from supplynet.errors import NotFound

SCHEMA = 1
_LIBRARIES = ("numpy", "polars", "lightgbm", "torch", "sqlalchemy")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a benchmark is asked for.

    Attributes:
        seed: The first seed.
        seeds: How many seeds from there on; benchmarks that use one look at ``seed`` alone.
        quick: Small sizes: to see that it runs; its figures mean nothing.
        checkout: Root of the source checkout.
        report: Progress, 0 to 1.
        only: Parts to run, of a benchmark that has parts; none = all.
        options: Value of every option that the benchmark declares, by name.
        asked: Whether any of them was given: else it runs what it usually compares.
    """

    seed: int
    seeds: int
    quick: bool
    checkout: Path
    report: Report
    only: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    asked: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a benchmark found.

    Attributes:
        params: What it ran on, beside the seed.
        rows: Figures; ``row["table"]`` says which rows belong together and have the same keys.
        skipped: Why it did not run; "" when it did.
    """

    params: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    skipped: str = ""


def find_checkout() -> Path:
    """Root of the source checkout that this package runs from.

    Raises:
        NotFound: It runs from an installed wheel.
    """
    root = Path(__file__).resolve().parents[3]
    if not ((root / "pyproject.toml").is_file() and (root / "benchmarks").is_dir()):
        hint = "benchmarks come with the source: run from a checkout, installed with pip install -e"
        raise NotFound("folder of", "benchmarks", hint)
    return root


def names(checkout: Path) -> list[str]:
    """Benchmarks that there are."""
    files = (checkout / "benchmarks").glob("[a-z]*.py")
    return sorted(path.stem.replace("_", "-") for path in files)


def load(checkout: Path, name: str) -> ModuleType:
    """The file of a benchmark, imported; ``twin_speed`` is ``twin-speed``.

    Raises:
        NotFound: No such benchmark.
    """
    if name.replace("_", "-") not in names(checkout):
        raise NotFound("benchmark", name, f"choose from {', '.join(names(checkout))}")
    name = name.replace("-", "_")
    folder = checkout / "benchmarks"
    package = ModuleType(folder.name)
    package.__path__ = [str(folder)]
    sys.modules[folder.name] = package  # this checkout's, not one that happens to be on the path
    spec = importlib.util.spec_from_file_location(f"{folder.name}.{name}", folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def document(name: str, setup: Setup, run: Callable[[Setup], Result]) -> dict[str, Any]:
    """Run a benchmark; its figures with what they were measured on."""
    machine = describe_machine()
    result = run(setup)
    made = {
        "bench": name.replace("_", "-"),
        "schema": SCHEMA,
        "params": {"quick": setup.quick, **result.params},
        "seed": setup.seed,
        "machine": machine,
        "rows": result.rows,
    }
    return made | {"skipped": result.skipped} if result.skipped else made


def describe_machine() -> dict[str, Any]:
    """What the figures depend on; no name of the machine, its user or its folders."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "supplynet": __version__,
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "threads": {name: os.environ[name] for name in _THREADS if name in os.environ},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    found = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(found, platform.processor())


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None
