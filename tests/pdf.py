"""Read what a test must know of a PDF made by Chromium: pages, text, where images stand."""

from __future__ import annotations

import re
import unicodedata
import zlib
from dataclasses import dataclass

_TOKEN = re.compile(
    rb"<[0-9A-Fa-f\s]*>|\((?s:\\.|[^\\()])*\)|/[^\s/\[\]<>()]+|[^\s/\[\]<>()]+|[\[\]]"
)


@dataclass(frozen=True)
class Pdf:
    """A PDF as its objects, by number."""

    raw: bytes
    objects: dict[int, bytes]

    @property
    def pages(self) -> list[bytes]:
        return [o for o in self.objects.values() if re.search(rb"/Type\s*/Page\b", o)]

    @property
    def sizes_mm(self) -> set[tuple[int, int]]:
        found = (re.search(rb"/MediaBox\s*\[([^\]]*)\]", p) for p in self.pages)
        boxes = [[float(x) for x in f[1].split()] for f in found if f]
        return {(round((b[2] - b[0]) / 72 * 25.4), round((b[3] - b[1]) / 72 * 25.4)) for b in boxes}

    @property
    def tagged(self) -> bool:
        return b"/StructTreeRoot" in self.raw and b"/Marked true" in self.raw

    def text(self, page: int) -> str:
        """The text of a page, its spaces left out (glyphs stand by place, not by word)."""
        owner = self.pages[page]
        found = re.search(rb"/Contents\s+(\d+) 0 R", owner)
        assert found is not None
        return squeezed(self._shown(owner, self._stream(int(found[1]))))

    def boxes_mm(self, page: int) -> list[tuple[float, float]]:
        """Width and height of the rectangles drawn on a page, in mm, by the page's own scale."""
        found = re.search(rb"/Contents\s+(\d+) 0 R", self.pages[page])
        assert found is not None
        content = self._stream(int(found[1]))
        scale = float(content.split(None, 1)[0]) / 72 * 25.4
        forms = self._named(self.pages[page], b"XObject").values()
        content += b"".join(self._stream(n) for n in forms if b"/Form" in self.objects[n])
        sides = re.findall(rb"[\d.]+ [\d.]+ ([\d.]+) ([\d.]+) re", content)
        return [(float(wide) * scale, float(high) * scale) for wide, high in sides]

    def _shown(self, owner: bytes, content: bytes) -> str:
        """The signs that a content shows, those of the forms it calls among them."""
        fonts, forms = self._fonts(owner), self._named(owner, b"XObject")
        shown: list[str] = []
        now: dict[int, str] = {}
        name = b""
        for token in _TOKEN.findall(content):
            if token == b"Tf":
                now = fonts.get(name, {})
            elif token == b"Do" and b"/Form" in self.objects[forms[name]]:
                form = forms[name]
                shown.append(self._shown(self.objects[form], self._stream(form)))
            elif token.startswith(b"/"):
                name = token
            elif token[:1] in (b"<", b"("):
                codes = _codes(token)
                glyphs = (codes[i : i + 2] for i in range(0, len(codes), 2))
                shown += [now.get(int.from_bytes(g), "") for g in glyphs]
        return "".join(shown)

    def _stream(self, number: int) -> bytes:
        body = self.objects[number]
        start = re.search(rb"stream\r?\n", body)
        assert start is not None
        data = body[start.end() : body.rindex(b"endstream")]
        return zlib.decompressobj().decompress(data) if b"/FlateDecode" in body else data

    def _named(self, owner: bytes, kind: bytes) -> dict[bytes, int]:
        """The objects of a kind that an owner names, by name."""
        place = re.search(rb"/Resources\s+(\d+) 0 R", owner)
        resources = self.objects[int(place[1])] if place else owner
        block = re.search(rb"/" + kind + rb"\s*<<(.*?)>>", resources, re.S)
        pairs = re.findall(rb"(/\w+)\s+(\d+) 0 R", block[1]) if block else []
        return {name: int(number) for name, number in pairs}

    def _fonts(self, owner: bytes) -> dict[bytes, dict[int, str]]:
        """Each font by name: glyph -> sign."""
        fonts = {}
        for name, number in self._named(owner, b"Font").items():
            found = re.search(rb"/ToUnicode\s+(\d+) 0 R", self.objects[number])
            fonts[name] = _signs(self._stream(int(found[1]))) if found else {}
        return fonts


def squeezed(text: str) -> str:
    """A text without spaces and ligatures, to be looked for in a page's text."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _codes(token: bytes) -> bytes:
    """The bytes of a string: in hex, or plain with its escapes."""
    if token.startswith(b"<"):
        return bytes.fromhex(token[1:-1].decode())
    plain = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}

    def meant(found: re.Match[bytes]) -> bytes:
        sign = found[1]
        return bytes([int(sign, 8) & 255]) if sign[:1].isdigit() else plain.get(sign, sign)

    return re.sub(rb"\\([0-7]{1,3}|.)", meant, token[1:-1], flags=re.S)


def _signs(table: bytes) -> dict[int, str]:
    signs = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.S):
        for code, sign in re.findall(rb"<(\w+)>\s*<(\w+)>", block):
            signs[int(code, 16)] = bytes.fromhex(sign.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.S):
        for first, last, sign in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            for k in range(int(last, 16) - int(first, 16) + 1):
                signs[int(first, 16) + k] = chr(int(sign, 16) + k)
    return signs


def read_pdf(raw: bytes) -> Pdf:
    """Find the objects of a PDF that keeps them plain, as Chromium does."""
    found = re.finditer(rb"(?:^|\n)(\d+) 0 obj\b(.*?)\nendobj", raw, re.S)
    return Pdf(raw, {int(f[1]): f[2] for f in found})
