"""Collect from the source every text that a person reads, and hold it against the catalogue.

    python -m tests.translations --missing            print what the catalogue lacks, as JSON to be filled in
    python -m tests.translations --stale              print what the catalogue has and the source no longer says
    python -m tests.translations --add FILE.json…     take translations from these files, and drop what is stale

The rules are those of `workbench.core.words`: the arguments of its functions, of `Words` and `UserError`, and the
keywords that describe a thing, in any call; and the first line of every ready-made recipe.
"""

import argparse
import ast
import json
import re
import string
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.core.examples import examples

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "workbench"
CATALOGUE = ROOT / "resources" / "translations" / "zh_CN.json"

# Which positional arguments of a call are templates.
TEMPLATES: dict[str, tuple[int, ...]] = {"tr": (0,), "mark": (0,), "Words": (0,), "UserError": (0,), "plural": (1, 2)}
KEYWORDS = ("title", "summary", "description", "hint", "unit", "choices")

# Which positional arguments of Qt's and pyqtgraph's calls are shown to a person.
SHOWN: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QGroupBox", "QCommandLinkButton"), (0,)),
    **dict.fromkeys(("setText", "setPlainText", "setToolTip", "setStatusTip", "setWhatsThis", "setTitle"), (0,)),
    **dict.fromkeys(("setWindowTitle", "setPlaceholderText", "setAccessibleName", "setAccessibleDescription"), (0,)),
    **dict.fromkeys(("setInformativeText", "setDetailedText", "setLabelText", "setCancelButtonText"), (0,)),
    **dict.fromkeys(("setPrefix", "setSuffix", "setSpecialValueText", "showMessage", "addMenu"), (0,)),
    **dict.fromkeys(("setHeaderLabels", "setHorizontalHeaderLabels", "setVerticalHeaderLabels", "addItems"), (0,)),
    **dict.fromkeys(("QAction", "QMenu", "addAction", "addItem", "addButton", "addRow", "insertItem"), (0, 1)),
    **dict.fromkeys(("addTab", "setTabText", "setItemText", "setTabToolTip", "addSection", "setLabel"), (1,)),
    **dict.fromkeys(("question", "warning", "information", "critical", "about"), (1, 2)),
    **dict.fromkeys(("getOpenFileName", "getOpenFileNames", "getSaveFileName"), (1, 3)),
    **dict.fromkeys(("getExistingDirectory", "QProgressDialog"), (1,)),
    **dict.fromkeys(("getText", "getItem", "getInt", "getDouble"), (1, 2)),
}
NAMES = re.compile(r"Workbench|[A-Z]* \((\*\.[a-z]+ ?)+\)")  # names, and file filters that name a format, are no words


@dataclass(frozen=True)
class Place:
    """Where a text stands, for messages."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT).as_posix()}:{self.line}"


def templates(source: Path = SOURCE) -> dict[str, Place]:
    """Return every template under `source` with the first place where it stands."""
    found: dict[str, Place] = {}
    for place, node in _marked(source):
        for text in _literals(node):
            if _has_letters(text) or "}, {" in text:  # languages join lists in their own way
                found.setdefault(text, place)
    if source == SOURCE:
        for example in examples(ROOT / "resources" / "examples"):
            found.setdefault(example.sentence, Place(example.path, 1))
    return found


def unreadable(source: Path = SOURCE) -> list[Place]:
    """Return places where a template is put together with f-strings or +, so that no catalogue can hold it."""
    return [place for place, node in _marked(source) if _is_put_together(node)]


def unwrapped(source: Path = SOURCE / "gui") -> list[tuple[Place, str]]:
    """Return texts that are shown as they stand, without a chance to be translated."""
    found: list[tuple[Place, str]] = []
    for path, call in _calls(source):
        for position in SHOWN.get(_name(call), ()):
            if position >= len(call.args) or (position and 0 in SHOWN[_name(call)] and _is_text(call.args[0])):
                continue  # what follows the text of an item is its data
            for text in _shown_literals(call.args[position]):
                if _has_letters(text) and not NAMES.fullmatch(text):
                    found.append((Place(path, call.lineno), text))
    return found


def placeholders(template: str) -> set[str]:
    """Return the names in braces; raises ValueError when the braces do not match."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def catalogue(path: Path = CATALOGUE) -> dict[str, str]:
    """Return template to translation, empty as long as there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write(entries: Mapping[str, str], path: Path = CATALOGUE) -> None:
    """Write the catalogue, sorted, so that two people's additions rarely meet."""
    text = json.dumps(dict(sorted(entries.items())), ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def _calls(source: Path) -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted(source.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
            if isinstance(node, ast.Call):
                yield path, node


def _marked(source: Path) -> Iterator[tuple[Place, ast.expr]]:
    for path, call in _calls(source):
        for position in TEMPLATES.get(_name(call), ()):
            if position < len(call.args):
                yield Place(path, call.args[position].lineno), call.args[position]
        for keyword in call.keywords:
            if keyword.arg in KEYWORDS:
                yield Place(path, keyword.value.lineno), keyword.value


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _literals(node: ast.expr) -> Iterator[str]:
    """Yield the texts that `node` may be: a literal, either side of a condition, the values of a dictionary."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _literals(body)
            yield from _literals(orelse)
        case ast.BoolOp(values=values) | ast.Dict(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
            for value in values:
                yield from _literals(value)


def _shown_literals(node: ast.expr) -> Iterator[str]:
    """Yield the texts of `node`, with those inside f-strings and sums."""
    match node:
        case ast.JoinedStr(values=values):
            for value in values:
                yield from _shown_literals(value)
        case ast.BinOp(left=left, right=right):
            yield from _shown_literals(left)
            yield from _shown_literals(right)
        case _:
            yield from _literals(node)


def _is_text(node: ast.expr) -> bool:
    return (isinstance(node, ast.Call) and _name(node) in TEMPLATES) or next(_shown_literals(node), None) is not None


def _is_put_together(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr | ast.BinOp) and any(_has_letters(text) for text in _shown_literals(node))


def _has_letters(text: str) -> bool:
    try:
        outside = "".join(literal for literal, _, _, _ in string.Formatter().parse(text))
    except ValueError:
        outside = text
    return any(letter.isalpha() for letter in outside)


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description="Hold the texts of the source against the catalogue.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--missing", action="store_true", help="print what the catalogue lacks")
    what.add_argument("--stale", action="store_true", help="print what the source no longer says")
    what.add_argument("--add", nargs="+", type=Path, metavar="FILE", help="take translations from these files")
    given = parser.parse_args()
    wanted, entries = templates(), catalogue()
    if given.add:
        for path in given.add:
            entries |= {key: text for key, text in json.loads(path.read_text(encoding="utf-8")).items() if text}
        write({template: entries[template] for template in wanted if template in entries})
        print(f"{len(wanted.keys() - entries.keys())} templates are still missing.")
        return 0
    keys = wanted.keys() - entries.keys() if given.missing else entries.keys() - wanted.keys()
    print(json.dumps(dict.fromkeys(sorted(keys), ""), ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
