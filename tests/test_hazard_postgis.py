"""Hold the counting of points and objects in zones against PostGIS, an engine of its own.

A cluster of its own is made in a folder of the test, answers on a local socket alone, and
is gone with the test. Skipped, with the reason, where PostgreSQL or PostGIS is not installed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely

from gis.kernels.zones import disjoint_bands, highest_class, polygon_class

if TYPE_CHECKING:
    from collections.abc import Iterator

N_CLASSES = 3
USER = "postgres"


@dataclass(frozen=True)
class Server:
    """A running cluster: where its programs and its socket are."""

    bin: Path
    folder: Path

    def psql(self, text: str) -> str:
        """Run SQL and return what it prints, columns split by |."""
        done = run(
            self.bin / "psql", "-h", str(self.folder), "-U", USER, "-d", "postgres",
            "-v", "ON_ERROR_STOP=1", "-qAt", folder=self.folder, given=text,
        )  # fmt: skip
        return done.stdout


def run(
    program: Path, *words: str, folder: Path, given: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL, which refuses to be run as root, as its own user then."""
    own = {"user": USER, "group": USER, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        [str(program), *words], input=given, capture_output=True, text=True, cwd=folder,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, timeout=120, check=False,
        **own,  # type: ignore[call-overload]
    )  # fmt: skip
    assert done.returncode == 0, f"{program.name}: {done.stderr[-2000:]}"
    return done


