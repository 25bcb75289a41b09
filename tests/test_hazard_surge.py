"""Hold the surge screening against a drawn town of terraces, a dike and a hollow, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from gis.analyses import ANALYSES
from gis.errors import ParameterError
from tests.town import E0, N0, Town, study, town

if TYPE_CHECKING:
    from pathlib import Path

    from gis.result import Result


def terraces(folder: Path, *, dike: float = 9.0) -> Path:
    """Cells of 50 m: sea from x = 750; columns of 250 m at 1, 2 (hollow) and 0.5 m, dike between.

    The dike stands at x 500-550; the western column lies behind ground of 2 m.
    """
    height = np.zeros((20, 22), dtype=np.float32)
    height[:, 0:5] = 1.0
    height[:, 5:10] = 2.0
    height[:, 10:11] = dike
    height[:, 11:15] = 0.5
    height[:, 15:] = -3.0
    height[0, 0] = np.nan
    path = folder / "terrain.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=22, height=20, count=1, dtype="float32", crs="EPSG:25833",
        transform=from_origin(E0, N0 + 1000, 50, 50), nodata=np.nan,
    ) as out:  # fmt: skip
        out.write(height, 1)
    return path


def run(folder: Path, *, dike: float = 9.0, **params: object) -> Result:
    data = town()
    data.files["terrain"] = terraces(folder, dike=dike)
    return ANALYSES["surge"](study(data), params)


def test_below_the_dike_only_the_shore_is_reached(tmp_path: Path) -> None:
    """By hand at 1.5 m: four columns of 50 m by 1 km; the western ground of 1 m stands apart.

    One cell of 50 m has no height, and is no land of known height.
    """
    result = run(tmp_path, level_m=1.5, levels="1", source="hånd", date="2026-01-01")
    assert result.numerator == pytest.approx(0.2)
    assert result.denominator == pytest.approx(0.75 - 0.0025)
    rows = result.table("levels").frame
    assert rows["reached_km2"].tolist()[:2] == pytest.approx([0.2, 0.2])
    assert rows["disconnected_km2"].tolist()[:2] == pytest.approx([0.2475, 0.2475])
    # Cell centres of the eastern column (x = 625) are reached first at 1 m: 300 residents.
    # The western ground of 1 m lies below the sea behind the sill: low, and not "higher".
    west = 10 + 40 + 70 + 100
    assert rows["residents"].tolist() == [300, 0, 480 - west, west, 0, 780]
    depths = result.table("depths").frame["reached_km2"].tolist()
    assert depths == pytest.approx([0.0, 0.2, 0.0, 0.0, 0.2])


def test_over_the_dike_and_the_sill(tmp_path: Path) -> None:
    """By hand: a dike of 1.5 m; at 2 m (the sill's own height) everything known is reached."""
    result = run(tmp_path, dike=1.5, level_m=2.0, levels="1.5")
    rows = result.table("levels").frame
    assert rows["reached_km2"].tolist()[:2] == pytest.approx([0.25, 0.7475])
    assert rows["residents"].tolist() == [300, 480, 0, 0, 0, 780]
    assert result.figures["unknown_km2"] == pytest.approx(0.0025)


def test_no_level_is_built_in(tmp_path: Path) -> None:
    """By rule: without a level there is a series and no number; without a source it is said."""
    assert run(tmp_path).value is None
    texts = [n.en for n in run(tmp_path, level_m=1).notes]
    assert any("source or date" in text for text in texts)
    with pytest.raises(ParameterError, match="rising numbers"):
        run(tmp_path, levels="2,1")


def test_without_sea_nothing_can_be_filled(tmp_path: Path) -> None:
    """By hand: the town without its sea layer has no such layer; with it far away, no seed."""
    data = town()
    data.frames["sea"] = data.frames["sea"].translate(1e5, 0).to_frame("geometry")
    data.files["terrain"] = terraces(tmp_path)
    with pytest.raises(ParameterError, match="no sea in the terrain"):
        ANALYSES["surge"](study(Town(data.frames, data.files)), {})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("levels", "a", "split by commas"),
        ("levels", "nan", "rising numbers"),
        ("levels", "1000", "at most 50"),
        ("levels", ",", "rising numbers"),
        ("depths", "0,1", "above 0"),
        ("depths", "-1,2", "above 0"),
        ("date", "i går", "YYYY-MM-DD"),
        ("level_m", "nan", "level_m"),
    ],
)
def test_parameters_that_are_none_are_refused(
    tmp_path: Path, name: str, value: str, words: str
) -> None:
    """By rule: one line that names the parameter and what is allowed."""
    with pytest.raises(ParameterError, match=words) as caught:
        run(tmp_path, **{name: value})
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_place_in_a_list_is_passed_over(tmp_path: Path) -> None:
    """Identity: "1,,2" is the list 1, 2."""
    listed = [
        run(tmp_path, levels=x).table("levels").frame["residents"].tolist() for x in ("1,,2", "1,2")
    ]
    assert listed[0] == listed[1]


def test_a_level_above_another_datum_says_so(tmp_path: Path) -> None:
    """By search: NN1954 is told, the national datum is not."""
    for datum, said in (("NN1954", True), ("NN2000", False)):
        notes = [n.en for n in run(tmp_path, level_m=1, datum=datum).notes]
        assert any("above NN1954" in n for n in notes) is said
