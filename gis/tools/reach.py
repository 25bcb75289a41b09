"""Work out the share that reaches a destination on foot or by bicycle along a network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.errors import GeometryError, InvariantError
from gis.kernels.network import Graph, build_graph, main_edges
from gis.kernels.network_area import isochrone, with_legs
from gis.kernels.network_reach import Reached, Reason
from gis.kernels.network_reach import reach as search
from gis.kernels.network_snap import Snapped, snap
from gis.result import LeftOut
from gis.sources.own import check_stated
from gis.sources.trips import CS_PER_MIN, Priced, Trip, price, read_network
from gis.text import number, percent, t
from gis.tools.answer import Answer, FileSource, plain, share
from gis.tools.files import Given, Loaded, count_unit, load, metric_crs, name_of
from gis.tools.reach_words import define

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.sources.network import NetworkFile

CODES = {reason: reason.name.lower() for reason in Reason}
_UNCONNECTED = (Reason.NO_ROAD, Reason.ISLAND, Reason.ONE_WAY)


@dataclass(frozen=True)
class ReachAnswer:
    """An answer, with the area reached (polygons in the answer's CRS) for maps."""

    answer: Answer
    graph: Graph
    priced: Priced
    destinations: Snapped
    trip: Trip
    origins: Snapped
    xy: NDArray[np.float64]
    within: NDArray[np.bool_]

    def isochrone(self, *, width_m: float = 40.0) -> shapely.Geometry:
        """Return the area within ``width_m`` metres of the reached network, origins included.

        An origin that is reached but lies off the network comes in with its access leg.
        """
        area = isochrone(
            self.graph,
            self.destinations,
            costs=self.priced.costs,
            max_cost=self.trip.max_cost,
            direction=self.trip.direction,
            width_m=width_m,
        )
        x, y = self.xy.T
        return with_legs(area, self.origins, x, y, reached=self.within, width_m=width_m)


def reach(
    network: Given,
    origins: Given,
    destinations: Given,
    *,
    trip: Trip,
    weight: str | None = None,
    terrain: Path | None = None,
    representative_point: bool = False,
    metric_epsg: int | None = None,
) -> ReachAnswer:
    """Return the share of origins, or of their weight, with a trip within the limit.

    The denominator holds every origin with a place and a weight; those without a road
    near, on an island of the network or behind one-way rules stay in it and are counted
    in ``left_out``. ``frame`` holds the origins with ``reason``, ``cost`` columns and the
    row of the destination. ``representative_point`` takes a point inside polygons and
    lines. Raises GisError, also where no destination or no origin is on the network.
    """
    files = origins.read(), destinations.read()
    check_stated(files)
    used = {f.stated_epsg for f in files if f.uses_stated and f.stated_epsg}
    crs = metric_crs(files, metric_epsg)
    kinds = ("point", "line", "polygon") if representative_point else ("point",)
    p = load(files[0], crs, role="origins", kinds=kinds, weight=weight)
    q = load(files[1], crs, role="destinations", kinds=kinds)
    file = read_network(
        network.path, trip=trip, crs=crs, layer=network.layer, epsg=network.epsg, used=used
    )
    graph = build_graph(file.ways)
    main = main_edges(graph, least_share=trip.least_share)
    places = [_snapped(graph, part, main, trip=trip, file=file) for part in (p, q)]
    priced = price(graph, trip, crs=crs, terrain=terrain)
    # One minute beyond the limit is searched too, to tell how much it would move.
    spare = CS_PER_MIN if trip.timed else 0
    wide = search(
        graph,
        *places,
        costs=priced.costs,
        max_cost=trip.max_cost + spare,
        direction=trip.direction,
    )
    run = _Run(trip, graph, main, file, p, q, places[0], places[1], priced, wide, weight)
    answer = _answer(run, crs, terrain)
    return ReachAnswer(
        answer, graph, priced, places[1], trip, places[0], _coordinates(p), run.within
    )


@dataclass(frozen=True)
class _Run:
    """Everything that one answer is told from."""

    trip: Trip
    graph: Graph
    main: NDArray[np.bool_]
    file: NetworkFile
    p: Loaded
    q: Loaded
    from_place: Snapped
    to_place: Snapped
    priced: Priced
    wide: Reached
    counted: str | None

    @property
    def within(self) -> NDArray[np.bool_]:
        limit = int(np.floor(self.trip.max_cost + 1e-6))
        return self.wide.within & (self.wide.cost <= limit)

    @property
    def reason(self) -> NDArray[np.int8]:
        reason = self.wide.reason.copy()
        reason[self.wide.within & ~self.within] = Reason.BEYOND
        return reason

    def weight(self, rows: NDArray[np.bool_]) -> float:
        return float(self.p.weights[rows].sum())


def _coordinates(part: Loaded) -> NDArray[np.float64]:
    """Return where each row is, (k, 2): a point inside of what is no point."""
    shapes = part.shapes if part.kind == "point" else shapely.point_on_surface(part.shapes)
    return np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)])


