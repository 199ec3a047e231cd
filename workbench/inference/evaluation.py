"""How good a model is on a split: metrics, confusion matrix, every class, and the mistakes it was most sure of."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.core.events import finite
from workbench.core.files import read_json, write_json
from workbench.core.run_folder import RunFolder
from workbench.core.words import Words
from workbench.data.dataset import Dataset, Progress, ProgressCallback, Split, ignore
from workbench.inference.predictor import Predictor
from workbench.inference.run_data import open_again
from workbench.metrics import metrics, metrics_for
from workbench.tasks import tasks

_MISTAKES = 50
_BATCH_SIZE = 256
_SPLITS = ("validation", "test")


def measured(
    logits: Tensor, targets: Tensor, task: str, labels: Sequence[str], names: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what the outputs of a network for one split say about it, as plain values.

    logits (N, outputs), targets (N,) int64; names: of the N samples. The answer holds count, labels, metrics (loss,
    accuracy, …), confusion (rows: true, columns: predicted), per_class and mistakes, the surest first.
    """
    chosen = tasks[task]
    logits = logits.float()
    count = len(targets)
    found = {"loss": float(chosen.loss(logits, targets))}
    for name in metrics_for(chosen, len(labels)):
        found[name] = metrics[name].value(metrics[name].total(logits, targets), count)
    scores, guesses = torch.softmax(logits, dim=1).max(dim=1)
    confusion = confusion_matrix(targets.numpy(), guesses.numpy(), len(labels))
    return {
        "count": count,
        "labels": list(labels),
        "metrics": found,
        "confusion": confusion.tolist(),
        "per_class": per_class(confusion, labels),
        "mistakes": _mistakes(targets.numpy(), guesses.numpy(), scores.numpy(), labels, names),
    }


def confusion_matrix(targets: np.ndarray, guesses: np.ndarray, classes: int) -> np.ndarray:
    """Return how often each class (row) was taken for each class (column): (N,), (N,) -> (classes, classes) int64."""
    return np.bincount(targets * classes + guesses, minlength=classes * classes).reshape(classes, classes)


def per_class(confusion: np.ndarray, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Return count, precision, recall and F1 of every class; what has no samples to be computed from is 0."""
    right = np.diag(confusion)
    there, guessed = confusion.sum(1), confusion.sum(0)
    precision = right / np.maximum(guessed, 1)
    recall = right / np.maximum(there, 1)
    f1 = 2 * right / np.maximum(there + guessed, 1)
    return [
        {
            "label": label,
            "count": int(there[n]),
            "precision": float(precision[n]),
            "recall": float(recall[n]),
            "f1": float(f1[n]),
        }
        for n, label in enumerate(labels)
    ]


def _mistakes(
    targets: np.ndarray, guesses: np.ndarray, scores: np.ndarray, labels: Sequence[str], names: Sequence[str]
) -> list[dict[str, Any]]:
    wrong = np.flatnonzero(targets != guesses)
    surest = wrong[np.argsort(-scores[wrong], kind="stable")][:_MISTAKES]
    return [
        {
            "row": row,
            "name": names[row] if names else "",
            "label": labels[int(targets[row])],
            "predicted": labels[int(guesses[row])],
            "score": float(scores[row]),
        }
        for row in surest.tolist()
    ]


def evaluate_split(
    predictor: Predictor, split: Split, report: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """Return what `measured` says about the model on a split; `report` hears how many samples are done."""
    outputs = []
    for begin in range(0, len(split), _BATCH_SIZE):
        report(begin)
        places = slice(begin, min(begin + _BATCH_SIZE, len(split)))
        if predictor.takes_images:
            encoded = split.images(places)
        else:
            encoded = predictor.preprocessing.encode_all(split.texts(places))
        outputs.append(predictor.logits(encoded))
    report(len(split))
    targets = torch.from_numpy(np.asarray(split.targets, np.int64))
    return measured(torch.cat(outputs), targets, predictor.model.task, predictor.model.labels, split.names)


def evaluate_run(
    run: RunFolder, *, data: str = "", device: str = "cpu", progress: ProgressCallback = ignore
) -> dict[str, Any]:
    """Evaluate the best model of `run` on its validation and test splits and keep the result in evaluation/.

    data: where the data lie now, if they moved. Returns {"model", "step", "metrics" by split and name, "splits"}.
    Raises UserError when there is no model or the data are not there.
    """
    predictor = Predictor.of_run(run, device)
    dataset = open_again(run, predictor.model.labels, data, progress)
    _require_same_inputs(run, predictor, dataset)
    splits: dict[str, Any] = {}
    for name in _SPLITS:
        split = dataset.splits[name]
        if len(split):
            stage = _STAGES[name]
            total = len(split)
            splits[name] = evaluate_split(
                predictor, split, lambda done, stage=stage, total=total: progress(Progress(stage, done, total))
            )
    description = predictor.model.description
    result = {
        "model": predictor.model.folder.name,
        "step": description.get("step", 0),
        "metrics": {
            f"{split}_{name}": value for split, found in splits.items() for name, value in found["metrics"].items()
        },
        "splits": splits,
    }
    keep(run, result)
    return result


def kept_evaluation(run: RunFolder, split: str) -> dict[str, Any] | None:
    """Return what evaluation/<split>.json holds, or None."""
    return read_json(run.evaluation / f"{split}.json", None)


_STAGES = {"validation": Words("Evaluating on the validation split"), "test": Words("Evaluating on the test split")}


def keep(run: RunFolder, result: dict[str, Any]) -> None:
    """Write evaluation/<split>.json where that is allowed; a read-only run can be evaluated all the same.

    result: "model" (its folder's name), "step", and "splits": what `measured` returned, by split.
    """
    try:
        run.evaluation.mkdir(exist_ok=True)
        for split, found in result["splits"].items():
            plain = {"model": result["model"], "step": result["step"], **found}
            write_json(run.evaluation / f"{split}.json", finite(plain))
    except OSError as error:
        result["not_kept"] = Words(
            "The result could not be kept in the run's folder: {reason}.", {"reason": error.strerror}
        )


def _require_same_inputs(run: RunFolder, predictor: Predictor, dataset: Dataset) -> None:
    wanted, found = predictor.model.inputs, dataset.inputs
    if wanted.kind != found.kind or (wanted.kind == "image" and tuple(wanted.shape) != tuple(found.shape)):
        raise UserError(
            "These are not the data of {run}: its model takes {expected}, and these are {found}.",
            hint="Choose the data that this model was trained on.",
            run=run.name,
            expected=f"{wanted.kind} {'×'.join(map(str, wanted.shape))}",
            found=f"{found.kind} {'×'.join(map(str, found.shape))}",
        )
