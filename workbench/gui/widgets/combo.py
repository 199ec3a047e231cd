"""A box to choose one of several values from."""

from typing import Any

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from workbench.gui.icons import paint_icon

_ARROW = 12


class Combo(QComboBox):
    """A combo box of values with labels; the wheel changes it only while it has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(QStyledItemDelegate(self))  # the style sheet reaches the list only with this delegate
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setMaxVisibleItems(16)

    def value(self) -> Any:
        """Return the chosen value: the data of the item, or else its text."""
        data = self.currentData()
        return self.currentText() if data is None else data

    def setValue(self, value: Any) -> bool:
        """Choose `value`; returns False, and changes nothing, when it is not offered."""
        index = next((i for i in range(self.count()) if self.itemData(i) == value), -1)
        if index >= 0:
            self.setCurrentIndex(index)
        return index >= 0

    def setCurrentText(self, text: str) -> None:
        """Choose the item with this label or, when there is none, with this value."""
        if self.findText(text) < 0 and self.setValue(text):
            return
        super().setCurrentText(text)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        if self.currentIndex() < 0 and self.placeholderText():
            option.currentText = self.placeholderText()
        words = self.width() - 12 - _ARROW - 22
        option.currentText = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, words)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        place = QRect(self.width() - _ARROW - 11, (self.height() - _ARROW) // 2, _ARROW, _ARROW)
        paint_icon(painter, place, "caret-down", "muted")
