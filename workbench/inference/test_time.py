"""Test-time augmentation: what a network says about changed copies of pictures, averaged."""

from collections.abc import Callable, Iterator

from torch import Tensor
from torch.nn.functional import pad


def averaged(network: Callable[[Tensor], Tensor], images: Tensor, copies: str) -> Tensor:
    """Return the weighted mean of the network's outputs for copies of images, (N, C, H, W) -> (N, outputs).

    With "mirror" these are the image and its mirror image. With "mirror and shift" both are also moved by a pixel up
    and left, and down and right, which count half as much (Jordan 2024, section 3.5).
    """
    if copies == "none":
        return network(images)
    parts = _copies(images, shifts=copies == "mirror and shift")
    return sum((network(image) * weight for image, weight in parts), start=images.new_zeros(()))


def _copies(images: Tensor, *, shifts: bool) -> Iterator[tuple[Tensor, float]]:
    """Yield copies of images with their weights, which sum to one."""
    weight = 0.25 if shifts else 0.5
    yield images, weight
    yield images.flip(3), weight
    if not shifts:
        return
    height, width = images.shape[2:]
    wide = pad(images, (1, 1, 1, 1), mode="replicate")
    for place in (0, 2):
        moved = wide[:, :, place : place + height, place : place + width]
        yield moved, weight / 2
        yield moved.flip(3), weight / 2
