"""Buttons in the looks of the window."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton

from workbench.gui.icons import icon
from workbench.gui.theme import look


def button(text: str, icon_name: str = "", tip: str = "") -> QPushButton:
    """Return an ordinary button: a verb, with an icon if it has one."""
    return _dressed(QPushButton(text), icon_name, "text", tip)


def primary_button(text: str, icon_name: str = "", tip: str = "") -> QPushButton:
    """Return the button for the one main action of a page."""
    return look(_dressed(QPushButton(text), icon_name, "on_accent", tip), "primary")


def link_button(text: str, tip: str = "") -> QPushButton:
    """Return a button that reads like a link, for what is one click away."""
    return look(_dressed(QPushButton(text), "", "text", tip), "link")


def icon_button(icon_name: str, name: str, tip: str = "") -> QPushButton:
    """Return a small square button with an icon alone; `name` is what it is called aloud."""
    result = look(_dressed(QPushButton(), icon_name, "muted", tip or name), "icon")
    result.setAccessibleName(name)
    return result


def _dressed(result: QPushButton, icon_name: str, token: str, tip: str) -> QPushButton:
    if icon_name:
        result.setIcon(icon(icon_name, token))
        result.setIconSize(QSize(16, 16))
    if tip:
        result.setToolTip(tip)
    result.setAutoDefault(False)
    return result
