"""Describe where a layer can be fetched: one strict model for each kind of service.

Layers name a publisher by its key and say what to ask it for; hosts stand in
``layers/publishers.toml`` alone, so that a moved host is a change of one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_PATH = r"^[A-Za-z0-9][A-Za-z0-9_./-]*$"
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
SafePath = Annotated[str, Field(pattern=_PATH)]


class Remote(BaseModel):
    """What all kinds share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    publisher: Key = Field(description="a table of layers/publishers.toml")


class GeonorgeRemote(Remote):
    """Ordered from Geonorge without e-mail; ATOM and the open folder are the fallback."""

    kind: Literal["geonorge"]
    uuid: str = Field(pattern=_UUID, description="metadata id of the data set or series")
    series: bool = Field(default=False, description="a series: its newest year is taken")
    formats: tuple[str, ...] = Field(
        default=("FGDB", "GML"),
        min_length=1,
        description="wanted formats, best first; compared with the code list by their first word",
    )
    folder: SafePath | None = Field(
        default=None, description="theme and data set in the open folder, e.g. Basisdata/Kommuner"
    )
    atom: SafePath | None = Field(default=None, description="data set in the name of the ATOM feed")
    national: bool = Field(default=False, description="take the national file, not the area's")


class ArcgisRemote(Remote):
    """Layers of an ArcGIS MapServer, found by name and paged."""

    kind: Literal["arcgis"]
    service: SafePath = Field(description="service below the publisher's address")
    layers: tuple[str, ...] = Field(
        min_length=1, description="names of layers; digits at the end of the server's are ignored"
    )
    epsg: Literal[25833, 25832] = Field(default=25833, description="asked for and checked")
    page_size: int = Field(default=1000, ge=1, le=10_000)


class WfsRemote(Remote):
    """Feature types of a WFS 2.0, as GML pages."""

    kind: Literal["wfs"]
    service: SafePath = Field(description="service below the publisher's address")
    types: tuple[str, ...] = Field(min_length=1, description="local names of feature types")
    newest: bool = Field(
        default=False, description="types are beginnings of names; the newest year is taken"
    )
    epsg: int = Field(default=25833, description="asked for with srsName")
    page_size: int = Field(default=1000, ge=1, le=2000)


class OgcApiRemote(Remote):
    """A collection of an OGC API Features."""

    kind: Literal["ogcapi"]
    service: SafePath = Field(description="service below the publisher's address")
    collection: str = Field(description="id of the collection")
    newest: bool = Field(
        default=False, description="collection is the beginning of an id; the newest year is taken"
    )
    page_size: int = Field(default=1000, ge=1, le=10_000)


class FileRemote(Remote):
    """One file under a fixed address."""

    kind: Literal["file"]
    path: SafePath = Field(description="file below the publisher's address")
    form: Literal["zip", "pbf", "geotiff"] = Field(description="what the file must be inside")
    min_bytes: int = Field(default=1024, ge=0, description="smaller is taken for an error page")
    clip: Literal["gtfs"] | None = Field(
        default=None, description="gtfs: only trips with a stop near the area are kept"
    )


class TilesRemote(Remote):
    """Terrain cells in zips, all that touch the area, joined and cut."""

    kind: Literal["tiles"]
    uuid: str = Field(pattern=_UUID, description="metadata id; its code list names the cells")
    folder: SafePath = Field(description="theme and data set in the open folder")
    format: str = Field(default="TIFF", description="name of the format's folder")


class ArtskartRemote(Remote):
    """Species records of Artskart inside a polygon in UTM 33, page by page."""

    kind: Literal["artskart"]
    service: SafePath
    page_size: int = Field(default=1000, ge=1, le=10_000)


class GbifRemote(Remote):
    """Species records of GBIF inside a counter-clockwise polygon in degrees, page by page."""

    kind: Literal["gbif"]
    service: SafePath
    page_size: int = Field(default=300, ge=1, le=300)


AnyRemote = Annotated[
    GeonorgeRemote
    | ArcgisRemote
    | WfsRemote
    | OgcApiRemote
    | FileRemote
    | TilesRemote
    | ArtskartRemote
    | GbifRemote,
    Field(discriminator="kind"),
]


class Publisher(BaseModel):
    """Where one publisher answers, and how it wants to be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    owner: str = Field(description="publisher, as credited")
    base: tuple[str, ...] = Field(min_length=1, description="addresses, tried in this order")
    files: str | None = Field(default=None, description="Geonorge: the open folder")
    catalogue: str | None = Field(default=None, description="Geonorge: the metadata service")
    redirects: tuple[str, ...] = Field(
        default=(), description="further hosts that the publisher may send us on to"
    )
    headers: dict[str, str] = Field(default_factory=dict, description="sent with every request")
    fresh_h: float = Field(
        default=0.0, ge=0, description="a file younger than so many hours is not asked for again"
    )

    @field_validator("base", "files", "catalogue")
    @classmethod
    def _addresses(cls, value: tuple[str, ...] | str | None) -> tuple[str, ...] | str | None:
        for address in (value,) if isinstance(value, str) else value or ():
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                message = f"'{address}' is no address that starts with https://"
                raise ValueError(message)
            if parts.username or parts.query or parts.fragment or address.endswith("/"):
                message = f"'{address}' may hold no user, query or ending slash"
                raise ValueError(message)
        return value

    @property
    def hosts(self) -> frozenset[str]:
        """Every host (with its port, where one is given) this publisher may answer from."""
        named = [*self.base, *(x for x in (self.files, self.catalogue) if x)]
        return frozenset([urlsplit(a).netloc.lower() for a in named] + [*self.redirects])


class Figures(BaseModel):
    """Published numbers that are fetched beside the layers, to hold them against."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    publisher: Key
    table: str = Field(pattern=r"^\d{5}$", description="StatBank table")


class DataSet(BaseModel):
    """A data set that is known by its name in the names of files and layers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: tuple[str, ...] = Field(
        min_length=1, description="a name that begins with one of these marks the data set"
    )
    title: str = Field(description="the publisher's name of the data set")
    owner: str
    licence: str

    def marks_any(self, names: Iterable[str]) -> bool:
        """Tell whether a name is of this data set: a word of it begins so, without more digits."""
        either = "|".join(re.escape(name) for name in self.names)
        pattern = re.compile(rf"(?<![A-Za-z])(?:{either})(?![0-9])", re.IGNORECASE)
        return any(pattern.search(name.replace("_", " ")) for name in names)


class PublisherFile(BaseModel):
    """layers/publishers.toml: the only place that names hosts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    publishers: dict[Key, Publisher]
    population: Figures | None = Field(default=None, description="population by age")
    built_up: Figures | None = Field(
        default=None, description="area and residents of settlements, by municipality"
    )
    sea_level: Key | None = Field(default=None, description="the publisher of the water levels")
    datasets: dict[Key, DataSet] = Field(
        default_factory=dict, description="data sets that may stand in for another, by their names"
    )
    renumbered: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="municipality -> its former numbers, newest first"
    )

    @property
    def hosts(self) -> frozenset[str]:
        """Every host that a request or a redirect may go to."""
        return frozenset().union(*(p.hosts for p in self.publishers.values()))
