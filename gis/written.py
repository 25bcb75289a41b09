"""Write files whole or not at all, in the form that their suffix names."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gis.errors import GisError, ParameterError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Writer = Callable[[Path], None]


def write_by_suffix(path: Path, writers: Mapping[str, Writer]) -> None:
    """Write a file by the writer of its suffix (``.csv``), whole or not at all.

    Raises ParameterError for a suffix that has none, and what ``write_whole`` raises.
    """
    writer = writers.get(path.suffix.lower())
    if writer is None:
        message = f"{path.name}: suffix '{path.suffix}' given; allowed: {', '.join(writers)}"
        raise ParameterError(message)
    write_whole(path, writer)


def write_whole(path: Path, write: Writer) -> None:
    """Write a file, and what goes beside it, under another name first: whole or not at all.

    An earlier file stays until the new one is there. Raises ParameterError where the
    folder is missing, SourceError where the file cannot be written.
    """
    if not path.parent.is_dir():
        message = f"{path}: the folder {path.parent} is not there"
        raise ParameterError(message)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".arealplan-") as scratch:
            write(Path(scratch) / path.name)
            for file in sorted(Path(scratch).iterdir()):
                os.replace(file, path.parent / file.name)  # noqa: PTH105 - one atomic step
    except GisError:
        raise
    except (RuntimeError, OSError, ValueError) as error:
        message = f"{path}: cannot be written ({' '.join(str(error).split())[:200]})"
        raise SourceError(message) from None
