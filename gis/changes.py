"""Say what came, went and moved between two builds of a store, by the rows themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gis.errors import StoreError
from gis.sources.prints import row_prints
from gis.store import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from gis.store import Store
    from gis.workspace import Workspace

# Of every row: what its fields sum to, and what its geometry does.
Prints = Counter[tuple[int, int]]


@dataclass(frozen=True)
class Change:
    """What happened to one layer: rows that came, went, or kept their fields and moved."""

    layer: str
    came: int
    went: int
    moved: int
    new: bool = False
    gone: bool = False

    @property
    def nothing(self) -> bool:
        """Whether the layer is as it was."""
        return not (self.came or self.went or self.moved or self.new or self.gone)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "layer": self.layer,
            "came": self.came,
            "went": self.went,
            "moved": self.moved,
            "new": self.new,
            "gone": self.gone,
        }


def prints_of(store: Store) -> dict[str, Prints]:
    """Return the prints of every layer of a store."""
    return {name: frame_prints(store.frame(name)) for name in store.layers}


def prints_before(workspace: Workspace) -> dict[str, Prints] | None:
    """Return the prints of the store as it stands, or None where there is none to read."""
    try:
        return prints_of(open_store(workspace))
    except StoreError:
        return None


def frame_prints(frame: gpd.GeoDataFrame) -> Prints:
    """Return how often each pair of field print and geometry print occurs."""
    return Counter(row_prints(frame))


def changes(before: Mapping[str, Prints], after: Mapping[str, Prints]) -> list[Change]:
    """Compare two builds, layer by layer.

    A row that went and one that came with equal fields and another geometry count
    together as one that moved; what changed in its fields counts as gone and come.
    """
    found = []
    for layer in dict.fromkeys([*after, *before]):
        old, new = before.get(layer, Counter()), after.get(layer, Counter())
        gone = _by_fields(old - new)
        come = _by_fields(new - old)
        moved = sum((gone & come).values())
        found.append(
            Change(
                layer=layer,
                came=sum(come.values()) - moved,
                went=sum(gone.values()) - moved,
                moved=moved,
                new=layer not in before,
                gone=layer not in after,
            )
        )
    return found


def _by_fields(prints: Prints) -> Counter[int]:
    found: Counter[int] = Counter()
    for (fields, _), count in prints.items():
        found[fields] += count
    return found
