"""Time hazard exposure against what most would write, same answers first, in one run.

    python benchmarks/hazard.py [points|points-large|area|sea|zonal ...]

Each case works out both answers, compares them, and prints the shortest processor time of
some runs of each with the ratio. Processor time of all threads, and not time on the wall,
so that other work on the machine does not decide. Zonal statistics are held against
rasterstats where it is installed ("make bench-peers", then run with .venv-bench), else
against what it does for each zone, written with rasterio (window, mask, masked
statistics). Inputs are drawn from a fixed seed.
"""

from __future__ import annotations

import importlib.util
import resource
import sys
import time
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.features import geometry_mask
from rasterio.transform import from_origin
from scipy import ndimage

from gis.kernels.coverage import cell_shares
from gis.kernels.seafill import sea_fill
from gis.kernels.zonal import Frame, ZonalSums
from gis.kernels.zones import highest_class

if TYPE_CHECKING:
    from collections.abc import Callable

E0, N0 = 240_000.0, 6_640_000.0


def best(work: Callable[[], Any], runs: int = 3) -> tuple[float, Any]:
    """Return the shortest processor time of some runs, and the answer."""
    shortest, answer = float("inf"), None
    for _ in range(runs):
        start = time.process_time()
        answer = work()
        shortest = min(shortest, time.process_time() - start)
    return shortest, answer


def told(name: str, slow: float, fast: float, goal: float, note: str = "") -> None:
    """Print one line of the comparison."""
    ratio = slow / fast
    mark = "ok" if ratio >= goal else "BELOW"
    print(f"{name:48s} {slow:8.3f} s {fast:8.3f} s {ratio:7.1f}x (goal {goal:g}x) {mark} {note}")


def blobs(rng: np.random.Generator, n: int, *, side: float, radius: float, vertices: int) -> Any:
    """Draw ragged zones that overlap, with so many vertices on average."""
    made = []
    for _ in range(n):
        k = max(int(rng.normal(vertices, vertices / 4)), 8)
        angle = np.linspace(0, 2 * np.pi, k, endpoint=False)
        ragged = 1 + 0.3 * np.interp(angle, np.linspace(0, 2 * np.pi, 12), rng.normal(0, 0.5, 12))
        r = radius * rng.uniform(0.3, 1.7) * np.maximum(ragged, 0.2)
        x, y = E0 + rng.uniform(0, side), N0 + rng.uniform(0, side)
        xy = np.column_stack([x + r * np.cos(angle), y + r * np.sin(angle)])
        made.append(shapely.make_valid(shapely.Polygon(xy), method="structure"))
    return np.array(made, dtype=object)


def points(n: int, zones: int, vertices: int, *, within: bool, goal: float) -> None:
    """Compare the worst class of points with geopandas sjoin and a reduction to the worst."""
    rng = np.random.default_rng(1)
    side = 25_000.0 * (zones / 500) ** 0.5
    # Large zones that overlap, so that most points lie in one or several, as flood zones do
    # where people live.
    shapes = blobs(rng, zones, side=side, radius=1250.0, vertices=vertices)
    ranks = rng.integers(0, 4, zones)
    x, y = E0 + rng.uniform(0, side, n), N0 + rng.uniform(0, side, n)
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=25833)
    areas = gpd.GeoDataFrame({"rank": ranks}, geometry=shapes, crs=25833)

    def naive() -> Any:
        how = "within" if within else "intersects"
        joined = gpd.sjoin(frame, areas, predicate=how)
        worst = joined.groupby(joined.index)["rank"].min()
        return np.bincount(worst, minlength=4)

    def ours() -> Any:
        found = highest_class(x, y, shapes, ranks, n_classes=4)
        return np.bincount(found[found >= 0], minlength=4)

    ours()
    slow, one = best(naive, 1 if within else 2)
    fast, two = best(ours)
    assert (one == two).all(), (one, two)
    size = int(shapely.get_num_coordinates(shapes).sum())
    told(f"{n:,} points x {zones:,} zones, {size:,} vertices", slow, fast, goal)


def area() -> None:
    """Compare area weights, overlaps resolved, with dissolve, overlay and a sum."""
    rng = np.random.default_rng(2)
    side = 25_000.0
    shapes = blobs(rng, 500, side=side, radius=500.0, vertices=530)
    ranks = rng.integers(0, 3, len(shapes))
    c, r = (a.ravel() for a in np.meshgrid(np.arange(100), np.arange(100)))
    west, south = E0 + 250.0 * c, N0 + 250.0 * r
    cells = gpd.GeoDataFrame(
        {"cell": np.arange(len(west))},
        geometry=shapely.box(west, south, west + 250, south + 250),
        crs=25833,
    )
    zones = gpd.GeoDataFrame({"rank": ranks}, geometry=shapes, crs=25833)

    def naive() -> Any:
        bands = zones.dissolve("rank").reset_index()
        shares = np.zeros((len(cells), 3))
        taken = None
        for rank in range(3):
            band = bands[bands["rank"] == rank][["geometry"]]
            if taken is not None:
                band = gpd.overlay(band, taken, how="difference")
            cut = gpd.overlay(cells, band, how="intersection")
            shares[:, rank] = np.bincount(cut["cell"], cut.area, len(cells)) / 250**2
            own = bands[bands["rank"] <= rank][["geometry"]].dissolve()
            taken = own
        return shares

    def ours() -> Any:
        return cell_shares(west, south, shapes, ranks, size_m=250, n_classes=3)

    ours()
    slow, one = best(naive, 2)
    fast, two = best(ours)
    assert np.abs(one - two).max() < 1e-6
    told("area weights, 10,000 cells x 500 zones", slow, fast, 20)


