"""One plain file from the source of this program: a class or function with all that it needs, and nothing else of it.

What a model is exported with is therefore the very code that trained it. Definitions are found by their names, so they
must stand at the top level of their modules; annotations, and decorators that register, are not code that runs.
"""

import ast
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_OURS = "workbench"
_REGISTERS = "register"
# What stands in for definitions that mean something only inside the program.
_STAND_INS: Mapping[tuple[str, str], str] = {
    ("workbench.core.errors", "UserError"): '''class UserError(ValueError):
    """Says what is wrong, and what to do next."""

    def __init__(self, message: str, /, *, hint: str = "", details: str = "", **values: object) -> None:
        super().__init__(" ".join(part.format(**values) for part in (message, hint, details) if part))''',
    ("workbench.data.tokenizer_files", "tokenizer_from"): '''def tokenizer_from(text: str) -> Any:
    """Return the tokenizer that this JSON describes."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(text)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer''',
    ("workbench.data.tokenizer_files", "read_tokenizer"): '''def read_tokenizer(path: Any) -> Any:
    """Return the tokenizer in a file."""
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(path))''',
    ("workbench.networks.pretrained_folder", "read_json"): '''def read_json(path: Any) -> Any:
    """Return what a file of JSON says."""
    import json

    return json.loads(path.read_text("utf-8"))''',
    ("workbench.core.words", "mark"): '''def mark(text: str) -> str:
    """Return the text."""
    return text''',
}


@dataclass(frozen=True)
class _Definition:
    """A statement at the top level of a module, and the names of what is left out in it."""

    module: str
    name: str
    node: ast.stmt
    without: frozenset[str]


@dataclass(frozen=True)
class _External:
    """A name that comes from another package: `import module as name`, or `from module import what as name`."""

    module: str
    what: str
    name: str


@dataclass(frozen=True)
class _Module:
    lines: tuple[bytes, ...]  # positions in the tree count bytes
    definitions: Mapping[str, ast.stmt]
    imports: Mapping[str, tuple[str, str]]  # name here -> module, name there ("" for the module itself)


class Gathering:
    """Collects definitions, and gives them as one text.

    without: names of methods that are left out wherever they stand, with what only they need.
    """

    def __init__(self, without: frozenset[str] = frozenset()) -> None:
        self._without = without
        self._narrowed: dict[tuple[str, str], frozenset[str]] = {}  # classes of which only a part is wanted
        self._order: list[_Definition | tuple[str, str] | str] = []  # what is needed comes before what needs it
        self._seen: set[tuple[str, str]] = set()
        self._names: dict[str, tuple[str, str]] = {}  # in the file -> module, name there
        self._external: set[_External] = set()

    def add(self, module: str, name: str, only: Iterable[str] = ()) -> str:
        """Gather what `module` calls `name`, and return what the file calls it; raises LookupError without a source.

        only: names of methods of a class that are wanted, with what they use of it; none wants all.
        """
        place = _home(module, name)
        if place is None:
            raise LookupError(f"{module}.{name} is not defined at the top level of a module")
        if names := frozenset(only):
            self._narrowed.update(_left_out_of(place, names))
        self._gather(*place)
        return self._called(*place)

    def write(self, text: str) -> None:
        """Put text after what was gathered so far."""
        self._order.append(text.strip("\n"))

    def imports(self, module: str, what: str = "") -> None:
        """Import a module, or `what` of it, in the file as well."""
        whole, _, name = module.partition(" as ")
        self._external.add(_External(whole, what, what or name or whole))

    def text(self) -> str:
        """Return imports and definitions, each after all it needs when it is run."""
        parts = [self._written(part) for part in self._order]
        return "\n\n\n".join([self._imports(), *parts]) + "\n"

    def _gather(self, module: str, name: str) -> None:
        if (module, name) in self._seen:
            return
        self._seen.add((module, name))
        if (module, name) in _STAND_INS:
            self._name(module, name)
            self._order.append((module, name))
            return
        without = self._narrowed.get((module, name), self._without)
        definition = _Definition(module, name, _read(module).definitions[name], without)
        self._name(module, name)
        for used in _used(definition.node, without):
            found = _resolved(module, used.id)
            if isinstance(found, _External):
                self._external.add(found)
            elif found is not None:
                self._gather(*found)
        for noted in _annotated(definition.node, without):
            found = _resolved(module, noted.id)
            if isinstance(found, _External):
                self._external.add(found)
        if not any(isinstance(part, _Definition) and part.node is definition.node for part in self._order):
            self._order.append(definition)  # one statement may define several names

    def _name(self, module: str, name: str) -> None:
        """Give a definition its name in the file: its own, or where that is taken, one with that of its module."""
        wanted = name
        while wanted in self._names:
            wanted = f"{wanted}_{module.rpartition('.')[2]}"
        self._names[wanted] = (module, name)

    def _called(self, module: str, name: str) -> str:
        return next(called for called, place in self._names.items() if place == (module, name))

    def _imports(self) -> str:
        whole = sorted(
            {
                f"import {each.module}" + (f" as {each.name}" if each.name != each.module.partition(".")[0] else "")
                for each in self._external
                if not each.what
            }
        )
        together: dict[str, list[str]] = {}
        for each in sorted((each for each in self._external if each.what), key=lambda each: each.what.lower()):
            together.setdefault(each.module, []).append(
                each.what + (f" as {each.name}" if each.name != each.what else "")
            )
        names = [f"from {module} import {', '.join(what)}" for module, what in sorted(together.items())]
        return "\n".join(["from __future__ import annotations", "", *whole, *names])

    def _written(self, part: "_Definition | tuple[str, str] | str") -> str:
        if isinstance(part, str):
            return part
        if isinstance(part, tuple):
            return _STAND_INS[part]
        module, node = _read(part.module), part.node
        changes = list(self._renamed(part))
        gone = {line for first, last in _left_out(node, part.without) for line in range(first, last + 1)}
        first = node.lineno
        kept: list[bytes] = []
        for decorator in getattr(node, "decorator_list", ()):
            if not _is_called(decorator, _REGISTERS):
                kept += module.lines[decorator.lineno - 1 : decorator.end_lineno]
        for number in range(first, (node.end_lineno or first) + 1):
            line = module.lines[number - 1]
            for begin, end, new in sorted((c[1:] for c in changes if c[0] == number), reverse=True):
                line = line[:begin] + new.encode() + line[end:]
            if number not in gone:
                kept.append(line)
        return _without_gaps(b"\n".join(kept).decode())

    def _renamed(self, part: _Definition) -> Iterator[tuple[int, int, int, str]]:
        """Yield line, begin, end and new text of each name that is written otherwise in the file."""
        own = self._called(part.module, part.name)
        node = part.node
        if own != part.name and isinstance(node, ast.ClassDef | ast.FunctionDef):
            begin = node.col_offset + len("class " if isinstance(node, ast.ClassDef) else "def ")
            yield node.lineno, begin, begin + len(part.name.encode()), own
        for used in (*_used(node, part.without), *_annotated(node, part.without)):
            found = _resolved(part.module, used.id)
            if not isinstance(found, tuple):
                continue
            new = self._called(*found) if found in self._seen else "Any"  # only annotations say what is not gathered
            if new == "Any":
                self._external.add(_External("typing", "Any", "Any"))
            if new != used.id:
                yield used.lineno, used.col_offset, used.end_col_offset or 0, new


