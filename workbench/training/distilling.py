"""Distillation: a network learns from what another one says, beside the labels (Hinton et al. 2015)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from workbench.core.errors import UserError
from workbench.core.locked_run import require_plain
from workbench.core.run_folder import find_run
from workbench.data import preprocessing
from workbench.data.preprocessing import ImagePreprocessing, Preprocessing
from workbench.hyperparameters import Training
from workbench.inference.model_folder import model_of, read_model


class Teacher:
    """A trained network that says what classes it sees in the batches of another one.

    share: how much of the loss is the distance from what it says; temperature: what the logits of both are divided by.
    """

    def __init__(
        self, network: nn.Module, own: Preprocessing, pupils: Preprocessing, share: float, temperature: float
    ) -> None:
        self.network = network
        self.share, self.temperature = share, temperature
        self._shift = _shift(own, pupils)

    def mixed(self, loss: Tensor, outputs: Tensor, inputs: Tensor) -> Tensor:
        """Return the loss, summed over the batch, mixed with the divergence from what the teacher says.

        The divergence is multiplied by the temperature's square, so that its gradients stay as large (section 2).
        """
        with torch.no_grad():
            said = log_softmax(self.network(self._as_taught(inputs)).float() / self.temperature, dim=1)
        told = log_softmax(outputs.float() / self.temperature, dim=1)
        divergence = (said.exp() * (said - told)).sum() * self.temperature**2
        return (1 - self.share) * loss + self.share * divergence

    def _as_taught(self, inputs: Tensor) -> Tensor:
        if self._shift is None:
            return inputs
        scale, shift = (part.to(inputs.device, non_blocking=True) for part in self._shift)
        return inputs * scale + shift


def teacher_of(
    training: Training, runs: Path, made: Preprocessing, classes: Sequence[str], device: torch.device
) -> Teacher | None:
    """Return the teacher that the settings name, on the device, or None where they name none.

    runs: where it may lie. made, classes: of the run that learns. Raises UserError when it cannot teach this.
    """
    if not training.teacher:
        return None
    run = find_run(training.teacher, runs)
    require_plain(run)
    model = read_model(model_of(run), str(device))
    if model.task != "classification" or list(model.labels) != list(classes):
        raise UserError(
            "{name} tells other classes than these data have, so it cannot teach them.",
            hint="Choose a run that was trained on the same classes.",
            name=training.teacher,
        )
    own = preprocessing.from_plain(model.preprocessing)
    if not _sees_alike(own, made):
        raise UserError(
            "{name} takes its inputs in another form, so it cannot look at these.",
            hint="Choose a run on the same data, with images of the same size or texts cut up in the same way.",
            name=training.teacher,
        )
    return Teacher(model.network, own, made, training.teacher_share, training.teacher_temperature)


def _sees_alike(own: Preprocessing, pupils: Preprocessing) -> bool:
    """Return whether what one network takes can be given to the other; images may differ in brightness."""
    if type(own) is not type(pupils):
        return False
    if type(own) is ImagePreprocessing:
        return own.inputs == pupils.inputs
    return own.to_plain() == pupils.to_plain()


def _shift(own: Preprocessing, pupils: Preprocessing) -> tuple[Tensor, Tensor] | None:
    """Return by what normalised images of the pupil are multiplied, and what is added then, (1, C, 1, 1) each."""
    if not isinstance(own, ImagePreprocessing) or not isinstance(pupils, ImagePreprocessing):
        return None
    if (own.mean, own.std) == (pupils.mean, pupils.std):
        return None

    def column(values: Sequence[float]) -> Any:
        return torch.tensor(values).view(1, -1, 1, 1)

    std, own_std = column(pupils.std), column(own.std)
    return std / own_std, (column(pupils.mean) - column(own.mean)) / own_std