def _snapped(
    graph: Graph, part: Loaded, main: NDArray[np.bool_], *, trip: Trip, file: NetworkFile
) -> Snapped:
    found = snap(graph, *_coordinates(part).T, max_m=trip.snap_m, prefer=main)
    if not found.found.any():
        box = " ".join(f"{v:.4f}" for v in file.lonlat)
        message = (
            f"none of {len(found)} {part.source.role} in {part.source.file} lies within "
            f"{trip.snap_m:g} m of a way for mode '{trip.mode}' in {file.path.name}, which spans "
            f"{box} degrees"
        )
        raise GeometryError(message)
    return found


def _answer(run: _Run, crs: CRS, terrain: Path | None) -> Answer:
    trip, p = run.trip, run.p
    total, inside = float(p.weights.sum()), run.weight(run.within)
    classes = _classes(run, total)
    if not np.isclose(sum(c["weight"] or 0 for c in classes), total):
        message = f"reasons sum to {sum(c['weight'] for c in classes)}, all origins to {total}"
        raise InvariantError(message)
    effective = _effective_kmh(run)
    return Answer(
        tool="reach",
        value=share(inside, total),
        unit="share",
        numerator=inside,
        denominator=total,
        counted=count_unit(run.counted),
        definition=define(
            trip,
            weight=run.counted,
            network=f"{run.file.path.name} ({run.file.rules})",
            effective_kmh=effective,
            law=run.priced.speed.law if run.priced.speed else None,
            crs_name=name_of(crs),
        ),
        files=_files(run),
        frame=_frame(run),
        left_out=(*p.left_out, *run.q.left_out, *_left_out(run)),
        notes=(*p.notes, *run.q.notes, *run.file.notes, *_terrain_note(trip, terrain)),
        crs=name_of(crs),
        details={
            "classes": classes,
            "effective_speed_kmh": plain(effective),
            **_one_minute(run, total),
            "destinations": _by_destination(run),
            "network": _network(run),
        },
    )


def _classes(run: _Run, total: float) -> list[dict[str, Any]]:
    reason = run.reason
    return [
        {
            "class": CODES[code],
            "rows": int((reason == code).sum()),
            "weight": plain(run.weight(reason == code)),
            "share": share(run.weight(reason == code), total),
        }
        for code in Reason
    ]


def _effective_kmh(run: _Run) -> float | None:
    """Return metres gone by time taken, weighted, over all who arrive; None for metres."""
    if not run.trip.timed or not run.within.any():
        return None
    weight = run.p.weights[run.within]
    weight = weight if weight.sum() > 0 else np.ones(len(weight))
    seconds = float((weight * run.wide.cost[run.within]).sum()) / 100
    metres = float((weight * run.wide.length_cm[run.within]).sum()) / 100
    return metres / seconds * 3.6 if seconds > 0 else None


def _one_minute(run: _Run, total: float) -> dict[str, Any]:
    if not run.trip.timed:
        return {}
    cost, ok = run.wide.cost, run.wide.within
    found = {}
    for name, shift in (("one_minute_less", -CS_PER_MIN), ("one_minute_more", CS_PER_MIN)):
        limit = max(run.trip.max_cost + shift, -1.0)
        inside = run.weight(ok & (cost <= limit + 1e-6))
        found[name] = {"numerator": plain(inside), "value": share(inside, total)}
    return found


