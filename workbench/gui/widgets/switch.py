"""A check box drawn as a switch."""

from PySide6.QtCore import Property, QPropertyAnimation, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from workbench.gui import theme
from workbench.gui.tokens import Size

_WIDTH, _HEIGHT = 34, 20


class Switch(QCheckBox):
    """On or off, with the words beside it."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._place = 0.0
        self._slide = QPropertyAnimation(self, b"place", self)
        self._slide.setDuration(Size.motion)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.toggled.connect(self._go)

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().horizontalAdvance(self.text()) + 10 if self.text() else 0
        return QSize(_WIDTH + 4 + words, max(_HEIGHT + 4, self.fontMetrics().height()))

    def minimumSizeHint(self) -> QSize:
        return QSize(_WIDTH + 4, self.sizeHint().height())

    def hitButton(self, position) -> bool:
        return self.rect().contains(position)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(0.5)
        track = QRectF(2, (self.height() - _HEIGHT) / 2, _WIDTH, _HEIGHT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("accent" if self.isChecked() else "muted"))
        painter.drawRoundedRect(track, _HEIGHT / 2, _HEIGHT / 2)
        painter.setBrush(colors.color("on_accent" if self.isChecked() else "surface"))
        knob = _HEIGHT - 6
        painter.drawEllipse(QRectF(track.x() + 3 + self._place * (_WIDTH - _HEIGHT), track.y() + 3, knob, knob))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colors.color("text"), 1.5))
            painter.drawRoundedRect(track.adjusted(-1, -1, 1, 1), _HEIGHT / 2 + 1, _HEIGHT / 2 + 1)
        if self.text():
            words = QRect(_WIDTH + 12, 0, self.width() - _WIDTH - 12, self.height())
            painter.setPen(self.palette().color(self.foregroundRole()))
            shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, words.width())
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _go(self, on: bool) -> None:
        self._slide.stop()
        if not self.isVisible():
            self._set_place(float(on))
            return
        self._slide.setStartValue(self._place)
        self._slide.setEndValue(float(on))
        self._slide.start()

    def _get_place(self) -> float:
        return self._place

    def _set_place(self, place: float) -> None:
        self._place = place
        self.update()

    place = Property(float, _get_place, _set_place)
