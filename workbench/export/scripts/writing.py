"""A training script put together: settings, network, data, loss, schedule and loop, in the order they are read in."""

from typing import Any

from workbench import __version__, optimizers, schedules
from workbench.core.registry import kind_of
from workbench.export.scripts import text
from workbench.export.scripts.augmenting import augmented
from workbench.export.scripts.material import Material
from workbench.export.scripts.settings import settings_of, written
from workbench.export.source import Gathering
from workbench.training.starting import prepared_with

_ELSEWHERE = frozenset(("adopted", "cached", "exportable", "renamed"))  # methods that no step of a training calls
_OF_TASK = ("prepare", "loss", "count", "bound", "told")
_OF_PREPROCESSING = ("tensor", "from_plain")
_IMPORTED = (
    ("collections.abc", "Iterator"), ("itertools", "islice"), ("json",), ("numpy as np",), ("pathlib", "Path"),
    ("safetensors.torch", "load_file"), ("safetensors.torch", "load_model"), ("safetensors.torch", "save_model"),
    ("torch",), ("torch", "Tensor"), ("torch", "nn"), ("types", "SimpleNamespace"),
)  # fmt: skip
_TAKEN = frozenset(
    ("ACCUMULATION", "AUGMENTATION", "BATCH_SIZE", "BEST_STEP", "CLASS_WEIGHTS", "COLUMNS", "DESCRIBED", "DEVICE",
     "EMA", "FOLDER", "FRAME", "FROZEN_LAYERS", "FROZEN_WEIGHTS", "GRADIENT_CLIP", "HORIZON", "JUDGED_AT_ONCE",
     "LABEL_SMOOTHING", "LENGTH", "NETWORK", "OPTIMIZER", "OUTPUTS", "PLANNED", "PREPROCESSING", "SCHEDULE", "SEED",
     "STEPS", "TASK", "THREADS", "augmented", "make", *text.names())
)  # fmt: skip
_AVERAGING = "torch.optim.swa_utils"
_SAID = """Trains {title} as the run {run} did: {steps:,} steps, and the same loss at each.

Made by Workbench {version}, and needs nothing of it: torch, numpy and safetensors are enough.

    python train.py    writes losses.csv and trained.safetensors, and compares with run_losses.csv

trained.safetensors holds the weights after step {best:,}, with which the run found its best model.
"""


def script_of(material: Material) -> str:
    """Return the source of train.py; raises LookupError for a network whose source needs the whole program."""
    source, names = Gathering(_ELSEWHERE, _TAKEN), _names(material)
    for each in _IMPORTED:
        source.imports(*each)
    for part, add in (
        ("Settings", _add_settings),
        ("The network", _add_network),
        ("The data", _add_data),
        ("The loss", _add_loss),
        ("Optimizer and schedule", _add_schedule),
        ("The training", _add_training),
        ("Use", _add_use),
    ):
        source.write(f"# {part} {'-' * (105 - len(part))}")
        add(source, material, names)
    subject, steps = material.subject, material.repeated.steps
    said = _SAID.format(
        title=subject.architecture.title,
        run=subject.run.name,
        steps=steps,
        best=subject.model.description["step"],
        version=__version__,
    )
    return f'"""{said}"""\n\n{source.text()}'


def _names(material: Material) -> dict[str, str]:
    """Return what stands for the $names of `text`, but for what is gathered later."""
    training, repeated, holding = material.training, material.repeated, material.holding
    copies = written(material.subject.model.copies)
    total = "STEPS" if repeated.plans[0][1] == repeated.steps else "PLANNED"
    ready = "normalised" if material.subject.inputs.kind == "image" else "tensor"
    return {
        "part": "part" if holding["accumulates"] else "0",
        "scaler": ", scaler" if holding["scales"] else "",
        "scaling": ", scaler: GradScaler" if holding["scales"] else "",
        "precision": training.precision,
        "ready": ready,
        "fused": str(training.speed == "fast"),
        "compute": "compute" if holding["compiles"] else "network",
        "judged": "average.module" if holding["averages"] else "network",
        "judging": f"averaged(network, ready, {copies})" if holding["mirrors"] else "network(ready)",
        "using": f"averaged(self.network, PREPROCESSING.tensor(encoded), {copies})"
        if holding["mirrors"]
        else "self.network(PREPROCESSING.tensor(encoded))",
        "tells": material.subject.task.tells,
        "planned": "planned" if holding["extended"] else total,
        "prepared_with": str(prepared_with(material.subject.inputs)),
    }


