"""The source of this program as a tree: what a module defines and imports, and what a definition uses."""

import ast
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_OURS = "workbench"
_REGISTERS = "register"


@dataclass(frozen=True)
class External:
    """A name that comes from another package: `import module as name`, or `from module import what as name`."""

    module: str
    what: str
    name: str


@dataclass(frozen=True)
class Module:
    """A module as it is written."""

    lines: tuple[bytes, ...]  # positions in the tree count bytes
    definitions: Mapping[str, ast.stmt]
    imports: Mapping[str, tuple[str, str]]  # name here -> module, name there ("" for the module itself)


def home(module: str, name: str) -> tuple[str, str] | None:
    """Return the module where `name` is defined, and its name there, through imports; None where it is not ours."""
    found = read_module(module)
    if name in found.definitions:
        return module, name
    if name in found.imports:
        source, there = found.imports[name]
        return home(source, there) if there and source.split(".")[0] == _OURS else None
    return None


def resolved(module: str, name: str) -> "tuple[str, str] | External | None":
    """Return where a name that is used in a module comes from; None for builtins and names of the function itself."""
    found = read_module(module)
    if name in found.imports:
        source, there = found.imports[name]
        if source.split(".")[0] != _OURS:
            return External(source, there, name)
        place = home(source, there) if there else None
        if place is None:
            raise LookupError(f"{module} uses a whole module of the program, {source}.{there}")
        return place
    if name in found.definitions:
        return module, name
    return None


@lru_cache(maxsize=256)
def read_module(module: str) -> Module:
    """Return what a module of this program says; raises LookupError where it has no source."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.origin:
        raise LookupError(f"{module} has no source")
    source = Path(spec.origin).read_bytes()
    tree = ast.parse(source)
    definitions: dict[str, ast.stmt] = {}
    imports: dict[str, tuple[str, str]] = {}
    for node in _at_top(tree.body):
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                definitions[node.name] = node
            case ast.Assign():
                for target in (name for each in node.targets for name in ast.walk(each) if isinstance(name, ast.Name)):
                    definitions[target.id] = node
            case ast.AnnAssign(target=ast.Name(id=name)):
                definitions[name] = node
            case ast.Import():
                for each in node.names:
                    name = each.asname or each.name.partition(".")[0]
                    imports[name] = (each.name if each.asname else name, "")
            case ast.ImportFrom(module=str(source_module)):
                imports |= {each.asname or each.name: (source_module, each.name) for each in node.names}
    return Module(tuple(source.split(b"\n")), definitions, imports)


def _at_top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, those under `if TYPE_CHECKING` too."""
    for node in body:
        if isinstance(node, ast.If):
            yield from node.body
        else:
            yield node


def _names(node: ast.AST) -> Iterator[ast.Name]:
    return (each for each in ast.walk(node) if isinstance(each, ast.Name))


def _parts(node: ast.AST, without: frozenset[str]) -> Iterator[tuple[ast.AST, bool]]:
    """Yield the parts of a definition that are kept, and for each whether it is an annotation."""
    for name, value in ast.iter_fields(node):
        if name == "decorator_list":
            value = [each for each in value if not registers(each)]
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, ast.AST) or _is_left_out(each, node, without):
                continue
            if name in ("annotation", "returns"):
                yield each, True
            else:
                yield each, False


def used_in(node: ast.AST, without: frozenset[str], own: frozenset[str] = frozenset()) -> Iterator[ast.Name]:
    """Yield the names that are looked up when this runs, but for those of arguments and variables around them.

    own: names of arguments and variables that are known already.
    """
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        own = own | {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}
        own = own | {each.id for each in _names(node) if isinstance(each.ctx, ast.Store)}
    for part, is_annotation in _parts(node, without):
        if is_annotation:
            continue
        if isinstance(part, ast.Name) and part.id not in own:
            yield part
        yield from used_in(part, without, own)


def annotated_in(node: ast.AST, without: frozenset[str]) -> Iterator[ast.Name]:
    """Yield the names in annotations."""
    for part, is_annotation in _parts(node, without):
        if is_annotation:
            yield from _names(part)
        else:
            yield from annotated_in(part, without)


def left_out_lines(node: ast.AST, without: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Yield first and last line of each method, with its decorators, and each attribute that is left out."""
    for around in ast.walk(node):
        for part in ast.iter_child_nodes(around):
            if isinstance(part, ast.stmt) and _is_left_out(part, around, without):
                first = min([part.lineno, *(each.lineno for each in getattr(part, "decorator_list", ()))])
                yield first, part.end_lineno or first


def _is_left_out(node: ast.AST, around: ast.AST, without: frozenset[str]) -> bool:
    if isinstance(node, ast.FunctionDef):
        return node.name in without
    return isinstance(around, ast.ClassDef) and _attribute(node) in without


def _attribute(node: ast.AST) -> str:
    """Return the name of the attribute that a statement of a class sets, or an empty one; a dataclass's field is none.

    What a field is called is also how it is given.
    """
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case ast.AnnAssign(target=ast.Name(id=name), annotation=noted) if "ClassVar" in ast.unparse(noted):
            return name
        case _:
            return ""


def left_out_of(place: tuple[str, str], only: frozenset[str]) -> dict[tuple[str, str], frozenset[str]]:
    """Return what is left out of a class and of those it extends, where only these methods are wanted of it."""
    classes = dict(_with_bases(place))
    kept = set(only)
    members = [each for node in classes.values() for each in node.body]
    while True:
        wanted = [each for each in members if isinstance(each, ast.FunctionDef) and _is_kept(each.name, kept)]
        used = {part.attr for each in wanted for part in ast.walk(each) if isinstance(part, ast.Attribute)}
        if used <= kept:
            break
        kept |= used
    names = {name for each in members if (name := each.name if isinstance(each, ast.FunctionDef) else _attribute(each))}
    return dict.fromkeys(classes, frozenset(name for name in names if not _is_kept(name, kept)))


def _is_kept(name: str, kept: set[str]) -> bool:
    return name in kept or (name.startswith("__") and name.endswith("__"))


def _with_bases(place: tuple[str, str]) -> Iterator[tuple[tuple[str, str], ast.ClassDef]]:
    """Yield a class and those of ours that it extends, by where they are."""
    node = read_module(place[0]).definitions[place[1]]
    if isinstance(node, ast.ClassDef):
        yield place, node
        for base in (name for each in node.bases for name in _names(each)):
            found = resolved(place[0], base.id)
            if isinstance(found, tuple):
                yield from _with_bases(found)


def registers(decorator: ast.AST) -> bool:
    """Return whether a decorator only registers what it stands above."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Name) and called.id == _REGISTERS
