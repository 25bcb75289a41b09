"""Describe what a layer entry and a map entry may hold, strictly.

These models are the schema: ``layers/schema.json``, ``maps/schema.json`` and the
field tables in the two READMEs are generated from them, and an unknown key in
an entry is an error. There are no expressions and no import paths in entries;
every ``kind`` is a key in a Python dictionary.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gis.catalogue.remotes import AnyRemote
from gis.text import Text

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
AnalysisId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
Scalar = str | int | float | bool


class Entry(BaseModel):
    """The strictness all entries share."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Bilingual(Entry):
    """One text in bokmål and English; both are required."""

    nb: str = Field(min_length=1, description="bokmål")
    en: str = Field(min_length=1, description="English")

    @property
    def text(self) -> Text:
        """The same as the program's own Text."""
        return Text(nb=self.nb, en=self.en)


class SourceInfo(Entry):
    """Who publishes the data, and under what terms."""

    owner: str = Field(description="publisher, as credited")
    dataset: str = Field(description="the publisher's name of the data set")
    licence: str = Field(description="licence of the data, e.g. CC-BY-4.0, NLOD-2.0")
    metadata: str | None = Field(default=None, description="address of the metadata page")


class Delivery(Entry):
    """In what form the data arrive, and which part of them is this layer."""

    kind: Literal["vector", "points", "grid", "gtfs", "netex", "raster", "table"] = Field(
        description="the reader: vector file, table of points, SSB grid, timetable (GTFS, or "
        "NeTEx that is written as it), stop register (NeTEx), raster, or a table keyed by number, "
        "without geometry"
    )
    layers: tuple[str, ...] = Field(
        default=(),
        description="accepted names of the layer(s) inside a file with several; all that are there "
        "are read, and a field may take the name through '@layer'",
    )
    pieces: bool = Field(
        default=False,
        description="those names are pieces of one data set: files of different names in the "
        "inbox are read as one",
    )
    keep: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="source field -> values: only rows with one of the values belong to this "
        "layer; a file without the field keeps all rows",
    )
    drop: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="source field -> values: rows with one of the values do not belong here",
    )
    x: tuple[str, ...] = Field(
        default=(), description="points: accepted names of easting/longitude"
    )
    y: tuple[str, ...] = Field(
        default=(), description="points: accepted names of northing/latitude"
    )
    epsg: int | None = Field(
        default=None,
        description="points: EPSG code of the coordinates; raster: the reference system of the "
        "data set, for files of it that hold none",
    )
    epsg_field: str | None = Field(
        default=None, description="points: the column that holds the EPSG code, row by row"
    )
    degrees: tuple[str, ...] = Field(
        default=(),
        description="points: those names of x and y that by their standard hold longitude and "
        "latitude (EPSG:4326), as Darwin Core's do",
    )
    cell_size_m: int | None = Field(default=None, description="grid: side of a cell in metres")
    year: tuple[str, ...] = Field(
        default=(),
        description="grid: accepted names of the column of the year, in a file of several years",
    )
    dissolve: Id | None = Field(
        default=None, description="a field: polygons that share its value are one thing, joined"
    )
    columns_to_rows: tuple[str, ...] = Field(
        default=(),
        max_length=2,
        description="table: (field of names, field of counts); in a file without the first, every "
        "column of whole numbers that belongs to no other field becomes rows of its own, under "
        "its heading as name",
    )

    @model_validator(mode="after")
    def _needs(self) -> Delivery:
        if self.kind == "points" and not (self.x and self.y and (self.epsg or self.epsg_field)):
            message = "points need x, y and epsg or epsg_field"
            raise ValueError(message)
        if self.kind == "grid" and self.cell_size_m is None:
            message = "grid needs cell_size_m"
            raise ValueError(message)
        if self.columns_to_rows and (self.kind != "table" or len(self.columns_to_rows) != 2):
            message = "columns_to_rows goes with kind table and names two fields"
            raise ValueError(message)
        return self


