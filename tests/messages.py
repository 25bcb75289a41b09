"""Find every message of a problem in the code by reading it as a tree, never by running it.

A message is what reaches an error of ``gis.errors`` (or a check of pydantic): the text
given to it, followed through names, conditions and functions that return text. Words that
a message takes up from elsewhere in the code are found as messages of their own.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "gis"
# A check of a model, a reason to try again, what a publisher offers.
_RAISED_BESIDE = {"ValueError", "_Passing", "Offer"}
_MESSAGE = "message"
_TOLD = {
    "kind",
    "fault",
    "faults",
    "hint",
    "note",
    "problem",
    "reason",
    "reasons",
    "told",
    "why",
    "message",
}
_SHORT = {"none", "no", "any year", "none named"}  # may be values too, so only in their sentence
_ALONE = {"nothing"}  # says enough by itself
_LEAVES = (ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.alias)
_MOST = 64  # ways one message may be put together


@dataclass(frozen=True)
class Place:
    """A value's place in a template: the expression, and where it stands."""

    expression: ast.expr
    scope: Scope
    form: str = ""  # of a date: %A is a word


Template = tuple[str | Place, ...]


@dataclass(eq=False)
class Scope:
    """A module or a function: what its names were set to, and what lies around it."""

    module: Module
    node: ast.AST
    outer: Scope | None = None
    names: dict[str, list[ast.expr]] = field(default_factory=dict)
    caught: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Module:
    """A module: its functions, and where names that it imports come from."""

    name: str
    path: Path
    functions: dict[str, tuple[ast.FunctionDef, Scope]] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A template in normal form, ``{0}: no such file``, and one place where it stands."""

    template: str
    where: str
    kinds: tuple[str, ...]  # of each place: "nb" a message, "or" a list, "" a value


def normal(template: Template) -> str:
    """Write a template with its places numbered; braces of its own are doubled."""
    count = itertools.count()
    return "".join(
        p.replace("{", "{{").replace("}", "}}") if isinstance(p, str) else f"{{{next(count)}}}"
        for p in template
    )


@cache
def found() -> dict[str, Found]:
    """Return every template of a problem in the package, by its normal form."""
    reader = _Reader()
    for path in sorted(PACKAGE.rglob("*.py")):
        reader.take(path)
    reader.follow()
    return reader.found


class _Reader:
    def __init__(self) -> None:
        self.modules: dict[str, Module] = {}
        self.raised: list[tuple[ast.expr, Scope]] = []
        self.noted: list[tuple[ast.expr, Scope]] = []
        self.calls: dict[str, list[tuple[ast.Call, Scope]]] = {}
        self.kept: dict[tuple[int, int], bool] = {}
        self.found: dict[str, Found] = {}
        tree = ast.parse((PACKAGE / "errors.py").read_text(encoding="utf-8"))
        self.errors = {n.name for n in tree.body if isinstance(n, ast.ClassDef)} | _RAISED_BESIDE

    def take(self, path: Path) -> None:
        """Read one module: its functions, its imports, what it raises."""
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        module = Module(".".join(p for p in parts if p != "__init__"), path)
        self.modules[module.name] = module
        tree = ast.parse(path.read_text(encoding="utf-8"))
        self._walk(tree, Scope(module, tree))

    def _walk(self, node: ast.AST, scope: Scope) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _LEAVES):
                continue
            inner = scope
            if isinstance(child, ast.FunctionDef):
                inner = Scope(scope.module, child, scope)
                scope.module.functions.setdefault(child.name, (child, inner))
            elif isinstance(child, ast.ImportFrom):
                for name in child.names:
                    scope.module.imports[name.asname or name.name] = (child.module or "", name.name)
            elif isinstance(child, ast.Assign | ast.AnnAssign | ast.NamedExpr):
                self._set(child, scope)
            elif isinstance(child, ast.AugAssign) and isinstance(child.target, ast.Name):
                before = scope.names.get(child.target.id, [])
                whole = [ast.BinOp(b, ast.Add(), child.value) for b in before[-1:]]
                scope.names[child.target.id] = [
                    *before[:-1],
                    *map(ast.fix_missing_locations, whole),
                ]
            elif isinstance(child, ast.ExceptHandler) and child.name:
                scope.caught.add(child.name)
            elif isinstance(child, ast.Raise) and isinstance(child.exc, ast.Call):
                self.raised.append((child.exc, scope))
            elif isinstance(child, ast.Return) and isinstance(child.value, ast.Call):
                self.raised.append((child.value, scope))  # functions that return an error
            self.noted += [(text, inner) for text in _notes(child, inner)]
            if isinstance(child, ast.Call):
                self.calls.setdefault(_callee(child), []).append((child, scope))
            self._walk(child, inner)

    @staticmethod
    def _set(node: ast.Assign | ast.AnnAssign | ast.NamedExpr, scope: Scope) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and node.value is not None:
                scope.names.setdefault(target.id, []).append(node.value)

    def follow(self) -> None:
        """Work out the templates of all that is raised."""
        for call, scope in self.raised:
            assert isinstance(call, ast.Call)
            names = {n.id for n in ast.walk(call.func) if isinstance(n, ast.Name)}
            if names & self.errors and call.args:
                self._keep(call.args[0], scope)
        for text, scope in self.noted:
            self._keep(text, scope)

    def _keep(self, expression: ast.expr, scope: Scope) -> bool:
        """Note what an expression may say; tell whether it says anything."""
        key = (id(expression), id(scope))
        if key not in self.kept:
            self.kept[key] = False  # while it is looked into: it may lead back to itself
            told = [self._keep(each, scope) for each in _each(expression)]
            told += [self._keep(*given) for given in self._handed(expression, scope)]
            told += [self._note(way, scope) for way in self._ways(expression, scope, ())]
            self.kept[key] = any(told)
        return self.kept[key]

    def _note(self, template: Template, scope: Scope) -> bool:
        text = normal(template)
        places = [p for p in template if isinstance(p, Place)]
        if text in _SHORT:
            return False
        if text in self.found:
            for place in places:  # the same sentence elsewhere may hold other words
                self._kind(place)
            return True
        if not _sentence(text):
            inner = [self._keep(p.expression, p.scope) for p in places]
            return any(inner)
        where = scope.module.path.relative_to(PACKAGE.parent).as_posix()
        self.found[text] = Found(text, where, ())
        kinds = tuple(self._kind(p) for p in places)
        self.found[text] = Found(text, where, kinds)
        return True

    def _kind(self, place: Place) -> str:
        """Tell whether a place holds a message of its own, a list with a word in it, or a value."""
        inside = [n for n in ast.walk(place.expression) if isinstance(n, ast.Name | ast.Attribute)]
        names = {n.id if isinstance(n, ast.Name) else n.attr for n in inside}
        keys = {n.value for n in ast.walk(place.expression) if isinstance(n, ast.Constant)}
        told = self._keep(place.expression, place.scope)
        ways = self._ways(place.expression, place.scope, ())
        by = {_joined(p.expression) for w in ways for p in w if isinstance(p, Place)}
        if any(by):
            return max(by)
        told = told or bool(names & (place.scope.caught | _TOLD) or keys & _TOLD)
        return "nb" if told or "%A" in place.form else ""

    def _ways(self, e: ast.expr, scope: Scope, seen: tuple[str, ...]) -> list[Template]:
        """Return the templates an expression may become."""
        if isinstance(e, ast.Constant):
            return [(e.value,)] if isinstance(e.value, str) else [(Place(e, scope),)]
        if isinstance(e, ast.JoinedStr):
            return self._joined_ways(e, scope, seen)
        if isinstance(e, ast.IfExp):
            return self._ways(e.body, scope, seen) + self._ways(e.orelse, scope, seen)
        if isinstance(e, ast.BoolOp) and isinstance(e.op, ast.Or):
            return [w for v in e.values for w in self._ways(v, scope, seen)]
        if isinstance(e, ast.BinOp) and isinstance(e.op, ast.Add):
            left, right = self._ways(e.left, scope, seen), self._ways(e.right, scope, seen)
            return [a + b for a, b in itertools.product(left, right)][:_MOST]
        if isinstance(e, ast.Name):
            return self._named(e, scope, seen)
        if isinstance(e, ast.Call):
            return self._called(e, scope, seen)
        return [(Place(e, scope),)]

    def _calls(self, call: ast.Call, there: Scope, scope: Scope) -> bool:
        """Tell whether a call is of this function and not of another of the same name."""
        home, name = scope.module.name, scope.node.name  # type: ignore[attr-defined]
        if there.module.name == home:
            return True
        if isinstance(call.func, ast.Attribute):
            return "self" in {a.arg for a in scope.node.args.args}  # type: ignore[attr-defined]
        return there.module.imports.get(name, ("", ""))[0].startswith(home.rpartition(".")[0])

    def _joined_ways(self, e: ast.JoinedStr, scope: Scope, seen: tuple[str, ...]) -> list[Template]:
        ways: list[Template] = [()]
        for i, part in enumerate(e.values):
            if isinstance(part, ast.Constant):
                choices: list[Template] = [(str(part.value),)]
            else:
                assert isinstance(part, ast.FormattedValue)
                form = ast.unparse(part.format_spec) if part.format_spec else ""
                choices = [(Place(part.value, scope, form),)]
                inner = self._ways(part.value, scope, seen) if part.conversion == -1 else []
                beside = i > 0 and isinstance(e.values[i - 1], ast.FormattedValue)
                beside = beside or (len(e.values) == 3 and _is_space(e.values[1]) and i == 2)
                short = [w for w in inner if _short(w)]
                if beside and (len(inner) > 1 or _is_space(e.values[i - 1])):
                    choices = inner
                elif short:
                    rest = [w for w in inner if w not in short]
                    choices = [*short, *([(Place(part.value, scope),)] if rest else [])]
            ways = [a + b for a, b in itertools.product(ways, choices)][:_MOST]
        return [_merged(w) for w in ways]

    def _named(self, e: ast.Name, scope: Scope, seen: tuple[str, ...]) -> list[Template]:
        here = isinstance(scope.node, ast.FunctionDef)
        values = [(v, scope) for v in scope.names.get(e.id, [])] if here else []
        if e.id == _MESSAGE:  # each stands right before its raise
            above = [v for v in values if (v[0].end_lineno or 0) < e.lineno]
            values = above[-1:] or values
        key = f"{id(scope)}.{e.id}"
        if key in seen:
            return [(Place(e, scope),)]
        return [w for v, s in values for w in self._ways(v, s, (*seen, key))][:_MOST] or [
            (Place(e, scope),)
        ]

    def _handed(self, e: ast.expr, scope: Scope) -> Iterator[tuple[ast.expr, Scope]]:
        """Return what the callers of a function give for one of its parameters."""
        if not (isinstance(e, ast.Name) and isinstance(scope.node, ast.FunctionDef)):
            return
        told = scope.node.args
        names = [a.arg for a in (*told.posonlyargs, *told.args)]
        plain = [n for n in names if n not in ("self", "cls")]
        for call, there in self.calls.get(scope.node.name, []):
            if not self._calls(call, there, scope):
                continue
            named = {k.arg: k.value for k in call.keywords}
            if e.id in named:
                yield named[e.id], there
            elif e.id in plain and plain.index(e.id) < len(call.args):
                yield call.args[plain.index(e.id)], there

    def _called(self, e: ast.Call, scope: Scope, seen: tuple[str, ...]) -> list[Template]:
        name = e.func.id if isinstance(e.func, ast.Name) else ""
        module = scope.module
        if name in module.imports and name not in module.functions:
            source, name = module.imports[name]
            module = self.modules.get(source, module)
        known = module.functions.get(name)
        key = f"{module.name}.{name}()"
        if known is None or key in seen or ast.unparse(known[0].returns or e) != "str":
            return [(Place(e, scope),)]
        node, inner = known
        returned = [
            r.value for r in _own(node) if isinstance(r, ast.Return) and r.value is not None
        ]
        ways = [w for r in returned for w in self._ways(r, inner, (*seen, key))]
        return ways[:_MOST] or [(Place(e, scope),)]


def _each(e: ast.expr) -> list[ast.expr]:
    """Return what a joined list is made of, where the code spells it out."""
    if isinstance(e, ast.Call) and isinstance(e.func, ast.Attribute) and e.func.attr == "join":
        made = e.args[0]
        return [made.elt] if isinstance(made, ast.GeneratorExp | ast.ListComp) else []
    return []


def _own(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield from _own(child)


def _notes(node: ast.AST, scope: Scope) -> list[ast.expr]:
    """Return the texts that a node puts among the notes of a reader or a tool."""
    if isinstance(node, ast.keyword) and node.arg in ("what", "words"):
        return [node.value]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        if "notes" not in ast.unparse(node.func.value):
            return []
        if node.func.attr == "count":
            counted = ast.FormattedValue(node.args[0], -1)
            told = ast.FormattedValue(node.args[1], -1)
            return [_located(ast.JoinedStr([counted, ast.Constant(" "), told]), node)]
        return [node.args[0]] if node.func.attr in ("add", "append") else []
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("note", "notes"):
        return _items(node.value)
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript):
        what = node.target.slice  # a tally of what was met, by what is noted of it
        tally = ast.unparse(node.target.value).endswith(("counts", "told"))
        if tally and isinstance(what, ast.Constant) and " " in str(what.value):
            counted = ast.FormattedValue(node.target.value, -1)
            return [_located(ast.JoinedStr([counted, ast.Constant(f" {what.value}")]), node)]
    if isinstance(node, ast.Return) and isinstance(scope.node, ast.FunctionDef) and node.value:
        lists = ast.unparse(scope.node.returns or node.value) in ("list[str]", "tuple[str, ...]")
        named = scope.node.name.endswith(("_note", "_notes"))
        lists = lists and scope.module.path.parent.name == "sources"
        if named or (lists and isinstance(node.value, ast.List | ast.Tuple)):
            return _items(node.value)
    return []


def _items(e: ast.expr) -> list[ast.expr]:
    if isinstance(e, ast.IfExp):
        return _items(e.body) + _items(e.orelse)
    return e.elts if isinstance(e, ast.List | ast.Tuple) else [e]


def _located(made: ast.expr, node: ast.AST) -> ast.expr:
    return ast.fix_missing_locations(ast.copy_location(made, node))


def _callee(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _merged(template: Template) -> Template:
    parts: list[str | Place] = []
    for part in template:
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        elif part != "":
            parts.append(part)
    return tuple(parts)


def _is_space(e: ast.expr) -> bool:
    return isinstance(e, ast.Constant) and e.value == " "


def _sentence(text: str) -> bool:
    """Tell a text for people from a name, an address or a date."""
    if text in _ALONE:
        return True
    plain = re.sub(r"{\d+}", "0", text)
    return bool(re.search(r"[^\W\d_]{2,}.* |.* [^\W\d_]{2,}", plain))


def _short(template: Template) -> bool:
    """Tell whether a text is so short that it says nothing outside its sentence."""
    return all(isinstance(p, str) for p in template) and normal(template) in _SHORT


def _joined(e: ast.expr) -> str:
    """Return the word that a list is joined by, where it is one."""
    if isinstance(e, ast.Call) and isinstance(e.func, ast.Attribute) and e.func.attr == "join":
        by = e.func.value
        if isinstance(by, ast.Constant) and str(by.value).strip().isalpha():
            return str(by.value).strip()
    return ""
