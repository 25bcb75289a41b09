"""Time and weigh the reading of national tables into the store: addresses and the 250 m grid.

Run with ``python benchmarks/reading.py [ROWS]`` (default 2.5 million addresses; the country
has as many). Both tables are invented, in the publishers' dialects; the addresses come as a
GeoPackage too. The peer reads the same columns with pandas and geopandas the plain way, whole,
and writes GeoParquet. Each runs in a process of its own; memory is the peak of anonymous pages,
less what the imports take. The answers (rows, sum of ids, sum of coordinates) are compared
before any time is told.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.sources import open_layer
from gis.store.frames import FrameWriter

ADDRESS_HEAD = (
    "lokalid;kommunenummer;kommunenavn;adressetype;adresseTekst;EPSG-kode;Nord;Øst;postnummer;"
    "poststed;grunnkretsnummer;grunnkretsnavn;tettstednummer;tettstednavn;oppdateringsdato;"
    "adresseId;uuidAdresse"
)
GRID_ROWS = 225_000
PEER_TEXTS = ("adresseTekst", "grunnkretsnummer", "tettstednummer")


def write_addresses(path: Path, rows: int) -> None:
    """Write invented addresses in the dialect of the official register: BOM, ;, CRLF."""
    rng = np.random.default_rng(3)
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        out.write(ADDRESS_HEAD + "\r\n")
        for start in range(0, rows, 100_000):
            n = min(100_000, rows - start)
            north = rng.uniform(6_500_000, 7_800_000, n)
            east = rng.uniform(-30_000, 1_000_000, n)
            lines = [
                f"{10**8 + i};9801;FJORDVIK;vegadresse;Oppdiktet vei {i % 997};25833;"
                f"{y:.2f};{x:.2f};0{i % 1000:03};FJORDVIK;9801{i % 10000:04};Krets {i % 300};"
                f"{'' if i % 3 == 0 else 801};{'' if i % 3 == 0 else 'Fjordvik'};"
                f"29.03.2023 22:05:36.{i % 1000:03};{10**8 + i};"
                f"2367b90e-0000-4000-8000-{i:012}"
                for i, x, y in zip(range(start, start + n), east, north, strict=True)
            ]
            out.write("\r\n".join(lines) + "\r\n")


def as_geopackage(table: Path) -> Path:
    """Write the addresses once more, as a GeoPackage with the register's layer name."""
    path = table.with_suffix(".gpkg")
    frame = pd.read_csv(table, sep=";", encoding="utf-8-sig", dtype={"grunnkretsnummer": "str"})
    shapes = gpd.points_from_xy(frame["Øst"], frame["Nord"])
    fields = frame[["adresseId", *PEER_TEXTS]]
    gpd.GeoDataFrame(fields, geometry=shapes, crs=25833).to_file(path, layer="vegadresse")
    return path


def write_grid(path: Path) -> None:
    """Write invented cells of 250 m, each once."""
    rng = np.random.default_rng(4)
    places = rng.choice(4000 * 5000, GRID_ROWS, replace=False)
    east, north = places // 5000 * 250, 6_500_000 + places % 5000 * 250
    ids = (east + 2_000_000) * 10**7 + north
    pd.DataFrame({"SSBID0250M": ids, "pop_tot": rng.integers(1, 300, GRID_ROWS)}).to_csv(
        path, sep=";", index=False
    )


def ours(layer: str, path: Path, out: Path) -> None:
    """Read in blocks, as the store is built."""
    with FrameWriter(out) as file:
        for block in open_layer(layer, path):
            file.write(block)


def peer(layer: str, path: Path, out: Path) -> None:
    """Read whole with pandas and geopandas."""
    if path.suffix == ".gpkg":
        frame = gpd.read_file(path, columns=["adresseId", *PEER_TEXTS], use_arrow=True)
        frame = frame.rename(columns={"adresseId": "address_id"})
    elif layer == "addresses":
        names = ["adresseId", *PEER_TEXTS, "Øst", "Nord"]
        text = dict.fromkeys(names[1:4], "str")
        table = pd.read_csv(path, sep=";", usecols=names, dtype=text, encoding="utf-8-sig")
        shapes = gpd.points_from_xy(table["Øst"], table["Nord"])
        frame = gpd.GeoDataFrame(table[names[:4]], geometry=shapes, crs=25833)
        frame = frame.rename(columns={"adresseId": "address_id"})
    else:
        table = pd.read_csv(path, sep=";")
        e = table["SSBID0250M"] // 10**7 - 2_000_000
        n = table["SSBID0250M"] % 10**7
        shapes = shapely.box(e, n, e + 250, n + 250)
        frame = gpd.GeoDataFrame(table, geometry=shapes, crs=25833)
        frame = frame.rename(columns={"SSBID0250M": "cell_id"})
    frame.to_parquet(out, compression="zstd", index=False)


def anonymous_mib() -> float:
    """Return the anonymous memory of this process."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(x for x in text.splitlines() if x.startswith("RssAnon"))
    return int(line.split()[1]) / 1024


def alone(engine: str, layer: str, path: Path, out: Path) -> None:
    """Run one engine in this process, and print CPU seconds and peak memory as JSON."""
    base, peak, done = anonymous_mib(), 0.0, threading.Event()

    def look() -> None:
        nonlocal peak
        while not done.wait(0.01):
            peak = max(peak, anonymous_mib())

    thread = threading.Thread(target=look)
    thread.start()
    clock = time.process_time()
    {"ours": ours, "peer": peer}[engine](layer, path, out)
    cpu = time.process_time() - clock
    done.set()
    thread.join()
    print(json.dumps({"cpu_s": cpu, "peak_mib": peak - base}))


def answer(path: Path) -> tuple[int, int, float, float]:
    """Return rows, sum of ids, and sums of coordinates."""
    frame = gpd.read_parquet(path)
    name = "address_id" if "address_id" in frame else "cell_id"
    middle = shapely.centroid(frame.geometry.to_numpy())
    x, y = shapely.get_x(middle).sum(), shapely.get_y(middle).sum()
    return len(frame), int(frame[name].sum()), round(float(x), 1), round(float(y), 1)


def main(rows: int) -> None:
    """Compare the engines on addresses of two sizes and on the grid."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for layer, sizes in (("addresses", (rows // 4, rows)), ("population_grid", (GRID_ROWS,))):
            for size in sizes:
                path = root / f"{layer}_{size}.csv"
                if layer == "addresses":
                    write_addresses(path, size)
                else:
                    write_grid(path)
                compare(layer, path, size)
                if layer == "addresses":
                    compare(layer, as_geopackage(path), size)


def compare(layer: str, path: Path, size: int) -> None:
    """Run both engines on one file; print their costs when their answers are equal."""
    found = {}
    for engine in ("ours", "peer"):
        out = path.with_name(f"{path.name}.{engine}.parquet")
        command = [sys.executable, __file__, "--alone", engine, layer, str(path), str(out)]
        made = subprocess.run(command, capture_output=True, text=True, check=True)
        found[engine] = json.loads(made.stdout), answer(out)
    assert found["ours"][1] == found["peer"][1], found
    mb = path.stat().st_size / 1e6
    for engine, (cost, _) in found.items():
        print(
            f"{layer} {path.suffix} {size:,} rows, {mb:.0f} MB, {engine}: "
            f"{mb / cost['cpu_s']:.0f} MB/s of CPU ({cost['cpu_s']:.1f} s), "
            f"peak {cost['peak_mib']:.0f} MiB anonymous"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        alone(sys.argv[2], sys.argv[3], Path(sys.argv[4]), Path(sys.argv[5]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_500_000)
