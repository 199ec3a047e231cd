"""Bars for the most likely labels, with their share."""

from collections.abc import Sequence

from PySide6.QtCore import Property, QEasingCurve, QPointF, QPropertyAnimation, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui import figures, theme
from workbench.gui.theme import tabular
from workbench.gui.tokens import Size

_LINE = 23


class Bars(QWidget):
    """One line a label: name, bar, percent; the bars grow to their new length when they change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: list[tuple[str, float]] = []
        self._threshold: float | None = None
        self._before: dict[str, float] = {}
        self._grown = 1.0
        self._motion = QPropertyAnimation(self, b"grown", self)
        self._motion.setDuration(Size.motion)
        self._motion.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._motion.setStartValue(0.0)
        self._motion.setEndValue(1.0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def bars(self) -> list[tuple[str, float]]:
        """Return the labels with their shares, as they were given."""
        return list(self._bars)

    def set_bars(self, bars: Sequence[tuple[str, float]], threshold: float | None = None) -> None:
        """Show (label, share between 0 and 1) in the given order.

        threshold: where a line goes down through all bars; those that do not reach it are paler.
        """
        self._threshold = threshold
        self._before = {label: self._length(label, share) for label, share in self._bars}
        self._bars = [(label, float(share)) for label, share in bars]
        spoken = ", ".join(f"{label} {figures.percent(share)}" for label, share in self._bars)
        self.setAccessibleName(spoken)
        self.setToolTip("\n".join(f"{label}  {figures.percent(share, 4)}" for label, share in self._bars))
        self.updateGeometry()
        self._motion.stop()
        if self.isVisible():
            self._motion.start()
        else:
            self._set_grown(1.0)

    def clear(self) -> None:
        """Show nothing."""
        self.set_bars([])

    def sizeHint(self) -> QSize:
        return QSize(240, max(1, len(self._bars)) * _LINE)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(tabular(self.font()))
        metrics = painter.fontMetrics()
        names = min(max((metrics.horizontalAdvance(label) for label, _ in self._bars), default=0), self.width() // 3)
        percents = metrics.horizontalAdvance(figures.percent(1.0)) + 6
        track = QRectF(names + 8, 0, max(8, self.width() - names - 8 - percents - 12), 8)
        for line, (label, share) in enumerate(self._bars):
            top = line * _LINE
            rect = QRect(0, top, names + 1, _LINE)
            painter.setPen(colors.color("text"))
            shown = metrics.elidedText(label, Qt.TextElideMode.ElideRight, names + 1)
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
            painter.setPen(colors.color("muted"))
            rect = QRect(self.width() - percents, top, percents, _LINE)
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, figures.percent(share))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("hover"))
            place = track.translated(0, top + (_LINE - 8) / 2)
            painter.drawRoundedRect(place, 4, 4)
            length = place.width() * min(1.0, max(0.0, self._length(label, share)))
            if length >= 0.5:
                color = QColor(colors.color("accent"))
                color.setAlphaF(1.0 if self._threshold is None or share >= self._threshold else 0.4)
                painter.setBrush(color)
                radius = min(4.0, length / 2)
                painter.drawRoundedRect(QRectF(place.x(), place.y(), length, place.height()), radius, radius)
        if self._threshold is not None and self._bars:
            x = round(track.x() + self._threshold * track.width()) + 0.5
            painter.setPen(QPen(colors.color("text"), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, 0), QPointF(x, len(self._bars) * _LINE))

    def _length(self, label: str, share: float) -> float:
        share = share if share == share else 0.0  # NaN has no length
        before = self._before.get(label, 0.0)
        return before + (share - before) * self._grown

    def _get_grown(self) -> float:
        return self._grown

    def _set_grown(self, grown: float) -> None:
        self._grown = grown
        self.update()

    grown = Property(float, _get_grown, _set_grown)
