"""Texts to learn a language from: one file or many, each a document, or one in each line of JSON lines."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.settings import Hint
from workbench.core.signature import InputKind
from workbench.core.words import Words, from_plain, to_plain
from workbench.data import cache, documents, register
from workbench.data.assembly import assembled
from workbench.data.base import DataSettings, located
from workbench.data.dataset import Dataset, Problem, Progress, ProgressCallback, Skipped
from workbench.data.encodings import CHOICES, Encoding
from workbench.data.folders import split_named
from workbench.data.masked_tables import masked_problems, masked_skipped
from workbench.data.masker import Masker
from workbench.data.masking import Masking, MaskingGroup, masked_cache
from workbench.data.sample_files import MADE
from workbench.data.splits import UNDECIDED
from workbench.data.text_reading import LINES, MOST_BYTES, PLAIN, first_rows, read_texts

_VERSION = 1  # raise it whenever the same file would give other texts
_LONG_LINE = 1_000_000  # characters
_MOST_FILES = 200_000


class TextFileSettings(DataSettings):
    """Where the texts lie and how they are read."""

    kind: Annotated[Literal["text_file"], Hint(hidden=True)] = "text_file"
    path: Annotated[
        str,
        Field(title="File", description="A .txt, .md or .jsonl file, or a folder of them."),
        Hint(chooser="path"),
    ] = ""
    encoding: Annotated[
        Encoding,
        Field(title="Encoding", description="How letters were written as bytes; automatic looks at them."),
        Hint(advanced=True, choices=CHOICES),
    ] = "auto"
    field: Annotated[
        str,
        Field(title="Text field", description="Of JSON lines, the name of the field with the text; auto finds it."),
        Hint(advanced=True),
    ] = "auto"
    masking: MaskingGroup = Masking()

    def inputs_kind(self) -> InputKind:
        """Return "text"."""
        return "text"


def _files(path: Path) -> list[Path]:
    """Return the files at `path` that hold texts, of a folder all that lie below it."""
    if path.is_file():
        return [path]
    found = (file for file in path.rglob("*") if file.suffix.lower() in PLAIN + LINES and file.is_file())
    return sorted(file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts))


def recognises(path: Path) -> float:
    """Return how sure it is that `path` holds texts without labels: by its ending and its first lines."""
    if path.is_file():
        ending = path.suffix.lower()
        if ending in LINES:
            rows = [row for row in first_rows(path) if isinstance(row, dict)]
            return 0.95 if rows and all(len(row) == 1 for row in rows) else 0.3
        return 0.0 if ending not in PLAIN else 0.5 if ending == ".txt" and _is_table(path) else 0.95
    if not path.is_dir():
        return 0.0
    inside = [file for file in path.iterdir() if not file.name.startswith(".")]
    texts = sum(file.suffix.lower() in PLAIN and file.is_file() for file in inside)
    return 0.6 if texts > len(inside) / 2 else 0.0


def _is_table(path: Path) -> bool:
    """Return whether every one of the first lines has the same number of tabs."""
    with path.open("rb") as file:
        lines = [line for line in (file.readline(100_000) for _ in range(20)) if line.strip()]
    tabs = {line.count(b"\t") for line in lines}
    return len(lines) > 1 and len(tabs) == 1 and tabs != {0}


def example(folder: Path) -> TextFileSettings:
    """Write a folder of 20 short texts and return the settings that open it."""
    place = folder / "texts"
    place.mkdir()
    for number in range(20):
        lines = (f"The cat number {number} sat on the mat.", f"It saw {number + 2} mice and slept on.")
        (place / f"story {number:02}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return TextFileSettings(path=str(place))


def raw(settings: TextFileSettings) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield the texts of each file; what cannot be read is passed over."""
    for file in _files(located(settings.path)):
        with suppress(UserError):
            yield "", read_texts(file, settings.encoding, settings.field).texts


@register(
    "text_file",
    settings=TextFileSettings,
    title="Texts",
    summary="Text files without labels, to learn to write like them: .txt, .md or .jsonl.",
    recognises=recognises,
    example=example,
    tasks=("next_token", "masked_token"),
    raw=raw,
)
def open_text_file(settings: TextFileSettings, progress: ProgressCallback) -> Dataset:
    """Open texts, through the cache."""
    path = located(settings.path)
    if not settings.path or not path.exists():
        raise UserError("{path} does not exist.", hint="Choose another file or folder.", path=settings.path or "…")
    files = _files(path)
    if not files or len(files) > _MOST_FILES or sum(file.stat().st_size for file in files) > MOST_BYTES:
        raise _unfit(path, files)
    masker = settings.masking.masker(has_columns=False)
    folder, summary = masked_cache(
        masker,
        cache.fingerprint(files),
        [
            "text_file",
            _VERSION,
            [str(file.relative_to(path.parent)) for file in files],
            [settings.encoding, settings.field],
        ],
        lambda folder: _build(folder, settings, path, files, masker, progress),
    )
    texts, names = cache.read_plain(folder / "texts.json"), cache.read_plain(folder / "names.json")
    given = np.load(folder / "given.npy")
    groups = np.load(folder / "groups.npy")
    texts, names, given, groups = documents.in_splits(texts, names, given, groups, settings)
    dataset = assembled(
        settings,
        name=path.stem,
        folder=folder,
        tasks=("next_token", "masked_token"),
        inputs=texts,
        targets=np.zeros(len(texts), np.int64),
        names=names,
        classes=(),
        given=given,
        groups=groups,
        skipped=[Skipped(name, from_plain(reason)) for name, reason in summary["skipped"]],
        facts=summary["facts"],
    )
    found = tuple(Problem(level, from_plain(words)) for level, words in summary["problems"])
    return replace(dataset, problems=dataset.problems + found)


