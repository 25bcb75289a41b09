"""Measure how far habitat hangs together: reachable area over a graph of patches.

The probability of connectivity, PC (Saura and Pascual-Hortal 2007, Landscape and Urban
Planning 83, 91-103), and the equivalent connected area, ECA (Saura, Estreguil, Mouton
and Rodriguez-Freire 2011, Ecological Indicators 11, 407-416).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from gis.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def path_costs(a: ArrayLike, b: ArrayLike, cost: ArrayLike, *, n: int) -> Floats:
    """Return the least cost between every two of ``n`` patches over undirected links.

    a, b: int (k,), cost: (k,) zero or more. Infinite where no way leads, 0 to itself.
    Raises ParameterError.
    """
    first, second = np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64)
    weight = np.asarray(cost, dtype=np.float64)
    if first.size and (weight.min() < 0 or min(first.min(), second.min()) < 0 or
                       max(first.max(), second.max()) >= n):  # fmt: skip
        message = f"links between patches {first.min()} and {second.max()} of {n}, costs from "
        message += f"{weight.min()}: 0 to {n - 1} and zero or more are allowed"
        raise ParameterError(message)
    # A cost of zero would be no link in a sparse matrix.
    graph = coo_matrix((np.maximum(weight, 1e-9), (first, second)), shape=(n, n)).tocsr()
    costs: Floats = dijkstra(graph, directed=False)
    return costs


def equivalent_connected_area(areas: ArrayLike, costs: Floats, *, half_cost: float) -> float:
    """Return the ECA: the area of one patch that would be as well connected as all of them.

    ``ECA = sqrt(sum_i sum_j a_i a_j p_ij)`` with ``p_ij = 0.5 ** (cost_ij / half_cost)``,
    the probability of the best path, one half at ``half_cost``. areas: (n,), costs: (n, n)
    as ``path_costs`` gives. Between the root of the sum of squares (nothing connected) and
    the sum of the areas (all connected). Raises ParameterError.
    """
    area = np.asarray(areas, dtype=np.float64)
    if not half_cost > 0 or costs.shape != (len(area), len(area)):
        message = (
            f"half_cost = {half_cost}, {len(area)} areas, costs of shape {costs.shape}: more than "
            "zero, and one cost for each pair"
        )
        raise ParameterError(message)
    chance = np.exp2(-costs / half_cost)
    return float(np.sqrt(area @ chance @ area))