def _by_destination(run: _Run) -> list[dict[str, Any]]:
    """Count the origins by the destination that is nearest to them, in rows of the file."""
    count = len(run.q.frame)
    row = run.wide.destination[run.within]
    rows = np.bincount(row, minlength=count)
    weight = np.bincount(row, weights=run.p.weights[run.within], minlength=count)
    index = run.q.frame.index.to_numpy()
    return [
        {
            "row": int(index[i]),
            "on_network": bool(run.to_place.edge[i] >= 0),
            "access_m": plain(round(float(run.to_place.away_m[i]), 2)),
            "rows": int(rows[i]),
            "weight": plain(float(weight[i])),
        }
        for i in range(count)
    ]


def _network(run: _Run) -> dict[str, Any]:
    graph = run.graph
    length = float(graph.length_m.sum())
    return {
        "rules": run.file.rules,
        "lines_read": run.file.read,
        "lines_closed": dict(sorted(run.file.closed.items())),
        "nodes": graph.nodes,
        "edges": graph.edges,
        "length_km": round(length / 1000, 3),
        "parts": len(graph.piece_m),
        "largest_part_share": float(graph.piece_m[0]) / length if length else None,
        "outside_main_parts_km": round(float(graph.length_m[~run.main].sum()) / 1000, 3),
    }


def _left_out(run: _Run) -> tuple[LeftOut, ...]:
    snap_m = number(run.trip.snap_m)
    unit = count_unit(run.counted)
    found = []
    for code in _UNCONNECTED:
        rows = run.reason == code
        if rows.any():
            text = t(f"reach.{CODES[code]}", **({"snap": snap_m} if code == Reason.NO_ROAD else {}))
            found.append(LeftOut(CODES[code], text, run.weight(rows), unit))
    lost = int((~run.to_place.found).sum())
    if lost:
        text = t("reach.targets_off", snap=snap_m)
        found.append(LeftOut("destinations_off_network", text, lost, "rows"))
    if run.graph.islands:
        text = t("reach.splinters", share=percent(run.trip.least_share))
        small = run.graph.piece_m < run.trip.least_share * run.graph.length_m.sum()
        small[0] = False
        if small.any():
            found.append(LeftOut("network_islands", text, int(small.sum()), "parts"))
    if run.priced.unknown_m > 0:
        km = round(run.priced.unknown_m / 1000, 3)
        found.append(LeftOut("terrain_unknown", t("reach.terrain_unknown"), km, "km"))
    return tuple(found)


def _terrain_note(trip: Trip, terrain: Path | None) -> tuple[str, ...]:
    if terrain is None or trip.timed:
        return ()
    return (f"{terrain.name} is not used: metres do not change with gradients",)


def _files(run: _Run) -> tuple[FileSource, ...]:
    file = run.file
    found = FileSource("network", file.path.name, file.layer, file.sha256, file.read, file.crs)
    files = (found, run.p.source, run.q.source)
    if run.priced.heights is None:
        return files
    model = run.priced.heights
    return (*files, FileSource("terrain", model.path.name, None, model.sha256, None, model.crs))


def _frame(run: _Run) -> Any:
    """Return the origins with what their trip costs, in metres and (timed) minutes."""
    hit = run.within
    index = run.q.frame.index.to_numpy()
    row = np.where(hit, index[np.maximum(run.wide.destination, 0)], -1)
    columns: dict[str, Any] = {
        "reason": [CODES[Reason(code)] for code in run.reason.tolist()],
        "within": hit,
        "distance_m": np.where(hit, run.wide.length_cm / 100, np.nan),
    }
    if run.trip.timed:
        columns["minutes"] = np.where(hit, run.wide.cost / CS_PER_MIN, np.nan)
    columns |= {"access_m": run.from_place.away_m, "destination_row": row}
    return run.p.frame.assign(**columns)


def unreached(answer: Answer) -> Answer:
    """Return the same answer with only the origins that did not arrive in its frame."""
    return replace(answer, frame=answer.frame[~answer.frame["within"]])
