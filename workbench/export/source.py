"""One plain file from the source of this program: a class or function with all that it needs, and nothing else of it.

What a model is exported with is therefore the very code that trained it. Definitions are found by their names, so they
must stand at the top level of their modules; annotations, and decorators that register, are not code that runs.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from workbench.export.source_reading import (
    External,
    annotated_in,
    home,
    left_out_lines,
    left_out_of,
    read_module,
    registers,
    resolved,
    used_in,
)

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
    ("workbench.data.masking_key", "key_called"): '''def key_called(name: str) -> bytes:
    """Return the key of hashed personal data, which is in the file that WORKBENCH_MASKING_KEY names.

    Raises ValueError when it is not there, or another one than in training.
    """
    import hashlib
    import os

    try:
        with open(os.environ.get("WORKBENCH_MASKING_KEY", "masking.key"), encoding="ascii") as file:
            key = bytes.fromhex(file.read().strip())
    except (OSError, ValueError):
        key = b""
    if hashlib.sha256(b"name of a masking key" + key).hexdigest()[:12] != name:
        raise ValueError(
            f"Personal data in what this model is given are hashed with a key that is not here: {name}. "
            "Set WORKBENCH_MASKING_KEY to the path of masking.key, which lies where the model was trained."
        )
    return key''',
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


class Gathering:
    """Collects definitions, and gives them as one text.

    without: names of methods that are left out wherever they stand, with what only they need. taken: names of the file
    that nothing is to be called by.
    """

    def __init__(self, without: frozenset[str] = frozenset(), taken: frozenset[str] = frozenset()) -> None:
        self._without, self._taken = without, taken
        self._narrowed: dict[tuple[str, str], frozenset[str]] = {}  # classes of which only a part is wanted
        self._order: list[_Definition | tuple[str, str] | str] = []  # what is needed comes before what needs it
        self._seen: set[tuple[str, str]] = set()
        self._names: dict[str, tuple[str, str]] = {}  # in the file -> module, name there
        self._external: set[External] = set()

    def add(self, module: str, name: str, only: Iterable[str] = ()) -> str:
        """Gather what `module` calls `name`, and return what the file calls it; raises LookupError without a source.

        only: names of methods of a class that are wanted, with what they use of it; none wants all.
        """
        place = home(module, name)
        if place is None:
            raise LookupError(f"{module}.{name} is not defined at the top level of a module")
        if names := frozenset(only):
            self._narrowed.update(left_out_of(place, names))
        self._gather(*place)
        return self._called(*place)

    def write(self, text: str) -> None:
        """Put text after what was gathered so far."""
        self._order.append(text.strip("\n"))

    def imports(self, module: str, what: str = "") -> None:
        """Import a module, or `what` of it, in the file as well."""
        whole, _, name = module.partition(" as ")
        self._external.add(External(whole, what, what or name or whole))

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
        definition = _Definition(module, name, read_module(module).definitions[name], without)
        self._name(module, name)
        for used in used_in(definition.node, without):
            found = resolved(module, used.id)
            if isinstance(found, External):
                self._external.add(found)
            elif found is not None:
                self._gather(*found)
        for noted in annotated_in(definition.node, without):
            found = resolved(module, noted.id)
            if isinstance(found, External):
                self._external.add(found)
        if not any(isinstance(part, _Definition) and part.node is definition.node for part in self._order):
            self._order.append(definition)  # one statement may define several names

    def _name(self, module: str, name: str) -> None:
        """Give a definition its name in the file: its own, or where that is taken, one with that of its module."""
        wanted = name
        while wanted in self._names or wanted in self._taken:
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
        module, node = read_module(part.module), part.node
        changes = list(self._renamed(part))
        gone = {line for first, last in left_out_lines(node, part.without) for line in range(first, last + 1)}
        first = node.lineno
        kept: list[bytes] = []
        for decorator in getattr(node, "decorator_list", ()):
            if not registers(decorator):
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
        for used in (*used_in(node, part.without), *annotated_in(node, part.without)):
            found = resolved(part.module, used.id)
            if not isinstance(found, tuple):
                continue
            new = self._called(*found) if found in self._seen else "Any"  # only annotations say what is not gathered
            if new == "Any":
                self._external.add(External("typing", "Any", "Any"))
            if new != used.id:
                yield used.lineno, used.col_offset, used.end_col_offset or 0, new


def _without_gaps(text: str) -> str:
    """Return text with no more than one empty line on end: where methods were left out, more are."""
    lines: list[str] = []
    for line in text.rstrip().split("\n"):
        if line.strip() or (lines and lines[-1].strip()):
            lines.append(line)
    return "\n".join(lines)
