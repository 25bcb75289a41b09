"""Sketch a place as SVG: a few shapes on a plain map, with a scale bar and north up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 900.0
_ASPECT = (0.5, 1.0)
_POINTS, _LINES = (0, 4), (1, 5)
# Lengths of scale bars, metres; the longest that takes at most a quarter of the width.
_BARS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


@dataclass(frozen=True)
class Stroke:
    """How a shape is drawn: fill and line (``none`` for neither), width in px, dashes."""

    fill: str = "none"
    line: str = "none"
    width: float = 1.0
    opacity: float = 1.0
    dash: str = ""


@dataclass(frozen=True)
class Mark:
    """One layer of a sketch, bottom first. ``title`` is what it shows, for the legend."""

    shape: Any
    stroke: Stroke
    title: str = ""


def sketch(
    marks: Sequence[Mark], box: tuple[float, float, float, float], *, label: str, land: str
) -> Markup:
    """Draw marks inside a box (west, south, east, north; metres) as one SVG element.

    Shapes are cut to the box and simplified to half a pixel. ``label`` is what a screen
    reader says in place of the picture.
    """
    west, south, east, north = _shaped(box)
    scale = WIDTH / (east - west)
    height = (north - south) * scale
    frame = shapely.box(west, south, east, north)
    parts = [_element(m, frame, scale) for m in marks]
    bar = max(b for b in _BARS if b * scale <= WIDTH / 4 or b == _BARS[0])
    return Markup(  # noqa: S704 - numbers, fixed colours and escaped text alone
        f'<svg class="sketch" role="img" aria-label="{escape(label)}" '
        f'viewBox="0 0 {WIDTH:.0f} {height:.0f}" xmlns="http://www.w3.org/2000/svg">'
        f'<rect width="{WIDTH:.0f}" height="{height:.0f}" fill="{land}"/>'
        f"{''.join(parts)}{_scale_bar(bar, scale, height)}</svg>"
    )


def _shaped(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Widen a box until it is neither a needle nor taller than wide."""
    west, south, east, north = box
    width, height = max(east - west, 1.0), max(north - south, 1.0)
    more_high = max(_ASPECT[0] * width - height, 0.0) / 2
    more_wide = max(height / _ASPECT[1] - width, 0.0) / 2
    return west - more_wide, south - more_high, east + more_wide, north + more_high


def _element(mark: Mark, frame: Any, scale: float) -> str:
    west, _, _, north = shapely.bounds(frame)
    cut = shapely.intersection(mark.shape, frame)
    if shapely.is_empty(cut):
        return ""
    thin = shapely.simplify(cut, 0.5 / scale, preserve_topology=False)
    moved = shapely.transform(thin, lambda xy: (xy - [west, north]) * [scale, -scale])
    path = "".join(_path(p) for p in shapely.get_parts(shapely.get_parts(moved)))
    s = mark.stroke
    dash = f' stroke-dasharray="{s.dash}"' if s.dash else ""
    return (
        f'<path d="{path}" fill="{s.fill}" fill-opacity="{s.opacity:g}" fill-rule="evenodd" '
        f'stroke="{s.line}" stroke-width="{s.width:g}" stroke-linejoin="round"{dash}/>'
    )


def _path(part: Any) -> str:
    kind = shapely.get_type_id(part)
    if kind in _POINTS:
        x, y = shapely.get_coordinates(part)[0]
        return f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z"
    if kind in _LINES:
        return _run(part)
    return "".join(f"{_run(r)}Z" for r in shapely.get_rings(part))


def _run(line: Any) -> str:
    xy = np.round(shapely.get_coordinates(line), 1)
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in xy)


def _scale_bar(bar: int, scale: float, height: float) -> str:
    """Return a bar in the lower left corner with its length, and an arrow to the north."""
    length, y = bar * scale, height - 16
    text = f"{bar} m" if bar < 1000 else f"{bar // 1000} km"
    return (
        f'<g fill="#1E2328" font-family="sans-serif" font-size="15"><path d="M14 {y:.0f}h'
        f'{length:.1f}" stroke="#FFFFFF" stroke-width="7"/><path d="M14 {y:.0f}h{length:.1f}" '
        f'stroke="#1E2328" stroke-width="3"/><text x="14" y="{y - 9:.0f}" stroke="#FFFFFF" '
        f'stroke-width="3" paint-order="stroke">{text}</text><path d="M{WIDTH - 24:.0f} 34l9 '
        f'-22l9 22l-9 -6Z" stroke="#FFFFFF"/><text x="{WIDTH - 21:.0f}" y="52" stroke="#FFFFFF" '
        'stroke-width="3" paint-order="stroke">N</text></g>'
    )
