"""Keep what the pages of one atlas share, so that the base map is worked out once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from gis.render.drawn import Drawn

Key = tuple[object, ...]


@dataclass(frozen=True)
class Prepared:
    """Hold base layers and packed texts of one study area; make a new one for another.

    The layers of a study do not change while its atlas is made, so a layer's name and
    the window it is cut to are all that a key needs.
    """

    _drawn: dict[Key, Drawn] = field(default_factory=dict, repr=False)
    _packed: dict[Key, str | None] = field(default_factory=dict, repr=False)

    def drawn(self, key: Key, make: Callable[[], Drawn]) -> Drawn:
        """Return a layer, made the first time it is asked for."""
        if key not in self._drawn:
            self._drawn[key] = make()
        return self._drawn[key]

    def packed(self, key: Key, make: Callable[[], str | None]) -> str | None:
        """Return a packed block, made the first time it is asked for."""
        if key not in self._packed:
            self._packed[key] = make()
        return self._packed[key]

    def pack(self, layer: Drawn) -> str:
        """Return a layer's packed block; only layers kept here are kept packed."""
        for key, kept in self._drawn.items():
            if kept is layer:
                text = self.packed(("pack", *key), layer.packed)
                return text if text is not None else layer.packed()
        return layer.packed()
