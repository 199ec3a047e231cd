"""One image, shown large with its own pixels."""

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui import theme
from workbench.gui.widgets.pixels import image_of


class ImageView(QWidget):
    """Shows one image as large as it fits; small images keep hard edges, so that every pixel can be seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(64, 64)

    def image(self) -> QImage:
        """Return the image; null when there is none."""
        return self._image

    def set_image(self, image: QImage | np.ndarray | None, caption: str = "") -> None:
        """Show an image or array (H, W, C) uint8; `caption` is what a screen reader says, and the tool tip."""
        self._image = QImage() if image is None else image_of(image) if isinstance(image, np.ndarray) else image
        self.setAccessibleName(caption)
        self.setToolTip(caption)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 320)

    def target(self) -> QRect:
        """Return where the image is painted: whole multiples of its size where there is room."""
        if self._image.isNull():
            return QRect()
        room, size = self.size(), self._image.size()
        factor = min(room.width() / size.width(), room.height() / size.height())
        if factor >= 4:
            factor = int(factor)
        shown = QSize(max(1, round(size.width() * factor)), max(1, round(size.height() * factor)))
        return QRect(
            (room.width() - shown.width()) // 2, (room.height() - shown.height()) // 2, shown.width(), shown.height()
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image.isNull():
            return
        painter = QPainter(self)
        target = self.target()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, target.width() < self._image.width())
        painter.drawImage(target, self._image)
        painter.setPen(theme.current().color("line"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(target.adjusted(0, 0, -1, -1))
