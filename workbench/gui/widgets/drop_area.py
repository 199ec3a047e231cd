"""Drops of files, pictures and texts, onto any widget or onto an area of its own."""

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from workbench.gui import theme
from workbench.gui.tokens import Size, Space
from workbench.gui.widgets.empty_state import EmptyState


def takes(data: QMimeData) -> bool:
    """Return whether there is a file, an image or a text in `data`."""
    return data.hasUrls() or data.hasImage() or data.hasText()


class Drops(QObject):
    """Makes `widget` take drops: files first, then an image, then a text.

    dragging(bool) tells when something that would be taken hovers over the widget.
    """

    files_dropped = Signal(list)
    text_dropped = Signal(str)
    image_dropped = Signal(QImage)
    dragging = Signal(bool)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def take(self, data: QMimeData) -> bool:
        """Emit what is in `data`, dropped or pasted; returns False when there is nothing to take."""
        files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
        if files:
            self.files_dropped.emit(files)
        elif data.hasImage() and isinstance(image := data.imageData(), QImage) and not image.isNull():
            self.image_dropped.emit(image)
        elif not data.hasUrls() and data.text().strip():  # a link to the web is no text to read
            self.text_dropped.emit(data.text())
        else:
            return False
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            self.dragging.emit(False)
            if self.take(event.mimeData()):
                event.acceptProposedAction()
            return True
        if isinstance(event, QDragEnterEvent) and event.type() == QEvent.Type.DragEnter:
            if takes(event.mimeData()):
                event.acceptProposedAction()
                self.dragging.emit(True)
            return True
        if event.type() == QEvent.Type.DragLeave:
            self.dragging.emit(False)
        return False


class DropArea(QFrame):
    """A place to drop things on; while it has no content it says what can be dropped.

    The content goes into `body` through `set_content`; a dashed frame shows while something hovers over it.
    """

    files_dropped = Signal(list)
    text_dropped = Signal(str)
    image_dropped = Signal(QImage)

    def __init__(
        self, text: str = "", hint: str = "", icon_name: str = "download-simple", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._over = False
        self._content: QWidget | None = None
        self.setAccessibleName(text)
        self.setAccessibleDescription(hint)
        self._invitation = EmptyState(icon_name, text, hint)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(Space.small, Space.small, Space.small, Space.small)
        self.body.addWidget(self._invitation, 1)
        self.drops = Drops(self)
        self.drops.files_dropped.connect(self.files_dropped)
        self.drops.text_dropped.connect(self.text_dropped)
        self.drops.image_dropped.connect(self.image_dropped)
        self.drops.dragging.connect(self._show_dragging)

    def set_content(self, widget: QWidget | None) -> None:
        """Show `widget` in place of the invitation; None brings the invitation back."""
        if self._content is not None and self._content is not widget:
            self.body.removeWidget(self._content)
            self._content.hide()
        self._content = widget
        self._invitation.setVisible(widget is None)
        if widget is not None:
            self.body.addWidget(widget, 1)
            widget.show()
        self.update()

    def take(self, data: QMimeData) -> bool:
        """Take pasted `data` like a drop; returns False when there is nothing in it."""
        return self.drops.take(data)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.drops.eventFilter(self, event)

    def dropEvent(self, event: QDropEvent) -> None:
        self.drops.eventFilter(self, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self._over:
            painter.setBrush(colors.color("accent_soft"))
            painter.setPen(QPen(colors.color("accent"), 2, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(frame, Size.control_corner, Size.control_corner)
        elif self._content is None:
            painter.setPen(QPen(colors.color("line"), 1.5, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(frame, Size.control_corner, Size.control_corner)

    def _show_dragging(self, over: bool) -> None:
        self._over = over
        self.update()
