"""Large figures with a few words about them."""

from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.theme import look, tabular
from workbench.gui.tokens import Space
from workbench.gui.widgets.elided_label import ElidedLabel


class FigureTile(QFrame):
    """A small card: caption above, figure below."""

    def __init__(self, caption: str, figure: str = "–", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        look(self, "card")
        self._caption = look(ElidedLabel(caption), "caption")
        self._figure = look(ElidedLabel(figure), "figure")
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
        self._figure = look(ElidedLabel(figure), "figure")
        self._figure.setFont(tabular(self._figure.font()))
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
