"""Compile the kernels ahead of time, so that the first run is as fast as the next.

Usage: python setup/kernels.py           compile what setup/kernels.json lists
       python setup/kernels.py --write   do the main job, and list what it compiled

A kernel called with types that are not listed is compiled when it is first used, so an
old list costs time and nothing else. Numba keeps what is compiled beside the modules.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from numba import types
from numba.core.dispatcher import Dispatcher

import gis.kernels

LIST = Path(__file__).with_suffix(".json")
_NAMED = {**vars(types), "bool": types.boolean}
_TYPE = re.compile(r"(\w+)(?:\[(\d)([CFA])(r?)\])?")


def kernels() -> dict[str, Dispatcher]:
    """Return the compiled functions of the kernels by 'module.function', each in its own module."""
    found = {}
    for info in pkgutil.iter_modules(gis.kernels.__path__):
        module = importlib.import_module(f"gis.kernels.{info.name}")
        for name, thing in vars(module).items():
            if isinstance(thing, Dispatcher) and thing.py_func.__module__ == module.__name__:
                found[f"{info.name}.{name}"] = thing
    return found


def written(kind: types.Type) -> object:
    """Return a type as the list has it: 'int64', 'float64[2C]', 'int64[1Cr]'; a tuple as a list.

    Here 2C is two dimensions in C order, and r is read only.
    """
    if isinstance(kind, types.BaseTuple):
        return [written(part) for part in kind]
    if isinstance(kind, types.Array):
        return f"{kind.dtype}[{kind.ndim}{kind.layout}{'' if kind.mutable else 'r'}]"
    return str(kind)


def read(text: object) -> types.Type:
    """Return the type that an item of the list means. Raises ValueError for another text."""
    if isinstance(text, list):
        return types.BaseTuple.from_types([read(part) for part in text])
    found = _TYPE.fullmatch(str(text))
    if found is None or found[1] not in _NAMED:
        message = f"{LIST.name}: '{text}' is no type; allowed: int64, float64[2C], int64[1Cr]"
        raise ValueError(message)
    kind = _NAMED[found[1]]
    if found[2] is None:
        return kind
    return types.Array(kind, int(found[2]), found[3], readonly=bool(found[4]))


def listed() -> dict[str, list[tuple[types.Type, ...]]]:
    """Return the signatures of the list by kernel."""
    wanted = json.loads(LIST.read_text(encoding="utf-8"))
    return {name: [tuple(map(read, s)) for s in some] for name, some in wanted.items()}


def compile_some(wanted: dict[str, list[tuple[types.Type, ...]]]) -> int:
    """Compile signatures by kernel, and return how many there were."""
    known = kernels()
    for name, signatures in wanted.items():
        for signature in signatures if name in known else ():
            known[name].compile(signature)
    return sum(map(len, wanted.values()))


def write() -> None:
    """Do the main job in this process and list the signatures that it met."""
    import datetime as dt

    from gis.atlas import Answers, make_atlas, order_maps
    from gis.cli.opening import open_study
    from gis.demo import write_demo
    from gis.store import build
    from gis.workspace import open_workspace

    with tempfile.TemporaryDirectory() as folder:
        demo = write_demo(Path(folder) / "demo", seed=9801)
        build(open_workspace(demo))
        workspace, study = open_study(demo)
        order = order_maps(
            (), whole=False, language=workspace.entry.language, created=dt.date(2026, 1, 1)
        )
        make_atlas(order, Answers(study), Path(folder) / "out", progress=sys.stderr.write)
    met = {
        name: sorted(([written(kind) for kind in s] for s in kernel.signatures), key=str)
        for name, kernel in sorted(kernels().items())
        if kernel.signatures
    }
    for some in met.values():
        for signature in some:
            read(signature)  # what cannot be read back is told now, not at the next setup
    rows = (f" {json.dumps(name)}: {json.dumps(some)}" for name, some in met.items())
    LIST.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


def main() -> None:
    """Compile in two processes, since numba compiles in one thread."""
    if "--write" in sys.argv[1:]:
        write()
        return
    wanted = listed()
    names = list(wanted)
    with ProcessPoolExecutor(2) as pool:
        halves = [{n: wanted[n] for n in names[i::2]} for i in (0, 1)]
        count = sum(pool.map(compile_some, halves))
    sys.stdout.write(f"{count} signatures of {len(wanted)} kernels compiled\n")


if __name__ == "__main__":
    main()
