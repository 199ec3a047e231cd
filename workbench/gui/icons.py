"""Outline icons (Phosphor, from qtawesome) that take their colour from the theme at the moment they are painted."""

import qtawesome
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap

from workbench.gui import theme


class _ThemedIcon(QIconEngine):
    """Draws one glyph in the colour that a token has now, so that a change of theme needs no new icons."""

    def __init__(self, name: str, token: str, selected: str) -> None:
        super().__init__()
        self._name = name
        self._token = token
        self._selected = selected or token

    def clone(self) -> "QIconEngine":
        return _ThemedIcon(self._name, self._token, self._selected)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        painter.save()
        color = theme.current().color(self._selected if state == QIcon.State.On else self._token)
        if mode == QIcon.Mode.Disabled:
            color.setAlphaF(0.45)
        painter.setPen(color)
        painter.setFont(qtawesome.font("ph", rect.height()))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, qtawesome.charmap(f"ph.{self._name}"))
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        image = QPixmap(size)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return image


def icon(name: str, token: str = "text", selected: str = "") -> QIcon:
    """Return the Phosphor icon `name` ("folder-open") in the colour of `token`, and of `selected` while checked.

    Raises KeyError for a name that the font does not have.
    """
    if qtawesome.charmap(f"ph.{name}") is None:
        raise KeyError(name)
    return QIcon(_ThemedIcon(name, token, selected))


def paint_icon(painter: QPainter, rect: QRect, name: str, token: str = "text") -> None:
    """Draw the icon into `rect`, for widgets that paint themselves."""
    _ThemedIcon(name, token, "").paint(painter, rect, QIcon.Mode.Normal, QIcon.State.Off)
