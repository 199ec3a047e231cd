"""A bar at the foot of a page that offers to take the last act back."""

from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QFrame, QGraphicsDropShadowEffect, QHBoxLayout, QLabel, QWidget

from workbench.core.words import tr
from workbench.gui import theme
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import icon_button, link_button


class UndoBar(QFrame):
    """Offers to undo ("Run deleted. Undo") for ten seconds, over the foot of its parent.

    undone(token) when the person takes it back, expired(token) when the time is over or another act is offered.
    """

    undone = Signal(object)
    expired = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        look(self, "card")
        self._token: Any = None
        self._text = QLabel()
        self._undo = link_button(tr("Undo"), tr("Take it back (Ctrl+Z)"))
        self._undo.setShortcut("Ctrl+Z")
        self._undo.clicked.connect(self._take_back)
        close = icon_button("x", tr("Close"))
        close.clicked.connect(self.expire)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(Space.padding, Space.medium, Space.medium, Space.medium)
        layout.setSpacing(Space.inner)
        for widget in (self._text, self._undo, close):
            layout.addWidget(widget)
        self._shadow = QGraphicsDropShadowEffect(self)
        self._shadow.setBlurRadius(24)
        self._shadow.setOffset(0, 4)
        self.setGraphicsEffect(self._shadow)
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(self.expire)
        self._parent = parent
        parent.installEventFilter(self)
        self.hide()

    def offer(self, text: str, token: object = None, seconds: float = 10) -> None:
        """Show `text` with the offer to undo; what was offered before expires."""
        self.expire()
        self._token = (token,)
        self._text.setText(text)
        self.setAccessibleName(text)
        shade = theme.current().color("text" if not theme.current().dark else "background")
        shade.setAlphaF(0.18 if not theme.current().dark else 0.7)
        self._shadow.setColor(shade)
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        self._clock.start(int(seconds * 1000))

    def expire(self) -> None:
        """End the offer: the act stays done."""
        self._finish(self.expired)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _take_back(self) -> None:
        self._finish(self.undone)

    def _finish(self, signal: Any) -> None:
        self._clock.stop()
        self.hide()
        if self._token is not None:
            (token,), self._token = self._token, None
            signal.emit(token)

    def _place(self) -> None:
        parent = self._parent
        self.move((parent.width() - self.width()) // 2, parent.height() - self.height() - Space.padding)
