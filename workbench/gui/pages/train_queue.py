"""The runs that wait, in their order: moved by dragging or with the keys and buttons, and taken out again."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from workbench.core.words import plural, tr
from workbench.gui.theme import look
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.card import Card

_ROW = 30  # pixels
_MOST_ROWS = 4  # that are shown without scrolling


class TrainQueue(Card):
    """Hidden while nothing waits."""

    moved = Signal(str, int)  # name of the run, its new place counted from 0
    removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Waiting"), parent=parent)
        self.list = look(QListWidget(), "bare")
        self.list.setObjectName("train.queue")
        self.list.setAccessibleName(tr("Waiting runs"))
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.list.model().rowsMoved.connect(self._dragged)
        self.list.currentRowChanged.connect(self._allow)
        self.up = icon_button("arrow-up", tr("Earlier"))
        self.down = icon_button("arrow-down", tr("Later"))
        self.remove = icon_button("x", tr("Take out of the queue"))
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.remove.clicked.connect(lambda: self.removed.emit(self._current()))
        for name, widget in (("up", self.up), ("down", self.down), ("remove", self.remove)):
            widget.setObjectName(f"train.queue_{name}")
            self.add_action(widget)
        self.add(self.list)
        self.hide()

    def set_runs(self, runs: Sequence[Mapping[str, str]]) -> None:
        """Show what waits: {"name", "title", "line"} each, the next one first."""
        chosen = self._current()
        self.list.blockSignals(True)
        self.list.clear()
        for run in runs:
            item = QListWidgetItem(f"{run['title']}   {run['line']}".strip())
            item.setData(Qt.ItemDataRole.UserRole, run["name"])
            item.setToolTip(run["name"])
            self.list.addItem(item)
        names = [run["name"] for run in runs]
        self.list.setCurrentRow(names.index(chosen) if chosen in names else 0 if names else -1)
        self.list.blockSignals(False)
        self.list.setFixedHeight(_ROW * min(_MOST_ROWS, max(1, len(runs))) + 4)
        self.set_note(plural(len(runs), "{count} run waits", "{count} runs wait"))
        self.setVisible(bool(runs))
        self._allow()

    def _current(self) -> str:
        item = self.list.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole)) if item else ""

    def _move(self, by: int) -> None:
        self.moved.emit(self._current(), self.list.currentRow() + by)

    def _dragged(self, *_: object) -> None:
        """Tell where the dragged run now stands; the list itself has moved it already."""
        item = self.list.currentItem()
        if item is not None:
            self.moved.emit(self._current(), self.list.row(item))

    def _allow(self, *_: object) -> None:
        row, count = self.list.currentRow(), self.list.count()
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < count - 1)
        self.remove.setEnabled(row >= 0)
