"""Content that fills its place, and scrolls instead of being squeezed below its least height."""

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from workbench.gui.widgets.scroll import scrolled


class AtLeast(QWidget):
    """Holds one widget with a layout. A scroll area alone would give it the height that it likes best."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        content.setParent(self)
        content.installEventFilter(self)

    def minimumSizeHint(self) -> QSize:
        return self._content.minimumSizeHint()

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._content.setGeometry(self.rect())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return False


def scrolled_below_least(content: QWidget) -> QScrollArea:
    """Return a frameless area that stretches `content`, and scrolls it below its least height."""
    return scrolled(AtLeast(content))
