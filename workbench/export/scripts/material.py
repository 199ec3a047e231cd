"""All that a training script is made of, and what holds for its run."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from workbench import schedules
from workbench.data.augmentation import Augmentation
from workbench.data.dataset import Dataset
from workbench.export.scripts.beginning import Beginning
from workbench.export.scripts.repeated import Repeated
from workbench.export.subject import Subject
from workbench.hyperparameters import Training
from workbench.training.setup import trims


@dataclass(frozen=True)
class Material:
    """A run with its model, its data and its beginning."""

    subject: Subject
    repeated: Repeated
    dataset: Dataset
    beginning: Beginning

    @property
    def training(self) -> Training:
        """How it was trained."""
        return self.repeated.recipe.training

    @property
    def augmentation(self) -> Augmentation:
        """The random changes of its images, but for those that come in turns."""
        found = getattr(self.repeated.recipe.data, "augmentation", None)
        return found.without_turns() if isinstance(found, Augmentation) else Augmentation()

    @property
    def batch_size(self) -> int:
        """How many samples are computed at once."""
        size = self.training.batch_size
        return self.repeated.samples if size == "all" else min(size, self.repeated.samples)

    @cached_property
    def holding(self) -> dict[str, bool]:
        """Whether each of the things holds for this run that the lines of `text` ask for."""
        return dict(self._conditions())

    def _conditions(self) -> Iterator[tuple[str, bool]]:
        training, task = self.training, self.subject.task
        found = getattr(self.repeated.recipe.data, "augmentation", None)
        yield "accumulates", training.accumulation > 1
        yield "augments", self.augmentation.anything()
        yield "averages", training.ema > 0
        yield "clips", training.gradient_clip > 0
        yield "compiles", training.compile == "on"
        yield "draws", task.draws
        yield "extended", len(self.repeated.plans) > 1
        yield "framed", task.framed
        yield "freezes", bool(self.beginning.frozen_layers)
        yield "mirrors", self.subject.model.copies != "none"
        yield "prepares", hasattr(self.subject.model.network, "prepare")
        yield "reacts", schedules.reaction(training.schedule) is not None
        yield "scales", training.precision == "float16"
        yield "short", training.precision != "float32"
        yield "smooths", training.label_smoothing > 0
        yield "softens", self.augmentation.softens()
        yield "starts", bool(self.beginning.weights)
        yield "turns", isinstance(found, Augmentation) and found.alternating_flip
        yield "validates", len(self.dataset.validation) > 0
        yield "warms", getattr(training.schedule, "warmup", 0.0) > 0
        yield "weighs", training.class_weights == "balanced" and task.name == "classification"
        image, last = self.subject.inputs.kind == "image", training.memory_layout == "channels_last"
        yield "channels_last", image and last
        yield "planar", image and not last
        trimmed = self.subject.inputs.kind == "text" and not task.streams and trims(self.repeated.recipe)
        yield "trims", trimmed
        yield "grouped", trimmed and training.group_lengths
