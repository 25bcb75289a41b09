"""Picture maps in one browser: small for the index, larger for the report, PNG for a document."""

from __future__ import annotations

import base64
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from scipy.spatial import cKDTree

from gis.browser import browser
from gis.render.pictures import Picture

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.browser import Tab
    from gis.text import Language

# A window narrow enough that the map has it for itself, at twice the pixels.
_WIDTH, _HEIGHT, _DENSITY = 880, 900, 2
_LARGE, _SMALL = 0.7, 0.24
# The map, or the frame around two of them, which stands before them in the page.
_OF = ".compare, .folium-map"
_COLOURS = 256
# Small, a picture has no names that no one could read. The map is as large as its frame lets it.
_PLAIN = "document.documentElement.classList.add('card'); window.arealplan.placesOn = false;"
_FITTED = """(() => {
  const page = window.arealplan;
  for (const { map, renderer } of page.panes) {
    map.options.zoomSnap = 0;
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(page.extent, { padding: [8, 8], animate: false });
    renderer._update();
  }
})()"""
_STEP = 12  # how near two colours are, of 256 steps, to be one of the palette


def picture_map(tab: Tab, file: Path, language: Language) -> dict[str, Any]:
    """Return a map's pictures as plain JSON: a small and a large one, in base64."""
    tab.resize(_WIDTH, _HEIGHT, density=_DENSITY)
    tab.open(file, language=language)
    tab.evaluate("document.documentElement.classList.add('thumbnail')")
    made: dict[str, Any] = {}
    width, height = tab.evaluate(
        f"(() => {{ const b = document.querySelector('{_OF}').getBoundingClientRect();"
        " return [b.width, b.height]; })()"
    )
    for name, scale in (("large", _LARGE), ("small", _SMALL)):
        tab.evaluate(_PLAIN * (name == "small") + _FITTED)
        image = tab.picture("webp", of=_OF, scale=scale)
        made[name] = base64.b64encode(image).decode("ascii")
    return {**made, "width": round(width), "height": round(height)}


def picture_pages(files: Mapping[str, Path], language: Language) -> dict[str, dict[str, Any]]:
    """Return the pictures of pages by name, all taken in one browser. Raises SetupError."""
    with browser() as tab:
        return {name: picture_map(tab, file, language) for name, file in files.items()}


def picture_of(pictures: Mapping[str, Any] | None, size: str) -> Picture | None:
    """Return one of the pictures that were kept, or None where there is none."""
    if not pictures:
        return None
    return Picture(base64.b64decode(pictures[size]), pictures["width"], pictures["height"])


def paletted(png: bytes) -> bytes:
    """Return a PNG with a palette of at most 256 colours: a third of the size for a map.

    The palette holds the most frequent colour of each of the most filled boxes of the
    colour cube; each pixel takes the nearest.
    """
    with warnings.catch_warnings():
        # A picture of a page lies nowhere on earth, and says so twice.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        return _written(*_palette(_pixels(png)))


def _pixels(png: bytes) -> NDArray[np.uint8]:
    with MemoryFile(png) as file, file.open() as image:
        pixels: NDArray[np.uint8] = image.read([1, 2, 3])
        return pixels


def _palette(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return each pixel's place in a palette, and the palette."""
    flat = rgb.reshape(3, -1).T.astype(np.uint32)
    codes, back, counts = np.unique(
        flat @ np.array([1 << 16, 1 << 8, 1], np.uint32), return_inverse=True, return_counts=True
    )
    colours = np.stack([codes >> 16, (codes >> 8) & 255, codes & 255], axis=1).astype(np.int64)
    _, box = np.unique(colours // _STEP @ np.array([10_000, 100, 1]), return_inverse=True)
    order = np.lexsort((-counts, box))
    leading = order[np.append(True, np.diff(box[order]) != 0)]
    fullest = np.argsort(-np.bincount(box, counts), kind="stable")[:_COLOURS]
    palette = colours[leading[fullest]]
    nearest = cKDTree(palette).query(colours)[1]
    return nearest[back].astype(np.uint8).reshape(rgb.shape[1:]), palette


def _written(pixels: NDArray[np.uint8], palette: NDArray[np.int64]) -> bytes:
    profile = {"height": pixels.shape[0], "width": pixels.shape[1], "count": 1, "dtype": "uint8"}
    with MemoryFile() as file:
        with file.open(driver="PNG", ZLEVEL=9, **profile) as image:
            image.write(pixels, 1)
            image.write_colormap(1, {i: (*map(int, c), 255) for i, c in enumerate(palette)})
        return bytes(file.read())
