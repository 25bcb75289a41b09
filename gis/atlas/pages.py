"""Make single maps: run what each asks for, and render its page."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import geopandas as gpd

from gis.analyses import analysis
from gis.analyses.grids import live_grid
from gis.analyses.shown import POPULATION, shown_grid
from gis.errors import CatalogueError, LayerMissingError, ParameterError, RenderError
from gis.published import publishable
from gis.render import Page, render_page
from gis.render.prepared import Prepared

if TYPE_CHECKING:
    from gis.analyses import Study
    from gis.analyses.grids import Grid
    from gis.atlas.order import Order
    from gis.catalogue import MapAnalysis, MapEntry
    from gis.provenance import LayerSource
    from gis.result import Result

Key = tuple[object, ...]


def key_of(asked: MapAnalysis) -> Key:
    """Return what tells one question from another: the analysis and its parameters."""
    return (asked.id, *sorted(asked.params.items()))


@dataclass(frozen=True)
class Answers:
    """Run each analysis once per set of parameters, and only the publishable result leaves."""

    study: Study
    prepared: Prepared = field(default_factory=Prepared, repr=False)
    _known: dict[Key, Result] = field(default_factory=dict, repr=False)

    def __call__(self, asked: MapAnalysis) -> Result:
        """Return the publishable result. Raises what the analysis raises."""
        key = key_of(asked)
        if key not in self._known:
            self._known[key] = publishable(
                analysis(asked.id)(self.study, asked.params, own_files=True)
            )
        return self._known[key]

    def of_map(self, entry: MapEntry, *, where: str) -> dict[str, Result]:
        """Return a map's results by name. A wrong analysis or parameter names its key.

        A second answer of one analysis comes without its tables: exact numbers under two
        definitions, side by side, could tell of a few persons.
        """
        results = {}
        for place, asked in enumerate(entry.analyses):
            try:
                result = self(asked)
                results[asked.key] = result if asked.name is None else replace(result, tables={})
            except ParameterError as problem:
                message = f"{where}: analyses[{place}]: {problem}"
                raise CatalogueError(message) from None
        return results


@dataclass(frozen=True)
class Made:
    """What came of one map: its results, its page where one was drawn, or what it lacks."""

    results: dict[str, Result] = field(default_factory=dict)
    page: Page | None = None
    lacks: str = ""


def make_map(answers: Answers, order: Order, map_id: str, *, draw: bool) -> Made:
    """Answer what a map asks, and with ``draw`` render its page.

    A map whose analyses lack a layer is told with what it lacks. Raises CatalogueError
    and RenderError naming the file and key that the reader wrote.
    """
    entry = order.entries[map_id]
    try:
        if entry.needs:
            answers.study.need(*entry.needs)
        results = answers.of_map(entry, where=order.where(map_id))
    except LayerMissingError as missing:
        return Made(lacks=str(missing))
    if not draw:
        return Made(results)
    try:
        return Made(results, _page(answers, order, map_id, results=results))
    except (CatalogueError, RenderError) as problem:
        raise order.said(problem, map_id) from None


def _page(answers: Answers, order: Order, map_id: str, *, results: dict[str, Result]) -> Page:
    study, entry = answers.study, order.entries[map_id]

    def layer(name: str) -> gpd.GeoDataFrame | None:
        if not study.has(name):
            return None
        return shown_grid(study) if name == POPULATION else study.frame(name)

    def source(name: str) -> LayerSource | None:
        return study.source(name) if study.has(name) else None

    area = gpd.GeoDataFrame(
        {"number": [study.area.number], "name": [study.area.name]},
        geometry=[study.polygon],
        crs=study.epsg,
    )
    return render_page(
        map_id,
        entry,
        results,
        layers=layer,
        area=area,
        language=order.language,
        created=order.created,
        sources=source,
        grid=_grid(answers, order, map_id),
        prepared=answers.prepared,
        bound=order.bound,
    )


def _grid(answers: Answers, order: Order, map_id: str) -> Grid | None:
    """Return the lead under every definition that a live map offers; None for other maps."""
    entry = order.entries[map_id]
    if not entry.live:
        return None
    params = next(a.params for a in entry.analyses if a.key == entry.lead)
    try:
        return live_grid(entry.lead)(answers.study, params)
    except ParameterError as problem:
        message = f"{order.where(map_id)}: live: {problem}"
        raise CatalogueError(message) from None
