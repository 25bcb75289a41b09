"""Put the residents of grid cells somewhere, and say by a named rule when that is in a zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from gis.analyses.residents import CELL_M, at_centres, over_addresses
from gis.errors import ParameterError
from gis.kernels.coverage import cell_shares, cell_shares_plain
from gis.kernels.zones import ObjectRule, PointRule, highest_class, polygon_class
from gis.text import Text, percent, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.residents import Cells, Spread
    from gis.analyses.study import Study
    from gis.analyses.zones import Zones

Method = Literal["addresses", "area", "centre", "cell"]


@dataclass(frozen=True)
class Placing:
    """Where the weight of a cell is put, and when that place counts as inside.

    ``addresses`` and ``centre`` put it at points (``where``): rule interior or touch, and
    representative-point, which for a point is interior. ``area`` spreads it evenly: no
    rule is needed. ``cell`` counts the cell whole, as an object: all four rules.
    """

    method: Method
    rule: ObjectRule
    where: Spread | None = None
    min_share: float | None = None

    @property
    def point_rule(self) -> PointRule:
        """The rule for a point; its own place represents it."""
        return "touch" if self.rule == "touch" else "interior"


def place(
    study: Study,
    cells: Cells,
    *,
    method: Method,
    rule: ObjectRule = "interior",
    min_share: float | None = None,
) -> Placing:
    """Place the residents of cells. Raises ParameterError, LayerMissingError (no addresses)."""
    if (rule == "min-share") != (min_share is not None) or (
        rule == "min-share" and method != "cell"
    ):
        message = (
            f"rule {rule} with method {method} and min_share {min_share}: min-share goes with "
            "method cell and a share above 0 and at most 1"
        )
        raise ParameterError(message)
    if method == "addresses":
        return Placing(method, rule, over_addresses(study, cells))
    if method == "centre":
        return Placing(method, rule, at_centres(cells))
    return Placing(method, rule, None, min_share)


def extent_placing(placing: Placing) -> Placing:
    """Place the same weight for asking about a mapped extent: there its outline counts too."""
    rule: ObjectRule = "representative-point" if placing.method == "cell" else "touch"
    return Placing(placing.method, rule, placing.where)


def rule_text(rule: ObjectRule, min_share: float | None) -> Text:
    """Word a counting rule."""
    share = percent(min_share, decimals=0)
    return t(f"hazard_exposure.rule_{rule.replace('-', '_')}", share=share)


def placing_text(placing: Placing) -> Text:
    """Word where residents were placed and when that counts as inside, in short."""
    rule = rule_text(placing.rule, placing.min_share)
    return t(f"hazard_exposure.reading_{placing.method}", rule=rule)


def classes_at(where: Spread, zones: Zones, rule: PointRule) -> NDArray[np.int64]:
    """Find the worst class that holds each placed point, -1 outside all."""
    return highest_class(
        where.x, where.y, zones.shapes, zones.ranks, rule=rule, n_classes=zones.n_classes
    )


def weights_by_class(cells: Cells, placing: Placing, zones: Zones) -> NDArray[np.float64]:
    """Split every cell's weight by the class of the place it is put at.

    Gives (n_cells, n_classes + 1), the last column outside all zones; each row sums
    to the cell's weight.
    """
    if placing.where is not None:
        found = classes_at(placing.where, zones, placing.point_rule)
        return sum_points(cells, placing.where, found, n_classes=zones.n_classes)
    if placing.method == "area":
        shares = area_shares(cells, zones)
        outside = np.clip(1.0 - shares.sum(axis=1), 0.0, 1.0)
        return np.column_stack([shares, outside]) * cells.weight[:, None]
    found = polygon_class(
        cells.squares,
        zones.shapes,
        zones.ranks,
        rule=placing.rule,
        n_classes=zones.n_classes,
        min_share=placing.min_share,
    )
    made = np.zeros((len(cells.cell_id), zones.n_classes + 1))
    made[np.arange(len(found)), found] = cells.weight
    return made


def sum_points(
    cells: Cells, where: Spread, found: NDArray[np.int64], *, n_classes: int
) -> NDArray[np.float64]:
    """Sum the weight of placed points by cell and class; -1 goes to the last column."""
    n, width = len(cells.cell_id), n_classes + 1
    slot = np.where(found < 0, n_classes, found)
    flat = np.bincount(where.cell * width + slot, weights=where.weight, minlength=n * width)
    return flat.reshape(n, width)


def area_shares(cells: Cells, zones: Zones) -> NDArray[np.float64]:
    """Work out the share of each cell's area that lies in each class: (n_cells, n_classes)."""
    bounds = shapely.bounds(cells.squares)
    if len(bounds) and _on_grid(bounds):
        return cell_shares(
            bounds[:, 0],
            bounds[:, 1],
            zones.shapes,
            zones.ranks,
            size_m=CELL_M,
            n_classes=zones.n_classes,
        )
    # In a workspace of another zone than the grid's, the squares stand askew.
    return cell_shares_plain(cells.squares, zones.shapes, zones.ranks, n_classes=zones.n_classes)


def _on_grid(bounds: NDArray[Any]) -> bool:
    return bool((bounds % CELL_M == 0).all() and (bounds[:, 2] - bounds[:, 0] == CELL_M).all())
