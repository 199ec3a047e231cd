"""Content that scrolls when it is taller than its place, without a frame."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from workbench.gui.theme import look


def scrolled(widget: QWidget, horizontal: bool = False) -> QScrollArea:
    """Return a frameless area that shows `widget` and scrolls it up and down (and sideways when asked)."""
    area = look(QScrollArea(), "bare")
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    if not horizontal:
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    look(widget, "bare")
    area.setWidget(widget)
    widget.setAutoFillBackground(False)
    area.viewport().setAutoFillBackground(False)
    return area
