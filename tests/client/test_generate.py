"""The operations of the client are those of the API."""

from __future__ import annotations

import subprocess
import sys

from supplynet.client.client import Client
from supplynet.client.generate import made
from supplynet.security.access import OPERATIONS


def test_the_client_is_what_the_generator_makes_now() -> None:
    """If not: ``python -m supplynet.client.generate``, and look at what changed."""
    shall = made()
    assert {path for path, text in shall.items() if path.read_text("utf-8") != text} == set()
    assert {path.name for path in shall} == {"models.py", "operations.py"}


def test_every_operation_has_a_method() -> None:
    assert {name for name in OPERATIONS if not hasattr(Client, name)} == set()


def test_using_the_client_loads_none_of_the_server_before_a_row_is_read() -> None:
    code = "import sys; from supplynet.client import Client; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(said.stdout.split())
    assert "supplynet.client.operations" in loaded
    assert not loaded & {"fastapi", "polars", "sqlalchemy", "supplynet.api", "numpy"}
