"""The peers of ``bench twin-speed``: lost sales under base-stock; prints what it took as JSON.

Both are environments that take one order vector per period, as made for reinforcement learning.
A unit is one stock point, one part, one period; every stage or node that holds stock counts.

Usage: python twin_peers.py or_gym_inventory|gym_invmgmt PERIODS [STATIONS]
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

MEAN = 5
RUNS = 3


def or_gym_inventory(periods: str) -> tuple[Callable[[], None], int]:
    """Three stages in a row, one part; stage 0 meets the demand."""
    from or_gym_inventory.inventory_management import (  # type: ignore[import-not-found,unused-ignore]
        InvManagementLostSalesEnv,
    )

    env = InvManagementLostSalesEnv(
        periods=int(periods), I0=[15, 15, 15], L=[1, 1, 1], c=[99, 99, 99], dist_param={"mu": MEAN}
    )
    stages, level = 3, 4 * MEAN

    def play() -> None:
        state, _ = env.reset(seed=1)
        done = False
        while not done:
            order = np.maximum(level - state[:stages] - state[stages : 2 * stages], 0)
            state, _, _, done, _ = env.step(order)

    return play, stages * int(periods)


def gym_invmgmt(periods: str, stations: str) -> tuple[Callable[[], None], int]:
    """One warehouse that fills stations, each with a demand of its own, one part."""
    from gym_invmgmt import make_custom_env  # type: ignore[import-not-found,unused-ignore]

    count = int(stations)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.yaml"
        file.write_text(_network(count), encoding="utf-8")
        demand = {"type": "stationary", "base_mu": MEAN, "use_goodwill": False}
        env = make_custom_env(
            str(file), num_periods=int(periods), backlog=False, demand_config=demand
        )
    links = env.network.reorder_links
    nodes = [env.network.node_map[buyer] for _, buyer in links]
    level = np.array([8.0 * MEAN * count if supplier == 1 else 4.0 * MEAN for supplier, _ in links])

    def play() -> None:
        env.reset(seed=1)
        done = False
        while not done:
            position = env.X[env.period, nodes] + env.Y[env.period]
            *_, done, _ = env.step(np.maximum(level - position, 0))

    return play, (count + 1) * int(periods)


def _network(stations: int) -> str:
    """Market 0, raw material 1, warehouse 2, stations from 3 on."""
    warehouse = f"  - {{id: 2, I0: {40 * stations}, h: 0.01}}"
    nodes = ["  - id: 0", "  - id: 1", warehouse]
    edges = ["  - {from: 1, to: 2, L: 2, p: 0.1, g: 0}"]
    for node in range(3, 3 + stations):
        nodes.append(f"  - {{id: {node}, I0: 15, h: 0.02}}")
        edges.append(f"  - {{from: 2, to: {node}, L: 1, p: 1, g: 0}}")
        demand = f"demand_dist: poisson, dist_param: {{mu: {MEAN}}}"
        edges.append(f"  - {{from: {node}, to: 0, p: 2, b: 0.1, {demand}}}")
    return "\n".join(["name: speed", "nodes:", *nodes, "edges:", *edges, ""])


def main(library: str, *arguments: str) -> dict[str, Any]:
    made: dict[str, Callable[..., tuple[Callable[[], None], int]]] = {
        "or_gym_inventory": or_gym_inventory,
        "gym_invmgmt": gym_invmgmt,
    }
    play, units = made[library](*arguments)
    play()
    walls, cpus = [], []
    for _ in range(RUNS):
        wall, cpu = perf_counter(), process_time()
        play()
        walls.append(perf_counter() - wall)
        cpus.append(process_time() - cpu)
    return {
        "units": units,
        "seconds": min(walls),
        "cpu_seconds": min(cpus),
        "version": version(library.replace("_", "-")),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
