"""Read maps/theme.toml: the one place that decides colours, hatches and shapes."""

from __future__ import annotations

import difflib
from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from gis.catalogue.load import catalogue_root, read_entry
from gis.catalogue.models import Entry
from gis.errors import CatalogueError

Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
Hatch = Literal["none", "diagonal", "wide", "horizontal", "cross", "dots", "sparse"]
Shape = Literal["circle", "square", "diamond", "triangle", "cross"]


class Look(Entry):
    """What a palette and a class of it may say; a class takes the rest from its palette."""

    fill: Colour | None = None
    opacity: float | None = Field(default=None, ge=0, le=1, description="of the fill")
    line: Colour | None = None
    width: float | None = Field(default=None, gt=0, description="of the line, px")
    dash: tuple[float, ...] | None = Field(default=None, description="px on, px off, ...")
    casing: Colour | None = Field(default=None, description="a wider line below the line")
    casing_width: float | None = Field(default=None, gt=0)
    from_zoom: float | None = Field(default=None, description="not drawn farther out than this")
    ticks: bool | None = Field(default=None, description="cross ticks, as railways have")
    hatch: Hatch | None = None
    hatch_line: Colour | None = None
    shape: Shape | None = None
    size: float | None = Field(default=None, gt=0, description="of a point symbol, px")
    mark: str | None = Field(default=None, max_length=3, description="text set in the shape")
    mark_colour: Colour | None = None
    hidden: bool | None = Field(default=None, description="the class is not drawn")


class ClassLook(Look):
    """The look of one class, by its value."""

    id: str


class Palette(Look):
    """A named look, with a ramp for numeric classes and looks for named classes."""

    ramp: tuple[Colour, ...] = Field(default=(), max_length=7)
    classes: tuple[ClassLook, ...] = ()
    fade: str | None = Field(
        default=None, description="a field of residents: features with few of them are lighter"
    )

    def look(self, value: str | None = None) -> Look:
        """Return the look of a class: its own words, the palette's for the rest."""
        shared = self.model_dump(exclude={"ramp", "classes", "fade"}, exclude_none=True)
        own = next((c for c in self.classes if c.id == value), None)
        told = {} if own is None else own.model_dump(exclude={"id"}, exclude_none=True)
        return Look(**{**shared, **told})

    def step(self, index: int, of: int) -> Look:
        """Return the look of a numeric class, spread over the ramp when it has more colours."""
        shared = self.look()
        if not self.ramp:
            return shared
        place = 0 if of <= 1 else round(index * (len(self.ramp) - 1) / (of - 1))
        return shared.model_copy(update={"fill": self.ramp[min(place, len(self.ramp) - 1)]})


class PageColours(Entry):
    """Colours of the page around the map, and of what lies outside the area."""

    land: Colour
    text: Colour
    muted: Colour
    accent: Colour
    dim: Colour
    dim_opacity: float = Field(ge=0, le=1)


class OnlineMap(Entry):
    """A base map of tiles in Web Mercator that a reader may choose; asked for only then."""

    name: Literal["topo", "grey"] = Field(description="key in the locales' section online")
    url: str = Field(
        pattern=r"^https://[a-z0-9.-]+/[\w./{}-]*$",
        description="address of a tile, with {z}, {y} (row) and {x} (column)",
    )


class Theme(Entry):
    """The whole of maps/theme.toml."""

    page: PageColours
    palettes: dict[str, Palette]
    online: tuple[OnlineMap, ...] = ()

    def palette(self, name: str, *, where: str) -> Palette:
        """Return a palette. Raises CatalogueError naming the asker and the nearest name."""
        if name not in self.palettes:
            near = difflib.get_close_matches(name, self.palettes, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            message = f"{where}: palette '{name}' is not in maps/theme.toml{hint}"
            raise CatalogueError(message)
        return self.palettes[name]


@cache
def load_theme() -> Theme:
    """Read and check the theme. Raises CatalogueError."""
    return read_entry(catalogue_root("maps") / "theme.toml", Theme)
