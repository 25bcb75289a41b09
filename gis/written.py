"""Write files whole or not at all, in the form that their suffix names."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gis.errors import GisError, ParameterError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

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
        with beside(path.parent) as scratch:
            write(scratch / path.name)
    except GisError:
        raise
    except (RuntimeError, OSError, ValueError) as error:
        message = f"{path}: cannot be written ({' '.join(str(error).split())[:200]})"
        raise SourceError(message) from None


@contextlib.contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """Give a scratch folder on the same disk; what is written there moves in when all is well.

    Every file is on the disk before the first one moves, and each move is one atomic step.
    Where the block fails, or a name is that of a folder, nothing moves. Raises OSError.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix=".arealplan-") as name:
        yield Path(name)
        files = sorted(Path(name).iterdir())
        for file in files:
            if (folder / file.name).is_dir():
                raise IsADirectoryError(0, f"{file.name} is a folder")
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
        for file in files:
            file.replace(folder / file.name)
