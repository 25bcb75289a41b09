"""Time the screening of a plan area and a scenario, same answers first, in one run.

    python benchmarks/plan.py [screen|scenario ...] [--workspace DIR]

Without a workspace the invented municipality is written and built first. ``screen`` is held
against what most would write: every layer read whole with geopandas, cut and dissolved; its
own goal is 1 s after start-up. ``scenario`` asks for one more plan of a study that has its
baseline, against the same plan in a fresh study. Processor time of all threads.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np

from gis.analyses import Study, study_area
from gis.analyses.scenario import ScenarioParameters, scenario
from gis.analyses.scenario_plan import plan_in_layer
from gis.analyses.screen import screen, screen_result
from gis.catalogue import layer_entries
from gis.demo import write_demo
from gis.sources.plan import Plan, Planned
from gis.store import build, open_store
from gis.workspace import open_workspace

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL_S = 1.0
PLANS = 12


def best(work: Callable[[], Any], runs: int = 3) -> tuple[float, Any]:
    """Return the shortest processor time of some runs, and the answer."""
    shortest, answer = float("inf"), None
    for _ in range(runs):
        start = time.process_time()
        answer = work()
        shortest = min(shortest, time.process_time() - start)
    return shortest, answer


def fresh(root: Path) -> Study:
    """Open the store anew: nothing is remembered."""
    store = open_store(open_workspace(root))
    return study_area(store, number=store.manifest.area, halo_m=store.manifest.halo_m)


def drawn(study: Study, count: int) -> list[Plan]:
    """Draw plan areas of some hectares where people live, from a fixed seed."""
    rng = np.random.default_rng(11)
    homes = study.frame("population_grid").geometry.centroid
    inside = homes[homes.within(study.polygon)].to_numpy()
    plans = []
    for point in rng.choice(inside, count, replace=False):
        shape = point.buffer(float(rng.uniform(80, 350)), quad_segs=4)
        area = Planned("plan", "area", "felt", shape, dwellings=float(rng.integers(20, 300)))
        plans.append(Plan("benchmark", "", (area,)))
    return plans


def plain(study: Study, shape: Any) -> dict[str, float]:
    """Return the share of the area by polygon layer as most would write it."""
    shares = {}
    area = gpd.GeoDataFrame(geometry=[shape], crs=study.epsg)
    for name, entry in layer_entries().items():
        if name not in study.data.layers or entry.relevance == "none":
            continue
        frame = study.data.frame(name)
        if entry.geometry == "polygon":
            cut = gpd.overlay(frame[["geometry"]], area, keep_geom_type=True)
            share = cut.union_all().area / shape.area
            if share * shape.area > 0.01:
                shares[name] = share
        elif entry.geometry in ("line", "point"):
            frame.distance(shape).min()
    return shares


def bench_screen(root: Path) -> bool:
    """Compare shares with the plain way, then time both."""
    study = fresh(root)
    plans = drawn(study, PLANS)
    screen_result(screen(study, plans[0]))  # compiled code is loaded once a process
    ours, theirs, worst = [], [], 0.0
    for plan in plans:
        spent, found = best(lambda plan=plan: screen(fresh(root), plan))  # type: ignore[misc]
        shape = plan.features[0].shape
        other, shares = best(lambda shape=shape: plain(fresh(root), shape), runs=1)  # type: ignore[misc]
        mine = {
            x.layer: x.share
            for x in found.lines
            if x.status == "hit" and layer_entries()[x.layer].geometry == "polygon"
        }
        assert mine.keys() == shares.keys(), mine.keys() ^ shares.keys()
        worst = max(worst, *(abs((mine[k] or 0) - shares[k]) for k in shares))
        ours.append(spent)
        theirs.append(other)
    slowest, ratio = max(ours), np.median(np.array(theirs) / np.array(ours))
    mark = "ok" if slowest < GOAL_S else "ABOVE"
    print(f"screen, {len(study.data.layers)} layers: largest difference of a share {worst:.1e}")
    print(
        f"screen: median {np.median(ours):.3f} s, slowest {slowest:.3f} s "
        f"(goal below {GOAL_S:g} s) {mark}; plain overlay {np.median(theirs):.3f} s, {ratio:.1f}x"
    )
    return slowest < GOAL_S


def bench_scenario(root: Path) -> bool:
    """Compare a plan in a study with a baseline with the same in a fresh one, then time both."""
    params = ScenarioParameters()
    study = fresh(root)
    start = time.process_time()
    scenario(study, params, Plan("none", "", ()))
    first = time.process_time() - start
    warm, cold, same = [], [], True
    for plan in [plan_in_layer(study), *drawn(study, 3)]:
        spent, found = best(lambda plan=plan: scenario(study, params, plan))  # type: ignore[misc]
        again, other = best(lambda plan=plan: scenario(fresh(root), params, plan), runs=1)  # type: ignore[misc]
        same &= found.as_dict()["tables"] == other.as_dict()["tables"]
        warm.append(spent)
        cold.append(again)
    assert same, "a plan on the baseline differs from the plan worked out anew"
    ratio = np.median(np.array(cold) / np.array(warm))
    print(f"scenario: baseline {first:.2f} s once; every table equal to a fresh study's")
    print(f"scenario: a plan {np.median(warm):.3f} s, anew {np.median(cold):.3f} s, {ratio:.1f}x")
    return True


CASES = {"screen": bench_screen, "scenario": bench_scenario}


def _all(named: list[str], root: Path) -> bool:
    """Run every case, whatever the ones before it say."""
    done = [CASES[n](root) for n in named]
    return all(done)


def main(words: list[str]) -> int:
    """Run the cases named, or all. Returns 1 where a goal is missed."""
    named = [w for w in words if w in CASES] or [*CASES]
    if "--workspace" in words:
        root = Path(words[words.index("--workspace") + 1])
        return 0 if _all(named, root) else 1
    with tempfile.TemporaryDirectory() as scratch:
        root = write_demo(Path(scratch) / "demo")
        build(open_workspace(root))
        return 0 if _all(named, root) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
