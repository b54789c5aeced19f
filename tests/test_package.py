"""What must hold of the package and the repository as a whole."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import supplynet

ROOT = Path(__file__).parents[1]
LARGEST_BYTES = 1_000_000
BINARY = {".gif", ".ico", ".jpg", ".parquet", ".png", ".woff2"}
# Put together here, so that this file is not among its own findings.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.~}])/(?:work|root|tmp|home|Users)/" + r"\w")


def tracked() -> list[Path]:
    """Files of the repository, those not yet added included."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    said = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if said.returncode:
        pytest.skip("not a checkout")
    return [path for name in said.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def found_in_sources(pattern: re.Pattern[str]) -> list[str]:
    texts = (path for path in tracked() if path.suffix not in BINARY)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_the_version_is_one_that_installers_understand() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc|\.dev)\d+)?", supplynet.__version__)


def test_importing_the_package_loads_no_library() -> None:
    code = (
        "import sys; before = set(sys.modules); import supplynet; print(*set(sys.modules) - before)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    packages = {name.split(".")[0] for name in said.stdout.split()}
    assert packages - set(sys.stdlib_module_names) == {"supplynet"}


@pytest.mark.parametrize("name", supplynet.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(supplynet, name) is not None


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = supplynet.Nonsense


def test_the_package_says_that_it_is_typed() -> None:
    assert (files("supplynet") / "py.typed").is_file()


def test_no_file_is_larger_than_1_mb() -> None:
    assert [path.name for path in tracked() if path.stat().st_size > LARGEST_BYTES] == []


def test_nothing_is_left_unfinished() -> None:
    assert found_in_sources(UNFINISHED) == []


def test_no_source_names_a_folder_of_somebodys_machine() -> None:
    assert found_in_sources(MACHINE_PATH) == []
