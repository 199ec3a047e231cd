"""Texts in class folders: one .txt file for each text; in a folder or an archive."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.settings import Hint
from workbench.core.signature import InputKind
from workbench.core.words import Words, mark
from workbench.data import cache, register
from workbench.data.base import DataSettings
from workbench.data.dataset import Dataset, Problem, Progress, ProgressCallback, Skipped
from workbench.data.encodings import Encoding, decoded
from workbench.data.folders import Arrangement, by_folder
from workbench.data.labelled_texts import TASKS, from_cache, keep
from workbench.data.masker import Masker
from workbench.data.masking import Masking, MaskingGroup, masked_cache
from workbench.data.table_reading import LONGEST_TEXT, TOO_LONG, clean

ENDINGS = (".txt", ".text", ".md")
_VERSION = 1  # raise it whenever the same files would give other texts
_LOOKED_AT, _OF_EACH = 5_000, 50  # files that are looked at to recognise a folder, and of each folder in it
_MOST_FOLDERS = 100_000
_MOST_FILES = 1_000_000
_DEEPEST = 20  # folders inside each other
_OFTEN = 200  # files between two reports


class TextFolderSettings(DataSettings):
    """Where the folders lie, and how the files in them are read."""

    kind: Annotated[Literal["text_folder"], Hint(hidden=True)] = "text_folder"
    path: Annotated[
        str,
        Field(title="Folder", description="A folder with one folder of .txt files per class."),
        Hint(chooser="path"),
    ] = ""
    encoding: Annotated[
        Encoding,
        Field(title="Encoding", description="How letters are written in the files; automatic looks at them."),
        Hint(
            advanced=True,
            choices={
                "auto": "Automatic",
                "utf-8": "UTF-8",
                "utf-16": "UTF-16",
                "gb18030": "GB18030 (Chinese)",
                "cp1252": "Windows-1252 (Western)",
            },
        ),
    ] = "auto"
    masking: MaskingGroup = Masking()

    def inputs_kind(self) -> InputKind:
        """Return "text"."""
        return "text"


def _names(path: Path, most: int, each: int) -> list[str]:
    """Return up to so many texts below a folder, as paths with slashes, sorted; no folder is entered twice.

    each: how many of one folder at most.
    """
    found: list[str] = []
    entered: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(path, followlinks=True):
        stat = os.stat(place)
        inner = os.path.relpath(place, path).replace(os.sep, "/")
        if (stat.st_dev, stat.st_ino) in entered or inner.count("/") > _DEEPEST:
            folders.clear()
            continue
        entered.add((stat.st_dev, stat.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        texts = (name for name in sorted(files) if name.lower().endswith(ENDINGS) and not name.startswith("."))
        found += [name if inner == "." else f"{inner}/{name}" for name in islice(texts, min(each, most - len(found)))]
        if len(found) >= most or len(entered) > _MOST_FOLDERS:
            break
    return sorted(found)


def recognises(path: Path) -> float:
    """Return how sure it is that `path` holds class folders of texts: two or more, and hardly any other text."""
    if not path.is_dir():
        return 0.0
    found = by_folder(_names(path, _LOOKED_AT, _OF_EACH))
    return 0.75 if len(found.classes) > 1 and len(found.rows) > 2 * len(found.skipped) else 0.0


def example(folder: Path) -> TextFolderSettings:
    """Write 40 short texts in two class folders and return the settings that open them."""
    for label, mood in (("yes", "good"), ("no", "bad")):
        (folder / label).mkdir()
        for number in range(20):
            text = f"{mood} {('tea', 'bread')[number % 2]}, number {number}\n"
            (folder / label / f"{number}.txt").write_text(text, encoding="utf-8")
    return TextFolderSettings(path=str(folder))


def raw(settings: TextFolderSettings) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield the texts, one at a time; what cannot be read is passed over."""
    path = Path(settings.path).expanduser()
    for name in _names(path, _MOST_FILES, _MOST_FILES):
        with suppress(UserError):
            yield "", [_text(path / name, name, settings.encoding)[0]]


