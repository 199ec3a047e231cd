"""What a page shows when there is nothing yet, while it loads, or when that failed."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.gui.icons import paint_icon
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button, primary_button
from workbench.gui.widgets.progress import SlimBar


class _Picture(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(48, 48)
        self.name = "circle-dashed"
        self.token = "muted"

    def sizeHint(self) -> QSize:
        return QSize(48, 48)

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_icon(QPainter(self), QRect(4, 4, 40, 40), self.name, self.token)


class EmptyState(QWidget):
    """An icon, a sentence, a hint and one action in the middle of the page; `acted` when the action is pressed."""

    acted = Signal()

    def __init__(
        self, icon_name: str = "", sentence: str = "", hint: str = "", action: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._picture = _Picture()
        self._sentence = _centred("heading")
        self._hint = _centred("muted")
        self._bar = SlimBar()
        self._bar.setFixedWidth(240)
        self._action = primary_button("")
        self._cancel = button("")
        for pressed in (self._action, self._cancel):
            pressed.clicked.connect(self.acted)
        layout = QVBoxLayout(self)
        layout.setSpacing(Space.medium)
        layout.addStretch(2)
        layout.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._sentence)
        layout.addWidget(self._hint)
        for widget in (self._bar, self._action, self._cancel):
            line = QHBoxLayout()
            line.addStretch(1)
            line.addWidget(widget)
            line.addStretch(1)
            layout.addLayout(line)
        layout.addStretch(3)
        self.show_state(icon_name or "circle-dashed", sentence, hint, action)

    def show_state(self, icon_name: str, sentence: str, hint: str = "", action: str = "", error: bool = False) -> None:
        """Say that there is nothing here, or what went wrong, and offer one action."""
        self._picture.name, self._picture.token = icon_name, "error" if error else "muted"
        self._picture.show()
        self._picture.update()
        self._bar.hide()
        self._show(sentence, hint)
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self._cancel.hide()

    def show_busy(self, sentence: str, fraction: float | None = None, hint: str = "", cancel: str = "") -> None:
        """Say what is being done and how far it is; `cancel` names the button that stops it."""
        self._picture.hide()
        self._bar.set_fraction(fraction)
        self._bar.show()
        self._show(sentence, hint)
        self._action.hide()
        self._cancel.setText(cancel)
        self._cancel.setVisible(bool(cancel))

    def text(self) -> str:
        """Return the sentence and the hint."""
        return self.accessibleName()

    def _show(self, sentence: str, hint: str) -> None:
        self._sentence.setText(sentence)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self.setAccessibleName(f"{sentence} {hint}".strip())


def _centred(name: str) -> QLabel:
    label = look(QLabel(), name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    label.setWordWrap(True)
    return label