class FieldMapping(Entry):
    """Where one field of the layer comes from in the delivered file."""

    source: tuple[str, ...] = Field(
        alias="from",
        min_length=1,
        description="accepted names at the source, first found wins; compared without case, path "
        "prefix and accents; '@layer' is the name of the layer the row came from",
    )
    type: Literal["text", "integer", "number", "date", "id", "code"] = Field(
        default="text", description="'id' is int64 and never float; 'code' goes through codes"
    )
    required: bool = Field(default=False, description="a file without the field is refused")
    codes: dict[str, str] = Field(
        default_factory=dict,
        description="type code: source value -> our value; a value not listed is refused",
    )
    missing: str | None = Field(
        default=None,
        description="type text or code: what a row that lacks the value gets, e.g. 'unknown'",
    )
    digits: int | None = Field(
        default=None,
        ge=1,
        description="type text: an official number of so many digits; lost leading zeros are put "
        "back, other text is refused",
    )
    nullable: bool = Field(default=True, description="whether a row may lack the value")
    about: str | None = Field(default=None, description="what the field is, for the reader")

    @model_validator(mode="after")
    def _codes_belong_to_code(self) -> FieldMapping:
        if (self.type == "code") != bool(self.codes):
            message = "codes go with type = 'code', and only there"
            raise ValueError(message)
        if self.missing is not None and self.type not in ("text", "code"):
            message = "missing goes with type text or code"
            raise ValueError(message)
        if self.digits is not None and self.type != "text":
            message = "digits goes with type text"
            raise ValueError(message)
        return self


class ZoneClass(Entry):
    """One class of a zone layer."""

    id: str = Field(description="value of the class field")
    title: Bilingual
    annual_probability: float | None = Field(
        default=None, gt=0, le=1, description="yearly probability of the event, where it has one"
    )


class Coverage(Entry):
    """Where the theme has been mapped, so that 'no hit' is not taken for 'safe'."""

    kind: Literal["layer", "positive_only", "everywhere"] = Field(
        description="'layer': mapped inside the polygons of another layer; 'positive_only': only "
        "hits mean something; 'everywhere': absence is an answer"
    )
    layer: Id | None = Field(default=None, description="the layer that tells where it is mapped")

    @model_validator(mode="after")
    def _layer_named(self) -> Coverage:
        if (self.kind == "layer") != (self.layer is not None):
            message = "coverage kind 'layer' names a layer, the other kinds do not"
            raise ValueError(message)
        return self


class Sensitive(Entry):
    """Which rows the publisher keeps from the public, and how coarse they must be placed."""

    field: Id = Field(description="the field that says 'yes' for a sensitive row")
    uncertainty: Id = Field(description="the field with the uncertainty of the place, metres")
    least_m: int = Field(
        gt=0,
        description="a sensitive row placed finer than this, or that does not say, is left out",
    )


class Style(Entry):
    """How the layer is drawn; colours come from maps/theme.toml by name."""

    palette: str = Field(description="a palette of maps/theme.toml")
    symbol: Literal["fill", "outline", "line", "point", "hatch", "grid", "image"] = "fill"


class ScreenRules(Entry):
    """What the layer means for a plan area that touches it: see ``arealplan screen``."""

    relevance: Literal["conflict", "check", "fact", "none"] | None = Field(
        default=None,
        description="what a hit means: 'conflict' must be handled, 'check' must be looked into, "
        "'fact' is for information, 'none': not screened; default by theme: hazard conflict "
        "(caution areas check), nature check, residents none, others fact",
    )
    near_m: float = Field(
        default=100, ge=0, le=1000, description="how near counts as near, metres from the area"
    )
    tek17: Literal["7-2", "7-3"] | None = Field(
        default=None, description="the paragraph of TEK17 that a hit raises"
    )
    zone: str | None = Field(
        default=None,
        pattern=r"^H\d{3}$",
        description="code of the hensynssone that a hit suggests, e.g. H320",
    )
    zones: dict[str, Annotated[str, Field(pattern=r"^H\d{3}$")]] = Field(
        default_factory=dict, description="class -> code, where the classes differ"
    )
    guidance: Bilingual | None = Field(default=None, description="what the planner should know")
    guidance_uri: str | None = Field(
        default=None, pattern=r"^https://", description="address of the publisher's guidance"
    )


