"""Images on their way to and from the engine."""

import base64
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QImage, QImageReader

_LARGEST = 4096  # pixels a side: larger originals are shown reduced


def encoded(image: QImage) -> str:
    """Return an image as base64 of a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return base64.b64encode(buffer.data().data()).decode("ascii")


def image_from(encoded_file: str) -> QImage:
    """Return the image that base64 of an image file holds."""
    return QImage.fromData(base64.b64decode(encoded_file))


def read_image(path: str | Path) -> QImage | None:
    """Return the image at `path` the right way up and no larger than a screen needs, or None when Qt cannot read it."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > _LARGEST:
        reader.setScaledSize(size.scaled(_LARGEST, _LARGEST, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return None if image.isNull() else image
