"""The API from Python: typed, safe to repeat, without a word about HTTP.

>>> from supplynet.client import Client
>>> with Client("https://plant:8321", token="sn_...") as plant:  # doctest: +SKIP
...     for order in plant.each.list_orders(state="proposed"):
...         plant.approve_order(order.order_id, reason="seen", if_match=order)

Names are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supplynet.client.client import Client
    from supplynet.client.feed import Change
    from supplynet.client.files import File
    from supplynet.client.patience import Patience
    from supplynet.client.refusals import Conflict, Refused, StillRunning, Unreachable

_LAZY = {
    "Change": "feed",
    "Client": "client",
    "Conflict": "refusals",
    "File": "files",
    "Patience": "patience",
    "Refused": "refusals",
    "StillRunning": "refusals",
    "Unreachable": "refusals",
}
__all__ = [
    "Change",
    "Client",
    "Conflict",
    "File",
    "Patience",
    "Refused",
    "StillRunning",
    "Unreachable",
]


def __getattr__(name: str) -> Any:
    try:
        return getattr(import_module(f"supplynet.client.{_LAZY[name]}"), name)
    except KeyError:
        raise AttributeError(f"module 'supplynet.client' has no attribute {name!r}") from None
