"""Graphs beside a saved model: ``models/<name>.<part>.onnx``, listed in ``<name>.onnx.json``.

The list is written last, signed, carries the SHA-256 of every graph and of itself, and names the
model version that the graphs were made from: bytes are checked before they are opened, and graphs
of another training are refused. Where the workspace has a key to seal with, graphs are sealed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supplynet.core.ids import check_id
from supplynet.errors import ModelError
from supplynet.files import write_atomically
from supplynet.learning.kept_files import changing_seals, checked, kept, opened, sealing_key, sum_of
from supplynet.learning.signed_json import (
    check_signature,
    is_whole,
    read_told,
    sha256,
    signed_bytes,
    signing_key,
)
from supplynet.security.keyring import keyring_of

SCHEMA = 2
"""Lists of schema 1 were not signed; see ``signed_json``."""
_SIGNED_FOR = "model-graphs"
WHOLE = "whole"
"""Name of the graph of a model that has no members."""
PRECISIONS = ("fp32", "int8")
_MEND = "export the model again"
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
        ConfigError: The workspace's key file cannot be used.
    """
    keyring, entries = keyring_of(workspace), {}
    for part, graph in graphs.items():
        path = _path(name, part)
        content = kept(keyring, str(path), graph.content)
        write_atomically(workspace / path, content)
        told = {"precision": graph.precision, "evidence": graph.evidence}
        entries[part] = {**told, **_summed(content)}
    _write_list(workspace, name, {"model_version": model_version, "graphs": entries})
    return (*(_path(name, part) for part in graphs), _list_path(name))


def load_graphs(workspace: Path, name: str, model_version: str) -> dict[str, Graph]:
    """The graphs of a model version, every byte checked; none where it was never exported.

    Raises:
        ModelError: One is missing, damaged, of another training, or not signed by this workspace.
        ConfigError: The workspace's key file cannot be used.
    """
    while True:
        told = _read_list(workspace, name)
        if told is None:
            return {}
        if told["model_version"] != model_version:
            raise ModelError(
                f"the ONNX files of {name} were made from {told['model_version']}, not from "
                f"{model_version}; {_MEND}"
            )
        try:
            return _graphs(workspace, name, told)
        except ModelError:  # a graph may be on its way to another seal: look once more
            if _read_list(workspace, name) == told:
                raise


def reseal_graphs(workspace: Path, name: str) -> bool:
    """Sign and seal a model's graphs with the keys that are active now; may be killed any time.

    Returns:
        Whether anything had to be done.

    Raises:
        ModelError: As for ``load_graphs``.
    """
    if _read_list(workspace, name) is None:
        return False
    with changing_seals(workspace):
        return _resealed(workspace, name)


def graph_keys(workspace: Path, name: str) -> frozenset[str]:
    """Ids of the keys that a model's graphs were signed and sealed with. Raises as ``load_graphs``.

    The empty id stands for a list or a graph without; there is none where it was never exported.
    """
    told = _read_list(workspace, name)
    if told is None:
        return frozenset()
    graphs = {part: str(_path(name, part)) for part in told["graphs"]}
    contents = {part: _on_disk(workspace, Path(path), told, part) for part, path in graphs.items()}
    sealed = (sealing_key(contents[part], path) for part, path in graphs.items())
    return frozenset((signing_key(told), *sealed))


def remove_graphs(workspace: Path, name: str) -> None:
    """Remove a model's graphs, the list first: what is left of a removal is no export."""
    (workspace / _list_path(name)).unlink(missing_ok=True)
    for path in (workspace / "models").glob("*.onnx"):
        if path.stem.rpartition(".")[0] == name:
            path.unlink(missing_ok=True)


def _resealed(workspace: Path, name: str) -> bool:
    told, keyring = _read_list(workspace, name), keyring_of(workspace)
    if told is None or graph_keys(workspace, name) == keyring.active_ids:
        return False
    paths = {part: _path(name, part) for part in told["graphs"]}
    now = {part: _on_disk(workspace, path, told, part) for part, path in paths.items()}
    new = {
        part: kept(keyring, str(paths[part]), opened(keyring, str(paths[part]), content))
        for part, content in now.items()
    }
    _write_list(workspace, name, _with_sums(told, now, also=new))
    for part, path in paths.items():
        write_atomically(workspace / path, new[part])
    _write_list(workspace, name, _with_sums(told, new))
    return True


def _list_path(name: str) -> Path:
    return Path("models") / f"{check_id(name, 'model name')}.onnx.json"


def _path(name: str, part: str) -> Path:
    """No part has a dot, so that no two models have the same path."""
    assert _PART.match(part), part
    return Path("models") / f"{check_id(name, 'model name')}.{part}.onnx"


def _write_list(workspace: Path, name: str, told: Mapping[str, Any]) -> None:
    content = signed_bytes({**told, "schema": SCHEMA}, _SIGNED_FOR, keyring_of(workspace))
    write_atomically(workspace / _list_path(name), content)


def _read_list(workspace: Path, name: str) -> dict[str, Any] | None:
    path = workspace / _list_path(name)
    try:
        content, told = read_told(path)
        whole = is_whole(content, told) and told["schema"] <= SCHEMA
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        whole = False
    if not whole:
        raise ModelError(f"{path.name} was changed after it was saved; {_MEND}")
    keyring = keyring_of(workspace)
    if told["schema"] == SCHEMA:
        check_signature(told, _SIGNED_FOR, keyring, path.name, _MEND)
    elif not keyring.knew(sha256(content)):
        raise ModelError(f"{path.name} is not signed; {_MEND}")
    return {key: value for key, value in told.items() if key != "sum"}


def _graphs(workspace: Path, name: str, told: Mapping[str, Any]) -> dict[str, Graph]:
    entries: Mapping[str, Mapping[str, Any]] = told["graphs"]
    on_disk = {part: _on_disk(workspace, _path(name, part), told, part) for part in entries}
    keyring = keyring_of(workspace)
    return {
        part: Graph(
            content=opened(keyring, str(_path(name, part)), on_disk[part]),
            precision=entry["precision"],
            evidence=entry["evidence"],
        )
        for part, entry in entries.items()
    }


def _on_disk(workspace: Path, path: Path, told: Mapping[str, Any], part: str) -> bytes:
    entry = told["graphs"][part]
    also = [(entry["also"]["sha256"], entry["also"]["size"])] if "also" in entry else []
    return checked(workspace, str(path), [(entry["sha256"], entry["size"]), *also], _MEND)


def _with_sums(
    told: Mapping[str, Any],
    contents: Mapping[str, bytes],
    also: Mapping[str, bytes] | None = None,
) -> dict[str, Any]:
    """The list with the sums of ``contents``, and those of ``also`` as good as they."""
    graphs = {}
    for part, content in contents.items():
        entry = {key: told["graphs"][part][key] for key in ("precision", "evidence")}
        second = {"also": _summed(also[part])} if also else {}
        graphs[part] = {**entry, **_summed(content), **second}
    return {"model_version": told["model_version"], "graphs": graphs}


def _summed(content: bytes) -> dict[str, Any]:
    digest, size = sum_of(content)
    return {"sha256": digest, "size": size}
