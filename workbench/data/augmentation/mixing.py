"""Covering parts of images, and mixing images with one another and with their labels."""

import math

import torch
from torch import Generator, Tensor

from workbench.data.augmentation.geometry import uniform

_AREA = (0.02, 1 / 3)  # of a covered rectangle; these and the sides' ratios are those of the paper
_RATIO = (0.3, 3.3)


def erased(images: Tensor, share: float, generator: Generator) -> Tensor:
    """Return float images of which this share has a random rectangle covered with noise (Zhong et al. 2020, RE-R)."""
    if not share:
        return images
    count, _, height, width = images.shape
    chosen = uniform(count, 0, 1, images, generator) < share
    area = uniform(count, *_AREA, images, generator) * height * width
    ratio = uniform(count, math.log(_RATIO[0]), math.log(_RATIO[1]), images, generator).exp()
    tall, wide = (area * ratio).sqrt().clamp(max=height), (area / ratio).sqrt().clamp(max=width)
    top = uniform(count, 0, 1, images, generator) * (height - tall)
    left = uniform(count, 0, 1, images, generator) * (width - wide)
    covered = _rectangle(images, top, top + tall, left, left + wide) & chosen[:, None, None, None]
    noise = torch.rand(images.shape, generator=generator, device=images.device)
    return torch.where(covered, noise, images)


def mixed(
    images: Tensor, targets: Tensor | None, mixup: float, cutmix: float, generator: Generator
) -> tuple[Tensor, Tensor | None]:
    """Return float images mixed in pairs, and targets mixed in the same shares.

    mixup: blends (Zhang et al. 2018); cutmix: pastes a rectangle (Yun et al. 2019); each is the parameter of the beta
    distribution of shares, 0 for off. With both on, half of the images get one, half the other. targets (N, classes).
    """
    if not mixup and not cutmix:
        return images, targets
    count = len(images)
    partners = torch.randperm(count, generator=generator, device=images.device)
    others = images[partners]
    kept = torch.ones(count, device=images.device)
    result = images
    blends = torch.full((count,), mixup > 0, device=images.device)
    if mixup and cutmix:
        blends = uniform(count, 0, 1, images, generator) < 0.5
    if mixup:
        share = _beta(mixup, count, images, generator)
        blend = torch.lerp(others, images, share.view(-1, 1, 1, 1))
        result = torch.where(blends[:, None, None, None], blend, result)
        kept = torch.where(blends, share, kept)
    if cutmix:
        pasted = _pasted(_beta(cutmix, count, images, generator), images, generator)
        result = torch.where(pasted & ~blends[:, None, None, None], others, result)
        kept = torch.where(
            blends, kept, 1 - pasted.float().mean(dim=(1, 2, 3))
        )  # of whole pixels, cut off at the edges
    if targets is None:
        return result, None
    return result, torch.lerp(targets[partners].float(), targets.float(), kept[:, None])


def _pasted(kept: Tensor, images: Tensor, generator: Generator) -> Tensor:
    """Return where the other image shows: a rectangle of area 1 - kept about a random middle: (N, 1, H, W) bool."""
    height, width = images.shape[2:]
    side = (1 - kept).sqrt()
    middle_y = uniform(len(images), 0, height, images, generator)
    middle_x = uniform(len(images), 0, width, images, generator)
    tall, wide = side * height / 2, side * width / 2
    return _rectangle(images, middle_y - tall, middle_y + tall, middle_x - wide, middle_x + wide)


def _rectangle(images: Tensor, top: Tensor, bottom: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """Return the pixels whose middles lie in a rectangle of each image: (N, 1, H, W) bool."""
    rows = torch.arange(images.shape[2], device=images.device) + 0.5
    columns = torch.arange(images.shape[3], device=images.device) + 0.5
    down = (rows >= top[:, None]) & (rows < bottom[:, None])
    across = (columns >= left[:, None]) & (columns < right[:, None])
    return down[:, None, :, None] & across[:, None, None, :]


def _beta(parameter: float, count: int, like: Tensor, generator: Generator) -> Tensor:
    """Return `count` draws of Beta(parameter, parameter), as the ratio of two gamma draws."""
    # torch.distributions draws from the global generator only; this is what it calls
    parameters = torch.full((2, count), parameter, device=like.device)
    gamma = torch._standard_gamma(parameters, generator=generator)  # pyright: ignore[reportPrivateImportUsage]
    return gamma[0] / gamma.sum(dim=0).clamp(min=1e-30)