def _add_settings(source: Gathering, material: Material, names: dict[str, str]) -> None:
    source.write(settings_of(material))


def _add_network(source: Gathering, material: Material, names: dict[str, str]) -> None:
    subject = material.subject
    network: Any = subject.architecture.network
    inputs = source.add("workbench.core.signature", "Inputs", ("__init__",))
    named = source.add(network.__module__, network.__name__)
    shape = ", ".join(map(written, (subject.inputs.kind, subject.inputs.shape, subject.inputs.vocabulary)))
    task = f", task={written(subject.model.task)}" if subject.architecture.takes_task else ""
    source.write(
        'def make() -> nn.Module:\n    """Return the network with fresh weights."""\n'
        f"    return {named}(NETWORK, {inputs}({shape}), OUTPUTS{task})"
    )


def _add_data(source: Gathering, material: Material, names: dict[str, str]) -> None:
    subject, holding = material.subject, material.holding
    inner = getattr(subject.preprocessing, "inner", subject.preprocessing)  # the data beside the script are masked
    kind = type(inner)
    made = source.add(kind.__module__, kind.__name__, _OF_PREPROCESSING)
    source.write(f'PREPROCESSING = {made}.from_plain(DESCRIBED["preprocessing"])')
    for name in ("epoch_order", "mixed", "portions", *(["by_length"] if holding["grouped"] else [])):
        names[name] = source.add("workbench.inference.order", name)
    for name in ("mirrored_rows", "in_turns") if holding["turns"] else ():
        names[name] = source.add("workbench.data.augmentation.turns", name)
    if material.dataset.training.window is not None:
        feeding = text.WINDOWS
    elif subject.task.streams:
        names["nothing"] = source.add("workbench.inference.streams", "NOTHING")
        feeding = text.STREAM
    else:
        feeding = text.ROWS
    source.write(text.filled(feeding, holding, names))
    if holding["augments"]:
        source.write(augmented(source, material.augmentation))


def _add_loss(source: Gathering, material: Material, names: dict[str, str]) -> None:
    task = type(material.subject.task)
    named = source.add(task.__module__, task.__name__, _OF_TASK)
    source.write(f'TASK = {named}().bound(DESCRIBED["goal"])')


def _add_schedule(source: Gathering, material: Material, names: dict[str, str]) -> None:
    training = material.training
    optimizer: Any = optimizers.optimizers[kind_of(training.optimizer)].make
    schedule: Any = schedules.schedules[kind_of(training.schedule)]
    names["optimizer"] = source.add(optimizer.__module__, optimizer.__name__)
    names["shape"] = source.add(schedule.shape.__module__, schedule.shape.__name__)
    if schedule.react is not None:
        names["reaction"] = source.add(schedule.react.__module__, schedule.react.__name__)
    source.write(text.filled(text.SCHEDULE, material.holding, names))


def _add_training(source: Gathering, material: Material, names: dict[str, str]) -> None:
    if material.holding["averages"]:
        source.imports(_AVERAGING, "AveragedModel")
        source.imports(_AVERAGING, "get_ema_multi_avg_fn")
    if material.holding["scales"]:
        source.imports("torch.amp", "GradScaler")
    if material.holding["mirrors"]:
        source.add("workbench.inference.test_time", "averaged")
    source.write(text.filled(text.TRAINING, material.holding, names))


def _add_use(source: Gathering, material: Material, names: dict[str, str]) -> None:
    source.write(text.filled(text.USING, material.holding, names))