def sea() -> None:
    """Compare the sea fill of 14,000 x 14,000 cells with scipy.ndimage.label and isin."""
    rng = np.random.default_rng(3)
    n = 14_000
    coarse = rng.normal(size=(300, 300)).astype(np.float32) * 8 + 6
    # Made strip by strip, so that the peak before the fill is the terrain's own.
    at = np.linspace(0, 299, n)
    low = np.minimum(at.astype(int), 298)
    part = (at - low).astype(np.float32)
    height = np.empty((n, n), dtype=np.float32)
    for i in range(n):
        row = coarse[low[i]] * (1 - part[i]) + coarse[low[i] + 1] * part[i]
        height[i] = row[low] * (1 - part) + row[low + 1] * part
    wet = height < -6
    sea_fill(height[:100, :100], wet[:100, :100], level_m=2.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fast, fill = best(lambda: sea_fill(height, wet, level_m=2.0))
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    runs = (fill.start.nbytes + fill.end.nbytes + fill.reached.nbytes + fill.first.nbytes) / 2**20

    def naive() -> Any:
        labels, _ = ndimage.label((height <= 2.0) | wet)
        return np.isin(labels, np.unique(labels[wet]))

    slow, reached = best(naive, 2)
    assert int(reached.sum()) == fill.n_reached
    mask = wet.nbytes / 2**20
    note = f"beside terrain: sea {mask:.0f} MB, runs {runs:.0f} MB, peak rose {more:.0f} MB"
    told("sea fill, 196 million cells", slow, fast, 8, note)


def zonal() -> None:
    """Compare zonal statistics with one window and mask a zone, at 10 m and at 1 m."""
    for cell, size, goal in ((10.0, 2500, 12), (1.0, 12_000, 4)):
        rng = np.random.default_rng(4)
        values = rng.normal(100, 30, (size, size)).astype(np.float32)
        side = size * cell
        zones = blobs(rng, 500, side=side, radius=side / 60, vertices=60)
        # rasterstats counts cells beyond the raster; ours has none there, so none is asked about.
        zones = shapely.intersection(zones, shapely.box(E0, N0, E0 + side, N0 + side))
        transform = from_origin(E0, N0 + side, cell, cell)
        profile = {
            "driver": "GTiff", "width": size, "height": size, "count": 1, "dtype": "float32",
            "crs": "EPSG:25833", "transform": transform, "tiled": True,
        }  # fmt: skip
        with rasterio.MemoryFile() as memory:
            with memory.open(**profile) as out:
                out.write(values, 1)
            with memory.open() as file:
                name, twin = _peer()
                twin(file, zones[:2])
                slow, one = best(lambda: twin(file, zones), 1)  # noqa: B023
                fast, two = best(lambda: _scanned(file, zones, cell))  # noqa: B023
        assert (one[0] == two[0]).mean() > 0.99
        assert np.abs(one[0] - two[0]).max() <= 2
        told(f"zonal statistics at {cell:g} m, 500 zones ({name})", slow, fast, goal)


def _peer() -> tuple[str, Callable[[Any, Any], Any]]:
    """Return rasterstats, or where it is not installed what it does."""
    if importlib.util.find_spec("rasterstats") is None:
        return "rasterio twin", _masked
    return "rasterstats", _by_rasterstats


def _by_rasterstats(file: Any, zones: Any) -> Any:
    """Ask rasterstats for the same five statistics, as its users do: from the file."""
    import rasterstats

    asked = ["count", "sum", "min", "max", "mean"]
    found = rasterstats.zonal_stats(list(zones), file.name, stats=asked, nodata=-9999)
    return np.array([f["count"] for f in found]), np.array([f["sum"] or 0 for f in found])


def _masked(file: Any, zones: Any) -> Any:
    """Do what rasterstats does: read the window of each zone, mask it, take the statistics."""
    count, total = np.zeros(len(zones)), np.zeros(len(zones))
    for i, zone in enumerate(zones):
        west, south, east, north = zone.bounds
        m = file.transform
        c0, c1 = int((west - m.c) // m.a), int(-((m.c - east) // m.a))
        r0, r1 = int((m.f - north) // -m.e), int(-((south - m.f) // -m.e))
        window = rasterio.windows.Window(c0, r0, max(c1 - c0, 1), max(r1 - r0, 1))
        part = file.read(1, window=window, boundless=True, fill_value=np.nan)
        outside = geometry_mask([zone], part.shape, file.window_transform(window))
        held = np.ma.array(part.astype(np.float64), mask=outside | ~np.isfinite(part))
        count[i], total[i] = held.count(), held.sum() or 0
        _ = held.min(), held.max(), held.mean()
    return count, total


def _scanned(file: Any, zones: Any, cell: float) -> Any:
    """Read the raster once, in strips, so that memory does not grow with it."""
    left, top = file.transform.c, file.transform.f
    sums = ZonalSums(zones, Frame(left, top, cell, cell))
    step = max(4_000_000 // file.width, 1)
    for row in range(0, file.height, step):
        window = rasterio.windows.Window(0, row, file.width, min(step, file.height - row))
        sums.add_block(file.read(1, window=window), top=row)
    return sums.count, sums.sums


CASES: dict[str, Callable[[], None]] = {
    "points": lambda: points(128_000, 500, 532, within=False, goal=20),
    "points-large": lambda: points(2_500_000, 10_000, 700, within=True, goal=5),
    "area": area,
    "sea": sea,
    "zonal": zonal,
}

if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        CASES[case]()
