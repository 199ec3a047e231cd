"""Runs held against each other on the same test set: how good, how large and how fast their models are."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.core.passphrases import opened, size_of
from workbench.core.run_folder import RunFolder
from workbench.core.run_summary import RunSummary
from workbench.core.words import Words
from workbench.data import open_data
from workbench.data.dataset import Picked, Progress, ProgressCallback, Split, ignore
from workbench.inference.disagreeing import disagreements, what_is_said
from workbench.inference.evaluation import evaluate_split
from workbench.inference.examining import batch_for
from workbench.inference.feeding import feed
from workbench.inference.model_folder import WEIGHTS, Model, read_model
from workbench.inference.order import judging_generator
from workbench.inference.predictor import BATCH_SIZE, Predictor
from workbench.inference.run_data import data_settings, open_again, require_masking_key
from workbench.inference.timing import timed
from workbench.tasks import Task

_UNLIKE = ("augmentation", "class_names", "task")  # settings of data in which runs on the same test set may differ
_PIECE = 1 << 22  # bytes that are packed at once
_LONGEST = 2_000  # characters of a text that is shown


def compare(
    runs: Sequence[RunFolder], *, data: str = "", device: str = "cpu", progress: ProgressCallback = ignore
) -> dict[str, Any]:
    """Return how the best models of these runs compare on the test split of the first, without one on the validation's.

    data: where the data lie now, if they moved. The answer holds split, count, task, device, rows (of each run: what
    `_described`, metrics and Timed say), disagreeing (of how many samples they do not all say the same, or None) and
    disagreements: {row, name, truth, answers: label and score for each run} of some; `picture` (H, W, C) or `text` go
    along. Raises UserError when there are fewer than two, or they were not trained on the same data for the same task.
    """
    if len({run.path.resolve() for run in runs}) < 2:
        raise UserError("It takes two runs to compare.", hint="Choose at least two different ones.")
    predictors = [Predictor.of_run(run, device) for run in runs]
    first = predictors[0]
    dataset = open_again(runs[0], first.model.labels, data, progress)
    name = "test" if len(dataset.test) else "validation"
    split = dataset.splits[name]
    if not len(split):
        raise UserError("{run} has kept no samples aside to compare with.", run=runs[0].name)
    for run, predictor in zip(runs[1:], predictors[1:], strict=True):
        _require_same_task(run, predictor.model, runs[0], first.model)
        _require_same_test_set(run, runs[0], data, name, split, progress)
    rows, said = [], []
    for run, predictor in zip(runs, predictors, strict=True):
        found, answers = _judged(run, predictor, split, progress)
        rows.append({**_described(run, predictor.model), "metrics": found})
        said += answers
    for row, facts in zip(rows, _timings(predictors, split, progress), strict=True):
        row.update(facts)
    count, places = disagreements(first.task, said) if said else (None, [])
    return {
        "split": name,
        "count": len(split),
        "task": first.task.name,
        "device": str(first.device),
        "rows": rows,
        "disagreeing": count,
        "disagreements": _shown(predictors, split, places),
    }


def _judged(
    run: RunFolder, predictor: Predictor, split: Split, progress: ProgressCallback
) -> tuple[dict[str, float], list[Tensor]]:
    """Return the metrics of a model, and in a list what it says of all samples, if that can be compared."""
    say, heard = what_is_said(predictor.task), list[Tensor]()
    stage = Words("Measuring {name}", {"name": _called(run)})

    def hear(outputs: Tensor) -> None:
        if say is not None:
            heard.append(say(outputs))

    found = evaluate_split(predictor, split, lambda done: progress(Progress(stage, done, len(split))), hear)
    return found["metrics"], [torch.cat(heard)] if heard else []


def _require_same_task(run: RunFolder, model: Model, first_run: RunFolder, first: Model) -> None:
    """Raise UserError unless two models tell the same from inputs of the same form."""
    alike = model.inputs.kind == "text" or model.inputs.shape == first.inputs.shape
    same = (model.task, model.labels, model.inputs.kind) == (first.task, first.labels, first.inputs.kind)
    if not (same and alike):
        raise UserError(
            "{run} was trained for something else than {first}.",
            hint="Compare runs that tell the same classes or numbers from inputs of the same form.",
            run=run.name,
            first=first_run.name,
        )


def _require_same_test_set(
    run: RunFolder, first: RunFolder, data: str, name: str, split: Split, progress: ProgressCallback
) -> None:
    """Raise UserError unless the run kept the very samples of this split aside: it may have learned some by heart."""
    require_masking_key(run)
    own = data_settings(run, data)
    if _test_set(own) == _test_set(data_settings(first, data)):
        return
    other = open_data(own, progress).splits[name]
    same = len(other) == len(split) and list(other.names) == list(split.names)
    if not same or not np.array_equal(other.targets, split.targets):
        raise UserError(
            "{run} was trained with another test set than {first}, so they cannot be compared on one.",
            hint="Compare runs on the same data, with the same shares and the same seed of the splits.",
            run=run.name,
            first=first.name,
        )


def _test_set(settings: Any) -> dict[str, Any]:
    return {name: value for name, value in settings.model_dump(mode="json").items() if name not in _UNLIKE}


def _described(run: RunFolder, model: Model) -> dict[str, Any]:
    """Return run, name, made_of, number_format, pruned, architecture, parameters, nonzero, size and packed (bytes)."""
    described = model.description
    network = read_model(model.folder, as_float32=True).network
    weights = list(network.parameters())
    path = model.folder / WEIGHTS
    return {
        "run": str(run.path),
        "name": _called(run),
        "made_of": str(described.get("made_of", "")),
        "number_format": model.number_format,
        "narrow_share": described.get("narrow_share", 0.0),
        "pruned": described.get("pruned", 0.0),
        "architecture": described["architecture"]["kind"],
        "parameters": sum(weight.numel() for weight in weights),
        "nonzero": sum(int(weight.count_nonzero()) for weight in weights),
        "size": size_of(path),
        "packed": _packed(path),
        "threads": model.threads,
    }


def _called(run: RunFolder) -> str:
    return RunSummary(run.name, str(run.path), title=str(run.notes()["name"])).shown


def _packed(path: Path) -> int:
    """Return how many bytes a file, decrypted, takes in a zip file: where zeros count for less."""
    packer, size = zlib.compressobj(6), 0
    with opened(path) as file:
        while piece := file.read(_PIECE):
            size += len(packer.compress(piece))
    return size + len(packer.flush())


def _timings(predictors: Sequence[Predictor], split: Split, progress: ProgressCallback) -> list[dict[str, float]]:
    """Return p50, p99 and throughput of the networks, without what comes before them: that is the same for all."""
    batches = [_first_batch(predictor, split) for predictor in predictors]
    found = timed(
        [predictor.outputs for predictor in predictors],
        [batch[:1] for batch in batches],
        batches,
        lambda done, total: progress(Progress(Words("Measuring how fast they are"), done, total)),
    )
    return [
        {"p50": each.p50, "p99": each.p99, "calls": each.calls, "throughput": each.throughput, "batch": len(batch)}
        for each, batch in zip(found, batches, strict=True)
    ]


def _first_batch(predictor: Predictor, split: Split) -> Tensor:
    model, task = predictor.model, predictor.task
    return _prepared(predictor, split, min(BATCH_SIZE, batch_for(task, model.inputs, model.outputs), len(split)))


def _prepared(predictor: Predictor, split: Split, most: int) -> Tensor:
    """Return the first samples of a split, `most` or all, as the network takes them."""
    samples = feed(split, predictor.preprocessing, predictor.task, predictor.device, channels_last=True)
    inputs, targets = next(iter(samples.batches(samples.in_order()[:most], most)))
    generator = judging_generator(predictor.device, 0)
    return predictor.task.prepare(samples.ready(inputs), targets, generator, training=False)[0]


def _shown(predictors: Sequence[Predictor], split: Split, places: Sequence[int]) -> list[dict[str, Any]]:
    """Return what there is to see of some samples, and what every model says of them."""
    if not places:
        return []
    first, task, rows = predictors[0].model, predictors[0].task, np.array(places)
    some = replace(split, index=split.index[rows], targets=split.targets[rows], names=Picked(split.names, rows))
    outputs = [each.outputs(_prepared(each, some, len(places))).cpu() for each in predictors]
    answers = [each.task.predictions(said, first.labels, 1) for each, said in zip(predictors, outputs, strict=True)]
    truths = _truths(task, some, first.labels)
    shown = []
    for number, row in enumerate(places):
        told = [_in_short(each[number]) for each in answers]
        sample = {"row": row, "name": str(some.names[number]), "truth": truths[number], "answers": told}
        if some.holds_texts:
            sample["text"] = some.texts(np.array([number]))[0][:_LONGEST]
        elif first.inputs.kind == "image":
            sample["picture"] = some.rows(np.array([number]))[0]
        shown.append(sample)
    return shown


def _truths(task: Task, split: Split, labels: Sequence[str]) -> list[str]:
    """Return in a text what is true of every sample."""
    if task.name == "classification":
        return [labels[int(target)] for target in split.targets]
    if task.name == "multi_label":
        return [", ".join(label for label, there in zip(labels, row, strict=True) if there) for row in split.targets]
    return [", ".join(f"{number:.6g}" for number in np.ravel(row)) for row in split.targets]


def _in_short(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer as a text, and how sure the model is of it, if it says so."""
    if "values" in answer:
        return {"label": ", ".join(f"{value:.6g}" for value in answer["values"].values()), "score": None}
    return {"label": answer["label"] or "–", "score": answer["score"]}
