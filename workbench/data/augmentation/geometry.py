"""Changes of where things are, drawn for each image of a batch (N, C, H, W) and done for all of them at once."""

import math
from functools import lru_cache
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn import functional


@lru_cache(maxsize=64)
def constant(values: tuple[Any, ...], device: torch.device) -> Tensor:
    """Return a small float32 tensor that is the same in every batch; making it anew would wait for a GPU's queue."""
    return torch.tensor(values, device=device)


def uniform(count: int, low: float, high: float, like: Tensor, generator: Generator) -> Tensor:
    """Return `count` numbers between low and high, on the device of `like`."""
    return torch.rand(count, generator=generator, device=like.device) * (high - low) + low


def shifted(images: Tensor, most: int, generator: Generator) -> Tensor:
    """Return images moved by up to `most` pixels each way, black where nothing came from; values stay as they are."""
    if not most:
        return images
    count, _, height, width = images.shape
    device = images.device
    down, right = torch.randint(0, 2 * most + 1, (2, count), generator=generator, device=device)
    rows = down[:, None] + torch.arange(height, device=device)
    columns = right[:, None] + torch.arange(width, device=device)
    # functional.pad knows no uint8 on some devices
    padded = images.new_zeros((count, images.shape[1], height + 2 * most, width + 2 * most))
    padded[:, :, most : most + height, most : most + width] = images
    which = torch.arange(count, device=device)[:, None, None]
    return padded[which, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def flipped(images: Tensor, generator: Generator, *, horizontal: bool, vertical: bool) -> Tensor:
    """Return images of which half are mirrored, along each wanted direction."""
    for wanted, dimension in ((horizontal, 3), (vertical, 2)):
        if wanted:
            chosen = torch.rand(len(images), generator=generator, device=images.device) < 0.5
            images = torch.where(chosen[:, None, None, None], images.flip(dimension), images)
    return images


def rotated(images: Tensor, degrees: float, generator: Generator) -> Tensor:
    """Return float images turned by up to `degrees` either way about their middle, black outside."""
    if not degrees:
        return images
    angles = uniform(len(images), -math.radians(degrees), math.radians(degrees), images, generator)
    return transformed(images, turn(angles), mode="bilinear")


def turn(angles: Tensor) -> Tensor:
    """Return matrices (N, 2, 3) that turn by these angles (radians), in pixels from the middle."""
    cosine, sine, zero = angles.cos(), angles.sin(), torch.zeros_like(angles)
    return torch.stack((torch.stack((cosine, sine, zero), 1), torch.stack((-sine, cosine, zero), 1)), 1)


def transformed(images: Tensor, matrices: Tensor, mode: str) -> Tensor:
    """Return float images of which each pixel comes from where its matrix says.

    matrices (N, 2, 3): from (x, y) in the result to (x, y) in the image, in pixels from the middle.
    """
    height, width = images.shape[2:]
    # affine_grid counts in half sides, which differ between the directions
    scale = constant(((1.0, height / width, 2 / width), (width / height, 1.0, 2 / height)), images.device)
    grid = functional.affine_grid(matrices * scale, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode=mode, padding_mode="zeros", align_corners=False)
