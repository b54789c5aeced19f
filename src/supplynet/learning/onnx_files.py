"""Graphs beside a saved model: ``models/<name>.<part>.onnx``, listed in ``<name>.onnx.json``.

The list is written last, carries the SHA-256 of every graph and of itself, and names the model
version that the graphs were made from: bytes are checked before they are opened, and graphs of
another training are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supplynet.core.ids import check_id
from supplynet.errors import ModelError
from supplynet.files import write_atomically
from supplynet.learning.manifest import json_bytes, sha256

SCHEMA = 1
WHOLE = "whole"
"""Name of the graph of a model that has no members."""
PRECISIONS = ("fp32", "int8")
_PART = re.compile(r"[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """One graph.

    Attributes:
        content: Serialised ``onnx.ModelProto``.
        precision: One of ``PRECISIONS``.
        evidence: Figures that decided about the precision, JSON values.
    """

    content: bytes
    precision: str = "fp32"
    evidence: Mapping[str, Any] | None = None


def save_graphs(
    workspace: Path, name: str, model_version: str, graphs: Mapping[str, Graph]
) -> tuple[Path, ...]:
    """Write a model's graphs by the name of their part, and their list.

    Returns:
        Files below the workspace, the list last.

    Raises:
        InvalidId: A name is not an id.
    """
    entries = {}
    for part, graph in graphs.items():
        write_atomically(workspace / _path(name, part), graph.content)
        entries[part] = {
            "sha256": sha256(graph.content),
            "size": len(graph.content),
            "precision": graph.precision,
            "evidence": graph.evidence,
        }
    told = {"schema": SCHEMA, "model_version": model_version, "graphs": entries}
    told["sum"] = sha256(json_bytes(told))
    write_atomically(workspace / _list_path(name), json_bytes(told))
    return (*(_path(name, part) for part in graphs), _list_path(name))


def load_graphs(workspace: Path, name: str, model_version: str) -> dict[str, Graph]:
    """The graphs of a model version, every byte checked; none where it was never exported.

    Raises:
        ModelError: One is missing, damaged, or of another training.
    """
    told = _read_list(workspace, name)
    if told is None:
        return {}
    if told["model_version"] != model_version:
        raise ModelError(
            f"the ONNX files of {name} were made from {told['model_version']}, not from "
            f"{model_version}; export it again"
        )
    graphs: dict[str, Mapping[str, Any]] = told["graphs"]
    return {part: _checked(workspace, _path(name, part), entry) for part, entry in graphs.items()}


def remove_graphs(workspace: Path, name: str) -> None:
    """Remove a model's graphs, the list first: what is left of a removal is no export."""
    (workspace / _list_path(name)).unlink(missing_ok=True)
    for path in (workspace / "models").glob("*.onnx"):
        if path.stem.rpartition(".")[0] == name:
            path.unlink(missing_ok=True)


def _list_path(name: str) -> Path:
    return Path("models") / f"{check_id(name, 'model name')}.onnx.json"


def _path(name: str, part: str) -> Path:
    """No part has a dot, so that no two models have the same path."""
    assert _PART.match(part), part
    return Path("models") / f"{check_id(name, 'model name')}.{part}.onnx"


def _read_list(workspace: Path, name: str) -> dict[str, Any] | None:
    path = workspace / _list_path(name)
    try:
        content = path.read_bytes()
        told: dict[str, Any] = json.loads(content)
        whole = content == json_bytes(told)
        intact = told.pop("sum") == sha256(json_bytes(told)) and told["schema"] == SCHEMA
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = intact = False
    if not (whole and intact):
        raise ModelError(f"{path.name} was changed after it was saved; export {name} again")
    return told


def _checked(workspace: Path, path: Path, entry: Mapping[str, Any]) -> Graph:
    try:
        content = (workspace / path).read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}; export the model again") from error
    if len(content) != entry["size"] or sha256(content) != entry["sha256"]:
        raise ModelError(f"{path} was changed after it was saved; export the model again")
    return Graph(content=content, precision=entry["precision"], evidence=entry["evidence"])
