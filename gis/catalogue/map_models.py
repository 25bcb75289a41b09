"""Describe what a map entry may hold, strictly: one file in maps/."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from gis.catalogue.models import AnalysisId, Bilingual, Entry, Id, Scalar


class MapAnalysis(Entry):
    """An analysis a map shows, with the parameters that differ from their defaults."""

    id: AnalysisId
    name: AnalysisId | None = Field(
        default=None,
        description="what this map calls it, where it has the same analysis twice; such a second "
        "answer has no tables",
    )
    params: dict[str, Scalar] = Field(default_factory=dict)

    @property
    def key(self) -> str:
        """What lead, layers and tables of the map call it."""
        return self.name or self.id


class CompareSide(Entry):
    """One of two maps side by side."""

    title: Bilingual = Field(description="stands over the map, and after its layers' titles")
    result: AnalysisId | None = Field(
        default=None, description="an analysis of the map, whose value stands beside the title"
    )
    figure: str | None = Field(
        default=None, description="one of its key figures, in place of its value"
    )


class Compare(Entry):
    """Two maps that move as one: before and after, or two readings."""

    before: CompareSide
    after: CompareSide


class MapLayer(Entry):
    """A layer of a map: a catalogue layer, or a frame of a result."""

    layer: Id | None = Field(default=None, description="a layer of the catalogue")
    result: AnalysisId | None = Field(default=None, description="or: the analysis it comes from")
    frame: str = Field(default="frame", description="which frame of the result")
    title: Bilingual | None = Field(default=None, description="default: the layer's own title")
    palette: str | None = Field(default=None, description="default: the layer's own palette")
    symbol: Literal["fill", "outline", "line", "point", "hatch", "grid", "image"] | None = None
    class_field: str | None = Field(default=None, description="the field the colour follows")
    breaks: tuple[float, ...] = Field(
        default=(), description="upper bounds of the classes of a numeric class_field"
    )
    method: Literal["quantile", "natural"] | None = Field(
        default=None,
        description="or: classes by the data themselves; as many features in each, or natural "
        "breaks (Fisher and Jenks), rounded to two digits",
    )
    classes: int = Field(default=5, ge=2, le=7, description="how many classes a method makes")
    popup: tuple[str, ...] = Field(default=(), description="fields shown on click, in this order")
    show: bool = Field(default=True, description="drawn at first view")
    side: Literal["before", "after"] | None = Field(
        default=None, description="on one map of [compare] only; default: on both"
    )
    draw: bool = Field(
        default=True, description="false: not on the map; answers when a place is asked about"
    )
    slider: bool = Field(
        default=False,
        description="the classes are shown one at a time, by a slider: levels, years",
    )
    start: Literal["first", "last"] = Field(
        default="first", description="the step that a slider shows before it is moved"
    )

    @model_validator(mode="after")
    def _one_origin(self) -> MapLayer:
        if (self.layer is None) == (self.result is None):
            message = "a map layer has either 'layer' or 'result'"
            raise ValueError(message)
        if self.method is not None and (self.breaks or self.class_field is None):
            message = "a method needs a numeric class_field, and no breaks beside it"
            raise ValueError(message)
        if any(b <= a for a, b in pairwise(self.breaks)):
            message = f"breaks must rise, given: {', '.join(f'{b:g}' for b in self.breaks)}"
            raise ValueError(message)
        if self.slider and (self.class_field is None or self.breaks or not self.draw):
            message = "a slider needs a class_field of named classes, without breaks, and draw"
            raise ValueError(message)
        return self


class MapEntry(Entry):
    """One file in maps/: which question a page answers, with what, in what order."""

    order: int = Field(description="place in the index, lowest first")
    title: Bilingual
    question: Bilingual = Field(description="the planner's question that the map answers")
    analyses: tuple[MapAnalysis, ...] = Field(min_length=1)
    lead: AnalysisId = Field(description="the analysis whose finding heads the page")
    layers: tuple[MapLayer, ...] = Field(min_length=1, description="bottom first")
    needs: tuple[Id, ...] = Field(
        default=(),
        description="layers without which the map says nothing, beside what its analyses need",
    )
    tables: tuple[str, ...] = Field(
        default=(), description="'analysis-id/table', first one open; default: all of the lead's"
    )
    notes: tuple[Bilingual, ...] = ()
    live: bool = Field(
        default=False,
        description="controls in the page that show the lead's answer under other definitions, "
        "worked out beforehand",
    )
    weights: bool = Field(
        default=False,
        description="controls in the page that move the weights of the lead, added up there",
    )
    compare: Compare | None = Field(
        default=None, description="two maps side by side that move as one"
    )

    @model_validator(mode="after")
    def _two_sides(self) -> MapEntry:
        sides = {layer.side for layer in self.layers} - {None}
        if self.compare is None:
            if sides:
                message = "layers with a 'side' need [compare], which names the two sides"
                raise ValueError(message)
            return self
        if sides != {"before", "after"}:
            message = "compare needs a layer with side = 'before' and one with side = 'after'"
            raise ValueError(message)
        if self.live or self.weights:
            message = "a map has either 'live', 'weights' or 'compare'"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _analyses_known(self) -> MapEntry:
        ids = [a.key for a in self.analyses]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            message = f"analyses: {', '.join(twice)} is there twice; give the second a 'name'"
            raise ValueError(message)
        missing = [(key, name) for key, name in self._asked() if name not in ids]
        if missing:
            told = ", ".join(f"{key} '{name}'" for key, name in missing)
            message = f"{told} not among this map's analyses: {', '.join(ids)}"
            raise ValueError(message)
        return self

    def _asked(self) -> list[tuple[str, str]]:
        """List every place of the entry that names one of its analyses: key, and the name."""
        asked = [("lead", self.lead)]
        asked += [(f"layers[{i}].result", x.result) for i, x in enumerate(self.layers) if x.result]
        if self.compare is not None:
            both = (("before", self.compare.before), ("after", self.compare.after))
            asked += [(f"compare.{key}.result", x.result) for key, x in both if x.result]
        return asked + [(f"tables[{i}]", x.split("/")[0]) for i, x in enumerate(self.tables)]
