"""Time departures of one day against gtfs_kit and plain polars, with equal answers first.

Run with ``python benchmarks/timetables.py [ROWS] [--large] [--daily]``. A feed of 3 million
rows of stop_times is generated, 50 million with ``--large`` (this project alone, for its
memory). A tenth of the trips run on the date, as in a feed of a season; with ``--daily``
every trip of the feed does.
Each engine starts from the zip in a process of its own, so that CPU and memory are its own.
Imports and a first run on a small feed are not timed.
gtfs_kit counts terminus arrivals among a stop's trips; they are counted here too for the
comparison. The polars peer reads and joins the same tables lazily, as its streaming
engine does best, after it has unpacked the zip; it reads no stop, no route, no exception,
settles no service day and works out no statistic but the count.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path

import gtfs_kit
import numpy as np
import polars as pl

from gis.kernels.timetable import departure_table
from gis.sources.gtfs import read_feed

DATE = dt.date(2026, 11, 18)
SERVICE = "WD2"  # the one that runs on that date
WINDOW = (7 * 3600, 19 * 3600)
CALLS_A_TRIP = 25
FIRST, WEEKS = dt.date(2026, 11, 2), 7
AGENCY = "agency_id,agency_name,agency_url,agency_timezone\n1,T,https://x.invalid,Europe/Oslo\n"


def generate(path: Path, rows: int, *, daily: bool = False) -> None:
    """Write a feed: trips of 25 calls along 2,400 lines, a tenth of them on the date.

    As in feeds that cover a season, each week has services of its own, and a third run
    at weekends; ``daily``: all trips run on the date.
    """
    rng = np.random.default_rng(1)
    trips, stops = rows // CALLS_A_TRIP, 40_000
    lines = np.array([rng.choice(stops, CALLS_A_TRIP, replace=False) for _ in range(2_400)])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("agency.txt", AGENCY)
        archive.writestr("calendar.txt", _calendar())
        routes = [f"{i},1,{i},,{(700, 401, 100)[i % 3]}" for i in range(len(lines))]
        head = "route_id,agency_id,route_short_name,route_long_name,route_type"
        archive.writestr("routes.txt", "\n".join([head, *routes]) + "\n")
        lon, lat = rng.uniform(5, 12, stops), rng.uniform(58, 66, stops)
        places = [f"S{i},S{i},{lat[i]:.6f},{lon[i]:.6f},," for i in range(stops)]
        head = "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station"
        archive.writestr("stops.txt", "\n".join([head, *places]) + "\n")
        line = rng.integers(0, len(lines), trips)
        week = rng.integers(0, WEEKS, trips).astype(str)
        service = np.char.add(np.where(rng.random(trips) < 1 / 3, "WE", "WD"), week)
        if daily:
            service[:] = SERVICE
        body = "".join(f"{line[i]},{service[i]},T{i},{i % 2}\n" for i in range(trips))
        archive.writestr("trips.txt", "route_id,service_id,trip_id,direction_id\n" + body)
        with archive.open("stop_times.txt", "w", force_zip64=True) as file:
            file.write(b"trip_id,arrival_time,departure_time,stop_id,stop_sequence\n")
            for first in range(0, trips, 40_000):
                file.write(_calls(rng, lines, line, slice(first, min(first + 40_000, trips))))


def _calendar() -> str:
    days = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"
    rows = [f"service_id,{days},start_date,end_date"]
    for week in range(WEEKS):
        start = FIRST + dt.timedelta(weeks=week)
        end = start + dt.timedelta(days=6)
        for name, flags in (("WD", "1,1,1,1,1,0,0"), ("WE", "0,0,0,0,0,1,1")):
            rows.append(f"{name}{week},{flags},{start:%Y%m%d},{end:%Y%m%d}")
    return "\n".join(rows) + "\n"


def _calls(rng: np.random.Generator, lines: np.ndarray, line: np.ndarray, part: slice) -> bytes:
    count = part.stop - part.start
    start = rng.integers(5 * 3600, 23 * 3600, count) // 60 * 60
    at = (start[:, None] + np.arange(CALLS_A_TRIP) * 120).ravel()
    clock = pl.Series(at)
    frame = pl.DataFrame(
        {
            "trip": np.repeat(np.arange(part.start, part.stop), CALLS_A_TRIP),
            "stop": lines[line[part]].ravel(),
            "sequence": np.tile(np.arange(1, CALLS_A_TRIP + 1), count),
            "h": clock // 3600,
            "m": clock % 3600 // 60,
        }
    )
    hour = pl.col("h").cast(pl.String).str.zfill(2)
    minute = pl.col("m").cast(pl.String).str.zfill(2)
    text = pl.concat_str(hour, pl.lit(":"), minute, pl.lit(":00"))
    table = frame.select(
        pl.concat_str(pl.lit("T"), "trip").alias("trip"),
        text.alias("arrival"),
        text.alias("departure"),
        pl.concat_str(pl.lit("S"), "stop").alias("stop"),
        "sequence",
    )
    buffer = io.BytesIO()
    table.write_csv(buffer, include_header=False)
    return buffer.getvalue()


def ours(path: Path) -> dict[str, int]:
    """Count the departures and terminus arrivals of each stop by this project, from the zip."""
    day = read_feed(path, date=DATE, window=WINDOW)
    table = departure_table(day.calls, day.quays, window=WINDOW, level="quay").frame
    counted = table.filter(pl.col("calls") > 0)
    return dict(zip(counted["id"].to_list(), counted["calls"].to_list(), strict=True))


def kit(path: Path) -> dict[str, int]:
    """Count the trips of each stop by gtfs_kit's read_feed and compute_stop_stats."""
    feed = gtfs_kit.read_feed(path, dist_units="km")
    stats = gtfs_kit.compute_stop_stats(
        feed, [f"{DATE:%Y%m%d}"], headway_start_time="07:00:00", headway_end_time="19:00:00"
    )
    return dict(zip(stats["stop_id"], stats["num_trips"].astype(int), strict=True))


