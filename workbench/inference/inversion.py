"""Noticing that an image is the negative of what a model was trained on, such as a dark digit on light paper."""

import numpy as np

from workbench.core.words import Words
from workbench.data.preprocessing import ImagePreprocessing, border_brightness

_CLEARLY_DARK = 0.3  # mean brightness of a border, 0 to 1; photographs lie between the two
_CLEARLY_LIGHT = 0.7


def looks_inverted(image: np.ndarray, preprocessing: ImagePreprocessing) -> Words | None:
    """Return a note when the background of an image is light and that of the training images dark, or the reverse.

    image (H, W, C) uint8; preprocessing: that of the model.

    The background is what lies at the border. Without its brightness on record (-1), the mean over
    whole images stands for it.
    """
    usual, found = preprocessing.border, border_brightness(image)
    if usual < 0:
        usual, found = float(np.mean(preprocessing.mean)), float(image.mean()) / 255
    if usual <= _CLEARLY_DARK and found >= _CLEARLY_LIGHT:
        return Words("This image is dark on light; the training images are light on dark. Inverted it may fit better.")
    if usual >= _CLEARLY_LIGHT and found <= _CLEARLY_DARK:
        return Words("This image is light on dark; the training images are dark on light. Inverted it may fit better.")
    return None
