"""Hold the fast unpacking of zips against Python's own zipfile, whole and damaged."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gis.sources.inflate import open_member

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(5)
TEXTS = {
    "empty": b"",
    "short": b"a,b\n1,2\n",
    "rows": b"".join(b"T%d,07:%02d:00,S%d\n" % (i // 25, i % 60, i % 997) for i in range(90_000)),
    "noise": RNG.bytes(700_000),  # packed it is no smaller
    "zeros": bytes(5_000_000),  # a few packed bytes give more than any buffer holds
}  # fmt: skip


def packed(path: Path, text: bytes, *, method: int = zipfile.ZIP_DEFLATED, level: int = 6) -> Path:
    """Write a zip of two members, the second being the one that is asked for."""
    with zipfile.ZipFile(path, "w", method, compresslevel=level) as archive:
        archive.writestr("first.txt", b"other" * 99)
        archive.writestr("b/t.txt", text)
    return path


def unpacked(path: Path, size: int) -> bytes:
    parts = []
    with open_member(path, "b/t.txt") as handle:
        while part := handle.read(size):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("level", [1, 9])
@pytest.mark.parametrize("size", [1 << 10, 3 << 20])
def test_the_same_bytes_as_zipfile(tmp_path: Path, name: str, level: int, size: int) -> None:
    """Someone else's engine: what was packed by Python comes back, in whatever pieces."""
    path = packed(tmp_path / "a.zip", TEXTS[name], level=level)
    assert unpacked(path, size) == TEXTS[name]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_go_through_zipfile(tmp_path: Path, method: int) -> None:
    """By identity: stored, bzip2 and lzma give back what was packed."""
    path = packed(tmp_path / "a.zip", TEXTS["rows"], method=method)
    assert unpacked(path, 1 << 20) == TEXTS["rows"]


def test_lines_are_read_one_by_one(tmp_path: Path) -> None:
    """By identity: a header by itself, then the rest."""
    path = packed(tmp_path / "a.zip", TEXTS["rows"])
    with open_member(path, "b/t.txt") as handle:
        assert handle.readline() + handle.read() == TEXTS["rows"]


@pytest.mark.parametrize("name", ["short", "rows", "noise"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_damaged_byte_is_refused(tmp_path: Path, name: str, share: float) -> None:
    """By rule: one packed byte turned over never passes as data; zipfile refuses it too."""
    path = packed(tmp_path / "a.zip", TEXTS[name])
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("b/t.txt")
    raw = bytearray(path.read_bytes())
    first = member.header_offset + 30 + len(member.filename)
    raw[first + int(share * member.compress_size)] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(zipfile.BadZipFile, match=r"b/t\.txt"):
        unpacked(path, 1 << 20)


@pytest.mark.parametrize("field", ["crc", "longer", "shorter", "cut", "signature"])
def test_a_directory_that_lies_is_refused(tmp_path: Path, field: str) -> None:
    """By rule: checksum, length unpacked, length packed and the file's header are held."""
    path = packed(tmp_path / "a.zip", TEXTS["rows"])
    raw = bytearray(path.read_bytes())
    entry = raw.rindex(b"PK\1\2")
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("b/t.txt")
    changed = {
        "crc": (entry + 16, member.CRC ^ 1),
        "longer": (entry + 24, member.file_size + 1),
        "shorter": (entry + 24, member.file_size - 1),
        "cut": (entry + 20, member.compress_size // 2),
        "signature": (member.header_offset, 0),
    }
    at, value = changed[field]
    raw[at : at + 4] = value.to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(zipfile.BadZipFile, match=r"b/t\.txt"):
        unpacked(path, 1 << 20)
