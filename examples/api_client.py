"""A server from Python: what it proposes, a count that is reported, and what changed by it.

python examples/api_client.py SERVER PLACE PART QUANTITY

SERVER is an address such as ``https://plant:8321``, or ``http://127.0.0.1:8321`` of a demo. The
token is taken from the environment variable SUPPLYNET_TOKEN; a demo needs none. The count says that
QUANTITY pieces of PART are at PLACE.
"""

import os
import sys

from supplynet.client import Client
from supplynet.errors import InvalidInput


def main(server: str, place: str, part: str, quantity: int) -> None:
    with Client(server, token=os.environ.get("SUPPLYNET_TOKEN")) as plant:
        before = plant.get_health().change
        proposals = list(plant.each.list_orders(state="proposed"))
        print(f"{len(proposals)} proposals wait for an answer")
        for order in proposals[:3]:
            print(f"  {order.quantity} x {order.part_id} to {order.to_location}")

        # Sent again by itself when the answer is lost; with one key, so that it counts once.
        plant.report_stock(
            "count", location_id=place, part_id=part, quantity=quantity, reason="example"
        )
        (row,) = plant.list_stock(location_id=place, part_id=part).items
        print(f"{place} has {row.on_hand} {row.unit} of {part}")
        for change in plant.list_changes(after=before).items:
            print(f"  change {change.seq}: {change.kind} {change.ref}")

        try:
            plant.report_stock("count", location_id="nowhere", part_id=part, quantity=1)
        except InvalidInput as error:
            print(f"refused: {error}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
