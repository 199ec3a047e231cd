"""What is worth knowing before training, in words: found once when data are opened."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from workbench.core.errors import UserError
from workbench.core.images import NOTES
from workbench.core.signature import SPLITS
from workbench.core.words import Words, mark
from workbench.data.dataset import Dataset, Problem

MOST_ITEMS = 1000  # names that are kept of each finding
_VERY_SMALL = 10  # training samples of a class below which little can be learnt
_UNEVEN = 3.0  # the most common class has this many times the samples of the rarest


def checked(dataset: Dataset, groups: np.ndarray | None = None) -> Dataset:
    """Return the data set with its problems filled in; groups (N,) int64 are equal for equal samples."""
    checks: tuple[Callable[[Dataset], list[Problem]], ...] = (
        _readable,
        _classes,
        _splits,
        _balance,
        _small_classes,
        _sizes,
        _notes,
    )
    problems = [problem for check in checks for problem in check(dataset)]
    if groups is not None:
        problems += _duplicates(dataset, groups)
    return replace(dataset, problems=tuple(problems))


def require_trainable(dataset: Dataset) -> None:
    """Raise UserError when nothing can be learnt from the data: no sample to train on, or only one class."""
    for problem in dataset.problems:
        if problem.level == "error":
            raise UserError(problem.words, hint=_HINTS.get(problem.words.template, ""))


_ONE_CLASS = mark("There is only one class, {name}, so there is nothing to tell apart.")
_NO_TRAINING = mark("There are no samples to train on.")
_ONE_TRAINED = mark("All training samples are of one class, {name}.")
_HINTS = {
    _ONE_CLASS: mark("Add samples of at least one more class."),
    _NO_TRAINING: mark("Put samples into the training folder, or lower the shares for validation and testing."),
    _ONE_TRAINED: mark("Add training samples of the other classes."),
}


def _readable(dataset: Dataset) -> list[Problem]:
    if not dataset.skipped:
        good = mark("Every file could be read.") if dataset.inputs.kind == "image" else mark("Every row could be read.")
        return [Problem("good", Words(good))]
    count = len(dataset.skipped)
    one = mark("1 could not be read and is skipped: {name}.")
    many = mark("{count} of {total} could not be read and are skipped.")
    values = {"count": f"{count:,}", "total": f"{count + len(dataset):,}", "name": dataset.skipped[0].name}
    return [
        Problem(
            "warning",
            Words(one if count == 1 else many, values),
            tuple(item.name for item in dataset.skipped[:MOST_ITEMS]),
        )
    ]


def _classes(dataset: Dataset) -> list[Problem]:
    if not len(dataset.training):
        return [Problem("error", Words(_NO_TRAINING))]
    if not dataset.classes:
        return []
    training = dataset.counts("training")
    present = np.flatnonzero(training)
    if len(dataset.classes) == 1:
        return [Problem("error", Words(_ONE_CLASS, {"name": dataset.classes[0]}))]
    if len(present) == 1:
        return [Problem("error", Words(_ONE_TRAINED, {"name": dataset.classes[present[0]]}))]
    missing = tuple(dataset.classes[label] for label in np.flatnonzero(training == 0))
    if missing:
        words = Words("No training samples of {names}: the model cannot learn them.", {"names": _few(missing)})
        return [Problem("warning", words, missing)]
    return []


def _splits(dataset: Dataset) -> list[Problem]:
    sentences = {
        "validation": mark("There are no validation samples, so the best epoch cannot be told."),
        "test": mark("There are no test samples, so the finished model cannot be judged on fresh ones."),
    }
    return [Problem("warning", Words(words)) for split, words in sentences.items() if not len(dataset.splits[split])]


def _balance(dataset: Dataset) -> list[Problem]:
    counts = np.sum([dataset.counts(split) for split in SPLITS], axis=0)
    if len(counts) < 2 or not counts.any():
        return []
    rarest, most = int(counts.argmin()), int(counts.argmax())
    least_count, most_count = int(counts[rarest]), int(counts[most])
    values = {
        "least": f"{least_count:,}",
        "most": f"{most_count:,}",
        "rarest": dataset.classes[rarest],
        "common": dataset.classes[most],
    }
    place = {"image": 0, "text": 1}.get(dataset.inputs.kind, 2)
    if least_count == most_count:
        return [Problem("good", Words(_EVEN[place], values))]
    if most_count <= _UNEVEN * least_count:
        return [Problem("good", Words(_NEARLY_EVEN[place], values))]
    return [Problem("warning", Words(_VERY_UNEVEN[place], values), (dataset.classes[rarest],))]


_EVEN = (
    mark("Even: every class has {most} images."),
    mark("Even: every class has {most} texts."),
    mark("Even: every class has {most} samples."),
)
_NEARLY_EVEN = (
    mark("Even: the rarest class has {least} images, the most common {most}."),
    mark("Even: the rarest class has {least} texts, the most common {most}."),
    mark("Even: the rarest class has {least} samples, the most common {most}."),
)
_VERY_UNEVEN = (
    mark("Uneven: {rarest} has {least} images, {common} has {most}. Class weights can make up for it."),
    mark("Uneven: {rarest} has {least} texts, {common} has {most}. Class weights can make up for it."),
    mark("Uneven: {rarest} has {least} samples, {common} has {most}. Class weights can make up for it."),
)


def _small_classes(dataset: Dataset) -> list[Problem]:
    counts = dataset.counts("training")
    small = tuple(dataset.classes[label] for label in np.flatnonzero((counts > 0) & (counts < _VERY_SMALL)))
    if not small or len(dataset.classes) < 2:
        return []
    words = Words("Fewer than {least} training samples: {names}.", {"least": _VERY_SMALL, "names": _few(small)})
    return [Problem("warning", words, small)]


def _sizes(dataset: Dataset) -> list[Problem]:
    sizes = dataset.facts.get("sizes", [])
    if len(sizes) < 2:
        return []
    _, height, width = dataset.inputs.shape
    words = Words(
        "The images have {count} sizes; all are brought to {height} × {width}.",
        {"count": dataset.facts.get("different_sizes", len(sizes)), "height": height, "width": width},
    )
    return [
        Problem("good", words, tuple(f"{height} × {width}: {count:,}" for height, width, count in sizes[:MOST_ITEMS]))
    ]


def _notes(dataset: Dataset) -> list[Problem]:
    notes = dataset.facts.get("notes", {})
    return [Problem("good", Words(NOTES[note], {"count": f"{count:,}"})) for note, count in notes.items()]


def _duplicates(dataset: Dataset, groups: np.ndarray) -> list[Problem]:
    """Find equal samples that lie in different splits, and equal samples with different labels."""
    labels = np.full(len(groups), -1, np.int64)
    parts = np.full(len(groups), -1, np.int64)
    for number, split in enumerate(SPLITS):
        rows = dataset.splits[split].index
        parts[rows] = number
        if dataset.classes and dataset.splits[split].targets.ndim == 1:
            labels[rows] = dataset.splits[split].targets
    across, contradicting = _several(groups, parts), _several(groups, labels)
    problems = []
    if across.any():
        # what was seen in training counts as leaked: it is named where it is judged
        leaked = across & (parts > 0)
        words = mark("{count} in validation or test also lie in another split, so the figures there come out too good.")
        problems.append(Problem("warning", Words(words, {"count": f"{int(leaked.sum()):,}"}), _named(dataset, leaked)))
    else:
        problems.append(Problem("good", Words("No duplicates across splits.")))
    if contradicting.any():
        images = mark("{count} images have an exact copy with another label.")
        texts = mark("{count} texts have an exact copy with another label.")
        words = Words(images if dataset.inputs.kind == "image" else texts, {"count": f"{int(contradicting.sum()):,}"})
        problems.append(Problem("warning", words, _named(dataset, contradicting)))
    return problems


def _several(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return for every row whether its group holds more than one value: (N,) bool."""
    if not len(groups):
        return np.zeros(0, bool)
    least = np.full(groups.max() + 1, np.iinfo(np.int64).max)
    most = np.full(groups.max() + 1, -1)
    np.minimum.at(least, groups, values)
    np.maximum.at(most, groups, values)
    return (least < most)[groups]


def _named(dataset: Dataset, rows: np.ndarray) -> tuple[str, ...]:
    names: list[str] = []
    for split in reversed(SPLITS):
        part = dataset.splits[split]
        for place in np.flatnonzero(rows[part.index])[: MOST_ITEMS - len(names)]:
            names.append(part.names[int(place)])
    return tuple(names)


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (f" … ({len(names)})" if len(names) > 5 else "")