def _home(module: str, name: str) -> tuple[str, str] | None:
    """Return the module where `name` is defined, and its name there, through imports; None where it is not ours."""
    found = _read(module)
    if name in found.definitions:
        return module, name
    if name in found.imports:
        source, there = found.imports[name]
        return _home(source, there) if there and source.split(".")[0] == _OURS else None
    return None


def _resolved(module: str, name: str) -> "tuple[str, str] | _External | None":
    """Return where a name that is used in a module comes from; None for builtins and names of the function itself."""
    found = _read(module)
    if name in found.imports:
        source, there = found.imports[name]
        if source.split(".")[0] != _OURS:
            return _External(source, there, name)
        home = _home(source, there) if there else None
        if home is None:
            raise LookupError(f"{module} uses a whole module of the program, {source}.{there}")
        return home
    if name in found.definitions:
        return module, name
    return None


@lru_cache(maxsize=256)
def _read(module: str) -> _Module:
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
    return _Module(tuple(source.split(b"\n")), definitions, imports)


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
            value = [each for each in value if not _is_called(each, _REGISTERS)]
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, ast.AST) or _is_left_out(each, node, without):
                continue
            if name in ("annotation", "returns"):
                yield each, True
            else:
                yield each, False


def _used(node: ast.AST, without: frozenset[str]) -> Iterator[ast.Name]:
    """Yield the names that are looked up when this runs."""
    for part, is_annotation in _parts(node, without):
        if is_annotation:
            continue
        if isinstance(part, ast.Name):
            yield part
        yield from _used(part, without)


def _annotated(node: ast.AST, without: frozenset[str]) -> Iterator[ast.Name]:
    """Yield the names in annotations."""
    for part, is_annotation in _parts(node, without):
        if is_annotation:
            yield from _names(part)
        else:
            yield from _annotated(part, without)


def _left_out(node: ast.AST, without: frozenset[str]) -> Iterator[tuple[int, int]]:
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


def _left_out_of(place: tuple[str, str], only: frozenset[str]) -> dict[tuple[str, str], frozenset[str]]:
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
    node = _read(place[0]).definitions[place[1]]
    if isinstance(node, ast.ClassDef):
        yield place, node
        for base in (name for each in node.bases for name in _names(each)):
            found = _resolved(place[0], base.id)
            if isinstance(found, tuple):
                yield from _with_bases(found)


def _is_called(decorator: ast.AST, name: str) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Name) and called.id == name


def _without_gaps(text: str) -> str:
    """Return text with no more than one empty line on end: where methods were left out, more are."""
    lines: list[str] = []
    for line in text.rstrip().split("\n"):
        if line.strip() or (lines and lines[-1].strip()):
            lines.append(line)
    return "\n".join(lines)
