"""Know the files that are rightly no layer, so that each is told why in a sentence."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from gis.catalogue.load import catalogue_root, read_entry
from gis.catalogue.models import Bilingual

if TYPE_CHECKING:
    from gis.text import Text


class NoLayer(BaseModel):
    """One kind of file, by what it holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["polygon", "line", "point", "table", "raster"] | None = None
    fields: tuple[str, ...] = Field(default=(), description="all are there")
    bare: bool = Field(default=False, description="it has no fields at all")
    why: Bilingual = Field(description="what it is, why it is no layer, what to do with it")

    @property
    def text(self) -> Text:
        """The sentence."""
        return self.why.text


class _File(RootModel[dict[str, NoLayer]]):
    """layers/no_layers.toml."""


@cache
def no_layers() -> dict[str, NoLayer]:
    """Return every kind of file that is no layer. Raises CatalogueError."""
    return read_entry(catalogue_root("layers") / "no_layers.toml", _File).root
