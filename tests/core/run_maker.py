"""Run folders as a trainer would leave them, without training."""

from pathlib import Path

import numpy as np

from workbench.core.events import EpochDone, Event, Finished, ModelSaved, Started, StepsDone
from workbench.core.run_folder import RunFolder, new_run
from workbench.core.run_writer import RunWriter

RECIPE = """
[data]
kind = "samples"
name = "{data}"
[architecture]
kind = "{architecture}"
[training]
epochs = {epochs}
[training.optimizer]
kind = "adamw"
learning_rate = {learning_rate}
"""


def queued_run(
    runs: Path,
    title: str = "",
    *,
    data: str = "digits",
    architecture: str = "convnet",
    epochs: int = 3,
    rate: float = 0.001,
) -> RunFolder:
    text = RECIPE.format(data=data, architecture=architecture, epochs=epochs, learning_rate=rate)
    return new_run(runs, title or f"{architecture}-{data}", text, {"name": title} if title else None)


def started(
    attempt: int = 1, step: int = 0, *, epochs: int = 3, steps_per_epoch: int = 10, parent: str = ""
) -> Started:
    return Started(
        attempt=attempt, step=step, epoch=step // steps_per_epoch, epochs=epochs, steps_per_epoch=steps_per_epoch,
        total_steps=epochs * steps_per_epoch, samples=100, parameters=1234, device="cpu", parent=parent,
    )  # fmt: skip


def steps(first: int, last: int, value: float | None = None, name: str = "training_loss") -> StepsDone:
    """Scalars for the steps first…last, both included: each value is its step, or `value`."""
    numbers = np.arange(first, last + 1, dtype=np.uint32)
    values = numbers.astype(np.float32) if value is None else np.full(len(numbers), value, np.float32)
    return StepsDone(last, {name: (numbers, values)})


def write(folder: RunFolder, *happenings: Event) -> None:
    """Write one attempt."""
    with RunWriter(folder) as writer:
        for event in happenings:
            writer.write(event)


def finished_run(runs: Path, title: str = "", accuracy: float = 0.9, **given: object) -> RunFolder:
    folder = queued_run(runs, title, **given)  # type: ignore[arg-type]
    metrics = {"validation_loss": 1 - accuracy, "validation_accuracy": accuracy}
    write(
        folder,
        started(),
        steps(1, 30),
        EpochDone(3, 30, metrics, 1.0),
        ModelSaved("step-00000030-a001", 30, 3, True, metrics),
        Finished(30, 3, 12.5, metrics),
    )
    model = folder.models / "step-00000030-a001"
    model.mkdir(parents=True)
    (model / "model.safetensors").write_bytes(b"")
    return folder