def streamed(path: Path) -> dict[str, int]:
    """Count the calls of each stop by plain polars, lazily, from files it unpacks."""
    with tempfile.TemporaryDirectory() as name, zipfile.ZipFile(path) as archive:
        for table in ("trips.txt", "stop_times.txt"):
            archive.extract(table, name)
        return _scanned(Path(name))


def _scanned(folder: Path) -> dict[str, int]:
    text = {"schema_overrides": {"trip_id": pl.String, "stop_id": pl.String}}
    trips = pl.scan_csv(folder / "trips.txt", **text).filter(pl.col("service_id") == SERVICE)
    part = pl.col("departure_time").str.split(":").list
    seconds = part.get(0).cast(pl.Int32) * 3600 + part.get(1).cast(pl.Int32) * 60
    seconds = seconds + part.get(2).cast(pl.Int32)
    found = (
        pl.scan_csv(folder / "stop_times.txt", **text)
        .select("trip_id", "stop_id", seconds.alias("s"))
        .filter((pl.col("s") >= WINDOW[0]) & (pl.col("s") < WINDOW[1]))
        .join(trips.select("trip_id"), on="trip_id", how="semi")
        .group_by("stop_id")
        .len()
        .collect(engine="streaming")
    )
    return dict(zip(found["stop_id"].to_list(), found["len"].to_list(), strict=True))


def day_of_kit(path: Path) -> dict[str, int]:
    """Count the trips of each stop over the whole day by this project, as gtfs_kit does."""
    window = (0, 24 * 3600)  # every trip of the feed ends before midnight
    day = read_feed(path, date=DATE, window=window, days_back=0)
    table = departure_table(day.calls, day.quays, window=window, level="quay").frame
    counted = table.filter(pl.col("calls") > 0)
    return dict(zip(counted["id"].to_list(), counted["calls"].to_list(), strict=True))


ENGINES = {"ours": ours, "ours_day": day_of_kit, "gtfs_kit": kit, "polars": streamed}


def child(engine: str, path: str) -> None:
    """Answer with one engine and tell the answer, the time and the memory."""
    with tempfile.TemporaryDirectory() as name:  # compiled and loaded before the clock starts
        small = Path(name) / "small.zip"
        generate(small, 500 * CALLS_A_TRIP)
        ENGINES[engine](small)
    wall = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF)
    with Watch() as watch:
        answer = ENGINES[engine](Path(path))
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = {"wall": time.perf_counter() - wall, "cpu": cpu, "anonymous": watch.peak_mb}
    print(json.dumps({"answer": answer, **told, "peak": after.ru_maxrss / 1024}))


class Watch:
    """Look at the anonymous memory of this process 20 times a second."""

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.05):
            lines = Path("/proc/self/status").read_text().splitlines()
            now = next(int(x.split()[1]) / 1024 for x in lines if x.startswith("RssAnon:"))
            self.peak_mb = max(self.peak_mb, now)


def measured(engine: str, path: Path, rounds: int) -> tuple[dict[str, int], float]:
    """Run an engine in processes of its own and print the best of its rounds."""
    best: dict[str, float] = {}
    answer: dict[str, int] = {}
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, __file__, "--engine", engine, str(path)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        told = json.loads(done.stdout)
        answer = told.pop("answer")
        if not best or told["cpu"] < best["cpu"]:
            best = told
    print(
        f"  {engine:9s} {best['cpu']:8.2f} s CPU {best['wall']:8.2f} s wall "
        f"{best['anonymous']:7,.0f} MB anonymous at most ({best['peak']:,.0f} MB resident)"
    )
    return answer, best["cpu"]


def main(rows: int, *, large: bool, daily: bool) -> None:
    """Generate, compare answers, then times."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "feed.zip"
        generate(path, rows, daily=daily)
        print(f"{rows:,} rows of stop_times, {path.stat().st_size / 1e6:.0f} MB zip")
        if large:
            measured("ours", path, 1)
            return
        mine, cpu = measured("ours", path, 3)
        peer, polars_cpu = measured("polars", path, 3)
        assert mine == peer, "polars counts otherwise"
        whole, _ = measured("ours_day", path, 1)
        theirs, kit_cpu = measured("gtfs_kit", path, 1)
        assert whole == theirs, "gtfs_kit counts otherwise"
        print(f"  equal at {len(mine):,} stops; gtfs_kit {kit_cpu / cpu:.1f} x our CPU, polars "
              f"{polars_cpu / cpu:.1f} x")  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--engine"]:
        child(*sys.argv[2:4])
    else:
        words = [w for w in sys.argv[1:] if not w.startswith("--")]
        big = "--large" in sys.argv
        count = int(words[0]) if words else (50_000_000 if big else 3_000_000)
        main(count, large=big, daily="--daily" in sys.argv)
