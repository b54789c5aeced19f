"""What a model learnt from, in one line of text."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from supplynet.frames.panel import Panel


def panel_hash(panel: Panel) -> str:
    """SHA-256 (hex) over the names of the series, the starts of the periods and the demand.

    The same panel has the same text on every machine; every NaN counts as the same, and so do 0
    and -0. Tables beside demand are part of it.
    """
    starts = [round(start.timestamp() * 1e6) for start in panel.period_starts]
    demand = np.where(np.isnan(panel.demand), np.nan, panel.demand) + 0.0
    digest = hashlib.sha256(json.dumps([panel.series, starts]).encode())
    digest.update(np.ascontiguousarray(demand, dtype="<f8").tobytes())
    if panel.inputs is not None:
        digest.update(panel.inputs.fingerprint.encode())
    return digest.hexdigest()