def _unfit(path: Path, files: list[Path]) -> UserError:
    if not files:
        return UserError("There is no text in {path}.", hint="Choose .txt, .md or .jsonl files.", path=shown(str(path)))
    return UserError(
        "{path} holds too much text: {count} files, {size} GB.",
        hint="Choose some of the files; {most} GB are read at most.",
        path=shown(str(path)),
        count=f"{len(files):,}",
        size=f"{sum(file.stat().st_size for file in files) / 1e9:.1f}",
        most=MOST_BYTES // 10**9,
    )


def _build(
    folder: Path,
    settings: TextFileSettings,
    path: Path,
    files: list[Path],
    masker: Masker | None,
    progress: ProgressCallback,
) -> dict[str, Any]:
    texts: list[str] = []
    names: list[str] = []
    given: list[int] = []
    skipped: list[Skipped] = []
    encodings: dict[str, str] = {}
    longest, longest_name = 0, ""
    for done, file in enumerate(files):
        progress(Progress(Words("Reading files"), done, len(files)))
        try:
            read = read_texts(file, settings.encoding, settings.field)
        except UserError as error:
            if len(files) == 1:
                raise
            skipped.append(Skipped(shown(file.name), error.message))
            continue
        texts += [text if text.endswith("\n") else f"{text}\n" for text in read.texts]
        names += read.names
        split = _split_of(file, path)
        given += [UNDECIDED if split is None else split] * len(read.texts)
        skipped += read.skipped
        encodings.setdefault(read.encoding, shown(file.name))
        if read.longest > longest and file.suffix.lower() in PLAIN:
            longest, longest_name = read.longest, shown(file.name)
    if not texts:
        raise UserError("There is no text in {path}.", hint="Choose .txt, .md or .jsonl files.", path=shown(str(path)))
    problems = [Problem("warning", words) for words in _oddities(encodings, longest, longest_name, settings)]
    if masker is not None:
        texts, names = ([masker.text(text) for text in part] for part in (texts, names))
        skipped, problems = masked_skipped(skipped, masker), masked_problems(problems, masker)
    np.save(folder / "given.npy", np.array(given, np.uint8))
    np.save(folder / "targets.npy", np.zeros(len(texts), np.int64))
    np.save(folder / "groups.npy", cache.groups_of_equals(cache.text_digests(texts)))
    cache.write_plain(folder / "texts.json", texts)
    cache.write_plain(folder / "names.json", names)
    return {
        "skipped": [[item.name, to_plain(item.reason)] for item in skipped],
        "problems": [[problem.level, to_plain(problem.words)] for problem in problems],
        "facts": {
            "files": len(files),
            **documents.facts_of(texts),
            "encodings": sorted(encodings),
            **({"masking": masker.to_plain()} if masker else {}),
        },
    }


def _oddities(encodings: dict[str, str], longest: int, name: str, settings: TextFileSettings) -> list[Words]:
    found = [
        Words(
            "{name} is not in UTF-8; it was read as {encoding}. Look whether the texts are right.",
            {"name": file, "encoding": encoding.upper().replace("_", "-")},
        )
        for encoding, file in encodings.items()
        if encoding != "utf-8" and settings.encoding == "auto"
    ]
    if longest > _LONG_LINE:
        words = Words(
            "A line of {name} has {count} characters; it is read like any other.",
            {"name": name, "count": f"{longest:,}"},
        )
        found.append(words)
    return found


def _split_of(file: Path, path: Path) -> int | None:
    """Return the split that the name of a file, or of the folder around it, says: of several files only."""
    if path.is_file():
        return None
    inside = file.relative_to(path)
    return split_named(inside.parts[0]) if len(inside.parts) > 1 else split_named(inside.stem)


def _write_topics(path: Path) -> None:
    """Write the topics of Python's own documentation into a folder, a file each."""
    from pydoc_data.topics import topics

    path.mkdir(parents=True, exist_ok=True)
    for name, text in sorted(topics.items()):
        (path / f"{name}.txt").write_text(text.strip() + "\n", encoding="utf-8")


MADE["python-topics"] = _write_topics
