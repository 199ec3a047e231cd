"""Many sequences, each with a label: a folder of CSV files in class folders, or arrays X and y in an .npz."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.signature import SPLITS, Inputs
from workbench.core.words import Words, from_plain, mark, to_plain
from workbench.data import cache, checks, series_gaps
from workbench.data.assembly import renamed
from workbench.data.dataset import Dataset, Picked, Problem, Progress, ProgressCallback, Skipped, Split
from workbench.data.folders import by_folder, class_order
from workbench.data.series_arrays import arrays_of, in_steps, is_regression
from workbench.data.series_reading import ENDINGS, MOST_VALUES, readings, too_large
from workbench.data.splits import dealt
from workbench.data.table_opening import target_scale

TASKS = ("classification", "regression", "reconstruction")
_READING = Words("Reading the sequences")
_VERSION = 1  # raise it whenever the same files would give other numbers
_MOST_FILES = 200_000
_MOST_CLASSES = 1000


@dataclass
class Gathered:
    """What was read. sequences: (T, columns) float32 each. targets: (N,) int64 classes or (N, targets) float32."""

    sequences: Any
    targets: np.ndarray
    names: Sequence[str]
    columns: Sequence[str]
    classes: Sequence[str] = ()
    given: np.ndarray | None = None
    skipped: list[Skipped] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def files_below(folder: Path) -> list[Path]:
    """Return the files of a folder that may be sequences, in order."""
    found = [file for file in sorted(folder.rglob("*")) if file.suffix.lower() in ENDINGS - {".txt"} and file.is_file()]
    return [file for file in found if not any(part.startswith(".") for part in file.relative_to(folder).parts)]


def open_labelled(settings: Any, path: Path, progress: ProgressCallback) -> Dataset:
    """Open labelled sequences, through the cache; settings: SeriesSettings. Raises UserError."""
    files = [path] if path.is_file() else files_below(path)
    if not files or len(files) > _MOST_FILES:
        raise UserError(
            mark("There are no series in {path}.") if not files else mark("{path} holds more than 200,000 files."),
            hint="Choose a CSV file, an .npz with X and y, or a folder with one folder of CSV files for each class.",
            path=shown(str(path)),
        )
    chosen = {"columns", "time", "missing", "lengths", "header", "encoding"}
    plain = settings.model_dump(mode="json", include=chosen)
    asked = settings.task if settings.task in ("classification", "regression") else "auto"
    inner = [str(file.relative_to(path.parent)) for file in files]
    key = cache.key("sequences", _VERSION, str(path), cache.fingerprint(files), inner, plain, asked)
    progress(Progress(_READING, 0, len(files)))

    def build(folder: Path) -> dict[str, Any]:
        found = from_arrays(path, asked) if path.is_file() else _from_folder(settings, path, files, progress)
        return _written(folder, settings, shown(path.name), found)

    folder, summary = cache.cached(key, build)
    return _dataset(settings, path, folder, summary)


def _from_folder(settings: Any, path: Path, files: list[Path], progress: ProgressCallback) -> Gathered:
    found = by_folder([file.relative_to(path).as_posix() for file in files])
    if not len(found.rows):
        raise UserError(
            "The files in {name} lie in no class folders.",
            hint="Put the sequences of each class into a folder of its own, or choose one file.",
            name=shown(path.name),
        )
    gathered = Gathered([], found.targets, [], settings.columns, found.classes, skipped=list(found.skipped))
    kept, names, total = [], [], 0
    for place, row in enumerate(found.rows.tolist()):
        progress(Progress(_READING, place, len(found.rows)))
        name = shown(files[row].relative_to(path).as_posix())
        try:
            sequence = readings(files[row], gathered.columns, settings.time, settings.header, settings.encoding)
            problems = series_gaps.of_values(sequence.values, sequence.columns, name, settings.missing)
        except UserError as error:
            gathered.skipped.append(Skipped(name, error.message))
            continue
        gathered.columns = sequence.columns  # the first file says which ones there are
        gathered.sequences.append(series_gaps.filled(sequence.values, settings.missing))
        gathered.problems += problems[:1] if len(gathered.problems) < 20 else []
        total += sequence.values.size
        if total > MOST_VALUES:
            raise too_large(path.name)
        kept.append(place)
        names.append(name)
    if not kept:
        raise UserError(gathered.skipped[-1].reason, hint=mark("None of the sequences could be read."))
    return replace(gathered, targets=found.targets[kept], names=names, given=found.given[kept])


def from_arrays(path: Path, asked: str = "auto") -> Gathered:
    """Return what an .npz holds: X (N, T) or (N, T, columns), and y (N,) or (N, targets); nothing is unpickled.

    asked: "classification" or "regression" where that was chosen. Raises UserError.
    """
    name, arrays = shown(path.name), arrays_of(path)
    inputs, targets = in_steps(arrays["x"], name), arrays["y"]
    if targets.ndim not in (1, 2) or len(targets) != len(inputs) or not targets.size:
        raise UserError(
            "{name} holds {sequences} sequences, but {answers} answers in y.",
            hint="y needs one class or number for each sequence.",
            name=name,
            sequences=f"{len(inputs):,}",
            answers=f"{len(targets):,}" if targets.ndim else "1",
        )
    targets = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
    names = [f"X[{row}]" for row in range(len(inputs))]
    columns = [str(number + 1) for number in range(inputs.shape[2])]
    skipped = []
    if targets.dtype.kind == "f":
        no_target = ~np.isfinite(targets).reshape(len(targets), -1).all(axis=1)
    else:
        no_target = np.zeros(len(targets), bool)
    empty = np.isnan(inputs).all(axis=(1, 2))
    for rows, reason in ((no_target, _NO_TARGET), (empty & ~no_target, _NO_NUMBERS)):
        skipped += [Skipped(names[row], Words(reason)) for row in np.flatnonzero(rows)]
    kept = np.flatnonzero(~(no_target | empty))
    if not len(kept):
        raise UserError("No sequence in {name} has numbers and an answer.", name=name)
    targets = targets[kept]
    gathered = Gathered(inputs[kept], targets, [names[row] for row in kept], columns, skipped=skipped)
    if is_regression(targets, asked):
        return replace(gathered, targets=targets.astype(np.float32).reshape(len(kept), -1))
    labels = np.array([_label(value) for value in targets.tolist()])
    classes = sorted(set(labels.tolist()), key=class_order)
    if targets.ndim == 2 or len(classes) > _MOST_CLASSES:
        raise UserError(
            "y in {name} has {count} different values, more than {most} classes.",
            hint="Choose regression as the task when these are numbers to predict.",
            name=name,
            count=f"{len(classes):,}",
            most=f"{_MOST_CLASSES:,}",
        )
    numbers = {label: number for number, label in enumerate(classes)}
    coded = np.array([numbers[label] for label in labels.tolist()], np.int64)
    return replace(gathered, targets=coded, classes=[shown(label) for label in classes])


_NO_TARGET = mark("It has no target.")
_NO_NUMBERS = mark("It holds no numbers.")


def _label(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _written(folder: Path, settings: Any, name: str, found: Gathered) -> dict[str, Any]:
    lengths = _lengths(found.sequences)
    least, most = int(lengths.min()), int(lengths.max())
    if least != most and settings.lengths == "refuse":
        raise UserError(
            "The sequences in {name} have {least} to {most} steps.",
            hint="Let shorter ones be padded, or bring all to one length.",
            name=name,
            least=f"{least:,}",
            most=f"{most:,}",
        )
    if len(lengths) * most * len(found.columns) > MOST_VALUES:
        raise too_large(name)
    if isinstance(found.sequences, np.ndarray):
        inputs = np.stack([_whole(sequence, settings.missing) for sequence in found.sequences])[:, :most]
    else:
        inputs = np.full((len(lengths), most, len(found.columns)), np.nan, np.float32)
        for row, sequence in enumerate(found.sequences):
            inputs[row, : len(sequence)] = sequence
    np.save(folder / "inputs.npy", inputs)
    np.save(folder / "targets.npy", found.targets)
    if found.given is not None:
        np.save(folder / "given.npy", found.given)
    np.save(folder / "groups.npy", cache.groups_of_equals(cache.digests(inputs)))
    cache.write_plain(folder / "names.json", list(found.names))
    return {
        "columns": list(found.columns),
        "classes": list(found.classes),
        "lengths": [least, int(np.median(lengths)), most],
        "skipped": [[item.name, to_plain(item.reason)] for item in found.skipped],
        "problems": [[problem.level, to_plain(problem.words), list(problem.items)] for problem in found.problems],
    }


def _whole(sequence: np.ndarray, missing: str) -> np.ndarray:
    """Return a sequence whose gaps are filled, but not the padding behind its last step."""
    length = int(_lengths(sequence[None])[0])
    result = sequence.copy()
    if np.isnan(sequence[:length]).any():
        result[:length] = series_gaps.filled(sequence[:length], "previous" if missing == "refuse" else missing)
    return result


def _lengths(sequences: Any) -> np.ndarray:
    """Return how many steps each sequence has: up to the last with a number."""
    if not isinstance(sequences, np.ndarray):
        return np.array([len(sequence) for sequence in sequences])
    there = np.any(~np.isnan(sequences), axis=2)
    return there.shape[1] - there[:, ::-1].argmax(axis=1)


def _dataset(settings: Any, path: Path, folder: Path, summary: dict[str, Any]) -> Dataset:
    inputs, targets = np.load(folder / "inputs.npy", mmap_mode="r"), np.load(folder / "targets.npy")
    given = np.load(folder / "given.npy") if (folder / "given.npy").is_file() else None
    names, regression = cache.read_plain(folder / "names.json"), targets.ndim == 2
    parts = dealt(
        np.zeros(len(targets), np.int64) if regression else targets,
        given,
        validation=settings.validation,
        test=settings.test,
        seed=settings.split_seed,
    )
    cache.replace_array(folder / "splits.npy", parts)
    splits = {}
    for number, split in enumerate(SPLITS):
        rows = np.flatnonzero(parts == number)
        splits[split] = Split(inputs, rows, targets[rows], Picked(names, rows))
    least, middle, most = summary["lengths"]
    task = "regression" if regression else "classification"
    values = (
        [f"y{number + 1}" if targets.shape[1] > 1 else "y" for number in range(targets.shape[1])] if regression else []
    )
    dataset = Dataset(
        name=path.stem,
        task=task,
        tasks=(task, "reconstruction"),
        inputs=Inputs("series", (most, len(summary["columns"]))),
        classes=() if regression else renamed(tuple(summary["classes"]), settings.class_names),
        splits=splits,
        skipped=tuple(Skipped(name, from_plain(reason)) for name, reason in summary["skipped"]),
        cache=folder,
        facts={
            "form": "labelled",
            "columns": summary["columns"],
            "lengths": summary["lengths"],
            "padded": least != most,
            "missing": settings.missing,
        },
        target=target_scale(splits["training"], values) if regression else None,
    )
    checked = checks.checked(dataset, np.load(folder / "groups.npy"))
    found = [Problem(level, from_plain(words), tuple(items)) for level, words, items in summary["problems"]]
    if least != most:
        shape = {"least": f"{least:,}", "middle": f"{middle:,}", "most": f"{most:,}"}
        words = Words(
            "The sequences have {least} to {most} steps, {middle} in the middle; shorter ones are padded.", shape
        )
        found.append(Problem("good", words))
    return replace(checked, problems=(*checked.problems, *found))
