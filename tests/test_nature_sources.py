"""Read what nature is delivered as: modelled richness without a CRS, records of two portals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from gis.errors import CrsError
from gis.inbox import guess
from gis.sources import read_layer
from gis.sources.contents import Content


def without_crs(source: Path, target: Path) -> Path:
    """The same cells in a file that holds no reference system, as the publisher's did."""
    with rasterio.open(source) as tile:
        profile = {**tile.profile, "crs": None}
        values = tile.read(1)
    with rasterio.open(target, "w", **profile) as out:
        out.write(values, 1)
    with rasterio.open(target) as tile:
        assert not tile.crs
    return target


def test_modelled_richness_is_read_though_its_crs_is_missing(
    real_data: Path, tmp_path: Path
) -> None:
    """Twin: rasterio on the delivered file; the catalogue states the CRS, nothing is guessed."""
    delivered = real_data / "baerum/vascular_plant_richness_1km.tif"
    with rasterio.open(delivered) as tile:
        raw = tile.read(1, masked=True)
        corner = tile.transform
    for path in (delivered, without_crs(delivered, tmp_path / "richness.tif")):
        data = read_layer("plant_richness", path)
        assert data.raster is not None
        assert data.raster.epsg == 25833
        assert data.raster.transform == corner
        known = ~np.ma.getmaskarray(raw)
        assert (~np.isnan(data.raster.values) == known).all()
        assert data.raster.values[known] == pytest.approx(raw[known].data)
        assert int(known.sum()) == 26 * 31 - 15


def test_a_raster_without_crs_is_refused_where_the_catalogue_does_not_know(
    real_data: Path, tmp_path: Path
) -> None:
    """By rule: terrain's entry states no CRS, so that none is assumed."""
    path = without_crs(real_data / "baerum/dtm_50m.tif", tmp_path / "dtm.tif")
    with pytest.raises(CrsError, match="no coordinate reference system"):
        read_layer("terrain", path)


def test_a_raster_is_told_by_its_name() -> None:
    """By hand: a raster says nothing of itself, so only the data set's own name is richness."""
    assert [g.layer for g in guess([Content("dtm_50m", "raster")])] == ["terrain"]
    named = guess([Content("vascular_plant_richness_1km", "raster")])
    assert {g.layer for g in named if g.exact} == {"plant_richness"}
