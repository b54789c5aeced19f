"""Models that were trained elsewhere and are to serve here: signed by us, and noted who said so."""

from __future__ import annotations

from typing import Any

from supplynet.errors import ModelError, NotFound
from supplynet.learning.manifest import manifest_path
from supplynet.learning.resealing import adopt_model
from supplynet.services.books import Books

Json = dict[str, Any]


def adopt(books: Books, version: str, *, reason: str = "", actor: str) -> Json:
    """Check a version's sums and sign it; from then on it is trusted as if trained here.

    Args:
        books: The workspace, with the version's files in their places.
        version: Its name.
        reason: Where it comes from, for the audit log.
        actor: Who knows that.

    Returns:
        ``version, model_version, model, purpose``.

    Raises:
        InvalidId: The name is not an id.
        NotFound: There is no manifest of that name.
        ModelError: It is damaged, was signed here and changed afterwards, or sealed elsewhere.
        ConfigError: The key file cannot be used.
    """
    folder = books.workspace.folder
    try:
        found = adopt_model(folder, version)
    except ModelError:
        if manifest_path(folder, version).exists():
            raise
        raise NotFound("model version", version, f"put its files into {folder} first") from None
    told = {
        "model_version": found.model_version,
        "model": found.uncalibrated[0],
        "purpose": found.purpose,
    }
    with books.store.write(actor, books.wall_clock()) as tx:
        tx.note("model_adopted", version, after=told, reason=reason)
    return {"version": version, **told}
