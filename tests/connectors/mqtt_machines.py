"""Machines that report at an even rate over MQTT. A script, run by the load test.

The id of an event ends in the moment at which it was published, in nanoseconds.
"""

from __future__ import annotations

import sys
import time

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

_STEP_SECONDS = 0.01
_LINES = ("A", "B")
_PARTS = ("bolt", "nut")


def main(port: str, rate: str, seconds: str) -> None:
    client = Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages = 5000
    client.connect("127.0.0.1", int(port))
    client.loop_start()
    total, per_second, number = int(rate) * int(seconds), int(rate), 0
    begun = time.monotonic()
    last = None
    while number < total:
        due = min(int((time.monotonic() - begun) * per_second), total)
        for number in range(number, due):  # noqa: B020 - it goes on where it stopped
            line, part = _LINES[number % 2], _PARTS[number // 2 % 2]
            body = (
                f'{{"schema":1,"source":"plc-{number % 20}","event_id":"{number}-{time.time_ns()}",'
                f'"occurred_at":"2026-01-0{5 + number * 5 // total}T12:00:00Z",'
                f'"part_id":"{part}","quantity":1}}'
            )
            last = client.publish(f"supplynet/v1/SR1/ST1/{line}/consumed", body, qos=1)
        number = due
        time.sleep(_STEP_SECONDS)
    assert last is not None
    last.wait_for_publish(60)
    sys.stdout.write(f"{time.monotonic() - begun:.1f}\n")
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
