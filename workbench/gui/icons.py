"""Outline icons (Phosphor, from qtawesome) that take their colour from the theme at the moment they are painted.

Only the font and its table are taken from there: to import qtawesome would take as long as to build the first page.
"""

import importlib.util
import json
from functools import cache
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

from workbench.gui import theme

_FONT, _TABLE = "phosphor-*.ttf", "phosphor-charmap-*.json"


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
        font = QFont(_family())
        font.setPixelSize(max(1, rect.height()))
        painter.setFont(font)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, chr(int(_glyphs()[self._name], 16)))
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
    if name not in _glyphs():
        raise KeyError(name)
    return QIcon(_ThemedIcon(name, token, selected))


def paint_icon(painter: QPainter, rect: QRect, name: str, token: str = "text") -> None:
    """Draw the icon into `rect`, for widgets that paint themselves."""
    _ThemedIcon(name, token, "").paint(painter, rect, QIcon.Mode.Normal, QIcon.State.Off)


def _file(pattern: str) -> Path:
    found = importlib.util.find_spec("qtawesome")
    assert found is not None, "qtawesome is among what the program needs"
    assert found.submodule_search_locations
    return sorted((Path(found.submodule_search_locations[0]) / "fonts").glob(pattern))[-1]


@cache
def _glyphs() -> dict[str, str]:
    """Return the code point of each icon, as hexadecimal text."""
    return json.loads(_file(_TABLE).read_text("utf-8"))


@cache
def _family() -> str:
    return QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(_file(_FONT))))[0]
