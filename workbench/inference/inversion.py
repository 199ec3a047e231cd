"""Noticing that an image is the negative of what a model was trained on, such as a dark digit on light paper."""

from typing import Any

import numpy as np

from workbench.core.words import Words

_CLEARLY_DARK = 0.3  # mean brightness of a border, 0 to 1; photographs lie between the two
_CLEARLY_LIGHT = 0.7


def border_brightness(images: np.ndarray) -> float:
    """Return the mean of the outermost pixels, 0 to 1: (..., H, W, C) uint8."""
    top, bottom = images[..., 0, :, :], images[..., -1, :, :]
    left, right = images[..., 1:-1, 0, :], images[..., 1:-1, -1, :]
    parts = [part for part in (top, bottom, left, right) if part.size]
    return sum(float(part.sum(dtype=np.float64)) for part in parts) / sum(part.size for part in parts) / 255


def looks_inverted(image: np.ndarray, preprocessing: Any) -> Words | None:
    """Return a note when the background of an image is light and that of the training images dark, or the reverse.

    image (H, W, C) uint8; preprocessing: that of the model.

    The background is what lies at the border. Without its brightness on record (preprocessing.border), the mean over
    whole images stands for it.
    """
    usual = getattr(preprocessing, "border", None)
    if usual is None:
        usual = float(np.mean(preprocessing.mean))
        found = float(image.mean()) / 255
    else:
        found = border_brightness(image)
    if usual <= _CLEARLY_DARK and found >= _CLEARLY_LIGHT:
        return Words("This image is dark on light; the training images are light on dark. Inverted it may fit better.")
    if usual >= _CLEARLY_LIGHT and found <= _CLEARLY_DARK:
        return Words("This image is light on dark; the training images are dark on light. Inverted it may fit better.")
    return None