def programs() -> Path:
    """Where the newest PostgreSQL with PostGIS is; skips where there is none."""
    found = [
        p for p in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        if (p / "initdb").is_file()
    ]  # fmt: skip
    on_path = shutil.which("initdb")
    found += [Path(on_path).parent] if on_path else []
    for place in found:
        shared = subprocess.run(
            [str(place / "pg_config"), "--sharedir"], capture_output=True, text=True, check=False
        ).stdout.strip()
        if (Path(shared or place) / "extension" / "postgis.control").is_file():
            return place
    pytest.skip("PostgreSQL with PostGIS is not installed; 'sh setup/postgis.sh' installs it")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    place = programs()
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(USER)
        except KeyError:
            pytest.skip(f"PostgreSQL does not run as root, and there is no user '{USER}'")
    # A socket's path has room for about 100 letters, more than pytest's own folders leave.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
        data = str(folder / "data")
        run(place / "initdb", "-D", data, "-U", USER, "-A", "trust", "--no-sync", folder=folder)
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        log = str(folder / "log")
        run(place / "pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start", folder=folder)
        try:
            made = Server(place, folder)
            made.psql("CREATE EXTENSION postgis;")
            yield made
        finally:
            run(place / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop", folder=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Drawn:
    """Random zones that overlap, with ranks, some with whole corners; points and buildings."""

    zones: Any
    ranks: Any
    x: Any
    y: Any
    objects: Any


def draw(seed: int) -> Drawn:
    rng = np.random.default_rng(seed)
    zones = []
    for k in range(24):
        n = int(rng.integers(4, 40))
        angle = np.sort(rng.uniform(0, 2 * np.pi, n))
        radius = rng.uniform(10, 160, n)
        xy = rng.uniform(0, 600, 2) + np.column_stack(
            [radius * np.cos(angle), radius * np.sin(angle)]
        )
        xy = np.round(xy / 10) * 10 if k % 2 else xy
        zones.append(shapely.make_valid(shapely.Polygon(xy), method="structure"))
    # Points on whole tens too, so that some lie on outlines and corners.
    x, y = rng.uniform(0, 600, 1500), rng.uniform(0, 600, 1500)
    x[::3], y[::3] = np.round(x[::3] / 10) * 10, np.round(y[::3] / 10) * 10
    west, south = np.round(rng.uniform(0, 580, (2, 200)) / 10) * 10
    objects = shapely.box(west, south, west + rng.choice([10.0, 15.5], 200), south + 10)
    return Drawn(np.array(zones, object), rng.integers(0, N_CLASSES, 24), x, y, objects)


def load(server: Server, drawn: Drawn) -> None:
    """Copy zones, points and objects in as well-known binary, which is exact."""
    lines = [
        "DROP TABLE IF EXISTS zone, place, object;",
        "CREATE TABLE zone (id int, rank int, g geometry);",
        "CREATE TABLE place (id int, g geometry);",
        "CREATE TABLE object (id int, g geometry);",
    ]
    points = shapely.points(drawn.x, drawn.y)
    for name, shapes, extra in (
        ("zone", drawn.zones, drawn.ranks), ("place", points, None), ("object", drawn.objects, None)
    ):  # fmt: skip
        lines.append(f"COPY {name} FROM stdin;")
        for i, code in enumerate(shapely.to_wkb(shapes, hex=True)):
            rank = "" if extra is None else f"{extra[i]}\t"
            lines.append(f"{i}\t{rank}{code}")
        lines.append("\\.")
    server.psql("\n".join(lines) + "\n")


def ranks_of(text: str, n: int) -> list[int]:
    found = [-1] * n
    for line in text.split():
        place, rank = line.split("|")
        found[int(place)] = int(rank)
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_classes_of_points_and_objects(server: Server, seed: int) -> None:
    """Another engine: PostGIS gives the worst rank by ST_Contains, ST_Intersects, ST_Relate."""
    drawn = draw(seed)
    load(server, drawn)
    worst = "SELECT p.id, min(z.rank) FROM {} p JOIN zone z ON {} GROUP BY p.id ORDER BY p.id;"
    for rule, on in (("interior", "ST_Contains(z.g, p.g)"), ("touch", "ST_Intersects(z.g, p.g)")):
        theirs = ranks_of(server.psql(worst.format("place", on)), len(drawn.x))
        ours = highest_class(
            drawn.x, drawn.y, drawn.zones, drawn.ranks, rule=rule, n_classes=N_CLASSES  # type: ignore[arg-type]
        )  # fmt: skip
        assert ours.tolist() == theirs, rule
    for rule, on in (
        ("interior", "z.g && p.g AND ST_Relate(z.g, p.g, 'T********')"),
        ("touch", "ST_Intersects(z.g, p.g)"),
    ):
        theirs = ranks_of(server.psql(worst.format("object", on)), len(drawn.objects))
        ours = polygon_class(
            drawn.objects, drawn.zones, drawn.ranks, rule=rule, n_classes=N_CLASSES  # type: ignore[arg-type]
        )  # fmt: skip
        assert ours.tolist() == theirs, rule
    assert len(set(theirs)) == N_CLASSES + 1


def test_bands_have_the_same_areas(server: Server) -> None:
    """Another engine: area of each band by ST_Union and ST_Difference, to a square decimetre."""
    drawn = draw(4)
    load(server, drawn)
    bands = disjoint_bands(drawn.zones, drawn.ranks, n_classes=N_CLASSES, grid_m=0.001)
    theirs = server.psql(
        "WITH own AS (SELECT rank, ST_Union(g) AS g FROM zone GROUP BY rank) "
        "SELECT a.rank, ST_Area(CASE WHEN a.rank = 0 THEN a.g ELSE ST_Difference(a.g, "
        "(SELECT ST_Union(b.g) FROM own b WHERE b.rank < a.rank)) END) FROM own a ORDER BY 1;"
    )
    areas = [float(line.split("|")[1]) for line in theirs.split()]
    # A millimetre along outlines of some ten kilometres.
    assert shapely.area(bands) == pytest.approx(areas, abs=10.0)


def test_least_shares_of_objects(server: Server) -> None:
    """Another engine: the worst rank of which, or worse, half an object lies in."""
    drawn = draw(5)
    load(server, drawn)
    theirs = ranks_of(
        server.psql(
            "CREATE TEMP TABLE held AS SELECT r.rank, (SELECT ST_Union(z.g) FROM zone z "
            "WHERE z.rank <= r.rank) AS g FROM (SELECT DISTINCT rank FROM zone) r; "
            "SELECT o.id, min(h.rank) FROM object o JOIN held h ON h.g && o.g AND "
            "ST_Area(ST_Intersection(h.g, o.g)) >= 0.5 * ST_Area(o.g) - 1e-9 "
            "GROUP BY o.id ORDER BY o.id;"
        ),
        len(drawn.objects),
    )
    ours = polygon_class(
        drawn.objects, drawn.zones, drawn.ranks, rule="min-share", n_classes=N_CLASSES,
        min_share=0.5,
    )  # fmt: skip
    assert ours.tolist() == theirs
