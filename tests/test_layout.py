"""Hold the house together: imports point down, each library has its room, texts are equal."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from gis.text import LANGUAGES, interface_texts
from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "gis"

# The tree of DESIGN.md, ground floor first. A room may import rooms on floors below its own,
# and modules of its own room; rooms on the same floor do not know each other.
FLOORS = (
    ("errors",),
    ("text", "crs", "check", "kernels", "browser", "keep", "written", "clockless"),
    ("problems",),
    ("provenance", "serviceday", "disclosure", "lock"),
    ("result",),
    ("protect",),
    ("catalogue",),
    ("workspace",),
    ("sources",),
    ("store",),
    ("inbox_words", "inbox_found"),
    ("inbox_together",),
    ("inbox", "checks", "changes", "figures"),
    ("outcomes",),
    ("fetch",),
    ("analyses", "demo"),
    ("published",),
    ("publish", "render", "scale", "tools"),
    ("atlas", "query"),
    ("cli",),
    ("__main__",),
)
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
# Which library belongs in which room alone (DESIGN.md).
ROOM_OF = {
    "folium": {"render"},
    "branca": {"render"},
    "jinja2": {"render"},
    "typer": {"cli"},
    "rich": {"cli"},
    "tomllib": {"catalogue", "text", "render", "problems"},
    "dask": {"scale"},
}
NOT_IN_KERNELS = {"pandas", "geopandas", "pyogrio", "rasterio", "pyproj", "folium"}
NETWORK = {"urllib.request", "http.client", "http.server", "httpx", "requests", "socket", "ftplib"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Every module imported, also under TYPE_CHECKING: knowing a type is knowing the room."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module == "gis":
                found |= {f"gis.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    """By rule of DESIGN.md: the arrows form a tree that points down."""
    own = room(path)
    if own == "__init__":
        assert not {x for x in imports(path) if x.startswith("gis")}
        return
    assert own in FLOOR, f"{own} has no floor in tests/test_layout.py"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "gis" or len(parts) == 1 or parts[1] == own:
            continue
        assert FLOOR[parts[1]] < FLOOR[own], f"{path.name} ({own}) imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    """By rule of DESIGN.md: folium only in render, no pandas in kernels, one network door."""
    tops = {name.split(".")[0] for name in imports(path) if name != "urllib.parse"}
    for library, rooms in ROOM_OF.items():
        assert library not in tops or room(path) in rooms, f"{library} in {path.name}"
    if room(path) == "kernels":
        assert not tops & NOT_IN_KERNELS
    assert path.name == "download.py" or not imports(path) & NETWORK


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_say_what_they_do_and_stay_small(path: Path) -> None:
    """By rule: a module docstring whose first line is a sentence, at most 400 lines."""
    text = path.read_text(encoding="utf-8")
    first = (ast.get_docstring(ast.parse(text)) or "").split("\n")[0]
    assert first.endswith("."), f"{path.name}: {first!r}"
    assert text.count("\n") <= 400


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_is_swallowed_or_printed(path: Path) -> None:
    """By rule: no bare or catch-all handler, no print, no handler that does nothing."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            caught = getattr(node.type, "id", "") if node.type else ""
            quiet = all(isinstance(x, ast.Pass) for x in node.body)
            raises = any(isinstance(x, ast.Raise) for x in ast.walk(node))
            assert node.type is not None, f"{path.name}:{node.lineno} bare except"
            assert caught not in ("Exception", "BaseException") or raises, f"{path}:{node.lineno}"
            assert not quiet, f"{path.name}:{node.lineno} swallows {caught}"
        if isinstance(node, ast.Call):
            assert getattr(node.func, "id", "") != "print", f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_at_most_three_positional_arguments(path: Path) -> None:
    """By rule: nouns positional, knobs by keyword; kernels take coordinate pairs and are free."""
    if room(path) == "kernels":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("__"):
            names = {a.arg for a in node.args.posonlyargs + node.args.args} - {"self", "cls"}
            # A pair of coordinates is one noun.
            count = len(names) - {"x", "y"}.issubset(names)
            assert count <= 3, f"{path.name}:{node.lineno} {node.name} takes {count}"


@pytest.mark.parametrize("folder", ["layers", "maps"])
def test_catalogues_hold_no_python(folder: str) -> None:
    """By rule: the two catalogues are data."""
    assert not list((REPOSITORY / folder).rglob("*.py"))
    assert list((REPOSITORY / folder).glob("*.toml"))


def test_both_languages_have_the_same_keys_and_places() -> None:
    """By identity: equal keys, and the same {places} in each text."""
    nb, en = (interface_texts(lang) for lang in LANGUAGES)
    assert nb.keys() == en.keys()
    for key, text in nb.items():
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", en[key])), key


def test_no_text_is_defined_twice() -> None:
    """By counting: a key stands in one locale file of a language alone."""
    for lang in LANGUAGES:
        seen: dict[str, str] = {}
        for file in sorted((PACKAGE / "locale").glob(f"{lang}*.toml")):
            for section, entries in tomllib.loads(file.read_text(encoding="utf-8")).items():
                for key in entries:
                    name = f"{section}.{key}"
                    assert name not in seen, f"{name} in {seen.get(name)} and {file.name}"
                    seen[name] = file.name


def test_every_text_a_module_asks_for_is_there() -> None:
    """By search: each literal key given to t() exists."""
    known = interface_texts("nb")
    for path in modules():
        for key in re.findall(r'\bt\(\s*"([a-z_]+\.[^"{}]+)"', path.read_text(encoding="utf-8")):
            assert key in known, f"{path.name} asks for {key}"


def test_the_lock_names_no_index_and_no_machine() -> None:
    """By search: hashes alone pin what is installed."""
    for kind in ("", "-dev", "-bench", "-source"):
        name = f"requirements{kind}.txt"
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        assert "--index-url" not in text
        assert "://" not in text
        assert "--hash=sha256:" in text
