"""What private training cannot go together with: what lets one sample reach what is learned from another."""

from collections.abc import Iterator
from typing import Any

from workbench.core.errors import Mend, UserError
from workbench.core.settings import Settings
from workbench.core.words import mark
from workbench.data.augmentation import Augmentation
from workbench.hyperparameters.training import Training


def unprivate(training: Training, architecture: Settings, augmentation: Augmentation | None) -> Iterator[UserError]:
    """Yield an error for each setting with which the promise of private training would not hold, or its steps not work.

    An architecture that cannot be trained privately as it is set has a method `why_not_private` that returns the error.
    """
    if not training.privacy.on:
        return
    yield from _of_the_network(architecture)
    if augmentation is not None and augmentation.softens():
        yield UserError(
            "Mixup and CutMix blend samples, and private training must keep each apart.",
            hint="Set both to 0 on the Data page.",
        )
    if training.processes.count != 1 or training.processes.sharding != "none":
        yield refusal_of_several()
    if training.teacher:
        yield UserError(
            "What a teacher says was learned without noise, so that private training cannot have one.",
            hint="Leave the teacher empty.",
        )
    if training.class_weights != "none":
        yield UserError(
            "Class weights are counted in the samples, without noise: private training cannot have them.",
            hint="Choose None.",
        )
    if training.group_lengths:
        yield UserError(
            "Private training draws each sample by chance, alone, so that texts cannot be grouped by length.",
            hint="Do not group them.",
        )
    if training.precision not in ("auto", "float32"):
        yield UserError("Private training computes in float32.", hint="Let the number format be automatic.")
    if training.compile == "on":
        yield UserError(
            "Private training computes the gradient of each sample, which cannot be compiled.",
            hint="Let Compile be automatic.",
        )
    if training.cuda_graphs == "on":
        yield UserError(
            "The steps of private training cannot be recorded: their batches differ in size.",
            hint="Let CUDA graphs be automatic.",
        )


def _of_the_network(architecture: Any) -> Iterator[UserError]:
    if hasattr(architecture, "why_not_private"):
        error = architecture.why_not_private()
        if error is not None:
            yield error
    if getattr(architecture, "normalization", "") == "batch":
        yield UserError(
            "Batch normalization lets every sample of a batch reach what is learned from the others, so that private "
            "training cannot have it.",
            hint="Group normalization does the same for each sample alone.",
            mend=Mend(mark("Replace by group norm"), {"architecture.normalization": "group"}),
        )


def refusal_of_several() -> UserError:
    """Return the error of several processes that would train privately."""
    return UserError(
        "Private training draws samples and noise in one place: several processes cannot share it.",
        hint="Let one process train it, or switch private training off.",
    )
