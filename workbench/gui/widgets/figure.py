"""Large figures with a few words about them."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui import theme
from workbench.gui.theme import look, sized, tabular
from workbench.gui.tokens import Size, Space
from workbench.gui.widgets.elided_label import ElidedLabel

_SMALLEST = 16


class FigureLabel(QLabel):
    """A large figure that becomes smaller, and at last is elided, where it does not fit."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._font = tabular(sized(theme.base_font(), Size.figure, QFont.Weight.DemiBold))

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self._font)
        return QSize(metrics.horizontalAdvance(self.text()) + 1, metrics.height())

    def minimumSizeHint(self) -> QSize:
        smallest = QFontMetrics(sized(self._font, _SMALLEST, QFont.Weight.DemiBold))
        return QSize(min(smallest.horizontalAdvance(self.text()) + 1, 90), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        font = self._font
        for pixels in range(Size.figure, _SMALLEST - 1, -2):
            font = sized(self._font, pixels, QFont.Weight.DemiBold)
            if QFontMetrics(font).horizontalAdvance(self.text()) <= self.width():
                break
        painter.setFont(font)
        shown = QFontMetrics(font).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


class FigureTile(QFrame):
    """A small card: caption above, figure below."""

    def __init__(self, caption: str, figure: str = "–", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        look(self, "card")
        self._caption = look(ElidedLabel(caption), "caption")
        self._figure = FigureLabel(figure)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.gap, Space.inner, Space.gap, Space.inner)
        layout.setSpacing(2)
        layout.addWidget(self._caption)
        layout.addWidget(self._figure)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_figure(figure)

    def set_figure(self, text: str) -> None:
        """Show `text` as the figure."""
        self._figure.setText(text)
        self.setAccessibleName(f"{self._caption.text()}: {text}")

    def set_caption(self, text: str) -> None:
        """Show `text` above the figure."""
        self._caption.setText(text)
        self.setAccessibleName(f"{text}: {self._figure.text()}")

    def figure(self) -> str:
        """Return the figure as it is shown."""
        return self._figure.text()


class Figure(QWidget):
    """A figure with muted words below it, for the inside of a card."""

    def __init__(self, figure: str = "–", caption: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figure = FigureLabel(figure)
        self._caption = look(QLabel(caption), "muted")
        self._caption.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.small)
        layout.addWidget(self._figure)
        layout.addWidget(self._caption)
        self.set_figure(figure)

    def set_figure(self, text: str) -> None:
        """Show `text` as the figure."""
        self._figure.setText(text)
        self.setAccessibleName(f"{text} {self._caption.text()}")

    def set_caption(self, text: str) -> None:
        """Show `text` below the figure."""
        self._caption.setText(text)
        self.setAccessibleName(f"{self._figure.text()} {text}")

    def figure(self) -> str:
        """Return the figure as it is shown."""
        return self._figure.text()
