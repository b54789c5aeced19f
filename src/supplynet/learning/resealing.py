"""Signing and sealing saved models anew: after a rotation of keys, or for those from elsewhere.

May be killed at any moment and run again, while others read: first the manifest says, signed,
that each file may be as it is or as it will be; then the files are replaced one by one; then the
manifest names the new ones alone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from supplynet.files import write_atomically
from supplynet.learning.artifacts import file_bytes
from supplynet.learning.kept_files import changing_seals, kept, opened, sealing_key, sum_of
from supplynet.learning.manifest import (
    SCHEMA,
    Manifest,
    read_foreign,
    read_manifest,
    signed_by,
    sum_over,
    write_manifest,
)
from supplynet.security.keyring import keyring_of


def reseal_model(workspace: Path, name: str) -> bool:
    """Sign and seal a model's files with the keys that are active now.

    Returns:
        Whether anything had to be done.

    Raises:
        ModelError: It is damaged, not signed by this workspace, or sealed with a key that is gone.
        ConfigError: The workspace's key file cannot be used.
    """
    read_manifest(workspace, name)
    with changing_seals(workspace):
        return _resealed(workspace, name)


def adopt_model(workspace: Path, name: str) -> Manifest:
    """Make a model from elsewhere one of this workspace: check its sums and sign it.

    Nothing of it is opened; what its files say is trusted from then on as if it had been trained
    here. Graphs in ONNX that came with it are not adopted: export it again.

    Raises:
        ModelError: It is damaged, was signed here and changed afterwards, or is sealed with a key
            that is not here.
        ConfigError: The workspace's key file cannot be used.
    """
    manifest, keyring = read_foreign(workspace, name), keyring_of(workspace)
    for path in manifest.files:
        opened(keyring, path, file_bytes(workspace, manifest, path))
    with changing_seals(workspace):
        write_manifest(workspace, manifest)
        _resealed(workspace, name)
    return read_manifest(workspace, name)


def model_keys(workspace: Path, name: str) -> frozenset[str]:
    """Ids of the keys that a model was signed and sealed with; "" stands for what is without.

    Raises:
        ModelError, ConfigError: As for ``reseal_model``.
    """
    manifest = read_manifest(workspace, name)
    contents = {path: file_bytes(workspace, manifest, path) for path in manifest.files}
    sealed = (sealing_key(content, path) for path, content in contents.items())
    return frozenset((signed_by(workspace, name), *sealed))


def _resealed(workspace: Path, name: str) -> bool:
    manifest, keyring = read_manifest(workspace, name), keyring_of(workspace)
    if model_keys(workspace, name) == keyring.active_ids and not manifest.also:
        return False
    now = {path: file_bytes(workspace, manifest, path) for path in manifest.files}
    plain = {path: opened(keyring, path, content) for path, content in now.items()}
    new = {path: kept(keyring, path, content) for path, content in plain.items()}
    sums = {path: sum_of(content) for path, content in new.items()}
    whole = sum_over({path: sum_of(content) for path, content in plain.items()})
    both = replace(
        manifest,
        files={path: sum_of(content) for path, content in now.items()},
        also=sums,
        content=whole if keyring.can_seal else "",
        schema=SCHEMA,
    )
    write_manifest(workspace, both)
    for path, content in new.items():
        write_atomically(workspace / path, content)
    write_manifest(workspace, replace(both, files=sums, also={}))
    return True
