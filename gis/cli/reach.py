"""Answer on the user's own files what a network lets people reach: reach."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import typer

from gis.cli.shared import JsonOption, say
from gis.cli.tools import (
    CrsOption,
    MetricOption,
    OutputOption,
    WeightOption,
    _class_grid,
    _deliver,
    _pair,
)
from gis.errors import ParameterError
from gis.kernels.network_search import Direction
from gis.sources.osm_rules import Footways, Mode
from gis.sources.trips import Trip
from gis.tools import Answer, Given, write_answer
from gis.tools.reach import ReachAnswer, reach, unreached

_AREA_SUFFIXES = (".gpkg", ".geojson", ".parquet")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("reach", help="andel som når fram langs vegnettet / share within reach by network")(
        _reach
    )


def _reach(
    *,
    network: Annotated[Path, typer.Option("--network", help=".osm.pbf / linjefil, line file")],
    origins: Annotated[Path, typer.Option("--origins", help="vektorfil eller CSV / or CSV")],
    destinations: Annotated[Path, typer.Option("--destinations", help="som / as --origins")],
    mode: Annotated[Mode, typer.Option("--mode")] = "walk",
    max_m: Annotated[float | None, typer.Option("--max-m", help="meter / metres, <=")] = None,
    max_min: Annotated[float | None, typer.Option("--max-min", help="minutter / minutes")] = None,
    weight: WeightOption = None,
    terrain: Annotated[
        Path | None, typer.Option("--terrain", help="høyder, GeoTIFF / heights; with --max-min")
    ] = None,
    direction: Annotated[
        Direction, typer.Option("--direction", help="til eller fra målene / to or from them")
    ] = "to",
    e_bike: Annotated[bool, typer.Option("--e-bike", help="elsykkel")] = False,
    speed_kmh: Annotated[
        float | None, typer.Option("--speed-kmh", help="på flatmark / on the flat")
    ] = None,
    access_kmh: Annotated[
        float | None, typer.Option("--access-kmh", help="til og fra nettet / to and from it")
    ] = None,
    footways: Annotated[
        Footways, typer.Option("--footways", help="sykkel på gangveg / bicycles on footways")
    ] = "push",
    snap_m: Annotated[float, typer.Option("--snap-m", help="størst avstand til nettet")] = 250.0,
    least_share: Annotated[
        float, typer.Option("--least-share", help="mindre løse deler brukes sist / used last")
    ] = 0.01,
    step_m: Annotated[float, typer.Option("--step-m", help="stigning over / gradient over")] = 50.0,
    origins_xy: Annotated[str, typer.Option("--origins-xy", metavar="X,Y")] = "",
    destinations_xy: Annotated[str, typer.Option("--destinations-xy", metavar="X,Y")] = "",
    origins_layer: Annotated[str | None, typer.Option("--origins-layer")] = None,
    destinations_layer: Annotated[str | None, typer.Option("--destinations-layer")] = None,
    network_layer: Annotated[str | None, typer.Option("--network-layer")] = None,
    crs: CrsOption = None,
    destinations_crs: Annotated[
        int | None, typer.Option("--destinations-crs", help="EPSG, ellers som / else as --crs")
    ] = None,
    network_crs: Annotated[
        int | None, typer.Option("--network-crs", help="EPSG, ellers som / else as --crs")
    ] = None,
    representative_point: Annotated[
        bool, typer.Option("--representative-point", help="flater som punkt / polygons as points")
    ] = False,
    metric_crs: MetricOption = None,
    isochrone: Annotated[
        Path | None, typer.Option("--isochrone", help="flate som nås / area reached: .gpkg ...")
    ] = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
) -> None:
    """Work out the share that reaches a destination on foot or by bicycle."""
    _check_area_file(isochrone)
    trip = Trip(
        mode=mode,
        max_m=max_m,
        max_min=max_min,
        direction=direction,
        e_bike=e_bike,
        speed_kmh=speed_kmh,
        access_kmh=access_kmh,
        footways=footways,
        snap_m=snap_m,
        least_share=least_share,
        step_m=step_m,
    )
    found = reach(
        Given(network, network_layer, epsg=network_crs or crs),
        Given(origins, origins_layer, _pair(origins_xy, "--origins-xy"), crs),
        Given(
            destinations,
            destinations_layer,
            _pair(destinations_xy, "--destinations-xy"),
            destinations_crs or crs,
        ),
        trip=trip,
        weight=weight,
        terrain=terrain,
        representative_point=representative_point,
        metric_epsg=metric_crs,
    )
    _write_area(found, isochrone)
    _write_unreached(found.answer, output)
    _deliver(found.answer, output, as_json=as_json, grid=_class_grid(found.answer))


def _check_area_file(path: Path | None) -> None:
    if path is not None and path.suffix.lower() not in _AREA_SUFFIXES:
        message = f"{path.name}: suffix '{path.suffix}'; allowed: {', '.join(_AREA_SUFFIXES)}"
        raise ParameterError(message)


def _write_area(found: ReachAnswer, path: Path | None) -> None:
    """Write the area reached as one row, in the way answers are written."""
    if path is None:
        return
    answer = found.answer
    row: dict[str, Any] = {"mode": [found.trip.mode], "limit": [found.trip.limit]}
    area = gpd.GeoDataFrame(row, geometry=[found.isochrone()], crs=answer.frame.crs)
    write_answer(replace(answer, frame=area), path)
    say(f"{path}")


def _write_unreached(answer: Answer, output: Path | None) -> None:
    """Write the list of those who do not arrive, with the reason, beside the output."""
    if output is None:
        return
    path = output.with_name(f"{output.stem}_unreached.csv")
    write_answer(unreached(answer), path)
    say(f"{path}")
