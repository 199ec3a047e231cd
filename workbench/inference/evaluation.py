"""How good a model is on a split: metrics, confusion matrix, every class, and the mistakes it was most sure of."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from workbench.core.errors import UserError
from workbench.core.events import finite
from workbench.core.locked_run import read_like, write_like
from workbench.core.run_folder import RunFolder
from workbench.core.words import Words
from workbench.data.dataset import Dataset, Progress, ProgressCallback, Split, ignore
from workbench.inference.examining import Examination, batch_for
from workbench.inference.feeding import feed
from workbench.inference.order import judging_generator
from workbench.inference.predictor import Predictor
from workbench.inference.run_data import open_again
from workbench.metrics import metrics_for
from workbench.tasks import Task

_SPLITS = ("validation", "test")


def measured(
    outputs: Tensor, targets: Tensor, task: Task, labels: Sequence[str], names: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what the outputs of a network for one split say about it, as plain values.

    outputs, targets: of N samples, as `Task.loss` takes them; task: bound; names: of the samples. The answer holds
    count, labels, metrics (loss, accuracy, …) and what the task shows besides.
    """
    examination = Examination(task, metrics_for(task, outputs.shape[-1]), keeping=True)
    examination.add(outputs.float(), targets)
    return examination.result(labels, names)


def evaluate_split(
    predictor: Predictor,
    split: Split,
    report: Callable[[int], None] = lambda done: None,
    heard: Callable[[Tensor], None] = lambda outputs: None,
) -> dict[str, Any]:
    """Return what `measured` says about the model on a split.

    report: hears how many samples are done. heard: hears the outputs of every batch, in order.
    """
    model, task = predictor.model, predictor.task
    examination = Examination(task, metrics_for(task, model.outputs), keeping=True)
    samples = feed(split, predictor.preprocessing, task, predictor.device, channels_last=True)
    size, done = batch_for(task, model.inputs, model.outputs), 0
    for number, (inputs, targets) in enumerate(samples.batches(samples.in_order(), size)):
        report(min(done, len(split)))
        generator = judging_generator(predictor.device, number)
        ready, goals = task.prepare(samples.ready(inputs), targets, generator, training=False)
        outputs = predictor.outputs(ready)
        examination.add(outputs, goals)
        heard(outputs)
        done += len(inputs)
    report(len(split))
    return examination.result(model.labels, () if task.streams else split.names)


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
    """Return what evaluation/<split>.json holds, or None; raises UserError when its passphrase is not known."""
    return read_like(run.evaluation / f"{split}.json", None)


_STAGES = {"validation": Words("Evaluating on the validation split"), "test": Words("Evaluating on the test split")}


def keep(run: RunFolder, result: dict[str, Any]) -> None:
    """Write evaluation/<split>.json where that is allowed; a read-only run can be evaluated all the same.

    result: "model" (its folder's name), "step", and "splits": what `measured` returned, by split.
    """
    try:
        run.evaluation.mkdir(exist_ok=True)
        for split, found in result["splits"].items():
            plain = {"model": result["model"], "step": result["step"], **found}
            write_like(run, run.evaluation / f"{split}.json", finite(plain))
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
