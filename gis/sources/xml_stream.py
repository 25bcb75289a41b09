"""Read untrusted XML as a stream: element by element, each bounded, nothing else kept.

A national delivery in NeTEx is gigabytes of XML; of it only the elements asked for are built,
one at a time. DTDs, entities and the network are refused as everywhere (``gis.sources.limits``).
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from gis.errors import SourceError
from gis.sources.limits import LIMITS, local_name, safe_parser

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gis.sources.limits import Limits

_BLOCK = 1 << 16


def stream_elements(
    stream: IO[bytes],
    wanted: Collection[str],
    *,
    source: str,
    root: str,
    limits: Limits = LIMITS,
) -> Iterator[Element]:
    """Yield every element of a wanted name, whole, names without namespace.

    The outermost counts: a wanted element inside a wanted one stays its child. ``root`` is the
    name the document must begin with. Raises SourceError: another root, a DTD, broken XML, an
    element deeper, of more parts or of more text than the limits allow.
    """
    reader = _Reader(frozenset(wanted), source, root, limits)
    while block := stream.read(_BLOCK):
        reader.feed(block, last=False)
        yield from reader.taken()
    reader.feed(b"", last=True)
    yield from reader.taken()


class _Reader:
    """The state of one pass: how deep it is, and the wanted element being built."""

    def __init__(self, wanted: frozenset[str], source: str, root: str, limits: Limits) -> None:
        self.wanted, self.source, self.root, self.limits = wanted, source, root, limits
        self.depth = 0
        self.inside = 0  # levels below the wanted element's start; 0: in none
        self.parts = self.text = 0
        self.tree = TreeBuilder()
        self.ready: list[Element] = []
        self.parser = safe_parser(source, separator="}")
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data

    def feed(self, block: bytes, *, last: bool) -> None:
        try:
            self.parser.Parse(block, last)
        except expat.ExpatError as error:
            message = f"{self.source}: not whole XML: {error}"
            raise SourceError(message) from None

    def taken(self) -> list[Element]:
        found, self.ready = self.ready, []
        return found

    def start(self, name: str, attributes: dict[str, str]) -> None:
        plain = local_name(name)
        if not self.depth and plain != self.root:
            _refuse(self.source, f"begins with <{plain[:60]}>", f"<{self.root}>")
        self.depth += 1
        if self.depth > self.limits.xml_depth:
            _refuse(self.source, "XML too deep", f"{self.limits.xml_depth} levels")
        if not self.inside:
            if plain not in self.wanted:
                return
            self.tree, self.parts, self.text = TreeBuilder(), 0, 0
        self.inside += 1
        self.parts += 1
        if self.parts > self.limits.xml_elements:
            allowed = f"at most {self.limits.xml_elements} parts"
            _refuse(self.source, "one element of too many parts", allowed)
        self.tree.start(plain, {local_name(k): v for k, v in attributes.items()})

    def end(self, name: str) -> None:
        self.depth -= 1
        if not self.inside:
            return
        self.tree.end(local_name(name))
        self.inside -= 1
        if not self.inside:
            self.ready.append(self.tree.close())

    def data(self, text: str) -> None:
        if not self.inside:
            return
        self.text += len(text)
        if self.text > self.limits.xml_bytes:
            allowed = f"at most {self.limits.xml_bytes >> 20} MiB"
            _refuse(self.source, "one element of too much text", allowed)
        self.tree.data(text)


def _refuse(source: str, found: str, allowed: str) -> NoReturn:
    message = f"{source}: refused, {found}; allowed: {allowed}"
    raise SourceError(message)