class LayerEntry(Entry):
    """One file in layers/: what a layer is, from whom, and how it is read."""

    theme: Literal["base", "residents", "transit", "hazard", "nature", "plan", "terrain"]
    geometry: Literal["polygon", "line", "point", "cell", "raster", "mixed", "none"] = Field(
        description="'mixed': a plan, with polygons, lines and points in one file"
    )
    title: Bilingual
    about: Bilingual = Field(description="one sentence: what it shows and what it does not")
    source: SourceInfo
    delivery: Delivery
    remote: AnyRemote | None = Field(
        default=None, description="where it is fetched; none: it comes by hand"
    )
    fields: dict[Id, FieldMapping] = Field(default_factory=dict)
    class_field: Id | None = Field(default=None, description="zone layers: the field of the class")
    classes: tuple[ZoneClass, ...] = Field(
        default=(), description="zone layers: classes, worst first"
    )
    caution: bool = Field(
        default=False,
        description="a caution area (aktsomhetsområde): coarse screening, never merged with zones",
    )
    coverage: Coverage = Coverage(kind="everywhere")
    sensitive: Sensitive | None = Field(
        default=None, description="rows that must not be placed finer than the publisher does"
    )
    style: Style
    name_field: Id | None = Field(default=None, description="the field that names a feature")
    screen: ScreenRules = Field(
        default=ScreenRules(), description="what the layer means for a plan area that touches it"
    )
    control: bool = Field(
        default=False,
        description="held for 'arealplan check' alone, which holds another layer against it; "
        "never drawn, counted or handed out",
    )

    @property
    def relevance(self) -> Literal["conflict", "check", "fact", "none"]:
        """What a hit means for a plan area: as the entry says, else by its theme."""
        if self.screen.relevance is not None:
            return self.screen.relevance
        # Counts of people are told for the area as a whole, never by a layer of them.
        if self.geometry in ("none", "cell") or self.theme == "residents":
            return "none"
        if self.theme == "hazard" and not self.caution:
            return "conflict"
        return "check" if self.theme in ("hazard", "nature") else "fact"

    @model_validator(mode="after")
    def _table_has_no_geometry(self) -> LayerEntry:
        if (self.delivery.kind == "table") != (self.geometry == "none"):
            message = "geometry 'none' goes with delivery kind 'table', and only there"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _fields_fit(self) -> LayerEntry:
        for named in (self.class_field, self.name_field):
            if named is not None and named not in self.fields:
                message = f"'{named}' is not among fields: {', '.join(self.fields) or 'none'}"
                raise ValueError(message)
        if bool(self.classes) != (self.class_field is not None):
            message = "classes and class_field go together"
            raise ValueError(message)
        if self.class_field is not None:
            mapping = self.fields[self.class_field]
            led_to = {*mapping.codes.values(), *([mapping.missing] if mapping.missing else [])}
            unknown = led_to - {c.id for c in self.classes}
            if unknown:
                message = f"codes lead to classes that are not listed: {', '.join(sorted(unknown))}"
                raise ValueError(message)
        strange = set(self.screen.zones) - {c.id for c in self.classes}
        if strange:
            message = (
                f"screen.zones names classes that are not listed: {', '.join(sorted(strange))}"
            )
            raise ValueError(message)
        return self


class LocalLayer(Entry):
    """Where a workspace has the data of one layer, in place of fetching."""

    path: str | Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        default="",
        description="file, relative to the workspace, or a list of files that are read as one "
        "(timetables, vector files and tables of points); a folder whose name ends in .parts is "
        "such a list; none: the one that was fetched or put in the inbox",
    )
    layer: str | None = Field(default=None, description="the layer inside the file")
    date: dt.date | None = Field(default=None, description="status date of the data")
    retrieved: dt.date | None = Field(default=None, description="when the file came here")
    year: int | None = Field(
        default=None, description="grid: which year of a file of several; none: the newest"
    )
    epsg: int | None = Field(default=None, description="only where the file cannot say it")
    fields: dict[Id, str] = Field(
        default_factory=dict, description="field of the layer -> name in this file"
    )
    covers: tuple[str, ...] = Field(
        default=(),
        description="municipality numbers the file covers, where it is not all the country: "
        "elsewhere the layer counts as missing, so that no data is not taken for nothing there",
    )
    title: str | None = Field(
        default=None, description="what the file is, where it is another data set: N1000 ..."
    )
    owner: str | None = Field(default=None, description="default: the catalogue's")
    licence: str | None = Field(default=None, description="default: the catalogue's")


class WorkspaceEntry(Entry):
    """workspace.toml: the study area and the files at hand."""

    area: str = Field(description="municipality number of 4 digits, or 0000 for all Norway")
    language: Literal["nb", "en"] = "nb"
    epsg: Literal[25833, 25832] = 25833
    halo_m: int = Field(
        default=5000, ge=2000, le=50_000, description="read this far beyond the area"
    )
    invented: bool = Field(default=False, description="the data are invented; every map says so")
    layers: dict[Id, LocalLayer] = Field(default_factory=dict)
