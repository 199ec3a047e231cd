"""Arrays of pixels as images that Qt can paint."""

import numpy as np
from PySide6.QtGui import QImage


def image_of(array: np.ndarray) -> QImage:
    """Return array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) uint8 as an image that owns its pixels.

    Raises ValueError for any other shape.
    """
    pixels = np.ascontiguousarray(array, dtype=np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim == 2:
        kind, channels = QImage.Format.Format_Grayscale8, 1
    elif pixels.ndim == 3 and pixels.shape[2] in (3, 4):
        channels = pixels.shape[2]
        kind = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGBA8888
    else:
        raise ValueError(f"no image has the shape {array.shape}")
    height, width = pixels.shape[:2]
    return QImage(pixels.tobytes(), width, height, width * channels, kind).copy()
