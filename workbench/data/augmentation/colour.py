"""Changes of light and colour, drawn for each image of a float batch (N, C, H, W) in 0…1."""

import torch
from torch import Generator, Tensor

from workbench.data.augmentation.geometry import constant, uniform

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, what Pillow's grey is made of


def grey(images: Tensor) -> Tensor:
    """Return the lightness of images: (N, C, H, W) -> (N, 1, H, W)."""
    if images.shape[1] != 3:
        return images.mean(dim=1, keepdim=True)
    weights = constant(_LUMA, images.device).to(images.dtype).view(1, 3, 1, 1)
    return (images * weights).sum(dim=1, keepdim=True)


def blended(images: Tensor, other: Tensor, factors: Tensor) -> Tensor:
    """Return images moved away from `other` by factors (N,): 0 gives the other, 1 the image, 2 twice the difference."""
    return torch.lerp(other.expand_as(images), images, factors.view(-1, 1, 1, 1)).clamp(0, 1)


def jittered(images: Tensor, brightness: float, contrast: float, saturation: float, generator: Generator) -> Tensor:
    """Return images with brightness, contrast and saturation changed by up to these shares, in this order."""
    count = len(images)
    if brightness:
        factors = uniform(count, 1 - brightness, 1 + brightness, images, generator)
        images = (images * factors.view(-1, 1, 1, 1)).clamp(0, 1)
    if contrast:
        factors = uniform(count, 1 - contrast, 1 + contrast, images, generator)
        images = blended(images, grey(images).mean(dim=(2, 3), keepdim=True), factors)
    if saturation:
        factors = uniform(count, 1 - saturation, 1 + saturation, images, generator)
        images = blended(images, grey(images), factors) if images.shape[1] == 3 else images
    return images
