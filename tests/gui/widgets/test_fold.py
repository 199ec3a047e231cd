"""A part that is folded away shows itself when a person opens it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.gui.widgets.fold import Fold
from workbench.gui.widgets.scroll import scrolled


def test_what_is_opened_by_hand_scrolls_into_view(qtbot):
    fold, content = Fold("More"), QWidget()
    label = QLabel("what it holds")
    label.setFixedHeight(150)
    fold.body.addWidget(label)
    layout = QVBoxLayout(content)
    above = QLabel("above")
    above.setFixedHeight(300)
    layout.addWidget(above)
    layout.addWidget(fold)
    area = scrolled(content)
    area.resize(300, 340)
    qtbot.addWidget(area)
    area.show()
    qtbot.waitExposed(area)
    qtbot.mouseClick(fold._handle, Qt.MouseButton.LeftButton)
    area.activateWindow()

    qtbot.waitUntil(lambda: area.verticalScrollBar().value() > 0)
    qtbot.waitUntil(lambda: label.mapTo(area.viewport(), label.rect().bottomLeft()).y() <= area.viewport().height())
