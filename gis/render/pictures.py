"""Put pictures of maps into pages, as data in the page's own style, so that nothing is fetched."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gis.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ID = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True)
class Picture:
    """A WebP image and its size in pixels."""

    webp: bytes
    width: int
    height: int


def picture_style(pictures: Mapping[str, Picture]) -> list[str]:
    """Return a style that gives each element of class ``picture-ID`` its picture. RenderError.

    A background under the page's hashed style policy: there is no image element to be
    misused, and the element's own label says what is seen.
    """
    rules = []
    for name, picture in pictures.items():
        if not _ID.fullmatch(name):
            message = f"picture of '{name}': allowed in a map's id: a-z, 0-9, _ and -"
            raise RenderError(message)
        data = base64.b64encode(picture.webp).decode("ascii")
        rules.append(
            f".picture-{name} {{ aspect-ratio: {picture.width} / {picture.height}; "
            f"background: url(data:image/webp;base64,{data}) center / cover; }}"
        )
    return ["\n".join(rules)] if rules else []
