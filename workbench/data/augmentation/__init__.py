"""Random changes of training images: the settings; what carries them out is loaded with the first batch."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from workbench.core.settings import Hint, Settings

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Augmentation(Settings):
    """Random changes of training images, all off at first; each is drawn anew for every image of every batch."""

    crop: Annotated[
        int,
        Field(
            ge=0,
            le=64,
            title="Shift and crop",
            description="Moves the image by up to this many pixels; what it leaves is black.",
        ),
        Hint(scripted=True, unit="pixels"),
    ] = 0
    horizontal_flip: Annotated[
        bool,
        Field(title="Mirror left and right", description="Mirrors half of the images; not for letters or digits."),
        Hint(scripted=True),
    ] = False
    alternating_flip: Annotated[
        bool,
        Field(
            title="Mirror in turns",
            description="Mirrors one half of the images in one epoch and the other half in the next: better than at "
            "random in few epochs.",
        ),
        Hint(scripted=True, advanced=True),
    ] = False
    vertical_flip: Annotated[
        bool,
        Field(
            title="Turn upside down",
            description="Mirrors half of the images top to bottom, as for cells or satellite pictures.",
        ),
        Hint(scripted=True),
    ] = False
    rotation: Annotated[
        float,
        Field(
            ge=0, le=180, title="Rotation", description="Turns the image by a random angle up to this one, either way."
        ),
        Hint(scripted=True, unit="degrees"),
    ] = 0.0
    brightness: Annotated[
        float,
        Field(ge=0, le=1, title="Brightness", description="Makes the image lighter or darker by up to this share."),
        Hint(scripted=True),
    ] = 0.0
    contrast: Annotated[
        float,
        Field(
            ge=0, le=1, title="Contrast", description="Strengthens or weakens differences in light by up to this share."
        ),
        Hint(scripted=True),
    ] = 0.0
    saturation: Annotated[
        float,
        Field(ge=0, le=1, title="Saturation", description="Makes colours stronger or paler by up to this share."),
        Hint(scripted=True),
    ] = 0.0
    trivial_augment: Annotated[
        bool,
        Field(
            title="TrivialAugment",
            description="Applies one of 14 changes at a random strength to every image: strong, and needs no tuning.",
        ),
        Hint(scripted=True),
    ] = False
    erasing: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            title="Random erasing",
            description="Share of the images in which a random rectangle is covered.",
        ),
        Hint(scripted=True),
    ] = 0.0
    mixup: Annotated[
        float,
        Field(
            ge=0,
            le=8,
            title="Mixup",
            description="Blends pairs of images and their labels; 0.2 is mild, 1 is strong, 0 is off.",
        ),
        Hint(scripted=True, advanced=True),
    ] = 0.0
    cutmix: Annotated[
        float,
        Field(
            ge=0,
            le=8,
            title="CutMix",
            description="Pastes a rectangle of one image into another and mixes their labels; 0 is off.",
        ),
        Hint(scripted=True, advanced=True),
    ] = 0.0

    def anything(self) -> bool:
        """Return whether any change is switched on."""
        return self != Augmentation()

    def without_turns(self) -> "Augmentation":
        """Return these settings for images that were mirrored in turns already."""
        if not self.alternating_flip:
            return self
        return self.model_copy(update={"alternating_flip": False, "horizontal_flip": False})

    def softens(self) -> bool:
        """Return whether targets become shares of several classes."""
        return self.mixup > 0 or self.cutmix > 0


def augment(
    batch: "Tensor", targets: "Tensor | None", settings: Augmentation, generator: "Generator"
) -> "tuple[Tensor, Any]":
    """Return the batch with random changes, and its targets, softened where images were mixed.

    batch (N, C, H, W) uint8, or float in 0…1; comes back in the same type, on the same device. targets (N, classes)
    float or None. generator: on the device of the batch; the same state gives the same result.
    """
    from workbench.data.augmentation.pipeline import (
        augmented,
    )  # torch is loaded with the first batch, not with the settings

    return augmented(batch, targets, settings, generator)
