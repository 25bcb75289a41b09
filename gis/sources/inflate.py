"""Unpack one file of a zip as a stream, twice as fast as Python's own zlib.

Reading a national timetable is mostly unpacking. ISA-L (Intel's Intelligent Storage
Acceleration Library, BSD; its Python package under Python's licence) inflates the same
bytes at twice the rate. What is packed in another way than DEFLATE, or encrypted, goes
through Python's zipfile.
"""

from __future__ import annotations

import io
import struct
import zipfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from isal import isal_zlib

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PACKED_BYTES = 1 << 18
_BUFFER_BYTES = 1 << 16
_ENCRYPTED = 1
_RAW_DEFLATE = -15
# APPNOTE.TXT 4.3.7: signature, 22 bytes that the directory tells too, two lengths.
_LOCAL_HEADER = struct.Struct("<4s22xHH")


@contextmanager
def open_member(path: Path, name: str) -> Iterator[IO[bytes]]:
    """Open a file inside a zip for reading from start to end, once.

    Length and checksum are held against the zip's directory at the end, as zipfile does.
    Raises zipfile.BadZipFile (while reading too) and, for an encrypted file or an unknown
    way of packing, what zipfile raises.
    """
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo(name)
        if member.compress_type != zipfile.ZIP_DEFLATED or member.flag_bits & _ENCRYPTED:
            with archive.open(member) as handle:
                yield handle
            return
    with path.open("rb") as packed:
        _seek(packed, member)
        yield io.BufferedReader(_Inflated(packed, member), _BUFFER_BYTES)


def _seek(packed: IO[bytes], member: zipfile.ZipInfo) -> None:
    """Go to the first packed byte, after the header that stands before it."""
    packed.seek(member.header_offset)
    header = packed.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\3\4"):
        message = f"no file header for {member.filename!r}"
        raise zipfile.BadZipFile(message)
    _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
    packed.seek(name_bytes + extra_bytes, io.SEEK_CUR)


class _Inflated(io.RawIOBase):
    """The unpacked bytes of one member, for a buffered reader."""

    def __init__(self, packed: IO[bytes], member: zipfile.ZipInfo) -> None:
        self._packed = packed
        self._member = member
        self._left = member.compress_size
        self._size = self._crc = 0
        self._engine = isal_zlib.decompressobj(_RAW_DEFLATE)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Fill the buffer, at least in part; 0 at the end, which is checked."""
        while not self._engine.eof:
            data = self._engine.unconsumed_tail or self._next()
            try:
                text = self._engine.decompress(data, len(buffer))
            except isal_zlib.error as error:  # type: ignore[misc] # the stub has an instance
                message = f"bad packed data in {self._member.filename!r}: {error}"
                raise zipfile.BadZipFile(message) from error
            if text:
                self._size += len(text)
                self._crc = isal_zlib.crc32(text, self._crc)
                if self._size > self._member.file_size:
                    self._refuse()
                buffer[: len(text)] = text
                return len(text)
            if not (data or self._engine.eof):
                message = f"{self._member.filename!r} ends too early"
                raise zipfile.BadZipFile(message)
        if self._size != self._member.file_size or self._crc != self._member.CRC:
            self._refuse()
        return 0

    def _next(self) -> bytes:
        data = self._packed.read(min(_PACKED_BYTES, self._left))
        self._left -= len(data)
        return data

    def _refuse(self) -> None:
        message = f"bad length or checksum of {self._member.filename!r}"
        raise zipfile.BadZipFile(message)
