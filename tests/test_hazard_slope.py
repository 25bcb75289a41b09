"""Hold the screening of slopes against planes whose slope is known in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from gis.analyses import ANALYSES, slope_screening
from gis.errors import ParameterError
from gis.kernels.slope import gradient
from gis.published import publishable
from gis.result import Status
from tests.town import E0, N0, study, town

if TYPE_CHECKING:
    from pathlib import Path

    from gis.result import Result

CELL = 10.0


def roof(folder: Path, degrees: tuple[float, ...] = (0.0, 27.0, 35.0, 50.0)) -> Path:
    """Four columns of 250 m, each a plane that rises northwards by its own angle."""
    north = (np.arange(100)[::-1] + 0.5) * CELL
    height = np.empty((100, 100), dtype=np.float32)
    for i, angle in enumerate(degrees):
        height[:, 25 * i : 25 * (i + 1)] = (north * np.tan(np.radians(angle)))[:, None]
    path = folder / "terrain.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=100, height=100, count=1, dtype="float32",
        crs="EPSG:25833", transform=from_origin(E0, N0 + 1000, CELL, CELL), nodata=np.nan,
    ) as out:  # fmt: skip
        out.write(height, 1)
    return path


def run(folder: Path, **params: object) -> Result:
    data = town()
    data.files["terrain"] = roof(folder)
    return ANALYSES["slope-screening"](study(data), params)


def inner(folder: Path, rows: slice = slice(None)) -> np.ndarray:
    """Classes away from the seams between columns, where planes of unlike height meet."""
    data = town()
    data.files["terrain"] = roof(folder)
    steep = slope_screening.steep_ground(study(data), [25.0, 30.0, 45.0])
    return steep.classes[rows, [12, 37, 62, 87]]


def test_planes_have_the_class_of_their_angle(tmp_path: Path) -> None:
    """Closed form: planes of 0, 27, 35 and 50 degrees, also on the rim rows."""
    assert (inner(tmp_path) == [0, 1, 2, 3]).all()


def test_strips_leave_no_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Identity: read seven rows at a time or all at once."""
    whole = inner(tmp_path)
    monkeypatch.setattr(slope_screening, "_BLOCK_CELLS", 700)
    assert (inner(tmp_path) == whole).all()


def test_exactly_on_a_break_is_the_steeper_class(tmp_path: Path) -> None:
    """Closed form: a rise of one cell a cell is 45 degrees, exactly."""
    data = town()
    data.files["terrain"] = roof(tmp_path, (0.0, 45.0, 0.0, 0.0))
    steep = slope_screening.steep_ground(study(data), [45.0])
    assert (steep.classes[:, 37] == 1).all()


def test_a_gap_of_one_cell_has_no_slope_and_neither_have_its_neighbours() -> None:
    """By hand: a plane that rises 1 in 10 with one unknown cell; five cells are not known."""
    plane = np.repeat(np.arange(7.0)[None, :], 7, axis=0)
    plane[3, 3] = np.nan
    steep = gradient(plane, cell_m=10.0)
    unknown = np.argwhere(np.isnan(steep)).tolist()
    assert unknown == [[2, 3], [3, 2], [3, 3], [3, 4], [4, 3]]
    assert np.nanmax(np.abs(steep - 0.1)) == pytest.approx(0)


def test_land_and_residents_by_class(tmp_path: Path) -> None:
    """By hand: three columns of land, 250 m each; centres hold 220, 260 and 300 residents."""
    result = run(tmp_path, breaks_deg="25,30,45", least_ha=0)
    rows = result.table("slopes").frame
    assert [x.en for x in rows["class"]] == [
        "45 degrees or steeper", "30–45 degrees", "25–30 degrees", "below 25 degrees",
        "slope not known", "Total",
    ]  # fmt: skip
    assert rows["residents"].tolist() == [0, 300, 260, 220, 0, 780]
    assert rows["area_km2"].iloc[-1] == pytest.approx(0.75)
    # Two columns of cells at each of two seams are as steep as the step between the planes.
    seam = 2 * 100 * CELL * CELL / 1e6
    assert rows["area_km2"].iloc[3] == pytest.approx(0.25, abs=seam)
    assert result.numerator == pytest.approx(rows["area_km2"].iloc[:3].sum())
    assert result.denominator == pytest.approx(0.75)
    # Beside a gap in the heights no slope is known: it is told as such, not as unknown height.
    assert result.figures["unknown_slope_km2"] == pytest.approx(0.0)
    assert result.status is Status.OK
    assert result.frame is not None
    assert result.frame["area_km2"].sum() == pytest.approx(result.numerator)
    assert "screening" in result.finding.en
    assert "siling" in result.finding.nb
    assert publishable(result).table("slopes").frame["residents"].tolist()[1:4] == [300, 260, 220]


def test_land_beyond_the_terrain_is_not_known_and_no_gentle_ground(tmp_path: Path) -> None:
    """By hand: without its upper half the terrain tells of half the land; half has no slope."""
    data = town()
    with rasterio.open(roof(tmp_path)) as file:
        values, profile = file.read(1), file.profile
    values[:50] = np.nan
    path = tmp_path / "half.tif"
    with rasterio.open(path, "w", **profile) as out:
        out.write(values, 1)
    data.files["terrain"] = path
    result = ANALYSES["slope-screening"](study(data), {})
    assert result.status is Status.PARTLY_MAPPED
    rows = result.table("slopes").frame
    # The two upper rows of cells have 210 and 330 residents; row 50 has an unknown neighbour.
    assert rows["residents"].tolist()[4] == 70 + 80 + 90 + 100 + 110 + 120
    assert result.denominator == pytest.approx(0.75 * 49 / 100)
    values[:] = np.nan
    with rasterio.open(path, "w", **profile) as out:
        out.write(values, 1)
    nothing = ANALYSES["slope-screening"](study(data), {})
    assert nothing.status is Status.NOT_MAPPED
    assert nothing.value is None


def test_small_patches_are_not_drawn_but_counted(tmp_path: Path) -> None:
    """By hand: one steep step of 2 x 1 cells is left off the map with a least of 0.2 ha."""
    data = town()
    height = np.zeros((100, 100), dtype=np.float32)
    height[50, 10] = 30.0
    with rasterio.open(roof(tmp_path)) as file:
        profile = file.profile
    path = tmp_path / "bump.tif"
    with rasterio.open(path, "w", **profile) as out:
        out.write(height, 1)
    data.files["terrain"] = path
    all_ = ANALYSES["slope-screening"](study(data), {"least_ha": 0})
    few = ANALYSES["slope-screening"](study(data), {"least_ha": 0.2})
    assert all_.numerator == few.numerator == pytest.approx(4 * CELL * CELL / 1e6)
    assert all_.frame is not None
    assert few.frame is not None
    assert (len(all_.frame), len(few.frame)) == (1, 0)


@pytest.mark.parametrize("breaks", ["", "30,25", "0,30", "30,90", "a"])
def test_breaks_that_are_none_are_refused(tmp_path: Path, breaks: str) -> None:
    """By hand: none, falling, level ground, a wall, and a word."""
    with pytest.raises(ParameterError, match="breaks_deg"):
        run(tmp_path, breaks_deg=breaks)
