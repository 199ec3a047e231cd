"""A part that is folded away behind one line."""

from collections.abc import Sequence

from PySide6.QtCore import QEasingCurve, QPropertyAnimation, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import theme
from workbench.gui.icons import paint_icon
from workbench.gui.tokens import Size, Space

_UNLIMITED = 16777215  # QWIDGETSIZE_MAX
_PILL = 16  # pixels, the height of the count


class _Handle(QAbstractButton):
    """The line with the name at the left and the mark at the right."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.setText(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.count = 0

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 32, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colors.color("text" if self.underMouse() else "muted"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
        if self.count and not self.isChecked():
            self._paint_count(painter)
        mark = QRect(self.width() - 14, (self.height() - 12) // 2, 12, 12)
        paint_icon(painter, mark, "caret-down" if self.isChecked() else "caret-right", "muted")
        if self.hasFocus():
            painter.setPen(colors.color("accent"))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)

    def _paint_count(self, painter: QPainter) -> None:
        colors, text = theme.current(), str(self.count)
        width = max(_PILL, self.fontMetrics().horizontalAdvance(text) + _PILL // 2)
        left = self.fontMetrics().horizontalAdvance(self.text()) + Space.medium
        pill = QRect(left, (self.height() - _PILL) // 2, width, _PILL)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("accent_soft"))
        painter.drawRoundedRect(pill, _PILL / 2, _PILL / 2)
        painter.setPen(colors.color("accent"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)


class Fold(QWidget):
    """A line that opens and closes what is in `body`."""

    toggled = Signal(bool)

    def __init__(self, title: str, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._handle = _Handle(title)
        self._handle.setAccessibleName(title)
        self._handle.setToolTip(tip)
        self._tip = tip
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(0, Space.small, 0, 0)
        self.body.setSpacing(Space.medium)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._handle)
        layout.addWidget(self._content)
        self._motion = QPropertyAnimation(self._content, b"maximumHeight", self)
        self._motion.setDuration(Size.motion)
        self._motion.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._motion.finished.connect(self._settle)
        self._content.setMaximumHeight(0)
        self._content.hide()
        self._handle.toggled.connect(self._go)

    def tell(self, changed: Sequence[str]) -> None:
        """Say, by a count at the title while it is closed, that these settings in it have values of their own."""
        names = tr("Not as usual: {names}.", names=", ".join(changed)) if changed else ""
        self._handle.count = len(changed)
        self._handle.setToolTip("\n".join(text for text in (self._tip, names) if text))
        self._handle.setAccessibleDescription(names)
        self._handle.update()

    def is_open(self) -> bool:
        """Return whether the content is shown."""
        return self._handle.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Open or close it."""
        self._handle.setChecked(is_open)

    def _go(self, is_open: bool) -> None:
        self._motion.stop()
        self.toggled.emit(is_open)
        if is_open:
            self._content.show()
        if not self.isVisible():
            self._settle()
            return
        self._motion.setStartValue(min(self._content.maximumHeight(), self._content.height()) if not is_open else 0)
        self._motion.setEndValue(self._content.sizeHint().height() if is_open else 0)
        self._motion.start()

    def _settle(self) -> None:
        self._content.setMaximumHeight(_UNLIMITED if self.is_open() else 0)
        self._content.setVisible(self.is_open())
        if self.is_open() and self._handle.hasFocus():
            self._scroll_into_view()

    def _scroll_into_view(self) -> None:
        """Let a person who opened it see what it holds."""
        part = self.parentWidget()
        while part is not None and not isinstance(part, QScrollArea):
            part = part.parentWidget()
        if part is not None:
            part.ensureWidgetVisible(self, 0, Space.medium)
