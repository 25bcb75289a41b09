"""Write an invented municipality as files in the publishers' own formats.

Fjordvik (9801) lies in the open Skagerrak, where there is no land. Nothing in it is
real: it exists so that every reader, analysis and map can be tried without a download.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gis.demo.caution import write_caution
from gis.demo.deliver_base import write_base
from gis.demo.deliver_risk import write_risk
from gis.demo.deliver_theme import write_themes
from gis.demo.groups import write_groups
from gis.demo.land import write_land
from gis.demo.nature_value import write_nature_value
from gis.demo.notice import notice
from gis.demo.scenario import write_scenario
from gis.demo.world import build_world
from gis.errors import ParameterError

if TYPE_CHECKING:
    from gis.demo.files import Entry

__all__ = ["DEFAULT_SEED", "write_demo"]

DEFAULT_SEED = 9801


def write_demo(directory: Path, *, seed: int = DEFAULT_SEED) -> Path:
    """Write the invented municipality and its workspace.toml; return the directory.

    Files lie under ``directory/data``, in EPSG:25833 except the timetable (longitude and
    latitude). The same seed gives the same content, and for text files and zips of text
    the same bytes. Files of an earlier run are replaced. Raises ParameterError.
    """
    if not 0 <= seed < 2**63:
        message = f"seed {seed} given; allowed: 0 to {2**63 - 1}"
        raise ParameterError(message)
    directory = Path(directory)
    data = directory / "data"
    data.mkdir(parents=True, exist_ok=True)
    world = build_world(seed)
    entries = write_base(world, data, np.random.default_rng([seed, 99]))
    entries += write_themes(world, data)
    entries += write_risk(world, data)
    entries += write_land(world, data)
    entries += write_nature_value(world, data)
    entries += write_caution(world, data)
    entries += write_scenario(world, data)
    entries += write_groups(world, data)
    (directory / "workspace.toml").write_text(_workspace(entries, seed), encoding="utf-8")
    (directory / "LES_MEG.txt").write_text(notice(seed), encoding="utf-8")
    return directory


def _workspace(entries: list[Entry], seed: int) -> str:
    """Return workspace.toml: the area, the language and a file for every layer."""
    lines = [
        "# Fjordvik er oppdiktet. Ingenting her er virkelig. / Fjordvik is invented.",
        f"# arealplan demo, seed {seed}",
        'area = "9801"',
        'language = "nb"',
        "invented = true",
    ]
    for entry in entries:
        lines += ["", f"[layers.{entry.layer_id}]", f'path = "{entry.path}"']
        if entry.layer:
            lines.append(f'layer = "{entry.layer}"')
        lines.append(f"date = {entry.date.isoformat()}")
    return "\n".join(lines) + "\n"
