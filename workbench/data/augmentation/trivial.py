"""TrivialAugment, wide version (Müller and Hutter 2021): one random change of random strength for every image.

The ranges are those of the paper's table, with 31 strengths; a shift reaches 32 pixels, but no further than the image.
Every kind of change is computed for the whole batch and taken where it was drawn: no image is handled by itself.
"""

import torch
from torch import Generator, Tensor
from torch.nn import functional

from workbench.data.augmentation.colour import blended, grey
from workbench.data.augmentation.geometry import transformed, turn

CHANGES = (
    "identity",
    "shear_x",
    "shear_y",
    "translate_x",
    "translate_y",
    "rotate",
    "brightness",
    "colour",
    "contrast",
    "sharpness",
    "posterize",
    "solarize",
    "autocontrast",
    "equalize",
)
_LEVELS = 31
_SHEAR, _TRANSLATE, _DEGREES, _ENHANCE, _LEAST_BITS = 0.99, 32, 135.0, 0.99, 2


def trivially_augmented(images: Tensor, generator: Generator) -> Tensor:
    """Return float images in 0…1, each with one of CHANGES at a random strength."""
    count, device = len(images), images.device
    change = torch.randint(0, len(CHANGES), (count,), generator=generator, device=device)
    strength = torch.randint(0, _LEVELS, (count,), generator=generator, device=device) / (_LEVELS - 1)
    sign = torch.randint(0, 2, (count,), generator=generator, device=device) * 2.0 - 1
    return changed(images, change, strength, sign)


def changed(images: Tensor, change: Tensor, strength: Tensor, sign: Tensor) -> Tensor:
    """Return images with the given changes.

    change (N,): numbers in CHANGES. strength (N,): 0…1. sign (N,): -1 or 1, for changes with a direction.
    """
    chosen = {name: change == number for number, name in enumerate(CHANGES)}
    signed = strength * sign
    moved = transformed(images, _matrices(images, chosen, signed), mode="nearest")
    is_moved = (change >= 1) & (change <= 5)
    result = torch.where(_each(is_moved), moved, images)
    factors = 1 + _ENHANCE * signed
    for name, other in (
        ("brightness", torch.zeros_like(images[:, :1])),
        ("colour", grey(images)),
        ("contrast", grey(images).mean(dim=(2, 3), keepdim=True)),
        ("sharpness", _smoothed(images)),
    ):
        result = torch.where(_each(chosen[name]), blended(images, other, factors), result)
    result = torch.where(_each(chosen["posterize"]), _posterized(images, strength), result)
    bright = images >= (1 - strength).view(-1, 1, 1, 1)
    result = torch.where(_each(chosen["solarize"]) & bright, 1 - images, result)
    result = torch.where(_each(chosen["autocontrast"]), _stretched(images), result)
    return torch.where(_each(chosen["equalize"]), _equalized(images), result)


def _each(mask: Tensor) -> Tensor:
    return mask.view(-1, 1, 1, 1)


def _matrices(images: Tensor, chosen: dict[str, Tensor], signed: Tensor) -> Tensor:
    """Return where each pixel of the changed images comes from: (N, 2, 3), see `transformed`."""
    height, width = images.shape[2:]
    matrices = torch.eye(2, 3, device=images.device).repeat(len(images), 1, 1)
    turned = turn(torch.deg2rad(_DEGREES * signed))
    matrices = torch.where(chosen["rotate"].view(-1, 1, 1), turned, matrices)
    for name, row, column, most in (
        ("shear_x", 0, 1, _SHEAR),
        ("shear_y", 1, 0, _SHEAR),
        ("translate_x", 0, 2, float(min(_TRANSLATE, width))),
        ("translate_y", 1, 2, float(min(_TRANSLATE, height))),
    ):
        amount = signed * most
        amount = amount.round() if column == 2 else amount
        matrices[:, row, column] = torch.where(chosen[name], amount, matrices[:, row, column])
    return matrices


def _smoothed(images: Tensor) -> Tensor:
    """Return images smoothed like Pillow's SMOOTH filter, the pixels at the edge as they were."""
    channels = images.shape[1]
    kernel = torch.ones(3, 3, device=images.device)
    kernel[1, 1] = 5
    kernel = (kernel / kernel.sum()).expand(channels, 1, 3, 3)
    if min(images.shape[2:]) < 3:
        return images
    result = images.clone()
    result[:, :, 1:-1, 1:-1] = functional.conv2d(images, kernel, groups=channels)
    return result


def _posterized(images: Tensor, strength: Tensor) -> Tensor:
    """Return images of which only the highest bits are left: 8 at strength 0, 2 at strength 1."""
    bits = 8 - torch.round(strength * (8 - _LEAST_BITS))
    step = torch.pow(2.0, 8 - bits).view(-1, 1, 1, 1)
    return torch.floor((images * 255).round() / step) * step / 255


def _stretched(images: Tensor) -> Tensor:
    """Return images of which each channel fills the range from black to full; an even one stays."""
    least = images.amin(dim=(2, 3), keepdim=True)
    span = images.amax(dim=(2, 3), keepdim=True) - least
    return torch.where(span > 0, (images - least) / span.clamp(min=1e-6), images)


def _equalized(images: Tensor) -> Tensor:
    """Return images of which each channel uses all values about equally often, as Pillow's equalize does."""
    values = (images * 255).round().long().flatten(2)  # (N, C, pixels)
    counts = torch.zeros((*values.shape[:2], 256), dtype=torch.long, device=images.device)
    counts.scatter_add_(2, values, torch.ones_like(values))
    last = (counts > 0).long() * torch.arange(256, device=images.device)
    rest = counts.gather(2, last.amax(dim=2, keepdim=True))  # the count of the highest value that occurs
    step = torch.div(values.shape[2] - rest, 255, rounding_mode="floor")
    before = counts.cumsum(dim=2) - counts
    table = torch.div(before + torch.div(step, 2, rounding_mode="floor"), step.clamp(min=1), rounding_mode="floor")
    even = table.clamp(0, 255).gather(2, values).view(images.shape).float() / 255
    return torch.where(step.unsqueeze(3) > 0, even, images)