@register(
    "text_folder",
    settings=TextFolderSettings,
    title="Folder of texts",
    summary="Text files in one folder per class.",
    recognises=recognises,
    example=example,
    tasks=tuple(task for task in TASKS if task not in ("multi_label", "regression")),
    raw=raw,
)
def open_text_folder(settings: TextFolderSettings, progress: ProgressCallback) -> Dataset:
    """Open class folders of texts."""
    path = Path(settings.path).expanduser()
    if not settings.path or not path.is_dir():
        raise UserError("{path} does not exist.", hint="Choose a folder.", path=shown(settings.path) or "…")
    progress(Progress(Words("Looking for texts"), 0, 0))
    names = _names(path, _MOST_FILES + 1, _MOST_FILES + 1)
    found = by_folder(names)
    if len(names) > _MOST_FILES:
        raise UserError(
            "{name} holds more than {most} texts.",
            hint="Put them into a table: CSV, JSON lines or Parquet.",
            name=shown(path.name),
            most=f"{_MOST_FILES:,}",
        )
    if not len(found.rows):
        raise UserError(
            "There are no class folders with texts in {name}.",
            hint="Put the texts of each class into a folder of its own, as files that end in .txt.",
            name=shown(path.name),
        )
    stats = cache.fingerprint([path / name for name in names])
    masker = settings.masking.masker(has_columns=False)
    inside = [name.encode("utf-8", "replace").hex() for name in names]
    folder, summary = masked_cache(
        masker,
        stats,
        ["text_folder", _VERSION, inside, settings.encoding],
        lambda folder: _build(folder, settings, path, names, found, masker, progress),
    )
    return from_cache(settings, shown(path.resolve().name), folder, summary)


def _build(
    folder: Path,
    settings: TextFolderSettings,
    path: Path,
    names: list[str],
    found: Arrangement,
    masker: Masker | None,
    progress: ProgressCallback,
) -> dict:
    texts: list[str] = []
    kept: list[int] = []
    skipped = list(found.skipped)
    problems: list[Problem] = []
    for done, row in enumerate(found.rows.tolist()):
        if done % _OFTEN == 0:
            progress(Progress(Words("Reading files"), done, len(found.rows)))
        name = names[row]
        try:
            text, odd = _text(path / name, name, settings.encoding)
        except UserError as error:
            skipped.append(Skipped(shown(name), error.message))
            continue
        problems += odd
        texts.append(text)
        kept.append(done)
    if not texts:
        raise UserError(
            "No text in {name} could be read.",
            hint="{file}: {reason}",
            name=shown(path.name),
            file=skipped[0].name,
            reason=skipped[0].reason,
        )
    labels = [found.classes[target] for target in found.targets[kept].tolist()]
    rows = found.rows[kept].tolist()
    given = found.given[kept].tolist()
    called = [shown(names[row]) for row in rows]
    return keep(folder, texts, labels, called, given, skipped, _joined(problems), {}, masker)


def _text(file: Path, name: str, encoding: str) -> tuple[str, list[Problem]]:
    """Return the text of a file and what is odd about it; raises UserError when it is none."""
    try:
        if file.stat().st_size > 4 * LONGEST_TEXT:
            raise UserError(TOO_LONG)
        content = file.read_bytes()
    except OSError as error:
        raise UserError("It could not be read: {reason}.", reason=error.strerror or str(error)) from error
    if not content.strip():
        raise UserError("It has no text.")
    text, _, problems = decoded(shown(file.name), content, encoding, mark("{name} is not a text."))
    if len(text) > LONGEST_TEXT:
        raise UserError(TOO_LONG)
    text = clean(text)
    if not text:
        raise UserError("It has no text.")
    return text, problems


def _joined(problems: list[Problem]) -> list[Problem]:
    """Return the first three as they are, and one for the rest: a thousand of a kind help nobody."""
    if len(problems) <= 3:
        return problems
    words = Words("{count} more files have letters like that.", {"count": f"{len(problems) - 3:,}"})
    return [*problems[:3], Problem("warning", words)]
