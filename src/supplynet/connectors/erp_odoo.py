"""Odoo as an ``Erp``: stock, receipts, orders and reorder rules, by its JSON-RPC interface.

Written for versions 16 to 19; fields that differ between them are asked for. Products are known by
their internal reference (``default_code``), places by the full name of their location. Our order
id stands in ``origin`` of what we make there, and is looked up before anything is made: an order
whose answer was lost is found, not made again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from supplynet.connectors.erp import ErpOrder, ErpStock, Health, Pushed, Threshold
from supplynet.connectors.erp_odoo_map import OdooMap
from supplynet.connectors.erp_odoo_pull import OdooPulls
from supplynet.connectors.erp_odoo_push import OdooPushes
from supplynet.connectors.erp_rpc import OdooRpc
from supplynet.core.events import Event
from supplynet.core.orders import Order
from supplynet.errors import ConnectorError

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _sensible(call: Callable[_P, _T]) -> Callable[_P, _T]:
    """A record of another shape than the interface promises is an error of the other side."""

    @wraps(call)
    def checked(*arguments: _P.args, **said: _P.kwargs) -> _T:
        try:
            return call(*arguments, **said)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ConnectorError(
                f"Odoo gave a record that cannot be ({type(error).__name__}: {error})"
            ) from error

    return checked


class Odoo:
    """See ``Erp``.

    Args:
        rpc: Calls of the database.
        now: The time, aware.
        dry_run: Look everything up and change nothing.
    """

    def __init__(self, rpc: OdooRpc, *, now: Callable[[], datetime], dry_run: bool = False) -> None:
        self.left_out: list[str] = []
        self._rpc, self._map = rpc, OdooMap(rpc)
        self._pulls = OdooPulls(rpc, self._map, now, self.left_out)
        self._pushes = OdooPushes(rpc, self._map, self.left_out, dry_run=dry_run)

    @_sensible
    def health(self) -> Health:
        """See ``Erp``."""
        version = self._rpc.version()
        self._rpc.sign_in()
        return Health(system=f"Odoo {version}", lacking=tuple(self._map.lacking()))

    @_sensible
    def pull_stock(self) -> list[ErpStock]:
        """See ``Erp``; stock in locations below a mapped one counts to it."""
        return self._pulls.pull_stock()

    @_sensible
    def pull_receipts(self, since: datetime) -> list[Event]:
        """See ``Erp``: what came from suppliers. The id of a stock move is that of its event."""
        return self._pulls.pull_receipts(since)

    @_sensible
    def pull_orders(self, since: datetime) -> list[ErpOrder]:
        """See ``Erp``: confirmed purchases that are not all there yet."""
        return self._pulls.pull_orders(since)

    @_sensible
    def push_order(self, order: Order) -> Pushed:
        """See ``Erp``: a purchase becomes a purchase order, a transfer an internal transfer.

        Raises:
            ConnectorError: No answer; whether it was made the next push will find out.
            InvalidInput: A place, supplier or part is not mapped, or Odoo refuses.
        """
        return self._pushes.push_order(order)

    @_sensible
    def push_min_max(self, rows: Sequence[Threshold]) -> list[Pushed]:
        """See ``Erp``. Odoo orders *below* its minimum, we *at* the reorder point: one is added."""
        return self._pushes.push_min_max(rows)
