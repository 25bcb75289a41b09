"""Keep answers of publishers by address and ETag, and the parts of those still coming."""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import json
import os
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from gis.errors import SourceError
from gis.lock import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_BLOCK = 1 << 20
_HEAD = 512
# Small answers are not forced to the disk but looked at again each time; large ones are.
_SMALL = 1 << 20
_FILE_NAME = re.compile(r'filename\*?=(?:UTF-8\'\')?"?([^";]+)"?', re.IGNORECASE)
_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")


@dataclass(frozen=True)
class Kept:
    """A whole answer in the cache, with what is needed to ask whether it still holds."""

    path: Path
    sha256: str
    size: int
    name: str
    etag: str | None
    last_modified: str | None
    asked: dt.datetime

    @property
    def age_h(self) -> float:
        """Hours since the server last said that this is how it is."""
        return (dt.datetime.now(dt.UTC) - self.asked).total_seconds() / 3600

    @property
    def modified(self) -> dt.date | None:
        """The day the publisher changed the file, where it says so."""
        if self.last_modified is None:
            return None
        try:
            return email.utils.parsedate_to_datetime(self.last_modified).date()
        except ValueError:
            return None

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask for the body only if it has changed."""
        found = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {k: v for k, v in found.items() if v}


def _is_sound(kept: Kept) -> bool:
    if kept.size > _SMALL:
        return True
    return hashlib.sha256(kept.path.read_bytes()).hexdigest() == kept.sha256


class Cache:
    """A folder of answers: ``<key>.body`` and ``<key>.json``, written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def kept(self, key: str) -> Kept | None:
        """Return the answer kept under a key; one that is not whole counts as none."""
        body, note = self.folder / f"{key}.body", self.folder / f"{key}.json"
        try:
            raw = json.loads(note.read_text(encoding="utf-8"))
            found = Kept(
                path=body,
                sha256=raw["sha256"],
                size=raw["size"],
                name=raw["name"],
                etag=raw["etag"],
                last_modified=raw["last_modified"],
                asked=dt.datetime.fromisoformat(raw["asked"]),
            )
            return found if body.stat().st_size == found.size and _is_sound(found) else None
        except (OSError, ValueError, KeyError, TypeError):
            # A damaged note is worth one more download, nothing else.
            return None

    def touch(self, key: str, kept: Kept) -> None:
        """Note that the server has just confirmed an answer."""
        self.note(key, kept)

    def note(self, key: str, kept: Kept) -> None:
        """Write what is known of a kept body, in one step."""
        raw = {
            "sha256": kept.sha256,
            "size": kept.size,
            "name": kept.name,
            "etag": kept.etag,
            "last_modified": kept.last_modified,
            "asked": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        }
        write_json(self.folder / f"{key}.json", raw, sync=False)

    def drop(self, key: str) -> None:
        """Forget an answer."""
        (self.folder / f"{key}.json").unlink(missing_ok=True)

    def prune(self, *, older_h: float) -> None:
        """Remove answers that were not asked for in so many hours, and parts that old."""
        now = dt.datetime.now(dt.UTC).timestamp()
        for file in self.folder.glob("*") if self.folder.is_dir() else ():
            note = self.folder / f"{file.name.split('.', 1)[0]}.json"
            last = note if note.is_file() else file
            if now - last.stat().st_mtime > older_h * 3600:
                file.unlink(missing_ok=True)

    def part(self, key: str) -> Part:
        """Return the part file of a key, empty or with what came before the transfer broke."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"{self.folder}: cannot write here ({error.strerror})"
            raise SourceError(message) from None
        return Part(self, key)


class Part:
    """An answer that is coming: ``<key>.part`` and the validator it goes with."""

    def __init__(self, cache: Cache, key: str) -> None:
        self.cache, self.key = cache, key
        self.path = cache.folder / f"{key}.part"
        self.tag = cache.folder / f"{key}.part.tag"
        self._append = False

    @property
    def size(self) -> int:
        """Bytes that are here."""
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask for the rest, if the file is still the same one."""
        if not (self.size and self.tag.is_file()):
            return {}
        validator = self.tag.read_text(encoding="utf-8").strip()
        return {"Range": f"bytes={self.size}-", "If-Range": validator} if validator else {}

    def begin(self, status: int, headers: Mapping[str, str]) -> int:
        """Settle whether the answer goes on after what is here; return the first byte."""
        found = _RANGE.match(headers.get("Content-Range", "")) if status == 206 else None
        if status == 206 and (found is None or int(found.group(1)) != self.size):
            self.discard()
            message = f"{self.path.name}: the server sent another part of the file than was asked"
            raise SourceError(message)
        self._append = found is not None
        etag = headers.get("ETag", "")
        # A weak tag does not promise equal bytes, so a rest may not be joined to it.
        strong = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")
        self.tag.write_text(strong, encoding="utf-8")
        return self.size if self._append else 0

    def open(self) -> IO[bytes]:
        """Open for writing where ``begin`` said. Raises SourceError where the disk refuses."""
        return self.path.open("ab" if self._append else "wb")

    def head(self) -> bytes:
        """Return the first bytes."""
        with self.path.open("rb") as stream:
            return stream.read(_HEAD)

    def discard(self) -> None:
        """Throw away what came."""
        self.path.unlink(missing_ok=True)
        self.tag.unlink(missing_ok=True)

    def finish(self, url: str, headers: Mapping[str, str]) -> Kept:
        """Move a whole answer into place and note it."""
        digest = hashlib.sha256()
        with self.path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
            if self.size > _SMALL:
                os.fsync(stream.fileno())
        kept = Kept(
            path=self.cache.folder / f"{self.key}.body",
            sha256=digest.hexdigest(),
            size=self.size,
            name=_name(url, headers),
            etag=headers.get("ETag"),
            last_modified=headers.get("Last-Modified"),
            asked=dt.datetime.now(dt.UTC),
        )
        # The old note must not vouch for the new body, should we be stopped in between.
        (self.cache.folder / f"{self.key}.json").unlink(missing_ok=True)
        self.path.replace(kept.path)
        self.tag.unlink(missing_ok=True)
        self.cache.note(self.key, kept)
        return kept


def _name(url: str, headers: Mapping[str, str]) -> str:
    """Return the file name that the server gives, else the last piece of the address."""
    found = _FILE_NAME.search(headers.get("Content-Disposition", ""))
    return unquote(found.group(1)) if found else unquote(urlsplit(url).path.rsplit("/", 1)[-1])
