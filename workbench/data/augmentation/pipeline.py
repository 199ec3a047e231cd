"""All changes in their order: where things are, what colour they have, what is covered, and what is mixed."""

from typing import Any

import torch
from torch import Generator, Tensor

from workbench.data.augmentation import Augmentation
from workbench.data.augmentation.colour import jittered
from workbench.data.augmentation.geometry import flipped, rotated, shifted
from workbench.data.augmentation.mixing import erased, mixed
from workbench.data.augmentation.trivial import trivially_augmented


def augmented(
    batch: Tensor, targets: Tensor | None, settings: Augmentation, generator: Generator
) -> tuple[Tensor, Any]:
    """Return the batch with random changes, and its targets; see `workbench.data.augmentation.augment`.

    Shifts and flips move pixels without touching them; the rest is computed in float32 and, for uint8, rounded once.
    """
    if not settings.anything():
        return batch, targets
    images = shifted(batch, settings.crop, generator)
    mirrors = settings.horizontal_flip or settings.alternating_flip  # in turns, where no epoch is known: half of them
    images = flipped(images, generator, horizontal=mirrors, vertical=settings.vertical_flip)
    if not _computes(settings):
        return images, targets
    whole = not images.is_floating_point()
    values = images.float() / 255 if whole else images.float()
    values = rotated(values, settings.rotation, generator)
    values = jittered(values, settings.brightness, settings.contrast, settings.saturation, generator)
    if settings.trivial_augment:
        values = trivially_augmented(values, generator)
    values = erased(values, settings.erasing, generator)
    values, targets = mixed(values, targets, settings.mixup, settings.cutmix, generator)
    if whole:
        return (values * 255).round_().clamp_(0, 255).to(torch.uint8), targets
    return values.to(batch.dtype), targets


def _computes(settings: Augmentation) -> bool:
    moved = {"crop": 0, "horizontal_flip": False, "alternating_flip": False, "vertical_flip": False}
    return settings.model_copy(update=moved).anything()
