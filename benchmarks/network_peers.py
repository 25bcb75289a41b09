"""Answer one network question with a peer library, in a Python of its own.

``network.py`` runs this with the interpreter that has the peers (``--peers PYTHON``), so
that libraries under other licences (pandana: AGPL) and their pins stay apart from the
project's. Nothing of the project is imported. Reads and writes .npz files; prints the CPU
and wall seconds as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def timed(run: Callable[[], Any]) -> Any:
    """Run, print CPU and wall seconds, and return the answer."""
    cpu, wall = time.process_time(), time.perf_counter()
    answer = run()
    told = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    print(json.dumps(told))
    return answer


def pandana(given: str, out: str) -> None:
    """Build a network and find the nearest destination of every node within the limit."""
    import pandana
    import pandas as pd

    data = np.load(given)
    weights = pd.DataFrame({"m": data["length_cm"] / 100})
    x, y = pd.Series(data["x"]), pd.Series(data["y"])
    ends = pd.Series(data["tail"]), pd.Series(data["head"])
    limit = float(data["limit_cm"]) / 100
    targets = data["targets"]

    def run() -> Any:
        network = pandana.Network(x, y, *ends, weights, twoway=True)
        network.set_pois("t", limit, 1, x[targets], y[targets])
        return network.nearest_pois(limit, "t", num_pois=1, max_distance=np.inf)

    found = timed(run)
    np.savez(out, cost_m=found[1].to_numpy())


def osmnx(given: str, out: str) -> None:
    """Read a file in OpenStreetMap's XML, which osmnx needs, into a simplified graph."""
    import osmnx

    graph = timed(lambda: osmnx.graph_from_xml(given, retain_all=True))
    np.savez(out, nodes=len(graph), edges=graph.size())


PEERS = {"pandana": pandana, "osmnx": osmnx}

if __name__ == "__main__":
    PEERS[sys.argv[1]](sys.argv[2], sys.argv[3])
