"""A slim progress bar with words above it on both sides."""

from PySide6.QtCore import Property, QPropertyAnimation, QRectF, QSize, Qt
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures, theme
from workbench.gui.theme import look, tabular
from workbench.gui.tokens import Space
from workbench.gui.widgets.elided_label import ElidedLabel


class SlimBar(QWidget):
    """A track of 6 px, filled as far as the work has come; None slides to and fro."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fraction: float | None = 0.0
        self._phase = 0.0
        self._sliding = QPropertyAnimation(self, b"phase", self)
        self._sliding.setDuration(1400)
        self._sliding.setStartValue(0.0)
        self._sliding.setEndValue(1.0)
        self._sliding.setLoopCount(-1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(6)

    def fraction(self) -> float | None:
        """Return how much is done, 0 to 1, or None when nobody knows."""
        return self._fraction

    def set_fraction(self, fraction: float | None) -> None:
        """Show that `fraction` (0 to 1) is done; None says that it goes on, but not how far."""
        self._fraction = None if fraction is None else min(1.0, max(0.0, fraction))
        self._slide()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, 6)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._slide()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._sliding.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        track = QRectF(self.rect())
        painter.setBrush(colors.color("hover"))
        painter.drawRoundedRect(track, 3, 3)
        painter.setBrush(colors.color("accent"))
        if self._fraction is None:
            width = track.width() * 0.25
            there = 1 - abs(2 * self._phase - 1)
            painter.drawRoundedRect(QRectF((track.width() - width) * there, 0, width, track.height()), 3, 3)
        elif self._fraction > 0:
            painter.drawRoundedRect(QRectF(0, 0, max(6.0, track.width() * self._fraction), track.height()), 3, 3)

    def _slide(self) -> None:
        if self._fraction is None and self.isVisible():
            if self._sliding.state() != QPropertyAnimation.State.Running:
                self._sliding.start()
        else:
            self._sliding.stop()

    def _get_phase(self) -> float:
        return self._phase

    def _set_phase(self, phase: float) -> None:
        self._phase = phase
        self.update()

    phase = Property(float, _get_phase, _set_phase)


class ProgressLine(QWidget):
    """How far a piece of work is: "Epoch 5 of 8  step 4,032 of 6,568 …… 12,480 samples/s · 41 s left" and a bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strong = look(QLabel(), "strong")
        self._muted = look(ElidedLabel(), "muted")
        self._right = look(ElidedLabel(), "muted")
        self._right.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._strong_right = look(QLabel(), "strong")
        self._bar = SlimBar()
        words = QHBoxLayout()
        words.setSpacing(Space.medium)
        for label, stretch in ((self._strong, 0), (self._muted, 1), (self._right, 1), (self._strong_right, 0)):
            label.setFont(tabular(label.font()))
            words.addWidget(label, stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.medium)
        layout.addLayout(words)
        layout.addWidget(self._bar)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._describe()

    def fraction(self) -> float | None:
        """Return how much is done, 0 to 1, or None when nobody knows."""
        return self._bar.fraction()

    def set_fraction(self, fraction: float | None) -> None:
        """Show that `fraction` (0 to 1) is done; None says that it goes on, but not how far."""
        self._bar.set_fraction(fraction)
        self._describe()

    def set_left(self, strong: str, muted: str = "") -> None:
        """Show words at the left: what is going on."""
        self._strong.setText(strong)
        self._strong.setVisible(bool(strong))
        self._muted.setText(muted)
        self._describe()

    def set_right(self, muted: str, strong: str = "") -> None:
        """Show words at the right: speed, memory and, in bold, the remaining time."""
        both = bool(muted) and bool(strong)
        self._right.setText(f"{muted}  ·" if both else muted)
        self._strong_right.setText(strong)
        self._strong_right.setVisible(bool(strong))
        self._describe()

    def text(self) -> str:
        """Return all words, as a screen reader says them."""
        return self.accessibleName()

    def _describe(self) -> None:
        fraction = self._bar.fraction()
        done = tr("busy") if fraction is None else figures.percent(fraction, 0)
        words = (self._strong.text(), self._muted.text(), done, self._right.text(), self._strong_right.text())
        self.setAccessibleName(", ".join(word for word in words if word))
