"""Answer on the user's own files, no workspace needed: departures, near, expose, zonal."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from gis.cli.shared import JsonOption, headed, read, say, show_grid, show_json
from gis.errors import ParameterError
from gis.kernels.timetable import Direction, Level, Statistic
from gis.provenance import note_text
from gis.text import Text, number, percent, t
from gis.tools import Answer, Asked, Given, departures, expose, near, write_answer, zonal
from gis.tools.expose import Rule

OutputOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="fil / file: .json .csv .gpkg .geojson .parquet"),
]
PointsOption = Annotated[Path, typer.Option("--points", help="vektorfil eller CSV / vector or CSV")]
PointsXyOption = Annotated[
    str, typer.Option("--points-xy", metavar="X,Y", help="koordinatkolonner / CSV columns")
]
PointsLayerOption = Annotated[str | None, typer.Option("--points-layer", help="lag / layer")]
WeightOption = Annotated[
    str | None, typer.Option("--weight", help="vektkolonne / weight column, e.g. residents")
]
CrsOption = Annotated[
    int | None,
    typer.Option("--crs", help="EPSG-kode for filer som ikke sier den selv / files without CRS"),
]
MetricOption = Annotated[
    int | None,
    typer.Option("--metric-crs", help="EPSG-kode for avstand og areal / for distance and area"),
]
ZonesOption = Annotated[Path, typer.Option("--zones", help="flater / polygons")]
ZonesLayerOption = Annotated[str | None, typer.Option("--zones-layer", help="lag / layer")]

_SHOWN_ROWS = 30


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("departures", help="avganger i en GTFS-fil / departures in a GTFS feed")(
        _departures
    )
    app.command("near", help="andel innen luftlinje / share within a straight line")(_near)
    app.command("expose", help="andel i soner, etter klasse / share in zones, by class")(_expose)
    app.command("zonal", help="raster etter sone / raster summarised by zone")(_zonal)


def _departures(
    feed: Annotated[Path, typer.Argument(metavar="FEED.zip", help="GTFS: zip eller mappe")],
    *,
    date: Annotated[
        str | None, typer.Option("--date", help="YYYY-MM-DD; ellers en vanlig hverdag")
    ] = None,
    window: Annotated[str, typer.Option("--window", help="HH-HH / HH:MM-HH:MM")] = "07-09",
    min_per_hour: Annotated[float, typer.Option("--min-per-hour")] = 4.0,
    statistic: Annotated[Statistic, typer.Option("--statistic")] = "average",
    direction: Annotated[Direction, typer.Option("--direction")] = "both",
    level: Annotated[Level, typer.Option("--level")] = "stop-place",
    cluster_m: Annotated[
        float | None, typer.Option("--cluster-m", help="meter / metres, med/with cluster; 100")
    ] = None,
    mode: Annotated[str, typer.Option("--mode", help="rail,metro,tram,bus,water,other")] = "",
    bbox: Annotated[str, typer.Option("--bbox", metavar="W,S,E,N", help="grader / degrees")] = "",
    as_json: JsonOption = False,
    output: OutputOption = None,
) -> None:
    """Count the departures of every stop, and the stops that have enough."""
    asked = Asked(
        window=window,
        min_per_hour=min_per_hour,
        statistic=statistic,
        direction=direction,
        level=level,
        date=_date(date),
        cluster_m=cluster_m,
        modes=tuple(_words(mode)),
        bbox=_box(bbox),
    )
    answer = departures(feed, asked)
    day = answer.details["service_day"]
    busiest = sorted(answer.details["stops"], key=lambda s: (-s["departures"], s["id"]))
    rows = [
        [s["id"], str(s["departures"]), _decimal(s["average"]), _yes(s["meets"]), s["name"]]
        for s in busiest
        if s["departures"]
    ]
    columns = ["ID", *headed("departures", "per_hour", "enough", "name")]
    _deliver(answer, output, as_json=as_json, grid=(columns, rows), lead=Text(**day["reason"]))


def _near(
    *,
    points: PointsOption,
    targets: Annotated[Path, typer.Option("--targets", help="vektorfil eller CSV / or CSV")],
    max_m: Annotated[float, typer.Option("--max-m", help="meter / metres, <=")],
    weight: WeightOption = None,
    points_xy: PointsXyOption = "",
    targets_xy: Annotated[str, typer.Option("--targets-xy", metavar="X,Y")] = "",
    points_layer: PointsLayerOption = None,
    targets_layer: Annotated[str | None, typer.Option("--targets-layer")] = None,
    crs: CrsOption = None,
    targets_crs: Annotated[
        int | None, typer.Option("--targets-crs", help="EPSG, ellers som / else as --crs")
    ] = None,
    representative_point: Annotated[
        bool, typer.Option("--representative-point", help="flater som punkt / polygons as points")
    ] = False,
    metric_crs: MetricOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
) -> None:
    """Work out the share within a straight-line distance of a target."""
    answer = near(
        Given(points, points_layer, _pair(points_xy, "--points-xy"), crs),
        Given(targets, targets_layer, _pair(targets_xy, "--targets-xy"), targets_crs or crs),
        max_m=max_m,
        weight=weight,
        representative_point=representative_point,
        metric_epsg=metric_crs,
    )
    _deliver(answer, output, as_json=as_json, grid=_class_grid(answer))


def _expose(
    *,
    zones: ZonesOption,
    points: PointsOption,
    class_field: Annotated[
        str | None, typer.Option("--class", help="klassekolonne i sonene / class column")
    ] = None,
    weight: WeightOption = None,
    rule: Annotated[Rule, typer.Option("--rule")] = "interior",
    min_share: Annotated[
        float | None,
        typer.Option("--min-share", help="regel min-share: minste andel / least share, 0-1"),
    ] = None,
    order: Annotated[
        str, typer.Option("--order", help="klassene fra verst / from the worst, A,B,C")
    ] = "",
    points_xy: PointsXyOption = "",
    points_layer: PointsLayerOption = None,
    zones_layer: ZonesLayerOption = None,
    crs: CrsOption = None,
    metric_crs: MetricOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
) -> None:
    """Sum points or their weight by class of zone."""
    answer = expose(
        Given(zones, zones_layer, epsg=crs),
        Given(points, points_layer, _pair(points_xy, "--points-xy"), crs),
        class_field=class_field,
        rule=rule,
        min_share=min_share,
        order=_words(order),
        weight=weight,
        metric_epsg=metric_crs,
    )
    _deliver(answer, output, as_json=as_json, grid=_class_grid(answer))


def _zonal(
    *,
    raster: Annotated[Path, typer.Option("--raster", help="GeoTIFF o.l. / GeoTIFF and others")],
    zones: ZonesOption,
    band: Annotated[int, typer.Option("--band")] = 1,
    zone_id: Annotated[
        str | None, typer.Option("--id", help="kolonne som navngir sonene / names the zones")
    ] = None,
    zones_layer: ZonesLayerOption = None,
    crs: CrsOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
) -> None:
    """Summarise a raster by zone."""
    answer = zonal(
        raster, Given(zones, zones_layer, epsg=crs), band=band, raster_epsg=crs, id_field=zone_id
    )
    rows = [
        [
            str(z["zone"] if z["id"] is None else z["id"]),
            str(z["count"]),
            *(_decimal(z[k]) for k in ("sum", "mean", "min", "max")),
            str(z["nodata"]),
            z["status"],
        ]
        for z in answer.details["zones"]
    ]
    columns = headed("zone", "cells", "sum", "mean", "min", "max", "nodata", "status")
    _deliver(answer, output, as_json=as_json, grid=(columns, rows))


def _deliver(
    answer: Answer,
    output: Path | None,
    *,
    as_json: bool,
    grid: tuple[list[str], list[list[str]]],
    lead: Text | None = None,
) -> None:
    """Write the file that was asked for; print JSON alone, or the answer for a reader."""
    if output is not None:
        write_answer(answer, output)
        say(f"{output}")
    if as_json:
        show_json(answer.as_dict())
        return
    typer.echo(read(answer.definition.sentence))
    if lead:
        typer.echo(read(lead))
    value = read(percent(answer.value)) if answer.unit == "share" else _decimal(answer.value)
    typer.echo(f"{value}: {_decimal(answer.numerator)} / {_decimal(answer.denominator)}")
    columns, rows = grid
    show_grid("", columns, rows[:_SHOWN_ROWS])
    if len(rows) > _SHOWN_ROWS:
        typer.echo(read(t("cli.more", count=str(len(rows) - _SHOWN_ROWS))))
    for left in answer.left_out:
        typer.echo(f"- {_decimal(left.count)}: {read(left.text)}")
    for note in answer.notes:
        typer.echo(f"- {read(note_text(note))}")


def _class_grid(answer: Answer) -> tuple[list[str], list[list[str]]]:
    lines: list[dict[str, Any]] = list(answer.details["classes"])
    if "outside" in answer.details:
        lines.append({"class": "–", **answer.details["outside"]})
    rows = [
        [str(r["class"]), str(r["rows"]), _decimal(r["weight"]), read(percent(r["share"]))]
        for r in lines
    ]
    return headed("class", "rows", "weight", "share"), rows


def _decimal(value: float | None) -> str:
    whole = value is None or float(value).is_integer()
    return read(number(value, decimals=0 if whole else 2))


def _yes(value: bool) -> str:
    return read(t("cli.yes" if value else "cli.no"))


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _pair(text: str, option: str) -> tuple[str, str] | None:
    if not text:
        return None
    words = _words(text)
    if len(words) != 2:
        message = f"{option} '{text}'; allowed: two column names, easting or longitude first: X,Y"
        raise ParameterError(message)
    return words[0], words[1]


def _box(text: str) -> tuple[float, float, float, float] | None:
    if not text:
        return None
    try:
        west, south, east, north = (float(word) for word in text.split(","))
    except ValueError:
        message = f"--bbox '{text}'; allowed: west,south,east,north in degrees"
        raise ParameterError(message) from None
    return west, south, east, north


def _date(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        message = f"--date '{text}'; allowed: YYYY-MM-DD"
        raise ParameterError(message) from None
