"""The settings at the top of a training script: whatever somebody would try to change."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.export.scripts.material import Material
from workbench.inference.examining import batch_for
from workbench.tasks.classification import balanced_weights

_WIDTH = 110


def settings_of(material: Material) -> str:
    """Return the lines of the settings."""
    training = material.training
    used = {name: value for name, value in material.augmentation.model_dump().items() if value}
    lines = [
        *_of_the_run(material),
        *_of_the_steps(material),
        *_of_the_data(material),
        _namespace("OPTIMIZER", training.optimizer.model_dump()),
        _namespace("SCHEDULE", training.schedule.model_dump()),
        *([_namespace("AUGMENTATION", used)] if material.holding["augments"] else []),
        _namespace("NETWORK", material.subject.plain_settings()),
        f"OUTPUTS = {material.subject.model.outputs}  # numbers that the network gives",
    ]
    return "\n".join(lines)


def _of_the_run(material: Material) -> Iterator[str]:
    training, repeated = material.training, material.repeated
    kind = training.device.partition(":")[0]
    yield "FOLDER = Path(__file__).parent"
    yield 'DESCRIBED = json.loads((FOLDER / "model.json").read_text("utf-8"))  # labels, preprocessing and so on'
    yield f"SEED = {training.seed}  # of the first weights, of the order of the samples, and of all else that is drawn"
    if kind == "cpu":
        yield 'DEVICE = torch.device("cpu")'
    else:
        yield f'DEVICE = torch.device("{kind}" if torch.{kind}.is_available() else "cpu")'
    yield f"THREADS = {training.threads}  # other numbers of them add up in another order, and so round otherwise"
    yield f"STEPS = {repeated.steps}  # that the run took"
    best = min(material.subject.model.description["step"], repeated.steps)
    yield f"BEST_STEP = {best}  # the weights after it are kept, as in the run, whose best model it is"
    totals = [total for _, total in repeated.plans]
    if len(totals) > 1:
        yield f"PLANNED = {repeated.plans!r}  # from which step on how many there were to be"
    elif totals[0] != repeated.steps:
        yield f"PLANNED = {totals[0]}  # steps that there were to be, which the schedule counts on"


def _of_the_steps(material: Material) -> Iterator[str]:
    training, holding = material.training, material.holding
    yield f"BATCH_SIZE = {material.batch_size}"
    if holding["accumulates"]:
        yield f"ACCUMULATION = {training.accumulation}  # batches whose gradients are added up for one step"
    if holding["clips"]:
        yield f"GRADIENT_CLIP = {training.gradient_clip}  # the largest norm of a gradient"
    if holding["smooths"]:
        yield f"LABEL_SMOOTHING = {training.label_smoothing}  # the part of each target that all classes share"
    if holding["averages"]:
        yield f"EMA = {training.ema}  # what a moving average of the weights keeps of itself at each step"
    if holding["weighs"]:
        weights = balanced_weights(material.dataset.counts("training").tolist())
        yield f"CLASS_WEIGHTS = torch.tensor({weights!r}, device=DEVICE)"
    if holding["freezes"]:
        yield f"FROZEN_LAYERS = {written(material.beginning.frozen_layers)}"
        yield f"FROZEN_WEIGHTS = {written(material.beginning.frozen_weights)}"
    if holding["validates"]:
        subject = material.subject
        together = batch_for(subject.task, subject.inputs, subject.model.outputs)
        yield f"JUDGED_AT_ONCE = {together}  # samples of the validation split"


def _of_the_data(material: Material) -> Iterator[str]:
    subject, window = material.subject, material.dataset.training.window
    if window is not None:
        yield f"LENGTH = {window.length}  # rows of the series that are read"
        yield f"HORIZON = {window.horizon}  # rows after them that are told"
        yield f"COLUMNS = torch.tensor({list(window.columns)!r}, device=DEVICE)  # of those that are told"
    elif subject.task.streams:
        framed = material.holding["framed"]
        before, after = getattr(subject.preprocessing, "frame", ((), ())) if framed else ((), ())
        yield f"LENGTH = {subject.inputs.shape[0] - len(before) - len(after)}  # tokens of a text that are read at once"
        if framed:
            yield f"FRAME = {(before, after)!r}  # ids of the marks around them"


def written(value: Any) -> str:
    """Return a plain value as it stands in a source."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(written, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def _namespace(name: str, values: Mapping[str, Any]) -> str:
    parts = [f"{key}={written(value)}" for key, value in values.items()]
    line = f"{name} = SimpleNamespace({', '.join(parts)})"
    return line if len(line) <= _WIDTH else "\n".join([f"{name} = SimpleNamespace(", *_indented(parts), ")"])


def _indented(parts: list[str]) -> Iterator[str]:
    return (f"    {part}," for part in parts)
